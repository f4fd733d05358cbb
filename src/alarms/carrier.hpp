// Takes a letter by one route after the other. Which of them let it wait is remembered here, and by nobody else.
#pragma once

#include "alarms/post.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace postroom::alarms {

/// What a route did with a letter.
struct Tried {
    model::AlarmRouteId route;
    std::string name;
    std::string failure;  ///< of the route, or of those whom it did not reach; empty: it was taken for all
};

struct Carried {
    std::vector<Tried> tries{};
    std::vector<std::string> reached{};  ///< of the letter's recipients
    std::string took{};                  ///< the names of the routes that reached them
};

class Carrier {
public:
    /// A route has `limit` for a letter.
    Carrier(grants::Roads roads, Duration limit) : roads_(std::move(roads)), limit_(limit) {}

    /// In the order of `ways`, each for those whom those before did not reach; but a way that failed only after a while
    /// is gone last for two minutes, so that one server that hangs does not delay every alarm by a minute. Never
    /// throws.
    [[nodiscard]] net::awaitable<Carried> carry(std::vector<Way> ways, Letter letter);

private:
    using Time = std::chrono::steady_clock::time_point;

    grants::Roads roads_;
    Duration limit_;
    std::map<model::AlarmRouteId, Time> slow_until_;
};

}  // namespace postroom::alarms
