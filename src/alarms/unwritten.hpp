// Mails that can't be noted in the store, since nothing can: they wait here, in their order, and are lost with the
// server. Pure.
#pragma once

#include "alarms/post.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace postroom::alarms {

class Unwritten {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// The oldest makes room for it where there are many.
    void add(Letter letter, Time now);
    /// The first that is due, for those whom it has not reached. It goes before those after it, but where some have it:
    /// who is left is mostly an address that nobody has, and holds up nobody else.
    [[nodiscard]] std::optional<Letter> due(Time now) const;
    /// What became of it, which may have made room meanwhile. It waits until it has reached all, and no longer than
    /// mails that are in the store do.
    void settle(model::NotificationId id, std::vector<std::string> const& reached, Time now);

private:
    struct Waiting {
        Letter letter;
        Time since;
        Time next;
        unsigned tries = 0;
        bool reached_some = false;
    };
    std::deque<Waiting> waiting_{};
};

}  // namespace postroom::alarms
