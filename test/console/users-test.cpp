// Users from their first link to their removal, and what is left of them in the audit trail.
#include "fixture.hpp"

namespace postroom::console {
namespace {

class Users : public Console {
protected:
    static std::string secret_of(Answer const& link)
    {
        auto const url = link.text("url");
        EXPECT_TRUE(url.starts_with("https://mail.contoso.com/welcome#")) << url;
        return url.substr(url.find('#') + 1);
    }
    Answer look(std::string const& secret)
    {
        return ask(request(verb::post, "/api/v1/welcome/look", fmt::format(R"({{"secret":"{}"}})", secret)));
    }
    Answer use(std::string const& secret, std::string_view password = "a new battery staple")
    {
        return ask(request(verb::post, "/api/v1/welcome",
                           fmt::format(R"({{"secret":"{}","password":"{}"}})", secret, password)));
    }
    Answer sign_in(std::string_view name, std::string_view password)
    {
        return ask(
            request(verb::post, "/api/v1/session", fmt::format(R"({{"name":"{}","password":"{}"}})", name, password)));
    }
    status session_of(std::string_view user) { return ask(as(user, request(verb::get, "/api/v1/session"))).code; }
};

TEST_F(Users, ChooseTheirPasswordThroughALinkOnce)
{
    auto const added = must(verb::post, "users", R"({"name":"anna","role":"auditor"})");
    EXPECT_FALSE(added.body.at("has_password").as_bool());
    EXPECT_EQ(sign_in("anna", "").code, status::bad_request);
    EXPECT_EQ(sign_in("anna", "x").code, status::unauthorized);
    auto const made = must(verb::post, "users/anna/link");
    auto const secret = secret_of(made);
    EXPECT_EQ(must(verb::get, "users/anna").text("link_ends"), made.text("ends"));
    EXPECT_EQ(look(secret).text("name"), "anna");
    EXPECT_EQ(look(secret).code, status::ok) << "looking does not use it";

    EXPECT_EQ(use(secret, "too short").text("field"), "password");
    auto const in = use(secret);
    ASSERT_EQ(in.code, status::ok) << in.detail();
    EXPECT_EQ(in.text("name"), "anna");
    EXPECT_TRUE(in.body.at("sees_all").as_bool());
    EXPECT_NE(in.text("csrf"), "");
    std::string cookie;
    for (auto const& [name, value] : in.response.headers)
        if (name == "Set-Cookie") cookie = value;
    EXPECT_TRUE(cookie.starts_with("__Host-postroom-session=")) << cookie;

    EXPECT_EQ(use(secret).code, status::gone);
    EXPECT_EQ(look(secret).code, status::gone);
    EXPECT_TRUE(must(verb::get, "users/anna").body.at("link_ends").is_null());
    EXPECT_EQ(sign_in("anna", "a new battery staple").code, status::ok);
    for (auto const& entry : audited()) EXPECT_EQ(entry.detail.find(secret), std::string::npos);
}

TEST_F(Users, GetANewLinkForAForgottenPassword)
{
    EXPECT_EQ(session_of("agent"), status::ok);
    auto const first = secret_of(must(verb::post, "users/agent/link"));
    auto const second = secret_of(must(verb::post, "users/agent/link"));
    EXPECT_EQ(use(first).code, status::gone) << "the newer one replaced it";
    EXPECT_EQ(sign_in("agent", "correct horse battery").code, status::ok) << "until it is used nothing changes";
    EXPECT_EQ(use(second).code, status::ok);
    EXPECT_EQ(session_of("agent"), status::unauthorized) << "whoever else was signed in is not any more";
    EXPECT_EQ(sign_in("agent", "correct horse battery").code, status::unauthorized);

    auto const late = secret_of(must(verb::post, "users/agent/link"));
    clock.advance(link_life);
    EXPECT_EQ(use(late).code, status::gone);
}

TEST_F(Users, CantGuessLinksForLong)
{
    auto const secret = secret_of(must(verb::post, "users/agent/link"));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(look("guess").code, status::gone);
    EXPECT_EQ(look("guess").code, status::too_many_requests);
    EXPECT_EQ(use(secret).code, status::too_many_requests);
}

TEST_F(Users, NeedAnExternalUrlForALink)
{
    must(verb::put, "settings/external-url", R"({"value":""})");
    auto const refused = ask(by_socket(request(verb::post, "/api/v1/users/agent/link")));
    EXPECT_EQ(refused.code, status::conflict);
    EXPECT_NE(refused.detail().find("settings set external-url"), std::string::npos) << refused.detail();
    EXPECT_EQ(ask(by_socket(request(verb::post, "/api/v1/users", R"({"name":"x","role":"auditor"})"))).code,
              status::conflict);
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/users/x"))).code, status::not_found) << "nothing was left";
}

TEST_F(Users, ChangeTheirOwnPassword)
{
    auto const change = [&](std::string_view old, std::string_view fresh) {
        return ask(as("agent", request(verb::put, "/api/v1/session/password",
                                       fmt::format(R"({{"old":"{}","new":"{}"}})", old, fresh))));
    };
    store->write_now([&](store::Connection& c) {
        store::add_session(c, "elsewhere", store::user_named(c, "agent")->id, clock.now() + session_life);
    });
    auto const wrong = change("not that one", "a new battery staple");
    EXPECT_EQ(wrong.code, status::forbidden);
    EXPECT_EQ(wrong.text("field"), "old");
    EXPECT_EQ(change("correct horse battery", "short").text("field"), "new");
    EXPECT_EQ(change("correct horse battery", "a new battery staple").code, status::no_content);
    EXPECT_EQ(session_of("agent"), status::ok) << "this one goes on";
    store->read_now([&](store::Connection& c) {
        EXPECT_FALSE(store::session_user(c, "elsewhere", clock.now())) << "the other one has ended";
    });
    EXPECT_EQ(sign_in("agent", "a new battery staple").code, status::ok);
    EXPECT_EQ(audited().at(1).what, "password.change");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(change("guess", "a new battery staple").code, status::forbidden);
    EXPECT_EQ(change("guess", "a new battery staple").code, status::too_many_requests);
    EXPECT_EQ(ask(by_socket(request(verb::put, "/api/v1/session/password", R"({"old":"x","new":"y"})"))).code,
              status::forbidden)
        << "nobody signs in there";
}

TEST_F(Users, KeepASystemAdministrator)
{
    for (auto const* const body : {R"({"role":"auditor"})", ""}) {
        auto const refused =
            ask(by_socket(request(*body ? verb::patch : verb::delete_, "/api/v1/users/system-administrator", body)));
        EXPECT_EQ(refused.code, status::conflict) << refused.response.body;
    }
    must(verb::post, "users", R"({"name":"second","role":"system-administrator"})");
    EXPECT_EQ(ask(by_socket(request(verb::delete_, "/api/v1/users/system-administrator"))).code, status::conflict)
        << "the second has no password yet";
    EXPECT_EQ(use(secret_of(must(verb::post, "users/second/link"))).code, status::ok);
    EXPECT_EQ(session_of("system-administrator"), status::ok);
    EXPECT_EQ(ask(as("system-administrator", request(verb::delete_, "/api/v1/users/System-Administrator"))).code,
              status::no_content);
    EXPECT_EQ(session_of("system-administrator"), status::unauthorized);
    EXPECT_EQ(ask(by_socket(request(verb::patch, "/api/v1/users/second", R"({"role":"auditor"})"))).code,
              status::conflict);
    EXPECT_EQ(audited().at(0).what, "user.remove");
    EXPECT_EQ(audited().at(0).who, "system-administrator");
}

TEST_F(Users, BelongToDepartments)
{
    auto const add = [&](std::string_view name, std::string_view more) {
        return ask(by_socket(request(verb::post, "/api/v1/users",
                                     fmt::format(R"({{"name":"{}","password":"long enough it is"{}}})", name, more))));
    };
    auto const none = add("a", R"(,"role":"agent")");
    EXPECT_EQ(none.text("field"), "departments");
    EXPECT_NE(none.detail().find("department add"), std::string::npos) << none.detail();
    must(verb::post, "departments", R"({"name":"Care"})");
    EXPECT_EQ(json::serialize(add("a", R"(,"role":"agent")").body.at("departments")), R"(["Care"])") << "the only one";
    must(verb::post, "departments", R"({"name":"Sales"})");
    EXPECT_EQ(add("b", R"(,"role":"agent")").text("field"), "departments");
    EXPECT_EQ(add("b", R"(,"role":"agent","departments":[])").text("field"), "departments");
    EXPECT_EQ(add("b", R"(,"role":"agent","departments":["None"])").text("field"), "departments");
    EXPECT_EQ(add("b", R"(,"role":"system-administrator","departments":["Care"])").text("field"), "departments");
    EXPECT_EQ(
        json::serialize(add("b", R"(,"role":"agent","departments":["sales","Care","CARE"])").body.at("departments")),
        R"(["Sales","Care"])");
    EXPECT_EQ(json::serialize(must(verb::get, "users/b").body.at("departments")), R"(["Care","Sales"])");

    auto const change = [&](std::string_view body) { return must(verb::patch, "users/b", std::string(body)).body; };
    EXPECT_EQ(json::serialize(change(R"({"departments":["Sales"]})").at("departments")), R"(["Sales"])");
    EXPECT_EQ(json::serialize(change(R"({"role":"department-administrator"})").at("departments")), R"(["Sales"])");
    EXPECT_EQ(json::serialize(change(R"({"role":"system-administrator"})").at("departments")), "[]");
    EXPECT_EQ(json::serialize(change(R"({"role":"auditor"})").at("departments")), "[]");
    EXPECT_EQ(ask(by_socket(request(verb::patch, "/api/v1/users/b", R"({"role":"agent"})"))).text("field"),
              "departments");
    EXPECT_EQ(ask(by_socket(request(verb::patch, "/api/v1/users/nobody", R"({"role":"agent"})"))).code,
              status::not_found);
    EXPECT_EQ(ask(by_socket(request(verb::patch, "/api/v1/users/b", "{}"))).code, status::bad_request);
    EXPECT_EQ(audited().at(0).detail, R"({"role":"auditor","departments":[]})");
}

TEST_F(Users, CantPassForTheSocketInTheAuditTrail)
{
    for (auto const* const name : {"uid 0", "UID 1000", "uid", "uid-5",
                                   "Uid\xc2\xa0"
                                   "0",
                                   "uid0"}) {
        auto const refused = ask(by_socket(
            request(verb::post, "/api/v1/users",
                    fmt::format(R"({{"name":"{}","password":"long enough it is","role":"auditor"}})", name))));
        EXPECT_EQ(refused.text("field"), "name") << name;
    }
    must(verb::post, "users", R"({"name":"uidine","password":"long enough it is","role":"auditor"})");
}

TEST_F(Users, AreSignedOutByAnAdministrator)
{
    EXPECT_EQ(session_of("agent"), status::ok);
    EXPECT_EQ(session_of("auditor"), status::ok);
    EXPECT_EQ(ask(as_administrator(request(verb::delete_, "/api/v1/users/agent/sessions"))).code, status::no_content);
    EXPECT_EQ(session_of("agent"), status::unauthorized);
    EXPECT_EQ(session_of("auditor"), status::ok);
    EXPECT_EQ(audited().at(0).detail, R"({"sessions":1})");
    EXPECT_EQ(ask(as("auditor", request(verb::delete_, "/api/v1/users/agent/sessions"))).code, status::forbidden);
}

TEST_F(Users, HaveACookieOfThisHostOnlyOverHttps)
{
    EXPECT_EQ(session_of("agent"), status::ok);
    auto plain = request(verb::get, "/api/v1/session");
    plain.headers.emplace("cookie", "postroom-session=" + tokens["agent"]);
    EXPECT_EQ(ask(plain).code, status::unauthorized) << "another host of the domain could have set it";
    must(verb::put, "settings/external-url", R"({"value":"http://localhost:8080"})");
    plain.headers.erase("host");
    plain.headers.emplace("host", "localhost:8080");
    EXPECT_EQ(ask(plain).code, status::ok);
}

}  // namespace
}  // namespace postroom::console
