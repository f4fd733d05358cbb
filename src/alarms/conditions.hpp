// What the store shows that somebody has to know: pure, from one instant's look (store/watch.hpp) and the rules.
#pragma once

#include "store/watch.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::alarms {

/// By cause. A cause that is not there has the rule "on".
using Rules = std::map<std::string, model::AlarmRule, std::less<>>;

struct Hit {
    std::string cause;
    std::string subject;
    std::string words;
    std::int64_t amount = 1;
};

/// What holds now. `watching_since` is when this notifier began: what was never seen can't have gone before. `self` is
/// the server that looks: it lives.
[[nodiscard]] std::vector<Hit> hits(store::Watch const& watch, Rules const& rules, Instant watching_since,
                                    std::string_view self);

/// Which causes are judged here alone: what is raised of them and holds no more has ended. Others are ended by whoever
/// raises them.
[[nodiscard]] bool is_judged(std::string_view cause);
/// Of the causes that workers raise: what is raised, and by the look can't be so any more, since the account is ready
/// again, or gone.
[[nodiscard]] std::vector<store::Alarm> stale(store::Watch const& watch);

}  // namespace postroom::alarms
