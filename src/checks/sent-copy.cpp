// sent-copy: copies of sent mail are in the Sent Items of whoever signed in: there Postroom looks where it does not
// know whether a mail left. Told by: the round trip's mail, looked for by its Message-ID.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    if (!bench->may_send()) co_return untold("it shows when a mail is sent (--send)");
    auto const trip = co_await bench->round_trip(target);
    auto const& talk = *trip->sent;
    if (!talk.held(StepKind::send)) {
        auto const standing = co_await bench->standing(target, trip->sent);
        co_return judge("sent-copy", talk, StepKind::send, standing, target);
    }
    if (!trip->sent_trouble.empty()) co_return untold(trip->sent_trouble);
    if (trip->sent_folder.empty())
        co_return fails("sent-items-not-found", fmt::format("{} has no folder for sent mail", trip->sent_user), target);
    auto const where = fmt::format("the folder {} of {}", trip->sent_folder, trip->sent_user);
    if (trip->copied) co_return holds("the copy was in " + where);
    if (trip->appended) co_return holds("Postroom itself puts copies of answers into " + where);
    co_return fails("sent-copy-missing", "the mail was accepted, and no copy is in " + where, target);
}

}  // namespace

Item item::sent_copy()
{
    return {.id = "sent-copy",
            .must = mark("Copies of sent mail are kept where Postroom looks for them"),
            .about = About::mailbox,
            .grounds = {"outbound-smtp", "inbound-imap", "mailbox-access", "send-as", "mailbox-full"},
            .sends = true,
            .only_sending = true,
            .concerns = [](Target const& target) { return target.account->account.retrieval == model::Protocol::imap; },
            .look = look};
}

}  // namespace postroom::checks
