// One renewal, carried out: what the state machine says is done to the store and at the provider.
#pragma once

#include "grants/credentials.hpp"
#include "grants/gate.hpp"
#include "grants/refresh-state.hpp"
#include "store/coordination.hpp"

#include <map>

namespace postroom::grants {

/// The gates of all providers, by authority.
class Gates {
public:
    explicit Gates(Ground ground) : ground_(std::move(ground)) {}
    [[nodiscard]] std::shared_ptr<Gate> to(std::string const& authority);
    /// Lets nobody in any more, anywhere.
    void shut();

private:
    Ground ground_;
    std::map<std::string, std::shared_ptr<Gate>> gates_;
    bool shut_ = false;
};

struct Loaded {
    model::Account account;
    model::Application application;
    model::Grant grant;
};
/// Errors: Trouble::not_found, in words, also for an account that has no use for a token; what the store says.
[[nodiscard]] net::awaitable<Result<Loaded>> read_grant(Ground const& ground, model::AccountId account);
/// Errors: as the vault's.
[[nodiscard]] Result<AccessToken> unseal(Ground const& ground, model::Grant const& grant);
/// Whether its access token may be handed out.
[[nodiscard]] bool lasts(model::Grant const& grant, Instant now);
/// From 0 to 1.
[[nodiscard]] double chance();

/// What is remembered of an account beside the store.
struct Known {
    std::optional<model::Grant> in_hand;  ///< as the provider renewed it, and not yet stored; of the version it renews
    std::optional<Instant> replaced;      ///< when a server's refusal last led to a renewal
};

/// Used from one event loop's thread.
class Course {
public:
    /// `refused` is the token that a mail server refused. `owner` holds the lease. What `known` says is brought to its
    /// end first, and it is kept up to date, so that it is right however this ends.
    Course(Ground ground, std::string owner, std::shared_ptr<Gates> gates, model::AccountId account, Why why,
           Secret refused, Known& known);

    /// Errors: as Tokens::access() and Tokens::replace(). Throws store::Failure.
    [[nodiscard]] net::awaitable<Result<AccessToken>> run();
    /// When to try next, where it did not succeed and that is known.
    [[nodiscard]] std::optional<Instant> again() const { return again_; }

private:
    [[nodiscard]] Instant now() const { return ground_.clock->now(); }
    [[nodiscard]] Standing standing_of(model::Grant const& grant) const;
    net::awaitable<Result<Event>> look();
    net::awaitable<Result<Event>> queue();
    net::awaitable<Result<Event>> claim();
    net::awaitable<Result<Event>> ask();
    net::awaitable<Answered> ask_once(Secret const* refresh_token, oauth::Client client);
    net::awaitable<Result<Event>> keep();
    net::awaitable<Result<Event>> note();
    net::awaitable<Result<Event>> wait();
    void take(oauth::TokenAnswer const& answer);
    Result<AccessToken> end(Do how);

    Ground ground_;
    std::string owner_;
    std::shared_ptr<Gates> gates_;
    model::AccountId id_;
    Secret refused_;
    Known& known_;
    Renewal renewal_;
    std::optional<std::int64_t> rejected_;  // the version whose access token is the refused one
    std::optional<Loaded> loaded_;
    std::shared_ptr<Gate> gate_;
    std::unique_ptr<Gate::Pass> pass_;
    std::optional<store::Lease> lease_;
    std::optional<model::Grant> answer_;  // in hand
    bool answered_ = false;               // by this one
    Error trouble_{};                     // what was no answer
    std::chrono::steady_clock::time_point sent_{};
    std::optional<Instant> again_;
};

}  // namespace postroom::grants
