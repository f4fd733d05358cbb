// Access tokens: what they may, when they end, and who may make them.
#include "fixture.hpp"

namespace postroom::console {
namespace {

class Tokens : public Console {
protected:
    std::string add(std::string_view user, std::string_view name, std::string_view scopes, std::string_view more = {})
    {
        auto const made = must(verb::post, "tokens",
                               fmt::format(R"({{"user":"{}","name":"{}","scopes":[{}]{}}})", user, name, scopes, more));
        EXPECT_TRUE(made.text("secret").starts_with("postroom_pat_")) << made.text("secret");
        ids[std::string(name)] = made.text("id");
        return made.text("secret");
    }
    Answer with(std::string const& secret, net::HttpRequest made)
    {
        made.headers.emplace("authorization", "Bearer " + secret);
        return ask(std::move(made));
    }
    Answer get(std::string const& secret, std::string const& path)
    {
        return with(secret, request(verb::get, "/api/v1/" + path));
    }
    Answer post(std::string const& secret, std::string const& path, std::string body)
    {
        return with(secret, request(verb::post, "/api/v1/" + path, std::move(body)));
    }
    static std::string header(Answer const& answer, std::string_view wanted)
    {
        for (auto const& [name, value] : answer.response.headers)
            if (name == wanted) return value;
        return {};
    }

    std::map<std::string, std::string> ids;
};

TEST_F(Tokens, MayWhatBothRoleAndScopesAllow)
{
    auto const token = add("system-administrator", "n", R"("cases:read","system:write")");
    EXPECT_EQ(get(token, "cases").code, status::ok);
    EXPECT_EQ(post(token, "departments", R"({"name":"Care"})").code, status::created) << "and no csrf is needed";
    auto const beyond = get(token, "users");
    EXPECT_EQ(beyond.code, status::forbidden);
    EXPECT_NE(beyond.detail().find("system:read"), std::string::npos) << beyond.detail();
    EXPECT_EQ(header(beyond, "WWW-Authenticate"), "");
    EXPECT_EQ(audited().at(0).who, "system-administrator");
    EXPECT_EQ(audited().at(0).detail, R"({"token":"n"})");

    add("auditor", "a", R"("system:read","cases:read")");
    auto const refused = ask(
        by_socket(request(verb::post, "/api/v1/tokens", R"({"user":"auditor","name":"b","scopes":["system:write"]})")));
    EXPECT_EQ(refused.text("field"), "scopes");
    // A role that is taken away takes the scope with it.
    must(verb::post, "users", R"({"name":"x","role":"system-administrator","password":"long enough it is"})");
    auto const of_x = add("x", "x", R"("system:write","cases:read")");
    must(verb::patch, "users/x", R"({"role":"auditor"})");
    EXPECT_EQ(post(of_x, "departments", R"({"name":"More"})").code, status::forbidden);
    EXPECT_EQ(get(of_x, "cases").code, status::ok);
}

TEST_F(Tokens, AreRefusedInWordsThatSayWhatToDo)
{
    auto const token = add("agent", "short", R"("cases:read")", R"(,"days":1)");
    EXPECT_EQ(get(token, "cases").code, status::ok);
    for (auto const& wrong : {std::string("postroom_pat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), token + "A",
                              std::string("x"), std::string()}) {
        auto const refused = get(wrong, "cases");
        EXPECT_EQ(refused.code, status::unauthorized) << wrong;
        EXPECT_NE(refused.detail().find("token add"), std::string::npos) << refused.detail();
        EXPECT_EQ(header(refused, "WWW-Authenticate"), "Bearer error=\"invalid_token\"");
        EXPECT_EQ(header(refused, "Content-Type"), "application/problem+json");
    }
    clock.advance(std::chrono::days(1));
    EXPECT_EQ(get(token, "cases").code, status::unauthorized);
    EXPECT_NE(get(token, "cases").detail().find("has ended"), std::string::npos);

    auto const other = add("agent", "other", R"("cases:read")");
    must(verb::delete_, "tokens/" + ids["other"]);
    EXPECT_NE(get(other, "cases").detail().find("revoked"), std::string::npos);
    must(verb::delete_, "tokens/" + ids["other"]);
    EXPECT_EQ(audited().at(0).what, "token.revoke") << "noted once";
    EXPECT_EQ(audited().at(1).what, "token.add");

    add("agent", "again", R"("cases:read")");
    must(verb::delete_, "users/agent");
    EXPECT_EQ(get(other, "cases").code, status::unauthorized);
    EXPECT_EQ(must(verb::get, "tokens").body.at("items").as_array().size(), 0U) << "they went with their user";
}

TEST_F(Tokens, ThatAreNoneAreThrottledAndGoodOnesAreNot)
{
    auto const token = add("agent", "n", R"("cases:read")");
    for (int i = 0; i < 50; ++i) EXPECT_EQ(get("wrong", "cases").code, status::unauthorized);
    EXPECT_EQ(get("wrong", "cases").code, status::too_many_requests);
    EXPECT_EQ(get(token, "cases").code, status::ok);
    EXPECT_EQ(
        ask(request(verb::post, "/api/v1/session", R"({"name":"agent","password":"correct horse battery"})")).code,
        status::ok)
        << "nor are people";
}

TEST_F(Tokens, NoteTheirUseOnceAnHour)
{
    auto const token = add("agent", "n", R"("cases:read")");
    auto const used = [&] { return must(verb::get, "tokens").body.at("items").at(0).at("last_used"); };
    EXPECT_TRUE(used().is_null());
    EXPECT_EQ(get(token, "cases").code, status::ok);
    auto const first = used();
    EXPECT_TRUE(first.is_string());
    clock.advance(std::chrono::minutes(59));
    EXPECT_EQ(get(token, "cases").code, status::ok);
    EXPECT_EQ(used(), first);
    clock.advance(std::chrono::minutes(1));
    EXPECT_EQ(get(token, "cases").code, status::ok);
    EXPECT_NE(used(), first);
}

TEST_F(Tokens, LastAYearUnlessToldOtherwise)
{
    auto const ends = [&](std::string_view days) {
        return must(verb::post, "tokens",
                    fmt::format(R"({{"user":"agent","name":"n{}","scopes":["cases:read"]{}}})", ids.size(), days))
            .body.at("ends");
    };
    EXPECT_EQ(ends("").as_string(), "2027-11-22T00:00:00.000Z");
    ids["1"];
    EXPECT_EQ(ends(R"(,"days":3)").as_string(), "2026-11-25T00:00:00.000Z");
    ids["2"];
    EXPECT_TRUE(ends(R"(,"days":null)").is_null());
    for (auto const* const wrong : {"0", "3651", "-1", "1.5", "\"1\""})
        EXPECT_EQ(ask(by_socket(request(
                          verb::post, "/api/v1/tokens",
                          fmt::format(R"({{"user":"agent","name":"w","scopes":["cases:read"],"days":{}}})", wrong))))
                      .text("field"),
                  "days")
            << wrong;
}

TEST_F(Tokens, AreKeptAsADigestOnly)
{
    auto const token = add("agent", "n", R"("cases:read")");
    auto const listed = must(verb::get, "tokens");
    EXPECT_EQ(listed.response.body.find(token), std::string::npos);
    for (auto const& entry : audited()) EXPECT_EQ(entry.detail.find(token), std::string::npos);
    store->read_now([&](store::Connection& c) {
        c.run("SELECT digest FROM access_token", {}, [&](store::Row const& row) {
            EXPECT_EQ(row.bytes(0), access_token_digest(token));
            EXPECT_EQ(row.bytes(0).find(token.substr(13)), std::string::npos);
        });
    });
}

TEST_F(Tokens, AreOnesOwn)
{
    add("auditor", "of the auditor", R"("cases:read")");
    auto const agents = [&](net::HttpRequest made) { return ask(as("agent", std::move(made))); };
    auto const mine =
        agents(request(verb::post, "/api/v1/tokens", R"({"name":"mine","scopes":["cases:read","cases:write"]})"));
    ASSERT_EQ(mine.code, status::created) << mine.detail();
    EXPECT_EQ(mine.text("user"), "agent");
    EXPECT_EQ(agents(request(verb::post, "/api/v1/tokens", R"({"name":"mine","scopes":["cases:read"]})")).code,
              status::conflict);
    EXPECT_EQ(agents(request(verb::post, "/api/v1/tokens", R"({"name":"m","scopes":["everything"]})")).text("field"),
              "scopes");
    EXPECT_EQ(agents(request(verb::post, "/api/v1/tokens", R"({"name":"m","scopes":[]})")).text("field"), "scopes");
    EXPECT_EQ(
        agents(request(verb::post, "/api/v1/tokens", R"({"name":"theirs","scopes":["cases:read"],"user":"auditor"})"))
            .code,
        status::forbidden);
    auto const listed = agents(request(verb::get, "/api/v1/tokens"));
    ASSERT_EQ(listed.body.at("items").as_array().size(), 1U);
    EXPECT_EQ(listed.body.at("items").at(0).at("name").as_string(), "mine");
    auto others = request(verb::get, "/api/v1/tokens");
    others.query.emplace("user", "auditor");
    EXPECT_EQ(agents(others).code, status::forbidden);
    EXPECT_EQ(ask(as_administrator(others)).body.at("items").as_array().size(), 1U);
    EXPECT_EQ(agents(request(verb::delete_, "/api/v1/tokens/" + ids["of the auditor"])).code, status::not_found);
    EXPECT_EQ(agents(request(verb::delete_, "/api/v1/tokens/" + mine.text("id"))).code, status::no_content);
    EXPECT_EQ(ask(as_administrator(request(verb::delete_, "/api/v1/tokens/" + ids["of the auditor"]))).code,
              status::no_content);
    EXPECT_EQ(
        ask(by_socket(request(verb::post, "/api/v1/tokens", R"({"name":"n","scopes":["cases:read"]})"))).text("field"),
        "user")
        << "the socket is nobody";
}

TEST_F(Tokens, MakeNoOthersAndChangeNoSignInWithoutTheScope)
{
    auto const plain = add("system-administrator", "plain", R"("cases:read","system:write")");
    auto const wanted = R"({"name":"more","scopes":["cases:read"]})";
    EXPECT_EQ(post(plain, "tokens", wanted).code, status::forbidden);
    EXPECT_EQ(get(plain, "tokens").code, status::forbidden);
    EXPECT_EQ(get(plain, "session").code, status::forbidden);
    auto const password = R"({"old":"correct horse battery","new":"a new battery staple"})";
    EXPECT_EQ(with(plain, request(verb::put, "/api/v1/session/password", password)).code, status::forbidden);

    auto const maker = add("system-administrator", "maker", R"("self:write","self:read","cases:read")");
    EXPECT_EQ(get(maker, "session").text("name"), "system-administrator");
    EXPECT_EQ(get(maker, "session").text("csrf"), "");
    EXPECT_EQ(post(maker, "tokens", wanted).code, status::created);
    EXPECT_EQ(post(maker, "tokens", R"({"name":"too much","scopes":["system:write"]})").code, status::forbidden)
        << "no more than itself";
    EXPECT_EQ(post(maker, "tokens", R"({"name":"n","scopes":["cases:read"],"user":"agent"})").code, status::forbidden);
    EXPECT_EQ(with(maker, request(verb::put, "/api/v1/session/password", password)).code, status::no_content);
}

TEST_F(Tokens, MakeNobodyWhoMayMore)
{
    auto const rules = add("system-administrator", "rules", R"("system:read","system:write")");
    auto const made = R"({"name":"boss","role":"system-administrator","password":"long enough it is"})";
    EXPECT_EQ(post(rules, "users", made).code, status::forbidden);
    EXPECT_EQ(post(rules, "users/system-administrator/link", "{}").code, status::forbidden);
    EXPECT_EQ(with(rules, request(verb::patch, "/api/v1/users/auditor", R"({"role":"system-administrator"})")).code,
              status::forbidden);
    auto const all = add("system-administrator", "all",
                         R"("self:read","self:write","cases:read","cases:write","accounts:read","accounts:write",)"
                         R"("system:read","system:write","metrics:read")");
    EXPECT_EQ(post(all, "users", made).code, status::created);
}

TEST_F(Tokens, MakeNoneThatLastsLonger)
{
    auto const day =
        must(verb::post, "tokens", R"({"user":"agent","name":"day","scopes":["self:read","self:write"],"days":1})");
    auto const child = post(day.text("secret"), "tokens", R"({"name":"child","scopes":["self:read"],"days":null})");
    ASSERT_EQ(child.code, status::created);
    EXPECT_EQ(child.text("ends"), day.text("ends"));
}

}  // namespace
}  // namespace postroom::console
