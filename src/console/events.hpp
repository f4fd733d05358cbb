// What changed lately, for the streams that tell it. While somebody listens, the store is asked twice a second what was
// committed since, by whichever server; that is kept for a while, for who was away and comes back.
#pragma once

#include "base/clock.hpp"
#include "console/access.hpp"
#include "model/sight.hpp"
#include "store/changes.hpp"
#include "store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::console {

/// Belongs to the console's loop.
class Feed {
public:
    struct Event {
        std::uint64_t number = 0;
        store::Change change;
    };

    Feed();

    /// Asks the store what is new, unless somebody did so just now. What the store fails with is logged, and passes.
    boost::asio::awaitable<void> look(store::Store& store);

    /// The number of the last event.
    [[nodiscard]] std::uint64_t last() const { return next_ - 1; }
    /// Those with higher numbers, oldest first; nothing where some of them are not kept any more.
    [[nodiscard]] std::optional<std::vector<Event const*>> after(std::uint64_t number) const;

    /// What a client is told to come back with: it says of which server's which start the number is.
    [[nodiscard]] std::string id_of(std::uint64_t number) const;
    /// The number in such an id; nothing where it is of another server or start, or nonsense.
    [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view id) const;

private:
    using Steady = std::chrono::steady_clock;
    struct News {
        std::int64_t last = 0;
        std::vector<store::Change> found;
    };
    void take(News news, std::int64_t since);
    void keep(store::Change change);
    void begin_anew();

    std::string epoch_;
    std::deque<Event> kept_;
    std::uint64_t next_ = 1;
    std::optional<std::int64_t> position_;  // the number in the store up to which all was asked for
    Steady::time_point looked_{};
    bool looking_ = false;
};

/// The streams that are open, so that neither one session nor one user nor all of them together hold too many.
class Listeners {
public:
    struct Listener {
        std::string whose;  ///< of which session or token
        std::string user;   ///< whose that is; empty for those on the socket
        bool over = false;  ///< a newer one took its place
    };
    using Place = std::list<Listener>::iterator;

    [[nodiscard]] bool full() const;
    /// Where the session, or otherwise the user, has too many, the oldest of these is over.
    [[nodiscard]] Place add(std::string whose, std::string user);
    void remove(Place place) { all_.erase(place); }

private:
    void make_room(std::string Listener::* of, std::string const& one, int most);

    std::list<Listener> all_;
};

/// What is shown of it to somebody: neither what the role and the scopes don't let them ask for, nor what is of a
/// department that they don't see.
[[nodiscard]] Access access_of(std::string_view what);

}  // namespace postroom::console
