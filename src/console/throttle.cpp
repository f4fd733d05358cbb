#include "console/throttle.hpp"

#include <algorithm>

namespace postroom::console {

Duration Throttle::wait(std::string_view key, Instant now) const
{
    auto const found = failures_.find(key);
    if (found == failures_.end() || found->second.until <= now) return Duration::zero();
    return found->second.until - now;
}

void Throttle::failed(std::string_view key, Instant now)
{
    auto found = failures_.find(key);
    if (found == failures_.end()) {
        make_room(now);
        found = failures_.emplace(std::string(key), Failures{}).first;
    }
    auto& failures = found->second;
    if (now - failures.last > limits_.forget) failures.count = 0;
    failures.last = now;
    ++failures.count;
    if (failures.count < limits_.free) return;
    auto const doublings = std::min(failures.count - limits_.free, 20);
    failures.until = now + std::min(limits_.most, limits_.first * (std::int64_t{1} << doublings));
}

void Throttle::succeeded(std::string_view key)
{
    if (auto const found = failures_.find(key); found != failures_.end()) failures_.erase(found);
}

void Throttle::make_room(Instant now)
{
    if (failures_.size() < limits_.keys) return;
    std::erase_if(failures_, [&](auto const& each) { return now - each.second.last > limits_.forget; });
    while (failures_.size() >= limits_.keys) {
        auto const oldest = std::ranges::min_element(failures_, {}, [](auto const& each) { return each.second.last; });
        failures_.erase(oldest);
    }
}

}  // namespace postroom::console
