// send-as: the account may send as the mailbox. It shows only after a mail was sent. Told by: a marked mail from the
// mailbox to itself where --send agrees to one, else the last mail that was sent within a day.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <utility>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    if (bench->may_send()) {
        auto const talk = co_await bench->submission(target);
        auto const standing = co_await bench->standing(target, talk);
        co_return judge("send-as", *talk, StepKind::send, standing, target);
    }
    auto told = judge_last_mail("send-as", "send-as-missing", target);
    if (told) co_return std::move(*told);
    if (equal_ignoring_case(target.mailbox->mailbox.address, target.account->account.user))
        co_return holds("it is the user's own address");
    co_return untold("nothing was sent from it within a day: it shows when a mail is sent (--send)");
}

}  // namespace

Item item::send_as()
{
    return {.id = "send-as",
            .must = mark("The account may send as the mailbox"),
            .about = About::mailbox,
            .grounds = {"port-587", "tls-path", "grant-refresh", "grant-claims", "smtp-enabled"},
            .speaks = {Purpose::smtp},
            .sends = true,
            .look = look};
}

}  // namespace postroom::checks
