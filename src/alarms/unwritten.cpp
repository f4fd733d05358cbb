#include "alarms/unwritten.hpp"

#include "alarms/pace.hpp"

#include <algorithm>

namespace postroom::alarms {

namespace {

constexpr std::size_t most = 10;

}  // namespace

void Unwritten::add(Letter letter, Time now)
{
    if (waiting_.size() == most) waiting_.pop_front();
    waiting_.push_back({.letter = std::move(letter), .since = now, .next = now});
}

std::optional<Letter> Unwritten::due(Time now) const
{
    auto const found =
        std::ranges::find_if(waiting_, [&](Waiting const& each) { return each.next <= now || !each.reached_some; });
    if (found == waiting_.end() || found->next > now) return std::nullopt;
    return found->letter;
}

void Unwritten::settle(model::NotificationId id, std::vector<std::string> const& reached, Time now)
{
    auto const found = std::ranges::find_if(waiting_, [&](Waiting const& each) { return each.letter.id == id; });
    if (found == waiting_.end()) return;
    std::erase_if(found->letter.recipients,
                  [&](std::string const& each) { return std::ranges::find(reached, each) != reached.end(); });
    if (!reached.empty()) found->reached_some = true;
    found->next = now + pause_after(++found->tries, found->reached_some);
    if (found->letter.recipients.empty() || now - found->since > patience) waiting_.erase(found);
}

}  // namespace postroom::alarms
