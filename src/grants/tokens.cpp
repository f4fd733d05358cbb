#include "grants/tokens.hpp"

#include "base/text.hpp"
#include "grants/credentials.hpp"
#include "grants/places.hpp"
#include "grants/provider.hpp"
#include "grants/refresh-state.hpp"
#include "oauth/refresh.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <random>
#include <unordered_map>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using net::awaitable;

namespace {

constexpr std::string_view alarm_cause = "grant-refresh";
constexpr Duration longest_wait = 90s;       // of who asks, for a flight
constexpr Duration lease_length = 45s;       // one call to a token endpoint, and its commit
constexpr Duration provider_known_for = 1h;  // its endpoints
constexpr Duration look_again = 30s;         // for grants that another process accepted
constexpr Duration assumed_life = 1h;        // where the provider does not say (RFC 6749 section 5.1)
constexpr Duration between_replacements = 5min;
constexpr std::size_t most_calls = 32;  // at once, so that a restart floods no provider

enum class Why {
    asked,    ///< what is stored ends too soon
    refused,  ///< a mail server refused what is stored
    ahead,    ///< the refresher, before anybody asks
};

struct Loaded {
    model::Account account;
    model::Application application;
    model::Grant grant;
};

struct Flight {
    explicit Flight(asio::any_io_executor const& executor) : ended(executor, longest_wait) {}
    asio::steady_timer ended;
    std::optional<Result<AccessToken>> result;
};

/// What is remembered of a grant of one version.
struct Known {
    std::int64_t version = 0;
    RefreshState state;
    std::string words;                    ///< of the last answer that was none
    std::optional<model::Grant> renewed;  ///< got from the provider, and not yet stored
    std::optional<Instant> replaced;      ///< when a server's refusal last led to a renewal; of any version
};

Result<Loaded> load(store::Connection& c, model::AccountId id)
{
    auto account = store::account(c, id);
    if (!account) return failure(Trouble::not_found, "the account is not there (any more)");
    auto grant = store::grant(c, id);
    if (!grant)
        return failure(Trouble::not_found, fmt::format("nobody has authorized the account {} yet", account->name));
    if (!account->application) return failure(Trouble::not_found, "the account signs in with a password, not a token");
    auto application = store::application(c, *account->application);
    if (!application) return failure(Trouble::not_found, "the account's identity application is not there (any more)");
    return Loaded{std::move(*account), std::move(*application), std::move(*grant)};
}

double chance()
{
    thread_local std::mt19937 random{std::random_device{}()};
    return std::uniform_real_distribution<>(0.0, 1.0)(random);
}

// The same for a grant of one version, so that looking again doesn't throw the dice again.
double chance_of(store::GrantEnd const& end)
{
    auto const mixed = std::hash<Uuid>{}(end.account.value) * 0x9e3779b97f4a7c15ULL +
                       static_cast<std::uint64_t>(end.version) * 0xbf58476d1ce4e5b9ULL;
    return static_cast<double>(mixed >> 11) / static_cast<double>(1ULL << 53);
}

}  // namespace

class Tokens::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Ground ground, std::string owner) : ground_(std::move(ground)), owner_("refresher/" + std::move(owner)) {}

    awaitable<Result<AccessToken>> access(model::AccountId id)
    {
        auto const loaded = co_await read(id);
        if (!loaded) co_return std::unexpected(loaded.error());
        if (lasts(loaded->grant)) co_return unseal(loaded->grant);
        auto renewed = co_await fly(id, Why::asked, {});
        co_return renewed;
    }

    awaitable<Result<AccessToken>> replace(model::AccountId id, AccessToken refused)
    {
        auto replacement = co_await fly(id, Why::refused, std::move(refused.token));
        co_return replacement;
    }

    awaitable<void> run()
    {
        auto const self = shared_from_this();
        auto const executor = co_await asio::this_coro::executor;
        wake_ = std::make_unique<asio::steady_timer>(executor);
        while (!stopped_) {
            auto const pause = co_await renew_what_is_due();
            if (stopped_) break;
            wake_->expires_after(pause);
            boost::system::error_code ignored;
            co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        // A provider that renews at this moment may take the stored refresh token's place with another, which only the
        // flight knows.
        asio::steady_timer pause(executor);
        while (!flights_.empty()) {
            pause.expires_after(50ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    void stop()
    {
        stopped_ = true;
        if (wake_) wake_->cancel();
    }

private:
    [[nodiscard]] Instant now() const { return ground_.clock->now(); }
    [[nodiscard]] bool lasts(model::Grant const& grant) const { return grant.access_token_ends - now() >= least_left; }

    [[nodiscard]] Result<AccessToken> unseal(model::Grant const& grant) const
    {
        auto token = ground_.vault->unseal(grant.access_token, place_of_access_token(grant.account));
        if (!token) return std::unexpected(token.error());
        return AccessToken{std::move(*token), grant.access_token_ends, grant.owner.user_name};
    }

    awaitable<Result<Loaded>> read(model::AccountId id)
    {
        try {
            auto loaded = co_await ground_.store->read([id](store::Connection& c) { return load(c, id); });
            co_return loaded;
        } catch (store::Failure const& e) {
            co_return std::unexpected(e.error());
        }
    }

    // One flight an account: who comes while it lasts gets what it brings. It goes on where nobody waits any more.
    awaitable<Result<AccessToken>> fly(model::AccountId id, Why why, Secret refused)
    {
        auto const self = shared_from_this();
        auto const executor = co_await asio::this_coro::executor;
        auto const flight = begin(executor, id, why, std::move(refused));
        if (!flight->result) {
            boost::system::error_code ignored;
            co_await flight->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        if (!flight->result) co_return failure(Trouble::timed_out, "the renewal of the account's token takes too long");
        co_return *flight->result;
    }

    std::shared_ptr<Flight> begin(asio::any_io_executor const& executor, model::AccountId id, Why why, Secret refused)
    {
        auto& flight = flights_[id];
        if (flight) return flight;
        flight = std::make_shared<Flight>(executor);
        auto begun = flight;
        asio::co_spawn(executor, conduct(shared_from_this(), begun, id, why, std::move(refused)), asio::detached);
        return begun;
    }

    static awaitable<void> conduct(std::shared_ptr<Impl> self, std::shared_ptr<Flight> flight, model::AccountId id,
                                   Why why, Secret refused)
    {
        Result<AccessToken> result = failure(Trouble::internal, "");
        try {
            co_await self->enter();
            result = co_await self->renew(id, why, std::move(refused));
        } catch (store::Failure const& e) {
            result = std::unexpected(e.error());
        } catch (std::exception const& e) {
            result = failure(Trouble::internal, e.what());
        }
        self->leave();
        flight->result = std::move(result);
        self->flights_.erase(id);
        flight->ended.cancel();
        // The refresher had more to do than it might.
        if (self->wake_ && self->held_back_) self->wake_->cancel();
    }

    awaitable<void> enter()
    {
        auto const executor = co_await asio::this_coro::executor;
        while (calls_ >= most_calls) {
            auto const turn = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
            turns_.push_back(turn);
            boost::system::error_code ignored;
            co_await turn->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        ++calls_;
    }

    void leave()
    {
        --calls_;
        if (turns_.empty()) return;
        turns_.front()->cancel();
        turns_.pop_front();
    }

    // What is stored, if it serves the purpose: then somebody was faster.
    [[nodiscard]] std::optional<Result<AccessToken>> as_stored(model::Grant const& grant, Why why,
                                                               Secret const& refused) const
    {
        if (!lasts(grant)) return std::nullopt;
        if (why == Why::ahead && now() >= renew_at(grant.access_token_ends, grant.access_token_life, 0.999))
            return std::nullopt;
        auto token = unseal(grant);
        if (why == Why::refused && token && token->token == refused) return std::nullopt;
        return token;
    }

    Known& known_of(model::Grant const& grant)
    {
        auto& known = known_[grant.account];
        if (known.version != grant.version) known = Known{.version = grant.version, .replaced = known.replaced};
        return known;
    }

    awaitable<Result<AccessToken>> renew(model::AccountId id, Why why, Secret refused)
    {
        auto loaded = co_await read(id);
        if (!loaded) co_return std::unexpected(loaded.error());
        if (auto stored = as_stored(loaded->grant, why, refused)) co_return std::move(*stored);
        if (auto const wait = too_early(*loaded, why)) co_return std::unexpected(*wait);

        auto const provider = co_await provider_of(loaded->application);
        if (!provider) co_return later(loaded->grant, provider.error(), std::nullopt);

        // One server at a time, since a provider may take a refresh token that comes twice for a stolen one.
        for (int tries = 0;; ++tries) {
            struct Claimed {
                std::optional<store::Lease> lease;
                Result<Loaded> loaded;
            };
            auto const name = "refresh/" + to_string(id);
            auto claimed = co_await ground_.store->write([&](store::Connection& c) {
                return Claimed{store::take_lease(c, name, owner_, lease_length), load(c, id)};
            });
            loaded = std::move(claimed.loaded);
            if (!loaded) co_return std::unexpected(loaded.error());
            auto stored = as_stored(loaded->grant, why, refused);
            if (claimed.lease && !stored) {
                auto answered = co_await ask(*loaded, *provider, *claimed.lease, why);
                co_return answered;
            }
            if (claimed.lease) {
                auto const lease = *claimed.lease;
                co_await ground_.store->write([&](store::Connection& c) { store::drop_lease(c, lease); });
            }
            if (stored) co_return std::move(*stored);
            if (tries == 60)
                co_return failure(Trouble::timed_out, "another server renews the account's token, in vain");
            auto const executor = co_await asio::this_coro::executor;
            asio::steady_timer pause(executor, 1s);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    std::optional<Error> too_early(Loaded const& loaded, Why why)
    {
        auto const& known = known_of(loaded.grant);
        if (known.state.next_try > now())
            return Error{known.state.refusals > 0 ? Trouble::refused : Trouble::unreachable,
                         fmt::format("{}; the next try is at {}", known.words, to_rfc3339(known.state.next_try))};
        if (why == Why::refused && known.replaced && now() - *known.replaced < between_replacements)
            return Error{
                Trouble::limit,
                fmt::format("a token that was replaced at {} is refused as well, so it is not the token that is "
                            "wrong",
                            to_rfc3339(*known.replaced))};
        return std::nullopt;
    }

    awaitable<Result<oauth::Provider>> provider_of(model::Application application)
    {
        auto const authority = authority_of(application);
        if (!authority) co_return std::unexpected(authority.error());
        if (auto const found = providers_.find(*authority);
            found != providers_.end() && now() - found->second.second < provider_known_for)
            co_return found->second.first;
        auto provider = co_await find_provider(ground_, std::move(application));
        if (provider) providers_.insert_or_assign(*authority, std::pair(*provider, now()));
        co_return provider;
    }

    awaitable<Result<AccessToken>> ask(Loaded loaded, oauth::Provider provider, store::Lease lease, Why why)
    {
        auto const id = loaded.grant.account;
        if (auto const unstored = known_of(loaded.grant).renewed) {
            auto kept = co_await keep(std::move(loaded), *unstored, std::move(lease));
            co_return kept;
        }
        auto refresh_token = ground_.vault->unseal(loaded.grant.refresh_token, place_of_refresh_token(id));
        if (!refresh_token) co_return later(loaded.grant, refresh_token.error(), std::nullopt);
        if (why == Why::refused) known_of(loaded.grant).replaced = now();

        Ask const renewal = [&](oauth::Client client) -> awaitable<Answered> {
            auto came = co_await oauth::refresh(*ground_.https, provider, client, *refresh_token, loaded.grant.scopes);
            co_return came;
        };
        Answered answer;
        std::optional<Error> broken;
        try {
            answer = co_await ask_as(ground_, loaded.application, renewal);
        } catch (net::Broken const& e) {
            broken = Error{e.kind(), fmt::format("the identity provider can't be reached: {}", e.what())};
        }
        if (!broken && answer) {
            auto kept = co_await keep(loaded, renewed_by(loaded.grant, *answer), std::move(lease));
            co_return kept;
        }
        // An answer that is none of a token endpoint (a proxy's page, say) refuses nothing.
        if (!broken && !answer.error().is_transient() && !answer.error().error.empty()) {
            auto refused = co_await refuse(std::move(loaded), answer.error().message(), std::move(lease));
            co_return refused;
        }
        co_await ground_.store->write([&](store::Connection& c) { store::drop_lease(c, lease); });
        if (broken) co_return later(loaded.grant, *broken, std::nullopt);
        Error const no_answer{Trouble::unreachable, answer.error().message()};
        co_return later(loaded.grant, no_answer, answer.error().retry_after);
    }

    [[nodiscard]] model::Grant renewed_by(model::Grant grant, oauth::TokenAnswer const& answer) const
    {
        auto const id = grant.account;
        grant.access_token = ground_.vault->seal(answer.access_token, place_of_access_token(id));
        if (!answer.refresh_token.empty())
            grant.refresh_token = ground_.vault->seal(answer.refresh_token, place_of_refresh_token(id));
        grant.access_token_life = answer.expires_in.count() > 0 ? answer.expires_in : assumed_life;
        grant.renewed = now();
        grant.access_token_ends = grant.renewed + grant.access_token_life;
        return grant;
    }

    // Committed before anybody gets the token. Where the store fails, the provider is not asked again for what it gave.
    awaitable<Result<AccessToken>> keep(Loaded loaded, model::Grant renewed, store::Lease lease)
    {
        auto const id = loaded.grant.account;
        known_of(loaded.grant).renewed = renewed;
        auto const at = now();
        bool const kept = co_await ground_.store->write([&](store::Connection& c) {
            store::drop_lease(c, lease);
            if (!store::renew_grant(c, renewed, loaded.grant.version)) return false;
            store::set_account_state(c, id, model::AccountState::ready, "", at);
            store::end_alarm(c, alarm_cause, loaded.account.name, at);
            return true;
        });
        auto const replaced = known_[id].replaced;
        known_[id] = Known{.version = loaded.grant.version + 1, .replaced = replaced};
        if (kept) co_return unseal(renewed);
        auto const theirs = co_await read(id);
        if (!theirs) co_return std::unexpected(theirs.error());
        if (!lasts(theirs->grant)) co_return failure(Trouble::conflict, "the grant was changed meanwhile; try again");
        co_return unseal(theirs->grant);
    }

    awaitable<Result<AccessToken>> refuse(Loaded loaded, std::string words, store::Lease lease)
    {
        auto const id = loaded.grant.account;
        auto const at = now();
        co_await ground_.store->write([&](store::Connection& c) {
            store::drop_lease(c, lease);
            auto const current = store::grant(c, id);
            if (!current || current->version != loaded.grant.version) return;  // it was not this grant that is in force
            store::set_account_state(c, id, model::AccountState::needs_authorization, words, at);
            store::raise_alarm(c, alarm_cause, loaded.account.name, words, at);
        });
        auto& known = known_of(loaded.grant);
        known.state = after(known.state, Answer::refused, std::nullopt, at, chance());
        known.words = words;
        spdlog::warn("account {}: {}", loaded.account.name, words);
        co_return failure(Trouble::refused, std::move(words));
    }

    std::unexpected<Error> later(model::Grant const& grant, Error const& error, std::optional<Duration> retry_after)
    {
        auto& known = known_of(grant);
        known.state = after(known.state, Answer::transient, retry_after, now(), chance());
        known.words = error.message;
        // Both mean something else to whoever asks: that a person is needed.
        bool const misleading = error.kind == Trouble::refused || error.kind == Trouble::not_found;
        return failure(misleading ? Trouble::unreachable : error.kind,
                       fmt::format("{}; the next try is at {}", error.message, to_rfc3339(known.state.next_try)));
    }

    awaitable<Duration> renew_what_is_due()
    {
        std::vector<store::GrantEnd> ends;
        try {
            ends = co_await ground_.store->read([](store::Connection& c) { return store::grant_ends(c); });
        } catch (store::Failure const& e) {
            spdlog::error("the refresher can't read the grants: {}", e.what());
        }
        auto const executor = co_await asio::this_coro::executor;
        auto const at = now();
        Duration pause = look_again;
        held_back_ = false;
        for (auto const& end : ends) {
            auto due = renew_at(end.access_token_ends, end.access_token_life, chance_of(end));
            if (auto const known = known_.find(end.account);
                known != known_.end() && known->second.version == end.version)
                due = std::max(due, known->second.state.next_try);
            if (due > at) {
                pause = std::min(pause, due - at);
            } else if (flights_.size() < most_calls) {
                (void)begin(executor, end.account, Why::ahead, {});
            } else {
                held_back_ = true;
            }
        }
        co_return pause;
    }

    Ground ground_;
    std::string owner_;
    std::unordered_map<model::AccountId, std::shared_ptr<Flight>> flights_;
    std::unordered_map<model::AccountId, Known> known_;
    std::unordered_map<std::string, std::pair<oauth::Provider, Instant>> providers_;
    std::size_t calls_ = 0;
    std::deque<std::shared_ptr<asio::steady_timer>> turns_;
    std::unique_ptr<asio::steady_timer> wake_;
    bool held_back_ = false;
    bool stopped_ = false;
};

Tokens::Tokens(Ground ground, std::string owner) : impl_(std::make_shared<Impl>(std::move(ground), std::move(owner))) {}

Tokens::~Tokens()
{
    impl_->stop();
}

awaitable<Result<AccessToken>> Tokens::access(model::AccountId account)
{
    return impl_->access(account);
}

awaitable<Result<AccessToken>> Tokens::replace(model::AccountId account, AccessToken refused)
{
    return impl_->replace(account, std::move(refused));
}

awaitable<void> Tokens::run()
{
    return impl_->run();
}

void Tokens::stop()
{
    impl_->stop();
}

}  // namespace postroom::grants
