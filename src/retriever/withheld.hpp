// Mail that a server lists and does not give: when is it asked for again, and when is that for good? Pure; what is to
// outlive the session is in store/withheld.hpp.
#pragma once

#include "base/clock.hpp"
#include "store/withheld.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::retriever {

/// How long a mail is asked for before it is taken for unreadable: in so many looks, and for so long.
struct Patience {
    int looks = 0;
    Duration time{};
};
/// A trouble of the server's may last for hours and for many looks, and must make no mail unreadable.
inline constexpr Patience where_refused{5, std::chrono::hours(24)};
/// The server said OK, and gave nothing or text of its own: Exchange does for what it can't convert.
inline constexpr Patience where_empty{3, Duration(0)};

class Withheld {
public:
    using Names = std::vector<std::string>;
    static constexpr Duration shortest_pause{60'000};
    static constexpr Duration longest_pause{60 * 60'000};

    /// As the store has it. What was tried stays known.
    void read(std::vector<store::WithheldMail> kept);
    [[nodiscard]] bool empty() const { return mails_.empty() && tried_.empty(); }
    /// It was asked for so recently that it is left alone.
    [[nodiscard]] bool waits(std::string_view name, Instant now) const;
    /// When the first of them is to be asked for again.
    [[nodiscard]] std::optional<Instant> soonest() const;
    /// It was counted in an earlier look: that it is refused again says nothing of the server.
    [[nodiscard]] bool counted(std::string_view name) const { return mails_.contains(name); }
    /// It was refused before, and comes after all others, so that it holds up none.
    [[nodiscard]] bool comes_last(std::string_view name) const { return counted(name) || tried_.contains(name); }

    /// One look asked for these and did not get them. Returns those to be given up; they are forgotten.
    [[nodiscard]] std::vector<store::WithheldMail> count(Names const& names, Patience patience, std::string_view words,
                                                         Instant now);
    /// These were refused where it may be the server that refuses everything: that counts against none of them.
    void tried(Names const& names) { tried_.insert(names.begin(), names.end()); }
    void given(std::string_view name);
    /// Whatever is not listed any more is forgotten.
    void keep_only(std::function<bool(std::string const&)> const& is_listed);

    /// What the store is to be told: what came to it since this was asked last.
    struct Changes {
        std::vector<store::WithheldMail> kept;
        Names forgotten;

        [[nodiscard]] bool empty() const { return kept.empty() && forgotten.empty(); }
    };
    [[nodiscard]] Changes take_changes();
    /// For people; empty where everything is given.
    [[nodiscard]] std::string remark() const;

private:
    std::map<std::string, store::WithheldMail, std::less<>> mails_;
    std::set<std::string, std::less<>> tried_;
    std::set<std::string, std::less<>> changed_;
};

}  // namespace postroom::retriever
