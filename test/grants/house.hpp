// A house with one account, and an identity provider of the test's own on loopback whose every answer can be changed.
#pragma once

#include "grants/credentials.hpp"
#include "grants/guard.hpp"
#include "grants/places.hpp"
#include "grants/tokens.hpp"
#include "net/http-server.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/people.hpp"
#include "store/settings.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"
#include "support/tokens.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace postroom::grants {

using namespace std::chrono_literals;
using Form = std::multimap<std::string, std::string>;

class HouseTest : public testing::Test {
protected:
    HouseTest() : authority(folder)
    {
        auto const files = authority.issue("localhost", "DNS:localhost");
        provider =
            net::serve_http(loop.get_executor(),
                            {Endpoint{"127.0.0.1", 0}, net::TlsContext::server(files.certificate, files.key).value()},
                            [this](net::HttpRequest request) { return answer(std::move(request)); })
                .value();
        base = fmt::format("https://localhost:{}/contoso", provider->port());
        store = store::Store::open({.path = folder / "postroom.db", .clock = &clock}).value();
        ground.store = store.get();
        ground.vault = vault::Vault::open(folder / "vault.key", true).value();
        ground.https =
            std::make_shared<net::Https>(loop.get_executor(), net::TlsContext::client({authority.file()}).value());
        ground.clock = &clock;
        application.id = model::ApplicationId::make();
        application.name = "Contoso";
        application.cloud = "custom";
        application.authority = base;
        application.client_id = "client";
        credential = make_secret(ground, application, Secret("s3cret"), std::nullopt).value();
        account.id = model::AccountId::make();
        account.application = application.id;
        account.name = "sales";
        account.user = "Sales@contoso.com";
        account.department = model::DepartmentId::make();
        claims = {{"iss", base + "/v2.0"}, {"aud", "client"},        {"sub", "subject"},
                  {"tid", "tenant-1"},     {"oid", "object-1"},      {"preferred_username", "sales@contoso.com"},
                  {"iat", seconds()},      {"exp", seconds() + 3600}};
        tokens = {{"token_type", "Bearer"},
                  {"expires_in", 3600},
                  {"access_token", "access-1"},
                  {"refresh_token", "refresh-1"}};
        write([&](store::Connection& c) {
            store::add_department(c, {account.department, "Sales", clock.now()});
            store::add_application(c, application);
            store::add_credential(c, credential);
            store::add_account(c, account);
            store::set_setting(c, "external-url", "https://postroom.contoso.com");
        });
    }

    [[nodiscard]] std::int64_t seconds() const
    {
        return std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
    }

    net::awaitable<net::HttpResponse> answer(net::HttpRequest request)
    {
        net::HttpResponse response;
        if (request.path == "/contoso/v2.0/.well-known/openid-configuration")
            response.body = boost::json::serialize(boost::json::object{
                {"issuer", base + "/v2.0"},
                {"authorization_endpoint", base + "/authorize"},
                {"token_endpoint", base + "/token"},
                {"jwks_uri", base + "/keys"},
                {"token_endpoint_auth_methods_supported", boost::json::array{"client_secret_post"}}});
        else if (request.path == "/contoso/keys")
            response.body = signer.jwks();
        else if (request.path == "/contoso/token") {
            calls.push_back(net::parse_form(request.body).value());
            if (pause > 0ms) {
                boost::asio::steady_timer timer(loop, pause);
                co_await timer.async_wait(boost::asio::use_awaitable);
            }
            if (on_token) on_token();
            response.status = status;
            response.headers = headers;
            response.body = body.empty() ? boost::json::serialize(with_id_token()) : body;
        } else {
            response.status = net::http::status::not_found;
        }
        co_return response;
    }

    boost::json::object with_id_token()
    {
        auto object = tokens;
        if (!claims.empty()) object["id_token"] = signer.sign(claims, "RS256");
        return object;
    }

    void write(std::function<void(store::Connection&)> work) { store->write_now(std::move(work)); }
    template <class Work>
    auto read(Work work)
    {
        std::optional<std::invoke_result_t<Work&, store::Connection&>> result;
        store->read_now([&](store::Connection& c) { result.emplace(work(c)); });
        return std::move(*result);
    }
    std::optional<model::Grant> grant()
    {
        return read([&](store::Connection& c) { return store::grant(c, account.id); });
    }
    model::Account stored_account()
    {
        return read([&](store::Connection& c) { return store::account(c, account.id); }).value();
    }
    std::string refresh_token()
    {
        auto const sealed = grant().value().refresh_token;
        return std::string(ground.vault->unseal(sealed, place_of_refresh_token(account.id)).value().expose());
    }
    template <class T>
    T run(net::awaitable<T> work)
    {
        return test::run(loop, std::move(work));
    }

    static std::string parameter(std::string const& url, std::string const& name)
    {
        auto const fields = net::parse_form(url.substr(url.find('?') + 1)).value();
        auto const found = fields.find(name);
        return found == fields.end() ? "" : found->second;
    }
    /// Begins a sign-in, lets the provider know its nonce, and gives the state.
    std::string begin()
    {
        auto const begun = run(begin_authorization(ground, "sales", "ada"));
        if (!begun) throw std::runtime_error(begun.error().message);
        last = *begun;
        if (!claims.empty()) claims["nonce"] = parameter(begun->url, "nonce");
        return parameter(begun->url, "state");
    }
    Outcome sign_in() { return run(finish_authorization(ground, "code=the-code&state=" + begin())); }

    test::ScratchFolder folder;
    test::Authority authority;
    test::TokenSigner signer;
    ManualClock clock{from_rfc3339("2026-11-22T12:00:00Z").value()};
    boost::asio::io_context loop;
    std::unique_ptr<net::Listener> provider;
    std::string base;
    std::unique_ptr<store::Store> store;
    Ground ground{};
    model::Application application;
    model::Credential credential;
    model::Account account;
    Begun last;

    // What the provider says.
    boost::json::object claims;
    boost::json::object tokens;
    std::string body;  ///< instead of tokens
    net::http::status status = net::http::status::ok;
    std::vector<std::pair<std::string, std::string>> headers;
    Duration pause{};
    std::function<void()> on_token;
    std::vector<Form> calls;  ///< of the token endpoint
};

}  // namespace postroom::grants
