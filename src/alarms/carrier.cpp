#include "alarms/carrier.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace postroom::alarms {

namespace {

using namespace std::chrono_literals;

constexpr auto slow = 5s;
constexpr auto rest = 2min;

}  // namespace

net::awaitable<Carried> Carrier::carry(std::vector<Way> ways, Letter letter)
{
    using Clock = std::chrono::steady_clock;
    std::erase_if(slow_until_, [now = Clock::now()](auto const& each) { return each.second <= now; });
    auto const is_slow = [&](Way const& way) { return slow_until_.contains(way.route.id); };
    std::vector<Way> order;
    std::ranges::remove_copy_if(ways, std::back_inserter(order), is_slow);
    std::ranges::copy_if(ways, std::back_inserter(order), is_slow);
    Carried carried;
    for (auto const& way : order) {
        auto const began = Clock::now();
        auto const left = co_await post(roads_, way, letter, limit_);
        auto& tried = carried.tries.emplace_back(Tried{way.route.id, way.name(), {}});
        if (!left) {
            tried.failure = printable(left.error().message, 1'000);
            if (Clock::now() - began >= slow) slow_until_[way.route.id] = Clock::now() + rest;
            continue;
        }
        slow_until_.erase(way.route.id);
        carried.took += (carried.took.empty() ? "" : ", ") + tried.name;
        auto const asked = std::exchange(letter.recipients, {});
        for (auto const& [recipient, words] : *left) {
            letter.recipients.push_back(recipient);
            tried.failure += (tried.failure.empty() ? "" : "; ") + printable(recipient + ": " + words, 500);
        }
        std::ranges::copy_if(asked, std::back_inserter(carried.reached), [&](std::string const& each) {
            return std::ranges::find(letter.recipients, each) == letter.recipients.end();
        });
        if (letter.recipients.empty()) break;
    }
    co_return carried;
}

}  // namespace postroom::alarms
