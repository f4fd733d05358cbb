// round-trip: a mail goes out, comes back and is retrieved, as a customer's would be. Told by: a marked mail from the
// mailbox to itself, where --send agrees to one: how long each leg took. It is removed afterwards.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postroom::checks {

namespace {

std::string gone_from(Trip const& trip)
{
    return trip.removed.empty() ? "" : fmt::format("; removed from {}", fmt::join(trip.removed, ", "));
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    if (!bench->may_send()) co_return untold("it shows when a mail is sent (--send)");
    auto const trip = co_await bench->round_trip(target);
    auto const& talk = *trip->sent;
    if (!talk.held(StepKind::send)) {
        auto const standing = co_await bench->standing(target, trip->sent);
        co_return judge("round-trip", talk, StepKind::send, standing, target);
    }
    auto const took = talk.find(StepKind::send)->took;
    if (trip->came)
        co_return holds(fmt::format("sent in {} ms, filed {} ms after the beginning, read {} ms after it{}",
                                    took.count(), trip->until_filed.count(), trip->until_told.count(),
                                    gone_from(*trip)));
    auto const waited = std::chrono::duration_cast<std::chrono::seconds>(bench->files().patience).count();
    if (trip->in_mailbox)
        co_return fails("round-trip-not-retrieved",
                        fmt::format("it was in the mailbox, and was not retrieved within {} s; the mailbox is {}: {}{}",
                                    waited, model::to_string(target.mailbox->mailbox.state),
                                    target.mailbox->mailbox.state_reason, gone_from(*trip)),
                        target);
    if (!trip->mailbox_trouble.empty())
        co_return untold(fmt::format("it was not retrieved within {} s, and the mailbox can't be looked into: {}",
                                     waited, trip->mailbox_trouble));
    co_return fails("round-trip-not-delivered",
                    fmt::format("it was accepted ({}) and did not come within {} s{}", talk.find(StepKind::send)->came,
                                waited, gone_from(*trip)),
                    target);
}

}  // namespace

Item item::round_trip()
{
    return {.id = "round-trip",
            .must = mark("A mail to the mailbox itself goes out, comes back and is retrieved"),
            .about = About::mailbox,
            .grounds = {"outbound-smtp", "inbound-imap", "inbound-pop3", "mailbox-access", "inbound-enabled", "send-as",
                        "mailbox-full", "quota"},
            .sends = true,
            .only_sending = true,
            .look = look};
}

}  // namespace postroom::checks
