// mailbox-full: the mailbox has room: a full one refuses submission, too. It shows only after a mail was sent. Told
// by: a marked mail from the mailbox to itself where --send agrees to one, else the last mail that was sent within a
// day.
#include "checks/items.hpp"

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
        co_return judge("mailbox-full", *talk, StepKind::send, standing, target);
    }
    auto told = judge_last_mail("mailbox-full", "mailbox-full", target);
    if (told) co_return std::move(*told);
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
