// Mail that a server lists and refuses to give: when is that for good? Pure.
#pragma once

#include "base/clock.hpp"

#include <map>
#include <string>
#include <vector>

namespace postroom::retriever {

/// Counts, for each unique id, the looks in a row that it was refused in, and since when. A trouble of the server's may
/// last for hours and for many looks, and must make no mail unreadable.
class Refusals {
public:
    static constexpr int looks = 5;
    static constexpr Duration time = std::chrono::hours(24);

    /// All that one look was refused. Returns those that are taken for unreadable: refused in `looks` looks, and for
    /// `time`. They are forgotten then, as is whatever was not refused this time.
    [[nodiscard]] std::vector<std::string> look(std::vector<std::string> const& refused, Instant now);

private:
    struct Refused {
        Instant since;
        int looks = 0;
    };
    std::map<std::string, Refused> refused_;
};

}  // namespace postroom::retriever
