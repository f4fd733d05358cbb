// The way to one identity provider: where it is asked, by how many at once, and how fast. One for all accounts that go
// there.
#pragma once

#include "grants/pace.hpp"
#include "grants/provider.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>

namespace postroom::grants {

/// Used from one event loop's thread.
class Gate : public std::enable_shared_from_this<Gate> {
public:
    explicit Gate(Ground ground) : ground_(std::move(ground)) {}

    /// One call: over when it goes.
    class Pass {
    public:
        explicit Pass(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
        ~Pass() { gate_->leave(); }
        Pass(Pass const&) = delete;
        Pass& operator=(Pass const&) = delete;
        [[nodiscard]] oauth::Provider const& provider() const { return *gate_->provider_; }

    private:
        std::shared_ptr<Gate> gate_;
    };

    /// Waits for a turn. Errors, at once: the provider can't be found, or nobody asks it for more than a few seconds,
    /// with why and until when; the gate was shut.
    [[nodiscard]] net::awaitable<Result<std::unique_ptr<Pass>>> enter(model::Application application);
    /// What somebody inside was answered: whether that is a reason to ask less, and where there was no answer, not at
    /// all for a while.
    void answered() { pace_.answered(); }
    void busy(std::optional<Duration> retry_after, std::string words);
    void silent(std::string words);
    /// Until then nobody asks; nothing where it is open.
    [[nodiscard]] std::optional<Instant> closed_until() const { return pace_.closed_until(ground_.clock->now()); }
    /// Lets nobody in any more.
    void shut();

private:
    [[nodiscard]] bool knows_provider() const;
    [[nodiscard]] std::size_t most() const;
    [[nodiscard]] Error closed(Instant until) const;
    net::awaitable<void> take_a_place();
    void admit();
    void leave();

    Ground ground_;
    Pace pace_;
    std::string words_;  // why it is closed
    std::optional<oauth::Provider> provider_;
    Instant found_{};
    std::size_t inside_ = 0;
    std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting_;
    bool shut_ = false;
};

}  // namespace postroom::grants
