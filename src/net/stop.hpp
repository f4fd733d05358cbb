// Cuts short what nobody waits for any more: a server that stops asks no silent port for half a minute whether it
// answers. For one event loop.
#pragma once

#include <functional>
#include <list>
#include <memory>

namespace postroom::net {

class Stop {
public:
    /// Whatever waits breaks off now, and what begins to wait later does so at once.
    void now();
    [[nodiscard]] bool is_now() const { return now_; }

    /// Has `break_off` called once, should the stop come while this lives. It may close and cancel, and nothing else:
    /// what waits goes on in its own turn.
    class Waiting {
    public:
        /// `stop` may be none. Throws Broken (Trouble::closed) where it has come.
        Waiting(std::shared_ptr<Stop> stop, std::function<void()> break_off);
        ~Waiting();
        Waiting(Waiting const&) = delete;
        Waiting& operator=(Waiting const&) = delete;

        /// Throws Broken (Trouble::closed) where the stop has come.
        void check() const;

    private:
        std::shared_ptr<Stop> stop_;
        std::list<std::function<void()>>::iterator place_;
    };

private:
    bool now_ = false;
    std::list<std::function<void()>> waiting_;
};

}  // namespace postroom::net
