#include "grants/tokens.hpp"

#include "grants/credentials.hpp"
#include "grants/gate.hpp"
#include "grants/places.hpp"
#include "grants/refresh-state.hpp"
#include "oauth/client-credentials.hpp"
#include "oauth/refresh.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <queue>
#include <random>
#include <unordered_map>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using net::awaitable;

namespace {

constexpr std::string_view alarm_cause = "grant-refresh";
constexpr Duration longest_wait = 90s;  // of who asks, for a flight
// Of two calls, by two credentials, and the commit of what came of them.
constexpr Duration lease_length = 75s;
constexpr Duration look_again = 30s;       // for grants that another process accepted
constexpr Duration assumed_life = 1h;      // where the provider does not say (RFC 6749 section 5.1)
constexpr Duration between_looks = 500ms;  // at what another server renews
constexpr Duration forgotten = 10min;      // that a server's refusal led to a renewal
constexpr Duration soon = 1s;
constexpr int most_tries_to_keep = 20;   // before Postroom ends
constexpr std::size_t most_ahead = 160;  // flights that nobody asked for, at once

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

/// What is remembered of an account beside the store.
struct Known {
    std::optional<model::Grant> in_hand;  ///< as the provider renewed it, and not yet stored; of the version it renews
    std::optional<Instant> replaced;      ///< when a server's refusal last led to a renewal
};

/// A renewal under way, with all that its steps need of each other.
struct Course {
    model::AccountId id;
    Secret refused;
    Renewal renewal;
    std::optional<std::int64_t> rejected;  ///< the version whose access token is the refused one
    std::optional<Loaded> loaded;
    std::shared_ptr<Gate> gate;
    std::unique_ptr<Gate::Pass> pass;
    std::optional<store::Lease> lease;
    std::optional<model::Grant> answer;  ///< in hand
    Error trouble{};                     ///< what was no answer
    std::optional<Steady::time_point> sent;
};

Result<Loaded> load(store::Connection& c, model::AccountId id)
{
    auto account = store::account(c, id);
    if (!account) return failure(Trouble::not_found, "the account is not there (any more)");
    if (account->access == model::Access::password)
        return failure(Trouble::not_found,
                       fmt::format("the account {} signs in with a password, not a token", account->name));
    auto grant = store::grant(c, id);
    if (!grant)
        return failure(Trouble::not_found, fmt::format("nobody has authorized the account {} yet", account->name));
    auto application = account->application ? store::application(c, *account->application) : std::nullopt;
    if (!application) return failure(Trouble::not_found, "the account's identity application is not there (any more)");
    return Loaded{std::move(*account), std::move(*application), std::move(*grant)};
}

Standing standing_of(model::Grant const& grant, std::optional<std::int64_t> rejected)
{
    return {.version = grant.version,
            .ends = grant.access_token_ends,
            .life = grant.access_token_life,
            .tries = {grant.refusals, grant.failures, grant.next_try},
            .asked = grant.asked,
            .rejected = rejected == grant.version};
}

double chance()
{
    thread_local std::mt19937 random{std::random_device{}()};
    return std::uniform_real_distribution<>(0.0, 1.0)(random);
}

/// When an account's turn comes, unless somebody asks before.
struct Due {
    Instant at{};
    model::AccountId account;
    friend bool operator>(Due const& a, Due const& b) { return a.at > b.at; }
};
using Schedule = std::priority_queue<Due, std::vector<Due>, std::greater<>>;

}  // namespace

class Tokens::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Ground ground, std::string owner)
        : ground_(std::move(ground)), owner_("refresher/" + std::move(owner)), seed_(std::hash<std::string>{}(owner_))
    {
    }

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
        auto look_at = Steady::now();
        while (!stopped_) {
            if (Steady::now() >= look_at) {
                co_await look_ahead();
                look_at = Steady::now() + look_again;
            }
            if (stopped_) break;
            wake_->expires_at(std::min(look_at, begin_what_is_due(executor)));
            boost::system::error_code ignored;
            co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        // A provider that renews at this moment may take the stored refresh token's place with another, which only the
        // flight knows.
        asio::steady_timer pause(executor);
        for (int tries = 0; !flights_.empty() || (holds_answers() && tries < most_tries_to_keep);) {
            if (flights_.empty()) {
                ++tries;
                for (auto const& [id, known] : known_)
                    if (known.in_hand) (void)begin(executor, id, Why::ahead, {});
            }
            pause.expires_after(flights_.empty() ? soon : Duration(50));
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    void stop()
    {
        stopped_ = true;
        for (auto const& [authority, gate] : gates_) gate->shut();
        if (wake_) wake_->cancel();
    }

private:
    [[nodiscard]] Instant now() const { return ground_.clock->now(); }
    [[nodiscard]] bool lasts(model::Grant const& grant) const
    {
        return grant.access_token_ends - now() >= least_left(grant.access_token_life);
    }
    [[nodiscard]] bool holds_answers() const
    {
        return std::ranges::any_of(known_, [](auto const& each) { return each.second.in_hand.has_value(); });
    }

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
        if (why == Why::ahead) ++ahead_;
        asio::co_spawn(executor, conduct(shared_from_this(), begun, id, why, std::move(refused)), asio::detached);
        return begun;
    }

    static awaitable<void> conduct(std::shared_ptr<Impl> self, std::shared_ptr<Flight> flight, model::AccountId id,
                                   Why why, Secret refused)
    {
        Result<AccessToken> result = failure(Trouble::internal, "");
        try {
            Course course{.id = id, .refused = std::move(refused), .renewal = {.why = why}};
            result = co_await self->renew(course);
        } catch (store::Failure const& e) {
            result = std::unexpected(e.error());
        } catch (std::exception const& e) {
            result = failure(Trouble::internal, e.what());
        }
        if (auto const known = self->known_.find(id); known != self->known_.end()) {
            if (known->second.in_hand)
                self->try_again(id, self->now() + soon);
            else if (!known->second.replaced)
                self->known_.erase(known);
        }
        flight->result = std::move(result);
        self->flights_.erase(id);
        if (why == Why::ahead) --self->ahead_;
        flight->ended.cancel();
        if (self->wake_) self->wake_->cancel();
    }

    awaitable<Result<AccessToken>> renew(Course& course)
    {
        auto& renewal = course.renewal;
        {
            auto const& known = known_[course.id];
            renewal.replaced = known.replaced;
            course.answer = known.in_hand;
            if (known.in_hand) renewal.in_hand = known.in_hand->version;
        }
        for (auto next = Do::look;;) {
            Result<Event> event = failure(Trouble::internal, "");
            switch (next) {
                case Do::look: event = co_await look(course); break;
                case Do::queue: event = co_await queue(course); break;
                case Do::claim: event = co_await claim(course); break;
                case Do::ask: event = co_await ask(course); break;
                case Do::keep: event = co_await keep(course); break;
                case Do::note: event = co_await note(course); break;
                case Do::wait: event = co_await wait(course); break;
                default: co_return end(course, next);
            }
            if (!event) co_return std::unexpected(event.error());
            next = renewal.step(*event, now(), chance());
            remember(course);
        }
    }

    // What a next flight has to know, should this one end by an exception.
    void remember(Course const& course)
    {
        auto& known = known_[course.id];
        known.replaced = course.renewal.replaced;
        known.in_hand = course.renewal.in_hand ? course.answer : std::nullopt;
    }

    awaitable<Result<Event>> look(Course& course)
    {
        auto loaded = co_await read(course.id);
        if (!loaded) co_return std::unexpected(loaded.error());
        if (course.renewal.why == Why::refused) {
            auto const token = unseal(loaded->grant);
            if (token && token->token == course.refused) course.rejected = loaded->grant.version;
        }
        course.loaded = std::move(*loaded);
        co_return seen::Looked{standing_of(course.loaded->grant, course.rejected)};
    }

    awaitable<Result<Event>> queue(Course& course)
    {
        auto const authority = authority_of(course.loaded->application);
        if (!authority) co_return std::unexpected(authority.error());
        auto& gate = gates_[*authority];
        if (!gate) gate = std::make_shared<Gate>(ground_);
        course.gate = gate;
        if (stopped_) gate->shut();
        auto const application = course.loaded->application;
        // What waits in a queue as long as there are accounts is short; the claim reads the rest again.
        course.loaded.reset();
        auto pass = co_await course.gate->enter(application);
        if (!pass) {
            course.trouble = pass.error();
            co_return seen::Turn{false};
        }
        course.pass = std::move(*pass);
        co_return seen::Turn{true};
    }

    // One server at a time, since a provider may take a refresh token that comes twice for a stolen one. That it is
    // asked is noted with the lease, in one commit.
    awaitable<Result<Event>> claim(Course& course)
    {
        struct Found {
            std::optional<store::Lease> lease;
            Result<Loaded> loaded;
        };
        auto const at = now();
        auto found = co_await ground_.store->write([&](store::Connection& c) {
            Found now_there{store::take_lease(c, "refresh/" + to_string(course.id), owner_, lease_length),
                            load(c, course.id)};
            if (!now_there.lease) return now_there;
            auto const& loaded = now_there.loaded;
            if (loaded && course.renewal.asks(standing_of(loaded->grant, course.rejected), at))
                store::note_asked(c, course.id, loaded->grant.version, at);
            else if (!loaded || course.renewal.in_hand != loaded->grant.version)
                store::drop_lease(c, *now_there.lease);
            return now_there;
        });
        if (!found.loaded) co_return std::unexpected(found.loaded.error());
        course.lease = std::move(found.lease);
        course.loaded = std::move(*found.loaded);
        co_return seen::Claimed{course.lease.has_value(), standing_of(course.loaded->grant, course.rejected), at};
    }

    awaitable<Answered> ask_once(Course& course, Secret const* refresh_token, oauth::Client client)
    {
        auto const provider = course.pass->provider();
        auto const& scopes = course.loaded->grant.scopes;
        if (refresh_token) {
            auto answer = co_await oauth::refresh(*ground_.https, provider, client, *refresh_token, scopes);
            co_return answer;
        }
        auto const scope = fmt::format("{}", fmt::join(scopes, " "));
        auto answer = co_await oauth::ask_as_application(*ground_.https, provider, client, scope);
        co_return answer;
    }

    awaitable<Result<Event>> ask(Course& course)
    {
        auto const& [account, application, grant] = *course.loaded;
        auto const refresh_token = ground_.vault->unseal(grant.refresh_token, place_of_refresh_token(course.id));
        bool const by_itself = account.access == model::Access::application;
        if (!by_itself && !refresh_token) {
            course.trouble = refresh_token.error();
            co_return seen::Answered{Answer::transient};
        }
        Ask const question = [&](oauth::Client client) {
            return ask_once(course, by_itself ? nullptr : &*refresh_token, std::move(client));
        };
        course.sent = Steady::now();
        Answered answer;
        try {
            answer = co_await ask_as(ground_, application, question);
        } catch (net::Broken const& e) {
            // Nothing was sent where there was no connection.
            bool const sent = e.kind() != Trouble::unreachable && e.kind() != Trouble::tls;
            course.trouble = {e.kind(), fmt::format("the identity provider can't be reached: {}", e.what())};
            course.gate->silent(course.trouble.message);
            co_return seen::Answered{Answer::transient, sent && !by_itself};
        }
        if (answer) {
            course.gate->answered();
            course.answer = renewed_by(grant, *answer);
            co_return seen::Answered{Answer::renewed};
        }
        auto const& error = answer.error();
        course.trouble = {Trouble::unreachable, error.message()};
        // What is none of a token endpoint (a proxy's page, say) refuses nothing.
        bool const definite = error.is_refusal();
        if (error.status == 429 || (error.status == 503 && error.retry_after))
            course.gate->busy(error.retry_after, course.trouble.message);
        else
            course.gate->answered();
        co_return seen::Answered{.answer = definite ? Answer::refused : Answer::transient,
                                 .perhaps_lost = !error.is_its_own() && error.status != 0 && !by_itself,
                                 .retry_after = error.retry_after};
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
    awaitable<Result<Event>> keep(Course& course)
    {
        course.pass.reset();
        auto const at = now();
        auto const& [account, application, grant] = *course.loaded;
        bool const calm = account.state == model::AccountState::ready && grant.refusals == 0;
        bool const in_force = co_await ground_.store->write([&](store::Connection& c) {
            if (!calm) store::lock_account(c, course.id);
            store::drop_lease(c, *course.lease);
            if (!store::renew_grant(c, *course.answer, course.answer->version)) return false;
            if (calm) return true;
            store::set_account_state(c, course.id, model::AccountState::ready, "", at);
            store::end_alarm(c, alarm_cause, account.name, at);
            return true;
        });
        if (in_force && course.sent)
            spdlog::debug("account {}: its token is renewed, {:.1f} ms from asking for it until it is stored",
                          account.name,
                          std::chrono::duration<double, std::milli>(Steady::now() - *course.sent).count());
        if (in_force) co_return seen::Kept{};
        auto theirs = co_await read(course.id);
        if (!theirs) co_return std::unexpected(theirs.error());
        course.loaded = std::move(*theirs);
        co_return seen::Kept{.in_force = false, .serves = lasts(course.loaded->grant)};
    }

    awaitable<Result<Event>> note(Course& course)
    {
        course.pass.reset();
        auto const& renewal = course.renewal;
        auto const& account = course.loaded->account;
        auto noted = course.loaded->grant;
        noted.refusals = renewal.tries.refusals;
        noted.failures = renewal.tries.failures;
        noted.next_try = renewal.tries.next_try;
        noted.asked = renewal.lost;
        if (renewal.refused) {
            course.trouble.kind = Trouble::refused;
            if (renewal.lost)
                course.trouble.message = fmt::format(
                    "a renewal at {} got no answer that could be stored; the provider may have invalidated the refresh "
                    "token that is stored, and put another in its place. {}",
                    to_rfc3339(*renewal.lost), course.trouble.message);
            spdlog::warn("account {}: {}", account.name, course.trouble.message);
        }
        noted.trouble = course.trouble.message;
        auto const at = now();
        co_await ground_.store->write([&](store::Connection& c) {
            if (renewal.refused) store::lock_account(c, course.id);
            store::check_lease(c, *course.lease);  // or another server's note would be overwritten
            store::drop_lease(c, *course.lease);
            // Otherwise it was not this grant that is in force.
            if (!store::note_trouble(c, noted) || !renewal.refused) return;
            store::set_account_state(c, course.id, model::AccountState::needs_authorization, noted.trouble, at);
            store::raise_alarm(c, alarm_cause, account.name, noted.trouble, at);
        });
        co_return seen::Noted{};
    }

    static awaitable<Result<Event>> wait(Course& course)
    {
        course.pass.reset();
        auto const executor = co_await asio::this_coro::executor;
        asio::steady_timer pause(executor, between_looks);
        co_await pause.async_wait(asio::use_awaitable);
        co_return seen::Waited{};
    }

    Result<AccessToken> end(Course& course, Do how)
    {
        auto const next_try = [](std::string const& words, Instant at) {
            return fmt::format("{}; the next try is at {}", words, to_rfc3339(at));
        };
        auto const& tries = course.renewal.tries;
        switch (how) {
            case Do::give_stored: return unseal(course.loaded->grant);
            case Do::give_kept: return unseal(*course.answer);
            case Do::say_not_yet: {
                auto const& grant = course.loaded->grant;
                return failure(grant.refusals > 0 ? Trouble::refused : Trouble::unreachable,
                               next_try(grant.trouble, grant.next_try));
            }
            case Do::say_in_vain:
                return failure(Trouble::limit,
                               fmt::format("a token that was replaced at {} is refused as well, so it is not the token "
                                           "that is wrong",
                                           to_rfc3339(*course.renewal.replaced)));
            case Do::say_closed:
                try_again(course.id, course.gate->closed_until().value_or(now() + soon));
                if (misleads(course.trouble.kind)) course.trouble.kind = Trouble::unreachable;
                break;
            case Do::say_busy: return failure(Trouble::timed_out, "another server renews the account's token, in vain");
            case Do::say_noted:
                try_again(course.id, tries.next_try);
                if (course.renewal.refused) break;
                return failure(misleads(course.trouble.kind) ? Trouble::unreachable : course.trouble.kind,
                               next_try(course.trouble.message, tries.next_try));
            default: return failure(Trouble::conflict, "the grant was changed meanwhile; try again");
        }
        return std::unexpected(course.trouble);
    }

    // Both mean something else to whoever asks: that a person is needed.
    static bool misleads(Trouble kind) { return kind == Trouble::refused || kind == Trouble::not_found; }

    void try_again(model::AccountId id, Instant at)
    {
        if (wake_) due_.push({at, id});
    }

    // The same for a grant of one version, so that looking again doesn't throw the dice again; another on each server,
    // so that they don't all want the same ones at once.
    [[nodiscard]] double chance_of(store::GrantEnd const& end) const
    {
        auto mixed = (std::hash<Uuid>{}(end.account.value) ^ seed_) * 0x9e3779b97f4a7c15ULL +
                     static_cast<std::uint64_t>(end.version) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ mixed >> 31) * 0x94d049bb133111ebULL;
        return static_cast<double>(mixed >> 11) / static_cast<double>(1ULL << 53);
    }

    [[nodiscard]] Instant due(store::GrantEnd const& end) const
    {
        Standing const standing{.version = end.version,
                                .ends = end.access_token_ends,
                                .life = end.access_token_life,
                                .tries = {.refusals = end.refusals, .next_try = end.next_try}};
        return due_at(standing, now(), chance_of(end));
    }

    awaitable<void> look_ahead()
    {
        std::vector<store::GrantEnd> ends;
        try {
            ends = co_await ground_.store->read([](store::Connection& c) { return store::grant_ends(c); });
        } catch (store::Failure const& e) {
            spdlog::error("the refresher can't read the grants: {}", e.what());
        }
        auto const horizon = now() + look_again;
        due_ = {};
        for (auto const& end : ends)
            if (auto const at = due(end); at <= horizon) due_.push({at, end.account});
        for (auto const& [id, known] : known_)
            if (known.in_hand) due_.push({now(), id});
        std::erase_if(known_, [this](auto const& each) {
            auto const& [id, known] = each;
            return !flights_.contains(id) && !known.in_hand && (!known.replaced || now() - *known.replaced > forgotten);
        });
    }

    // Returns when the next one is due, as far as it is known.
    Steady::time_point begin_what_is_due(asio::any_io_executor const& executor)
    {
        while (!due_.empty() && due_.top().at <= now()) {
            if (ahead_ >= most_ahead) return Steady::time_point::max();  // the end of a flight wakes
            auto const id = due_.top().account;
            due_.pop();
            (void)begin(executor, id, Why::ahead, {});
        }
        return due_.empty() ? Steady::time_point::max() : Steady::now() + (due_.top().at - now());
    }

    Ground ground_;
    std::string owner_;
    std::size_t seed_;
    std::unordered_map<model::AccountId, std::shared_ptr<Flight>> flights_;
    std::unordered_map<model::AccountId, Known> known_;
    std::map<std::string, std::shared_ptr<Gate>> gates_;  // by authority
    Schedule due_;
    std::size_t ahead_ = 0;  // of the flights
    std::unique_ptr<asio::steady_timer> wake_;
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
