#include "grants/renewal-course.hpp"

#include "base/readable-time.hpp"
#include "grants/places.hpp"
#include "oauth/client-credentials.hpp"
#include "oauth/refresh.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"
#include "store/holds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <random>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using net::awaitable;

namespace {

constexpr std::string_view alarm_cause = "grant-refresh";
// Of two calls, by two credentials, and the commit of what came of them.
constexpr Duration lease_length = 75s;
constexpr Duration assumed_life = 1h;      // where the provider does not say (RFC 6749 section 5.1)
constexpr Duration between_looks = 500ms;  // at what another server renews
constexpr Duration soon = 1s;

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

// Both mean something else to whoever asks: that a person is needed.
bool misleads(Trouble kind)
{
    return kind == Trouble::refused || kind == Trouble::not_found;
}

}  // namespace

double chance()
{
    thread_local std::mt19937 random{std::random_device{}()};
    return std::uniform_real_distribution<>(0.0, 1.0)(random);
}

std::shared_ptr<Gate> Gates::to(std::string const& authority)
{
    auto& gate = gates_[authority];
    if (!gate) gate = std::make_shared<Gate>(ground_);
    if (shut_) gate->shut();
    return gate;
}

void Gates::shut()
{
    shut_ = true;
    for (auto const& [authority, gate] : gates_) gate->shut();
}

awaitable<Result<Loaded>> read_grant(Ground const& ground, model::AccountId account)
{
    try {
        auto loaded = co_await ground.store->read([account](store::Connection& c) { return load(c, account); });
        co_return loaded;
    } catch (store::Failure const& e) {
        co_return std::unexpected(e.error());
    }
}

Result<AccessToken> unseal(Ground const& ground, model::Grant const& grant)
{
    auto token = ground.vault->unseal(grant.access_token, place_of_access_token(grant.account));
    if (!token) return std::unexpected(token.error());
    return AccessToken{std::move(*token), grant.access_token_ends, grant.owner.user_name};
}

bool lasts(model::Grant const& grant, Instant now)
{
    return grant.access_token_ends - now >= least_left(grant.access_token_life);
}

Course::Course(Ground ground, std::string owner, std::shared_ptr<Gates> gates, model::AccountId account, Why why,
               Secret refused, Known& known)
    : ground_(std::move(ground)),
      owner_(std::move(owner)),
      gates_(std::move(gates)),
      id_(account),
      refused_(std::move(refused)),
      known_(known),
      renewal_{.why = why, .replaced = known.replaced},
      answer_(known.in_hand)
{
    if (known.in_hand) renewal_.in_hand = known.in_hand->version;
}

Standing Course::standing_of(model::Grant const& grant) const
{
    return {.version = grant.version,
            .ends = grant.access_token_ends,
            .life = grant.access_token_life,
            .tries = {grant.refusals, grant.failures, grant.next_try},
            .asked = grant.asked,
            .rejected = rejected_ == grant.version};
}

awaitable<Result<AccessToken>> Course::run()
{
    for (auto next = Do::look;;) {
        Result<Event> event = failure(Trouble::internal, "");
        switch (next) {
            case Do::look: event = co_await look(); break;
            case Do::queue: event = co_await queue(); break;
            case Do::claim: event = co_await claim(); break;
            case Do::ask: event = co_await ask(); break;
            case Do::keep: event = co_await keep(); break;
            case Do::note: event = co_await note(); break;
            case Do::wait: event = co_await wait(); break;
            default: co_return end(next);
        }
        if (!event) {
            // Nobody is left to be given what is in hand.
            if (event.error().kind == Trouble::not_found) known_.in_hand.reset();
            co_return std::unexpected(event.error());
        }
        next = renewal_.step(*event, now(), chance());
        known_.replaced = renewal_.replaced;
        known_.in_hand = renewal_.in_hand ? answer_ : std::nullopt;
    }
}

awaitable<Result<Event>> Course::look()
{
    auto loaded = co_await read_grant(ground_, id_);
    if (!loaded) co_return std::unexpected(loaded.error());
    if (renewal_.why == Why::refused) {
        auto const token = unseal(ground_, loaded->grant);
        if (token && token->token == refused_) rejected_ = loaded->grant.version;
    }
    // What there was when it began is to be renewed; what somebody else renewed meanwhile is good.
    if (renewal_.why == Why::tried && !rejected_) rejected_ = loaded->grant.version;
    loaded_ = std::move(*loaded);
    co_return seen::Looked{standing_of(loaded_->grant)};
}

awaitable<Result<Event>> Course::queue()
{
    auto const authority = authority_of(loaded_->application);
    if (!authority) co_return std::unexpected(authority.error());
    gate_ = gates_->to(*authority);
    auto const application = loaded_->application;
    // What waits in a queue as long as there are accounts is short; the claim reads the rest again.
    loaded_.reset();
    auto pass = co_await gate_->enter(application);
    if (!pass) {
        trouble_ = pass.error();
        co_return seen::Turn{false};
    }
    pass_ = std::move(*pass);
    co_return seen::Turn{true};
}

// One server at a time, since a provider may take a refresh token that comes twice for a stolen one. That it is
// asked is noted with the lease, in one commit.
awaitable<Result<Event>> Course::claim()
{
    struct Found {
        std::optional<store::Lease> lease;
        Result<Loaded> loaded;
    };
    auto const at = now();
    auto found = co_await ground_.store->write([&](store::Connection& c) {
        Found now_there{store::take_lease(c, "refresh/" + to_string(id_), owner_, lease_length), load(c, id_)};
        if (!now_there.lease) return now_there;
        auto const& loaded = now_there.loaded;
        if (loaded && renewal_.asks(standing_of(loaded->grant), at))
            store::note_asked(c, id_, loaded->grant.version, at);
        else if (!loaded || renewal_.in_hand != loaded->grant.version)
            store::drop_lease(c, *now_there.lease);
        return now_there;
    });
    if (!found.loaded) co_return std::unexpected(found.loaded.error());
    lease_ = std::move(found.lease);
    loaded_ = std::move(*found.loaded);
    co_return seen::Claimed{lease_.has_value(), standing_of(loaded_->grant), at};
}

awaitable<Answered> Course::ask_once(Secret const* refresh_token, oauth::Client client)
{
    auto const provider = pass_->provider();
    auto const& scopes = loaded_->grant.scopes;
    if (refresh_token) {
        auto answer = co_await oauth::refresh(*ground_.https, provider, client, *refresh_token, scopes);
        if (answer) take(*answer);
        co_return answer;
    }
    auto const scope = fmt::format("{}", fmt::join(scopes, " "));
    auto answer = co_await oauth::ask_as_application(*ground_.https, provider, client, scope);
    if (answer) take(*answer);
    co_return answer;
}

awaitable<Result<Event>> Course::ask()
{
    auto const& [account, application, grant] = *loaded_;
    auto const refresh_token = ground_.vault->unseal(grant.refresh_token, place_of_refresh_token(id_));
    bool const by_itself = account.access == model::Access::application;
    if (!by_itself && !refresh_token) {
        trouble_ = refresh_token.error();
        co_return seen::Answered{Answer::transient};
    }
    Ask const question = [&](oauth::Client client) {
        return ask_once(by_itself ? nullptr : &*refresh_token, std::move(client));
    };
    sent_ = Steady::now();
    Answered answer;
    try {
        answer = co_await ask_as(ground_, application, question);
    } catch (net::Broken const& e) {
        // Nothing was sent where there was no connection.
        bool const sent = e.kind() != Trouble::unreachable && e.kind() != Trouble::tls;
        trouble_ = {e.kind(), fmt::format("the identity provider can't be reached: {}", e.what())};
        gate_->silent(trouble_.message);
        co_return seen::Answered{Answer::transient, sent && !by_itself};
    } catch (store::Failure const&) {
        // It could not be noted which credential served; what the provider gave counts all the same.
        if (!answered_) throw;
    }
    if (answered_) {
        gate_->answered();
        co_return seen::Answered{Answer::renewed};
    }
    auto const& error = answer.error();
    trouble_ = {Trouble::unreachable, error.message()};
    // What is none of a token endpoint (a proxy's page, say) refuses nothing.
    bool const definite = error.is_refusal();
    if (error.status == 429 || (error.status == 503 && error.retry_after))
        gate_->busy(error.retry_after, trouble_.message);
    else
        gate_->answered();
    co_return seen::Answered{.answer = definite ? Answer::refused : Answer::transient,
                             .perhaps_lost = !error.is_its_own() && error.status != 0 && !by_itself,
                             .retry_after = error.retry_after};
}

void Course::take(oauth::TokenAnswer const& answer)
{
    auto grant = loaded_->grant;
    grant.access_token = ground_.vault->seal(answer.access_token, place_of_access_token(id_));
    if (!answer.refresh_token.empty())
        grant.refresh_token = ground_.vault->seal(answer.refresh_token, place_of_refresh_token(id_));
    grant.access_token_life = answer.expires_in.count() > 0 ? answer.expires_in : assumed_life;
    grant.renewed = now();
    grant.access_token_ends = grant.renewed + grant.access_token_life;
    answer_ = std::move(grant);
    answered_ = true;
}

// Committed before anybody gets the token. Where the store fails, the provider is not asked again for what it gave.
awaitable<Result<Event>> Course::keep()
{
    pass_.reset();
    auto const at = now();
    auto const& [account, application, grant] = *loaded_;
    bool const calm = account.state == model::AccountState::ready && grant.refusals == 0;
    bool const in_force = co_await ground_.store->write([&](store::Connection& c) {
        if (!calm) store::lock_account(c, id_);
        store::drop_lease(c, *lease_);
        if (!store::renew_grant(c, *answer_, answer_->version)) return false;
        // What a mail server refused before, it takes first.
        if (calm || !store::sign_in_holds(c, id_).empty()) return true;
        store::set_account_state(c, id_, model::AccountState::ready, "", at);
        store::end_alarm(c, alarm_cause, account.name, at);
        return true;
    });
    if (in_force) ++ground_.renewals->renewed;
    if (in_force && answered_)
        spdlog::debug("account {}: its token is renewed, {:.1f} ms from asking for it until it is stored", account.name,
                      std::chrono::duration<double, std::milli>(Steady::now() - sent_).count());
    if (in_force) co_return seen::Kept{};
    auto theirs = co_await read_grant(ground_, id_);
    if (!theirs) co_return std::unexpected(theirs.error());
    loaded_ = std::move(*theirs);
    co_return seen::Kept{.in_force = false, .serves = lasts(loaded_->grant, now())};
}

awaitable<Result<Event>> Course::note()
{
    pass_.reset();
    auto const& renewal = renewal_;
    auto const& account = loaded_->account;
    auto noted = loaded_->grant;
    noted.refusals = renewal.tries.refusals;
    noted.failures = renewal.tries.failures;
    noted.next_try = renewal.tries.next_try;
    noted.asked = renewal.lost;
    if (renewal.refused) {
        trouble_.kind = Trouble::refused;
        if (renewal.lost)
            trouble_.message = fmt::format(
                "a renewal at {} got no answer that could be stored; the provider may have invalidated the refresh "
                "token that is stored, and put another in its place. {}",
                to_readable(*renewal.lost), trouble_.message);
        spdlog::warn("account {}: {}", account.name, trouble_.message);
    }
    ++(renewal.refused ? ground_.renewals->refused : ground_.renewals->failed);
    noted.trouble = trouble_.message;
    auto const at = now();
    co_await ground_.store->write([&](store::Connection& c) {
        if (renewal.refused) store::lock_account(c, id_);
        store::check_lease(c, *lease_);  // or another server's note would be overwritten
        store::drop_lease(c, *lease_);
        // Otherwise it was not this grant that is in force.
        if (!store::note_trouble(c, noted) || !renewal.refused) return;
        store::set_account_state(c, id_, model::AccountState::needs_authorization, noted.trouble, at);
        store::raise_alarm(c, alarm_cause, account.name, noted.trouble, at);
    });
    co_return seen::Noted{};
}

awaitable<Result<Event>> Course::wait()
{
    pass_.reset();
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor, between_looks);
    co_await pause.async_wait(asio::use_awaitable);
    co_return seen::Waited{};
}

Result<AccessToken> Course::end(Do how)
{
    auto const next_try = [](std::string const& words, Instant at) {
        return fmt::format("{}; the next try is at {}", words, to_readable(at));
    };
    auto const& tries = renewal_.tries;
    switch (how) {
        case Do::give_stored: return unseal(ground_, loaded_->grant);
        case Do::give_kept: return unseal(ground_, *answer_);
        case Do::say_not_yet: {
            auto const& grant = loaded_->grant;
            return failure(grant.refusals > 0 ? Trouble::refused : Trouble::unreachable,
                           next_try(grant.trouble, grant.next_try));
        }
        case Do::say_in_vain:
            return failure(Trouble::limit,
                           fmt::format("a token that was replaced at {} is refused as well, so it is not the token "
                                       "that is wrong",
                                       to_readable(*renewal_.replaced)));
        case Do::say_closed:
            again_ = gate_->closed_until().value_or(now() + soon);
            if (misleads(trouble_.kind)) trouble_.kind = Trouble::unreachable;
            break;
        case Do::say_busy: return failure(Trouble::timed_out, "another server renews the account's token, in vain");
        case Do::say_noted:
            again_ = tries.next_try;
            if (renewal_.refused) break;
            return failure(misleads(trouble_.kind) ? Trouble::unreachable : trouble_.kind,
                           next_try(trouble_.message, tries.next_try));
        default: return failure(Trouble::conflict, "the grant was changed meanwhile; try again");
    }
    return std::unexpected(trouble_);
}

}  // namespace postroom::grants
