// mailbox-full: the mailbox has room: a full one refuses submission, too. It shows only after a mail was sent. Told
// by: a marked mail from the mailbox to itself where --send agrees to one, else the last mail that was sent within a
// day.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

// The server's words of a mail that failed are about this.
bool tells(std::string const& words, std::string_view item)
{
    auto const found = model::explain(words, {.speaker = model::Speaker::smtp, .application_only = {}});
    return found.known() && found.causes.front().cause->check == item;
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    if (bench->may_send()) {
        auto const talk = co_await bench->submission(target);
        auto const renewal = co_await bench->renewal(target.account);
        co_return judge("mailbox-full", *talk, StepKind::send, standing_of(target, *talk, *renewal), target);
    }
    auto const& sending = target.mailbox->sending;
    bool const refused = sending.last_outcome == "failed" && tells(sending.last_words, "mailbox-full");
    if (refused)
        co_return fails("mailbox-full", fmt::format("on {}: {}", to_readable(sending.last), sending.last_words),
                        target);
    if (sending.last_outcome == "sent")
        co_return holds("the last mail from it was sent on " + to_readable(sending.last));
    co_return untold("nothing was sent from it within a day: it shows when a mail is sent (--send)");
}

}  // namespace

Item item::mailbox_full()
{
    return {.id = "mailbox-full",
            .must = mark("The mailbox has room"),
            .about = About::mailbox,
            .grounds = {"port-587", "tls-path", "grant-refresh", "grant-claims", "smtp-enabled"},
            .speaks = {Purpose::smtp},
            .sends = true,
            .look = look};
}

}  // namespace postroom::checks
