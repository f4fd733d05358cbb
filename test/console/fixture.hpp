// A console over a store of its own, with a user of each role, asked without a network.
#pragma once

#include "console/server.hpp"

#include "console/passwords.hpp"
#include "console/sessions.hpp"
#include "store/people.hpp"
#include "store/settings.hpp"
#include "store/store.hpp"
#include "support/loop.hpp"
#include "support/scratch-folder.hpp"
#include "vault/vault.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

namespace postroom::console {

using net::http::status;
using net::http::verb;

class Console : public testing::Test {
protected:
    Console()
    {
        hooks.mail_queued = [this] { ++queued; };
        hooks.accounts_changed = [this] { ++changed; };
        open();
        store->write_now([&](store::Connection& c) {
            store::set_setting(c, "external-url", "https://mail.contoso.com");
            for (auto const role : {model::Role::system_administrator, model::Role::department_administrator,
                                    model::Role::agent, model::Role::auditor})
                store::add_user(
                    c, {model::UserId::make(), std::string(to_string(role)), password_hash(), role, clock.now()});
        });
    }

    // Once for all tests: it takes 0.1 s on purpose.
    static std::string const& password_hash()
    {
        static auto const hash = *hash_password(Secret("correct horse battery"));
        return hash;
    }

    void open()
    {
        store = std::move(*store::Store::open({.path = folder / "postroom.db", .clock = &clock}));
        grants::Ground const ground{store.get(), *vault::Vault::open(folder / "vault.key", true), nullptr, &clock};
        server = std::make_unique<Server>(ground, hooks, Options{folder / "dist"});
    }

    struct Answer {
        status code{};
        json::value body;
        net::HttpResponse response;

        [[nodiscard]] std::string detail() const { return text("detail"); }
        [[nodiscard]] std::string text(std::string_view name) const
        {
            auto const* const found = body.is_object() ? body.get_object().if_contains(name) : nullptr;
            return found && found->is_string() ? json::value_to<std::string>(*found) : "";
        }
    };

    Answer ask(net::HttpRequest request)
    {
        Answer answer;
        answer.response = test::run(loop, server->answer(std::move(request)));
        answer.code = answer.response.status;
        boost::system::error_code error;
        answer.body = json::parse(answer.response.body, error);
        return answer;
    }

    static net::HttpRequest request(verb method, std::string path, std::string body = {})
    {
        net::HttpRequest made;
        made.method = method;
        made.path = std::move(path);
        made.peer = "198.51.100.7:40001";
        made.headers.emplace("host", "mail.contoso.com");
        if (!body.empty()) made.headers.emplace("content-type", "application/json");
        made.body = std::move(body);
        return made;
    }

    static net::HttpRequest by_socket(net::HttpRequest made, std::uint32_t uid = ::geteuid())
    {
        made.peer = "unix";
        made.peer_uid = uid;
        return made;
    }

    // Signed in as the user of this role, with the csrf header.
    net::HttpRequest as(model::Role role, net::HttpRequest made) { return as(to_string(role), std::move(made)); }
    net::HttpRequest as(std::string_view user, net::HttpRequest made)
    {
        auto& token = tokens[std::string(user)];
        if (token.empty()) {
            token = make_session_token();
            store->write_now([&](store::Connection& c) {
                store::add_session(c, session_digest(token), store::user_named(c, user)->id,
                                   clock.now() + session_life);
            });
        }
        made.headers.emplace("cookie", "theme=dark; __Host-postroom-session=" + token);
        made.headers.emplace("x-postroom-csrf", csrf_of(token));
        return made;
    }
    net::HttpRequest as_administrator(net::HttpRequest made)
    {
        return as(model::Role::system_administrator, std::move(made));
    }

    // By the socket: what has to succeed.
    Answer must(verb method, std::string path, std::string body = {})
    {
        auto answer = ask(by_socket(request(method, "/api/v1/" + path, std::move(body))));
        EXPECT_LT(unsigned(answer.code), 300U) << path << ": " << answer.response.body;
        return answer;
    }

    std::vector<store::AuditEntry> audited()
    {
        std::vector<store::AuditEntry> entries;
        store->read_now([&](store::Connection& c) { entries = store::audit_trail(c, 100); });
        return entries;
    }

    test::ScratchFolder folder;
    ManualClock clock{Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22))};
    boost::asio::io_context loop;
    Hooks hooks;
    int queued = 0, changed = 0, departments = 0;
    std::map<std::string, std::string> tokens;  // of sessions, by user
    std::unique_ptr<store::Store> store;
    std::unique_ptr<Server> server;
};

}  // namespace postroom::console
