// Who may connect, and when. Ten thousand mailboxes that began to sign in at once would keep each other, and everything
// else on the loop, waiting until all of them time out; and a server counts connections. Starts are paced by server
// and in all, those who wait at a server come in their order, and servers come in turn.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

namespace postroom::retriever {

/// For one event loop.
class Turns : public std::enable_shared_from_this<Turns> {
public:
    using Steady = std::chrono::steady_clock;

    struct Bounds {
        std::size_t starts = 256;             ///< sign-ins and first looks under way, in all
        std::size_t starts_per_server = 128;  ///< the same at one server that answers well
        std::size_t connections = SIZE_MAX;   ///< in all: what the files allow that may be open
        std::size_t connections_per_server = SIZE_MAX;
        /// Starts that hang keep the next one from theirs for so long.
        std::chrono::milliseconds patience{10'000};
        /// Who is connected stays so long before making room for one that waits.
        std::chrono::milliseconds stay{30'000};

        friend bool operator==(Bounds const&, Bounds const&) = default;
    };

    /// Whose turn it is. Neither may call back into Turns before it has returned.
    class Guest {
    public:
        virtual void turn_came() = 0;
        /// Others wait and there is no room: leave, once that can be done in good order.
        virtual void asked_to_leave() = 0;

    protected:
        ~Guest() = default;
    };

    /// One guest's place, in the queue or in the room.
    class Turn {
    public:
        /// `guest` outlives it.
        Turn(std::shared_ptr<Turns> turns, Guest& guest);
        ~Turn();
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;

        /// Stands in line at this server, unless it does already. `urgent`: at the head of it, and though the server
        /// rests, since a person waits.
        void queue(std::string const& server, bool urgent);
        /// It may connect, or is connected.
        [[nodiscard]] bool came() const { return stage_ == Stage::starting || stage_ == Stage::connected; }
        /// Why it has not come, in words.
        [[nodiscard]] std::string why_not() const;
        /// The start went well: another one may begin.
        void started();
        /// The connection is over, or nothing is waited for any more.
        void leave();
        /// As leave(), after the server could not be reached, or ended what had only begun. Then fewer start there at
        /// once, and soon only one that finds out whether it is back.
        void fail(std::string const& why);

    private:
        friend class Turns;
        enum class Stage { away, waiting, starting, connected };
        struct Server;

        std::shared_ptr<Turns> turns_;
        Guest& guest_;
        Server* server_ = nullptr;
        std::list<Turn*>::iterator place_;
        std::list<Turn*>::iterator among_all_;
        Steady::time_point since_;
        Stage stage_ = Stage::away;
        bool urgent_ = false;
        Steady::time_point asked_at_;
    };

    Turns(boost::asio::any_io_executor const& loop, Bounds bounds);
    ~Turns();

    void set_bounds(Bounds bounds);
    [[nodiscard]] Bounds const& bounds() const;
    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] std::size_t connected() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace postroom::retriever
