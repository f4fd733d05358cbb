// quota: what the mailbox sends, and how it is asked, stays within the provider's limits. Told by: what both
// conversations are answered, and what was sent in the last minute and day.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

// Exchange Online, "SMTP submission improvements": 30 messages a minute and 10,000 recipients a day, of a mailbox.
constexpr std::int64_t minute_limit = 30;
constexpr std::int64_t day_limit = 10'000;

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const inbound = co_await bench->retrieval(target);
    auto const outbound = co_await bench->submission(target);
    std::string hidden;
    for (auto const& talk : {inbound, outbound}) {
        if (talk->broken() == nullptr || talk->user.empty()) continue;
        auto const standing = co_await bench->standing(target, talk);
        auto const found = blame(*talk, standing);
        if (found.item == "quota") co_return judge("quota", *talk, StepKind::send, standing, target);
        hidden = fmt::format("{} stands in the way: {}", found.item, found.evidence);
    }
    auto const& sending = target.mailbox->sending;
    auto const words = fmt::format("{} mails in the last minute, of {} allowed; {} recipients in the last day, of {}",
                                   sending.last_minute, minute_limit, sending.recipients_of_a_day, day_limit);
    if (sending.recipients_of_a_day >= day_limit) co_return fails("recipient-quota", words, target);
    if (sending.recipients_of_a_day * 10 > day_limit * 9) co_return warns("recipient-quota", words, target);
    if (sending.last_minute > minute_limit) co_return warns("submission-rate", words, target);
    // What the server would say of limits is not known where it does not get that far.
    co_return hidden.empty() ? holds(words) : untold(std::move(hidden));
}

}  // namespace

Item item::quota()
{
    return {.id = "quota",
            .must = mark("Sending and retrieving stay within the provider's limits"),
            .about = About::mailbox,
            .grounds = {"port-993", "port-995", "port-587", "tls-path", "grant-refresh", "grant-claims"},
            .look = look};
}

}  // namespace postroom::checks
