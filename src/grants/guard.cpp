#include "grants/guard.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "grants/admin-consent.hpp"
#include "grants/places.hpp"
#include "grants/provider.hpp"
#include "grants/return-notes.hpp"
#include "grants/under-way.hpp"
#include "net/http-server.hpp"
#include "oauth/code-flow.hpp"
#include "oauth/device-flow.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>

namespace postroom::grants {

using net::awaitable;
using namespace std::chrono_literals;
using model::Flow;
using State = model::Authorization::State;

namespace {

constexpr Duration time_to_sign_in = 15min;
constexpr Duration time_to_ask = 2min;  // for an application's own token
constexpr auto look_for_the_end = 200ms;

struct Place {
    model::Account account;
    model::Application application;
    std::string external_url;
    Flow flow = Flow::code;
};

Result<Flow> flow_of(model::Account const& account, std::optional<Flow> wanted)
{
    if (account.access == model::Access::password)
        return failure(Trouble::invalid,
                       fmt::format("the account {} signs in with a password: convert it first", account.name));
    bool const own = account.access == model::Access::application;
    auto const flow = wanted.value_or(own ? Flow::application : Flow::code);
    if (own && flow != Flow::application)
        return failure(Trouble::invalid,
                       fmt::format("the account {} is opened by its application's own permissions, for which nobody "
                                   "signs in",
                                   account.name));
    if (!own && flow == Flow::application)
        return failure(Trouble::invalid,
                       fmt::format("the account {} is opened by a user's right: somebody has to sign in, in a browser "
                                   "or by a device code. Convert it to use its application's own permissions",
                                   account.name));
    return flow;
}

Result<Place> find_place(store::Connection& c, std::string const& account_name, std::optional<Flow> wanted)
{
    auto account = store::account_named(c, account_name);
    if (!account)
        return failure(Trouble::not_found, fmt::format("there is no account \"{}\"", printable(account_name, 64)));
    auto const flow = flow_of(*account, wanted);
    if (!flow) return std::unexpected(flow.error());
    auto application =
        account->application ? store::application(c, *account->application) : std::optional<model::Application>();
    if (!application) return failure(Trouble::not_found, "the account's identity application is not there (any more)");
    auto url = store::setting(c, "external-url");
    while (url.ends_with('/')) url.pop_back();
    if (url.empty() && *flow == Flow::code)
        return failure(Trouble::invalid,
                       "the External URL is not set, and the browser would not find back from the provider. Set it "
                       "first: postroom settings set external-url https://…");
    return Place{std::move(*account), std::move(*application), std::move(url), *flow};
}

awaitable<Result<Begun>> begin_code_flow(Ground ground, Place place, oauth::Provider provider,
                                         model::Authorization authorization, bool consent)
{
    auto scopes = scopes_of(place.application, place.account.retrieval, provider);
    if (!scopes) co_return std::unexpected(scopes.error());
    oauth::Ask ask;
    ask.client_id = place.application.client_id;
    ask.redirect_url = place.external_url + std::string(redirect_path);
    ask.scopes = std::move(*scopes);
    ask.login_hint = place.account.user;
    if (provider.asks_consent)
        ask.prompt = "login consent";
    else if (consent)
        ask.prompt = "consent";
    auto const sign_in = oauth::begin_sign_in(provider, ask);
    authorization.state = sign_in.state;
    authorization.nonce = sign_in.nonce;
    authorization.verifier = ground.vault->seal(sign_in.verifier, place_of_verifier(authorization.id));
    authorization.redirect_url = sign_in.redirect_url;
    authorization.ends = authorization.begun + time_to_sign_in;
    co_await ground.store->write([&](store::Connection& c) { open_authorization(c, authorization); });
    co_return Begun{.id = authorization.id,
                    .flow = Flow::code,
                    .url = sign_in.url,
                    .user_code = {},
                    .verification_url = {},
                    .ends = authorization.ends};
}

// The code comes in `code`.
awaitable<Answered> ask_for_code(Ground ground, oauth::Provider provider, oauth::Client client,
                                 std::vector<std::string> scopes, std::optional<oauth::DeviceCode>& code)
{
    auto given = co_await oauth::begin_device_flow(*ground.https, provider, client, std::move(scopes));
    if (!given) co_return std::unexpected(std::move(given.error()));
    code = std::move(*given);
    co_return oauth::TokenAnswer();
}

// Throws net::Broken.
awaitable<Result<Begun>> begin_device_flow(Ground ground, Place place, oauth::Provider provider,
                                           model::Authorization authorization)
{
    auto const scopes = scopes_of(place.application, place.account.retrieval, provider);
    if (!scopes) co_return std::unexpected(scopes.error());
    std::optional<oauth::DeviceCode> code;
    Ask const ask = [&](oauth::Client client) {
        return ask_for_code(ground, provider, std::move(client), *scopes, code);
    };
    auto const answer = co_await ask_as(ground, place.application, ask);
    if (!answer) co_return failure(Trouble::refused, answer.error().message());
    authorization.state = to_string(authorization.id);
    authorization.device_code = ground.vault->seal(code->device_code, place_of_device_code(authorization.id));
    authorization.user_code = code->user_code;
    authorization.verification_url = code->verification_url;
    authorization.poll_every = code->interval;
    authorization.ends = authorization.begun + code->expires_in;
    co_await ground.store->write([&](store::Connection& c) { open_authorization(c, authorization); });
    co_return Begun{.id = authorization.id,
                    .flow = Flow::device,
                    .url = code->complete_url.empty() ? code->verification_url : code->complete_url,
                    .user_code = code->user_code,
                    .verification_url = code->verification_url,
                    .ends = authorization.ends};
}

// What the provider says is the authorization's end, and no error of whoever began it.
awaitable<Result<Begun>> begin_application_flow(Ground ground, oauth::Provider provider,
                                                model::Authorization authorization)
{
    authorization.state = to_string(authorization.id);
    authorization.ends = authorization.begun + time_to_ask;
    auto const under_way = co_await ground.store->write([&](store::Connection& c) {
        open_authorization(c, authorization);
        return find_under_way(c, authorization);
    });
    Result<void> taken;
    try {
        taken = co_await take_own_token(ground, under_way, provider);
    } catch (net::Broken const& broken) {
        taken = failure(broken.kind(), fmt::format("the identity provider can't be reached: {}", broken.what()));
    }
    if (!taken)
        co_await ground.store->write(
            [&](store::Connection& c) { (void)refuse(c, ground, authorization, taken.error().message); });
    co_return Begun{.id = authorization.id,
                    .flow = Flow::application,
                    .url = {},
                    .user_code = {},
                    .verification_url = {},
                    .ends = authorization.ends};
}

// Entra's numbers for a consent that is missing and that only an administrator can give (Microsoft, "Microsoft Entra
// authentication and authorization error codes").
bool wants_consent(oauth::ProviderError const& error)
{
    constexpr std::array<std::uint32_t, 4> codes{65001, 90093, 90094, 90095};
    return error.error == "consent_required" || error.suberror == "consent_required" ||
           std::ranges::find(codes, error.code()) != codes.end();
}

awaitable<Answered> redeem(Ground ground, oauth::Provider provider, oauth::Client client, Secret code, Secret verifier,
                           std::string redirect_url)
{
    auto redeemed = co_await oauth::redeem(*ground.https, provider, client, std::move(code), std::move(verifier),
                                           std::move(redirect_url));
    co_return redeemed;
}

// Everything between the browser's return and the trial. Throws net::Broken.
awaitable<Result<void>> redeem_and_judge(Ground const& ground, UnderWay const& under_way, oauth::Return const& returned,
                                         bool& consent_is_missing)
{
    auto const& authorization = under_way.authorization;
    if (!under_way.account || !under_way.application)
        co_return failure(Trouble::not_found, "the account, or its identity application, was removed meanwhile");
    if (ground.clock->now() >= authorization.ends)
        co_return failure(Trouble::timed_out,
                          fmt::format("the sign-in took too long: it was begun at {} and ended at {}",
                                      to_readable(authorization.begun), to_readable(authorization.ends)));
    if (returned.code.empty()) {
        consent_is_missing = wants_consent(returned.error);
        co_return failure(Trouble::refused, returned.error.message());
    }
    auto const verifier = ground.vault->unseal(authorization.verifier, place_of_verifier(authorization.id));
    if (!verifier) co_return std::unexpected(verifier.error());
    auto const provider = co_await find_provider(ground, *under_way.application);
    if (!provider) co_return std::unexpected(provider.error());
    Ask const ask = [&](oauth::Client client) {
        return redeem(ground, *provider, std::move(client), returned.code, *verifier, authorization.redirect_url);
    };
    auto answer = co_await ask_as(ground, *under_way.application, ask);
    if (!answer) {
        consent_is_missing = wants_consent(answer.error());
        co_return failure(Trouble::refused, answer.error().message());
    }
    auto taken = co_await take_users_tokens(ground, under_way, *provider, std::move(*answer));
    co_return taken;
}

// How the trial ended, or that it has not yet.
awaitable<Outcome> wait_for_trial(Ground ground, model::AuthorizationId id, std::string account, Duration wait)
{
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    auto const until = std::chrono::steady_clock::now() + wait;
    for (;;) {
        auto const [found, owner] = co_await ground.store->read([&](store::Connection& c) {
            auto authorization = store::authorization(c, id);
            auto const grant = authorization ? store::grant(c, authorization->account) : std::nullopt;
            return std::pair(std::move(authorization), grant ? grant->owner : model::Owner());
        });
        Outcome outcome{.account = account};
        if (!found) {
            outcome.words = "The account was removed or converted meanwhile.";
            co_return outcome;
        }
        if (found->outcome == State::refused) {
            outcome.words = found->reason;
            co_return outcome;
        }
        if (found->outcome == State::accepted) {
            outcome.accepted = true;
            outcome.words = fmt::format("The account {} is authorized as {}.", account, owner.user_name);
            if (!found->reason.empty()) outcome.words += fmt::format(" Note: {}.", found->reason);
            co_return outcome;
        }
        bool const stopping = ground.stop && ground.stop->is_now();
        if (stopping || std::chrono::steady_clock::now() >= until) {
            outcome.trying = true;
            outcome.words = fmt::format(
                "The provider authorized the account {}. What that opens is being tried at the "
                "mail servers; the account's page shows how it ends, and until then what it had "
                "before stays in force.",
                account);
            co_return outcome;
        }
        pause.expires_after(look_for_the_end);
        net::Stop::Waiting const waiting(ground.stop, [&pause] { pause.cancel(); });
        boost::system::error_code woken;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
}

// A state that is known, and that nothing can come of any more.
std::string why_not_again(model::Authorization const& authorization)
{
    if (authorization.outcome == State::refused) return "This sign-in was refused: " + authorization.reason;
    return "This sign-in was used already: each works once. If the account is not authorized, begin again.";
}

struct Taken {
    std::optional<UnderWay> under_way;
    std::optional<Outcome> instead;  ///< what to say where there is nothing to do
};

// Uses the state up. What is wrong with the return itself ends a sign-in that waits for it.
Taken take(store::Connection& c, Ground const& ground, std::string const& state, std::optional<Error> const& wrong)
{
    auto const known = store::authorization_of_state(c, state);
    if (!known || known->flow != Flow::code) return {};
    auto const account = store::account(c, known->account);
    Outcome outcome{.account = account ? account->name : ""};
    auto const taken =
        known->outcome == State::waiting ? store::take_authorization(c, state) : std::optional<model::Authorization>();
    if (!taken) {
        outcome.words = why_not_again(*known);
        note_once(c, ground.clock->now(), known->by, "grant.return-again", outcome.account, to_string(known->id),
                  outcome.words);
        return {std::nullopt, outcome};
    }
    if (wrong) {
        outcome.words = wrong->message;
        (void)refuse(c, ground, *taken, outcome.words);
        return {std::nullopt, outcome};
    }
    return {find_under_way(c, *taken), std::nullopt};
}

std::string state_in(std::string const& query)
{
    auto const fields = net::parse_form(query);
    if (!fields || fields->count("state") != 1) return {};
    return fields->find("state")->second;
}

awaitable<Outcome> finish(Ground ground, std::string query, Duration wait)
{
    auto const state = state_in(query);
    if (is_of_consent(state)) {
        auto outcome = co_await finish_consent(ground, query);
        co_return outcome;
    }
    auto const returned = oauth::read_return(query);
    auto const wrong = returned ? std::nullopt : std::optional(returned.error());
    // Anybody may come here with anything: what is not known leaves no row, or a stranger could fill the store.
    auto const known = co_await ground.store->read(
        [&](store::Connection& c) { return !state.empty() && store::authorization_of_state(c, state).has_value(); });
    Taken taken;
    if (known)
        taken = co_await ground.store->write([&](store::Connection& c) { return take(c, ground, state, wrong); });
    if (taken.instead) co_return *taken.instead;
    if (!taken.under_way) {
        Outcome outcome{.words = wrong ? wrong->message
                                       : "This sign-in is not known here, or was used already: each works once. Begin "
                                         "again."};
        co_await note_stray_return(ground, outcome.words);
        co_return outcome;
    }
    auto const& under_way = *taken.under_way;
    auto const name = under_way.account ? under_way.account->name : "";
    Result<void> judged;
    bool consent_is_missing = false;
    try {
        judged = co_await redeem_and_judge(ground, under_way, *returned, consent_is_missing);
    } catch (net::Broken const& broken) {
        judged = failure(broken.kind(), fmt::format("the identity provider can't be reached: {}", broken.what()));
    }
    if (judged) {
        auto outcome = co_await wait_for_trial(ground, under_way.authorization.id, name, wait);
        co_return outcome;
    }
    Outcome outcome{.account = name, .words = judged.error().message};
    if (consent_is_missing)
        outcome.consent_url = consent_page(ground, *under_way.application, under_way.authorization.redirect_url,
                                           under_way.authorization.by);
    // Ended already where another was begun meanwhile, and gone where the account was removed.
    co_await ground.store->write(
        [&](store::Connection& c) { (void)refuse(c, ground, under_way.authorization, outcome.words); });
    co_return outcome;
}

}  // namespace

awaitable<Result<Begun>> begin_authorization(Ground ground, std::string account_name, std::string by, Manner manner)
{
    try {
        auto const place =
            co_await ground.store->read([&](store::Connection& c) { return find_place(c, account_name, manner.flow); });
        if (!place) co_return std::unexpected(place.error());
        auto const provider = co_await find_provider(ground, place->application);
        if (!provider) co_return std::unexpected(provider.error());
        model::Authorization authorization;
        authorization.id = model::AuthorizationId::make();
        authorization.account = place->account.id;
        authorization.flow = place->flow;
        authorization.test_mail = manner.test_mail;
        authorization.by = std::move(by);
        authorization.begun = ground.clock->now();
        Result<Begun> begun = failure(Trouble::internal, "");
        if (place->flow == Flow::code)
            begun = co_await begin_code_flow(ground, *place, *provider, authorization, manner.consent);
        else if (place->flow == Flow::device)
            begun = co_await begin_device_flow(ground, *place, *provider, authorization);
        else
            begun = co_await begin_application_flow(ground, *provider, authorization);
        co_return begun;
    } catch (net::Broken const& broken) {
        co_return failure(broken.kind(), fmt::format("the identity provider can't be reached: {}", broken.what()));
    } catch (store::Failure const& e) {
        co_return std::unexpected(e.error());
    }
}

awaitable<Outcome> finish_authorization(Ground ground, std::string query, Duration wait)
{
    std::string why;
    try {
        auto outcome = co_await finish(std::move(ground), std::move(query), wait);
        co_return outcome;
    } catch (std::exception const& e) {
        why = e.what();
    }
    // The log's alone: who comes back from a provider need not be signed in here.
    spdlog::error("a sign-in could not be finished: {}", why);
    co_return Outcome{.words =
                          "The sign-in could not be finished, since the store failed; the log says how. Begin "
                          "again."};
}

}  // namespace postroom::grants
