// calendar-retrieval: invitations come with their calendar, and not as a bare link to Outlook on the web. Told by: the
// newest mails of the mailbox as they were retrieved: of those that invite, the last one counts.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> /*bench*/, Target target)
{
    auto const& seen = target.mailbox->invitations;
    if (seen.as_link && (!seen.as_data || *seen.as_data < *seen.as_link))
        co_return fails(target.account->account.retrieval == model::Protocol::pop3 ? "invitation-as-link-pop3"
                                                                                   : "invitation-as-link",
                        fmt::format("the last invitation came on {} as a link", to_readable(*seen.as_link)), target);
    if (seen.as_data)
        co_return holds(fmt::format("the last invitation came on {} with its calendar", to_readable(*seen.as_data)));
    co_return holds(fmt::format("none of the newest {} mails is a link in an invitation's place", seen.mails));
}

}  // namespace

Item item::calendar_retrieval()
{
    return {.id = "calendar-retrieval",
            .must = mark("Invitations come with their calendar, and not as a link"),
            .about = About::mailbox,
            .speaks = {Purpose::imap, Purpose::pop3},
            .look = look};
}

}  // namespace postroom::checks
