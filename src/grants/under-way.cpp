#include "grants/under-way.hpp"

#include "grants/acceptance.hpp"
#include "grants/places.hpp"
#include "grants/provider.hpp"
#include "oauth/client-credentials.hpp"
#include "oauth/device-flow.hpp"
#include "oauth/id-token.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace postroom::grants {

using net::awaitable;

namespace {

constexpr auto before_another_try = std::chrono::seconds(1);
constexpr auto long_enough = std::chrono::seconds(10);

awaitable<Result<void>> offer(Ground ground, model::Authorization authorization, Candidate candidate,
                              oauth::TokenAnswer answer)
{
    auto const try_it = [&](store::Connection& c) -> std::optional<std::string> {
        if (offer_candidate(c, ground, authorization, candidate, answer)) return std::nullopt;
        auto const now = store::authorization(c, authorization.id);
        return now ? now->reason : "the account was removed or converted meanwhile";
    };
    auto const why_not = co_await ground.store->write(try_it);
    if (why_not) co_return failure(Trouble::conflict, *why_not);
    ground.trial_due();
    co_return Result<void>();
}

// A code is used up by now, and these can be asked for again.
awaitable<Result<std::vector<oauth::VerifyKey>>> fetch_keys(Ground ground, std::string url)
{
    Result<std::vector<oauth::VerifyKey>> keys = failure(Trouble::internal, "");
    auto const begun = std::chrono::steady_clock::now();
    for (bool again = true;; again = false) {
        try {
            keys = co_await oauth::fetch_keys(*ground.https, url);
        } catch (net::Broken const& broken) {
            keys =
                failure(broken.kind(), fmt::format("the identity provider's keys can't be fetched: {}", broken.what()));
        }
        // Somebody sits before a page that waits for it.
        bool const slow = std::chrono::steady_clock::now() - begun > long_enough;
        if (keys || !again || slow) co_return keys;
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, before_another_try);
        co_await pause.async_wait(boost::asio::use_awaitable);
    }
}

awaitable<Answered> ask_by_itself(Ground ground, oauth::Provider provider, oauth::Client client, std::string scope)
{
    auto answer = co_await oauth::ask_as_application(*ground.https, provider, client, std::move(scope));
    co_return answer;
}

awaitable<Answered> ask_whether_entered(Ground ground, oauth::Provider provider, oauth::Client client, Secret code)
{
    auto answer = co_await oauth::poll_device(*ground.https, provider, client, std::move(code));
    co_return answer;
}

std::unexpected<Error> gone()
{
    return failure(Trouble::not_found, "the account, or its identity application, was removed meanwhile");
}

}  // namespace

UnderWay find_under_way(store::Connection& c, model::Authorization authorization)
{
    UnderWay found{.authorization = std::move(authorization), .account = {}, .application = {}, .bound = {}};
    found.account = store::account(c, found.authorization.account);
    if (found.account && found.account->application)
        found.application = store::application(c, *found.account->application);
    if (auto const grant = store::grant(c, found.authorization.account)) found.bound = grant->owner;
    return found;
}

awaitable<Result<void>> take_users_tokens(Ground ground, UnderWay under_way, oauth::Provider provider,
                                          oauth::TokenAnswer answer)
{
    if (!under_way.account || !under_way.application) co_return gone();
    auto const& application = *under_way.application;
    auto const& authorization = under_way.authorization;
    auto const asked = scopes_of(application, under_way.account->retrieval, provider);
    if (!asked) co_return std::unexpected(asked.error());
    if (answer.id_token.empty())
        co_return failure(
            Trouble::refused,
            fmt::format("the provider did not say who signed in (no id token): {}",
                        std::ranges::find(*asked, "openid") == asked->end()
                            ? fmt::format("the scopes of the identity application {} lack openid", application.name)
                            : "the scope openid must be permitted for the registration"));
    auto const keys = co_await fetch_keys(ground, provider.keys);
    if (!keys) co_return std::unexpected(keys.error());
    oauth::Expected expected{.issuer = provider.issuer,
                             .client_id = application.client_id,
                             .nonce = authorization.nonce,
                             .now = ground.clock->now()};
    if (authorization.flow == model::Flow::device) expected.nonce.reset();
    auto const verified = oauth::verify_id_token(answer.id_token, *keys, expected);
    if (!verified) co_return std::unexpected(verified.error());
    auto const identity = co_await oauth::complete_identity(*ground.https, provider, *verified, answer.access_token);
    if (!identity) co_return std::unexpected(identity.error());
    auto const candidate = judge(Issued{.account = *under_way.account,
                                        .bound = under_way.bound,
                                        .asked = *asked,
                                        .issuer = provider.issuer,
                                        .identity = *identity,
                                        .answer = answer,
                                        .now = expected.now});
    if (!candidate) co_return std::unexpected(candidate.error());
    auto offered = co_await offer(ground, authorization, *candidate, std::move(answer));
    co_return offered;
}

awaitable<Result<void>> take_own_token(Ground ground, UnderWay under_way, oauth::Provider provider)
{
    if (!under_way.account || !under_way.application) co_return gone();
    auto const scope = own_scope_of(*under_way.application, provider);
    if (!scope) co_return std::unexpected(scope.error());
    Ask const ask = [&](oauth::Client client) { return ask_by_itself(ground, provider, std::move(client), *scope); };
    auto answer = co_await ask_as(ground, *under_way.application, ask);
    if (!answer) co_return failure(Trouble::refused, answer.error().message());
    auto const candidate = judge(IssuedToItself{.account = *under_way.account,
                                                .application = *under_way.application,
                                                .bound = under_way.bound,
                                                .issuer = provider.issuer,
                                                .entra = provider.entra,
                                                .asked = *scope,
                                                .answer = *answer,
                                                .now = ground.clock->now()});
    if (!candidate) co_return std::unexpected(candidate.error());
    auto offered = co_await offer(ground, under_way.authorization, *candidate, std::move(*answer));
    co_return offered;
}

awaitable<Result<Polled>> poll_device_flow(Ground ground, UnderWay under_way, oauth::Provider provider)
{
    if (!under_way.account || !under_way.application) co_return gone();
    auto const& authorization = under_way.authorization;
    auto const code = ground.vault->unseal(authorization.device_code, place_of_device_code(authorization.id));
    if (!code) co_return std::unexpected(code.error());
    Ask const ask = [&](oauth::Client client) {
        return ask_whether_entered(ground, provider, std::move(client), *code);
    };
    auto answer = co_await ask_as(ground, *under_way.application, ask);
    if (!answer) {
        auto const wait = oauth::wait_after(answer.error(), authorization.poll_every);
        if (!wait) co_return failure(Trouble::refused, answer.error().message());
        if (answer.error().error == "slow_down")
            co_await ground.store->write([&](store::Connection& c) { store::set_polling(c, authorization.id, *wait); });
        co_return Polled{wait};
    }
    auto taken = co_await take_users_tokens(ground, under_way, provider, std::move(*answer));
    if (!taken) co_return std::unexpected(taken.error());
    co_return Polled{};
}

}  // namespace postroom::grants
