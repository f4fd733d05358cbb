#include "grants/guard.hpp"

#include "base/text.hpp"
#include "grants/acceptance.hpp"
#include "grants/credentials.hpp"
#include "grants/places.hpp"
#include "grants/provider.hpp"
#include "oauth/code-flow.hpp"
#include "oauth/id-token.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::grants {

using net::awaitable;
using namespace std::chrono_literals;

namespace {

constexpr Duration time_to_sign_in = 15min;

struct Place {
    model::Account account;
    model::Application application;
    std::string external_url;
};

Result<Place> find_place(store::Connection& c, std::string const& account_name)
{
    auto account = store::account_named(c, account_name);
    if (!account)
        return failure(Trouble::not_found, fmt::format("there is no account \"{}\"", printable(account_name, 64)));
    if (!account->application)
        return failure(Trouble::invalid,
                       fmt::format("the account {} signs in with a password: convert it first", account->name));
    auto application = store::application(c, *account->application);
    if (!application) return failure(Trouble::not_found, "the account's identity application is not there (any more)");
    auto url = store::setting(c, "external-url");
    while (url.ends_with('/')) url.pop_back();
    if (url.empty())
        return failure(Trouble::invalid,
                       "the External URL is not set, and the browser would not find back from the provider. Set it "
                       "first: postroom settings set external-url https://…");
    return Place{std::move(*account), std::move(*application), std::move(url)};
}

// A sign-in that came back, with what it takes to judge it.
struct Taken {
    model::Authorization authorization;
    std::optional<model::Account> account;
    std::optional<model::Application> application;
    std::optional<model::Grant> grant;
};

std::optional<Taken> take(store::Connection& c, std::string const& state)
{
    auto authorization = store::take_authorization(c, state);
    if (!authorization) return std::nullopt;
    Taken taken{.authorization = std::move(*authorization)};
    taken.account = store::account(c, taken.authorization.account);
    if (taken.account && taken.account->application)
        taken.application = store::application(c, *taken.account->application);
    taken.grant = store::grant(c, taken.authorization.account);
    return taken;
}

struct Won {
    Accepted accepted;
    oauth::TokenAnswer answer;
};

// Everything between the browser's return and the commit. Throws net::Broken.
awaitable<Result<Won>> redeem_and_judge(Ground const& ground, Taken const& taken, oauth::Return const& returned)
{
    auto const& authorization = taken.authorization;
    if (!taken.account || !taken.application)
        co_return failure(Trouble::not_found, "the account, or its identity application, was removed meanwhile");
    if (ground.clock->now() >= authorization.ends)
        co_return failure(Trouble::timed_out,
                          fmt::format("the sign-in took too long: it was begun at {} and ended at {}",
                                      to_rfc3339(authorization.begun), to_rfc3339(authorization.ends)));
    if (returned.code.empty()) co_return failure(Trouble::refused, returned.error.message());
    auto const asked = scopes_of(*taken.application, taken.account->retrieval);
    if (!asked) co_return std::unexpected(asked.error());
    auto const verifier = ground.vault->unseal(authorization.verifier, place_of_verifier(authorization.id));
    if (!verifier) co_return std::unexpected(verifier.error());
    auto const provider = co_await find_provider(ground, *taken.application);
    if (!provider) co_return std::unexpected(provider.error());

    Ask const ask = [&](oauth::Client client) -> awaitable<Answered> {
        auto redeemed = co_await oauth::redeem(*ground.https, *provider, client, returned.code, *verifier,
                                               authorization.redirect_url);
        co_return redeemed;
    };
    auto answer = co_await ask_as(ground, *taken.application, ask);
    if (!answer) co_return failure(Trouble::refused, answer.error().message());
    if (answer->id_token.empty())
        co_return failure(Trouble::refused,
                          "the provider did not say who signed in (no id token): the scope openid must "
                          "be permitted for the registration");
    auto const keys = co_await oauth::fetch_keys(*ground.https, provider->keys);
    if (!keys) co_return std::unexpected(keys.error());
    oauth::Expected const expected{.issuer = provider->issuer,
                                   .client_id = taken.application->client_id,
                                   .nonce = authorization.nonce,
                                   .now = ground.clock->now()};
    auto const verified = oauth::verify_id_token(answer->id_token, *keys, expected);
    if (!verified) co_return std::unexpected(verified.error());
    auto const identity = co_await oauth::complete_identity(*ground.https, *provider, *verified, answer->access_token);
    if (!identity) co_return std::unexpected(identity.error());
    Candidate candidate{.account = *taken.account,
                        .bound = {},
                        .asked = *asked,
                        .issuer = provider->issuer,
                        .identity = *identity,
                        .answer = *answer};
    if (taken.grant) candidate.bound = taken.grant->owner;
    auto accepted = judge(candidate);
    if (!accepted) co_return std::unexpected(accepted.error());
    co_return Won{std::move(*accepted), std::move(*answer)};
}

void audit(store::Connection& c, Taken const& taken, std::string_view what, std::string_view words, Instant now)
{
    auto const name = taken.account ? taken.account->name : to_string(taken.authorization.account);
    boost::json::object const detail{{"words", words}, {"authorization", to_string(taken.authorization.id)}};
    store::audit(c, {now, taken.authorization.by, std::string(what), name, boost::json::serialize(detail)});
}

model::Grant grant_from(Ground const& ground, Taken const& taken, Won const& won)
{
    model::Grant grant;
    grant.account = taken.authorization.account;
    grant.owner = won.accepted.owner;
    grant.scopes = won.accepted.scopes;
    grant.refresh_token = ground.vault->seal(won.answer.refresh_token, place_of_refresh_token(grant.account));
    grant.access_token = ground.vault->seal(won.answer.access_token, place_of_access_token(grant.account));
    grant.accepted = grant.renewed = ground.clock->now();
    grant.access_token_life = won.accepted.life;
    grant.access_token_ends = grant.accepted + grant.access_token_life;
    return grant;
}

// Nothing where it was stored; otherwise who was faster with somebody else.
std::optional<Error> store_grant(store::Connection& c, Taken const& taken, model::Grant const& grant,
                                 std::string const& words)
{
    auto const now = grant.accepted;
    auto const current = store::grant(c, grant.account);
    bool const other = current && (current->owner.tenant_id != grant.owner.tenant_id ||
                                   current->owner.object_id != grant.owner.object_id);
    if (other)
        return Error{Trouble::conflict,
                     fmt::format("meanwhile the account was authorized as {}", current->owner.user_name)};
    store::accept_grant(c, grant);
    store::set_account_state(c, grant.account, model::AccountState::ready, "", now);
    (void)store::settle_authorization(c, taken.authorization.id, model::Authorization::State::accepted, "");
    store::end_alarm(c, "grant-refresh", taken.account->name, now);
    audit(c, taken, "grant.accept", words, now);
    return std::nullopt;
}

awaitable<Outcome> finish(Ground ground, std::string query)
{
    auto const returned = oauth::read_return(query);
    if (!returned) co_return Outcome{.words = returned.error().message};
    auto const state = returned->state;
    // Anybody may come here with anything: what is not known leaves no row, or a stranger could fill the store.
    auto const found = co_await ground.store->write([&](store::Connection& c) { return take(c, state); });
    if (!found)
        co_return Outcome{.words =
                              "This sign-in is not known here, or was used already: each works once. Begin again."};
    Outcome outcome{.account = found->account ? found->account->name : ""};

    std::optional<Error> refused;
    std::optional<Won> won;
    try {
        auto judged = co_await redeem_and_judge(ground, *found, *returned);
        if (judged)
            won = std::move(*judged);
        else
            refused = judged.error();
    } catch (net::Broken const& broken) {
        refused = Error{broken.kind(), fmt::format("the identity provider can't be reached: {}", broken.what())};
    }
    if (won) {
        auto const grant = grant_from(ground, *found, *won);
        outcome.words = fmt::format("The account {} is authorized as {}.", outcome.account, grant.owner.user_name);
        if (!won->accepted.warning.empty()) outcome.words += " Note that " + won->accepted.warning + ".";
        refused = co_await ground.store->write(
            [&](store::Connection& c) { return store_grant(c, *found, grant, outcome.words); });
        outcome.accepted = !refused;
    }
    if (refused) {
        outcome.words = refused->message;
        co_await ground.store->write([&](store::Connection& c) {
            // Gone where the account was removed meanwhile.
            (void)store::settle_authorization(c, found->authorization.id, model::Authorization::State::refused,
                                              outcome.words);
            audit(c, *found, "grant.refuse", outcome.words, ground.clock->now());
        });
    }
    co_return outcome;
}

}  // namespace

awaitable<Result<Begun>> begin_authorization(Ground ground, std::string account_name, std::string by)
{
    try {
        auto const place =
            co_await ground.store->read([&](store::Connection& c) { return find_place(c, account_name); });
        if (!place) co_return std::unexpected(place.error());
        auto scopes = scopes_of(place->application, place->account.retrieval);
        if (!scopes) co_return std::unexpected(scopes.error());
        auto const provider = co_await find_provider(ground, place->application);
        if (!provider) co_return std::unexpected(provider.error());
        oauth::Ask ask;
        ask.client_id = place->application.client_id;
        ask.redirect_url = place->external_url + std::string(redirect_path);
        ask.scopes = std::move(*scopes);
        ask.login_hint = place->account.user;
        if (provider->asks_consent) ask.prompt = "login consent";
        auto const sign_in = oauth::begin_sign_in(*provider, ask);

        model::Authorization authorization;
        authorization.id = model::AuthorizationId::make();
        authorization.account = place->account.id;
        authorization.state = sign_in.state;
        authorization.nonce = sign_in.nonce;
        authorization.verifier = ground.vault->seal(sign_in.verifier, place_of_verifier(authorization.id));
        authorization.redirect_url = sign_in.redirect_url;
        authorization.by = std::move(by);
        authorization.begun = ground.clock->now();
        authorization.ends = authorization.begun + time_to_sign_in;
        co_await ground.store->write([&](store::Connection& c) { store::add_authorization(c, authorization); });
        co_return Begun{authorization.id, sign_in.url, authorization.ends};
    } catch (store::Failure const& e) {
        co_return std::unexpected(e.error());
    }
}

awaitable<Outcome> finish_authorization(Ground ground, std::string query)
{
    std::string why;
    try {
        auto outcome = co_await finish(std::move(ground), std::move(query));
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
