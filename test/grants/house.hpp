// A house with one account, and an identity provider of the test's own on loopback whose every answer can be changed.
#pragma once

#include "grants/authorizations.hpp"
#include "grants/credentials.hpp"
#include "grants/guard.hpp"
#include "grants/places.hpp"
#include "grants/tokens.hpp"
#include "net/http-server.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"
#include "store/people.hpp"
#include "store/settings.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"
#include "support/tokens.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

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
    /// `place` is an empty store instead of a file here.
    explicit HouseTest(std::string place_of_store = {}) : authority(folder), place(std::move(place_of_store))
    {
        if (place.empty()) place = folder / "postroom.db";
        auto const files = authority.issue("localhost", "DNS:localhost");
        provider =
            net::serve_http(loop.get_executor(),
                            {Endpoint{"127.0.0.1", 0}, net::TlsContext::server(files.certificate, files.key).value()},
                            [this](net::HttpRequest request) { return answer(std::move(request)); })
                .value();
        base = fmt::format("https://localhost:{}/contoso", provider->port());
        store = store::Store::open({.path = place, .clock = &clock}).value();
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
        if (request.path == "/contoso" + configured_at + "/.well-known/openid-configuration") {
            response.body = boost::json::serialize(boost::json::object{
                {"issuer", base + configured_at},
                {"authorization_endpoint", base + "/authorize"},
                {"token_endpoint", base + "/token"},
                {"jwks_uri", base + "/keys"},
                {"device_authorization_endpoint", base + "/device"},
                {"token_endpoint_auth_methods_supported", boost::json::array{"client_secret_post"}}});
        } else if (request.path == "/contoso/keys") {
            ++key_calls;
            response.body = keys_fail-- > 0 ? "<html>" : signer.jwks();
        } else if (request.path == "/contoso/device") {
            device_calls.push_back(net::parse_form(request.body).value());
            response.body = boost::json::serialize(device);
        } else if (request.path == "/contoso/token") {
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
    std::string begin(Manner manner = {}, std::string const& by = "ada")
    {
        auto const begun = run(begin_authorization(ground, "sales", by, manner));
        if (!begun) throw std::runtime_error(begun.error().message);
        last = *begun;
        if (!claims.empty()) claims["nonce"] = parameter(begun->url, "nonce");
        return parameter(begun->url, "state");
    }
    /// What comes back with the state, once what it leads to was tried.
    Outcome come_back(std::string const& state, std::string const& with = "code=the-code")
    {
        auto outcome = run(finish_authorization(ground, with + "&state=" + state, 0ms));
        auto const settled = try_what_is_due();
        if (!outcome.trying || !settled) return outcome;
        return {.accepted = settled->accepted, .account = settled->account, .words = settled->words};
    }
    Outcome sign_in() { return come_back(begin()); }
    /// What a services server does: the last candidate it found was settled so.
    std::optional<Settled> try_what_is_due()
    {
        std::optional<Settled> settled;
        write([&](store::Connection& c) {
            while (auto const job = store::claim_job(c, trial_job, "services", 60s)) {
                auto const input = boost::json::parse(job->input).as_object();
                if (auto const* const id = input.if_contains("authorization"))
                    settled = settle(c, ground, {parse_uuid(std::string(id->as_string())).value()}, trial);
                store::finish_job(c, job->id, "services", true, "{}");
            }
        });
        return settled;
    }
    model::Authorization stored(model::AuthorizationId id)
    {
        return read([&](store::Connection& c) { return store::authorization(c, id); }).value();
    }
    std::vector<std::string> audited()
    {
        std::vector<std::string> what;
        for (auto const& entry : read([](store::Connection& c) { return store::audit_trail(c, 99); }))
            what.push_back(entry.what);
        return what;
    }
    /// From now on the account is opened by its application's own permissions.
    void convert_to_application()
    {
        account.access = model::Access::application;
        account.user.clear();
        write([&](store::Connection& c) { store::convert_account(c, account, clock.now()); });
    }

    test::ScratchFolder folder;
    test::Authority authority;
    test::TokenSigner signer;
    ManualClock clock{from_rfc3339("2026-11-22T12:00:00Z").value()};
    boost::asio::io_context loop;
    std::unique_ptr<net::Listener> provider;
    std::string base;
    std::string place;
    std::unique_ptr<store::Store> store;
    Ground ground{};
    model::Application application;
    model::Credential credential;
    model::Account account;
    Begun last;

    Trial trial;  ///< what a services server finds out

    // What the provider says.
    std::string configured_at = "/v2.0";  ///< of an authority that is none like Entra's: ""
    int keys_fail = 0;                    ///< so often, before they are given
    int key_calls = 0;
    boost::json::object device{{"device_code", "device-code-1"},
                               {"user_code", "ABCD-EFGH"},
                               {"verification_uri", "https://login.example/device"},
                               {"expires_in", 900},
                               {"interval", 5}};
    std::vector<Form> device_calls;
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
