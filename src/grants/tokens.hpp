// Access tokens for the workers: from the grant while it lasts, renewed ahead of its end. One flight an account,
// however many ask.
#pragma once

#include "base/id.hpp"
#include "base/secret.hpp"
#include "model/account.hpp"
#include "model/grant.hpp"
#include "net/https.hpp"
#include "net/stop.hpp"
#include "store/store.hpp"
#include "vault/vault.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace postroom::grants {

struct AccessToken {
    Secret token;
    Instant ends{};
    std::string user_name;  ///< the token owner's: SMTP signs in with it
};

/// How renewals ended, since this process began.
struct Renewals {
    std::atomic<std::uint64_t> renewed = 0;
    std::atomic<std::uint64_t> refused = 0;
    std::atomic<std::uint64_t> failed = 0;  ///< no answer, or one that says to come back
};

/// What grants need of the rest of the house.
struct Ground {
    store::Store* store;
    std::shared_ptr<vault::Vault const> vault;
    std::shared_ptr<net::Https> https;
    Clock const* clock = &system_clock();
    std::function<void()> trial_due = [] {};  ///< a grant is to be tried: whoever does it in this process looks now
    std::shared_ptr<net::Stop> stop{};        ///< of the server whose loop this is; may be none
    std::shared_ptr<Renewals> renewals = std::make_shared<Renewals>();  ///< of all copies together
};

/// Used from one event loop's thread.
class Tokens {
public:
    /// `owner` holds the leases of renewals: whoever begins under that name, once this one has ended, need not wait for
    /// a lease's end. Of the same name there is one at a time.
    explicit Tokens(Ground ground, std::string owner = to_string(make_uuid()));
    ~Tokens();

    /// A token that lasts at least two more minutes. Errors, each in words for the account's state: Trouble::not_found
    /// (nobody authorized the account), Trouble::refused (the provider said no; the account is marked "needs
    /// authorization" and the grant kept), otherwise the provider could not be reached and the next try is due later.
    [[nodiscard]] net::awaitable<Result<AccessToken>> access(model::AccountId account);

    /// A server refused `refused`: renews once, unless somebody did so meanwhile. Errors: as access(); Trouble::limit
    /// where a token that was replaced a moment ago is refused again, since then the token is not what is wrong.
    [[nodiscard]] net::awaitable<Result<AccessToken>> replace(model::AccountId account, AccessToken refused);

    /// Renews now, however long the token lasts, and also where a refusal made the next try wait: for whoever wants to
    /// see whether it renews. Errors: as access().
    [[nodiscard]] net::awaitable<Result<AccessToken>> renew(model::AccountId account);

    /// The refresher: renews every grant ahead of its end (the smaller of 10 minutes and a quarter of its life, with
    /// jitter) until stop() is called.
    [[nodiscard]] net::awaitable<void> run();
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::grants
