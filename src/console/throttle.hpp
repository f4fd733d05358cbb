// How often a password may be tried, for a name and from an address: pure, the time is given.
#pragma once

#include "base/clock.hpp"

#include <map>
#include <string>
#include <string_view>

namespace postroom::console {

struct ThrottleLimits {
    int free = 5;               ///< failures in a row without a wait
    Duration first{1'000};      ///< the wait after one more; doubles with each
    Duration most{60'000};      ///< a bound, so that nobody is locked out by somebody else's guessing for long
    Duration forget{900'000};   ///< a quiet time after which the count starts anew
    std::size_t keys = 10'000;  ///< bound of what is remembered
};

class Throttle {
public:
    Throttle() = default;
    explicit Throttle(ThrottleLimits limits) : limits_(limits) {}

    /// How long this key still has to wait; zero: it may try now.
    [[nodiscard]] Duration wait(std::string_view key, Instant now) const;
    void failed(std::string_view key, Instant now);
    void succeeded(std::string_view key);

private:
    struct Failures {
        int count = 0;
        Instant last{};
        Instant until{};
    };
    void make_room(Instant now);

    ThrottleLimits limits_;
    std::map<std::string, Failures, std::less<>> failures_;
};

}  // namespace postroom::console
