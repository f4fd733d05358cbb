// What is of another department is not there: not in a list, not by its name or id, and no answer tells that it exists.
#include "fixture.hpp"

#include "base/text.hpp"
#include "grants/authorizations.hpp"
#include "store/cases.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"

namespace postroom::console {
namespace {

using model::Role;

class Sight : public Console {
protected:
    struct Department {
        std::string name, account, mailbox, outbound, sent, exception, authorization, trial;
        std::int64_t a_case = 0;
    };

    Sight()
    {
        hooks.retrieve_once =
            [this](std::optional<std::vector<std::string>> addresses) -> net::awaitable<Result<std::vector<Looked>>> {
            retrieved = std::move(addresses);
            co_return std::vector<Looked>{};
        };
        open();
        must(verb::post, "applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1"})");
        care = furnish("Care");
        sales = furnish("Sales");
        for (auto const* const name : {"agent", "department-administrator", "auditor"})
            must(verb::patch, std::string("users/") + name, R"({"departments":["Care"]})");
    }

    // A department with one of everything.
    Department furnish(std::string const& name)
    {
        Department made{.name = name, .account = to_lower(name), .mailbox = to_lower(name) + "@contoso.com"};
        must(verb::post, "departments", fmt::format(R"({{"name":"{}"}})", name));
        must(verb::post, "accounts",
             fmt::format(R"({{"name":"{}","department":"{}","application":"entra","user":"{}"}})", made.account, name,
                         made.mailbox));
        must(verb::post, "mailboxes", fmt::format(R"({{"address":"{}","account":"{}"}})", made.mailbox, made.account));
        auto const sent =
            must(verb::post, "messages",
                 fmt::format(R"({{"mailbox":"{}","to":["a@b.example"],"subject":"Hi","text":"Hi"}})", made.mailbox));
        made.a_case = sent.body.at("case").as_int64();
        made.outbound = sent.text("id");
        made.sent = sent.text("activity");
        store->write_now([&](store::Connection& c) {
            auto const mailbox = *store::mailbox_at(c, made.mailbox);
            auto const activity = *store::activity(c, {*parse_uuid(made.sent)});
            model::Message message{.id = model::MessageId::make(), .mailbox = mailbox.id, .body = *activity.body};
            message.digest[0] = static_cast<std::uint8_t>(made.a_case);
            message.filed = clock.now();
            store::add_message(c, message);
            store::triage_failed(c, message.id, "no MIME");
            made.exception = to_string(message.id);
            model::Authorization authorization{.id = model::AuthorizationId::make(), .account = mailbox.account};
            authorization.state = name;
            authorization.ends = clock.now() + std::chrono::minutes(10);
            store::add_authorization(c, authorization);
            made.authorization = to_string(authorization.id);
            made.trial = to_string(grants::add_trial(c, mailbox.account, false));
            store::raise_alarm(c, "grant-refresh", made.account, "", clock.now());
        });
        return made;
    }

    struct Asked {
        verb method;
        std::string path, body;
    };
    // Each handler that is given something's name or id in its path.
    static std::vector<Asked> by_path(Department const& d)
    {
        using enum net::http::verb;
        auto const a_case = fmt::format("cases/{}", d.a_case);
        return {{get, "accounts/" + d.account, ""},
                {delete_, "accounts/" + d.account, ""},
                {get, "accounts/" + d.account + "/authorizations", ""},
                {post, "accounts/" + d.account + "/authorizations", "{}"},
                {get, "accounts/" + d.account + "/rights", ""},
                {post, "accounts/" + d.account + "/rights/trial", "{}"},
                {get, "trials/" + d.trial, ""},
                {put, "accounts/" + d.account + "/transcript", R"({"on":true})"},
                {get, "authorizations/" + d.authorization, ""},
                {post, "accounts/" + d.account + "/conversion",
                 fmt::format(R"({{"access":"delegated","application":"entra","user":"{}"}})", d.mailbox)},
                {get, "exceptions/" + d.exception + "/raw", ""},
                {post, "exceptions/" + d.exception + "/retry", ""},
                {get, a_case, ""},
                {patch, a_case, R"({"state":"closed"})"},
                {post, a_case + "/replies", R"({"text":"Hello"})"},
                {get, "activities/" + d.sent + "/html", ""},
                {get, "activities/" + d.sent + "/raw", ""},
                {get, "activities/" + d.sent + "/parts/1", ""},
                {get, "outbound/" + d.outbound, ""},
                {post, "outbound/" + d.outbound + "/resolution", R"({"as":"sent"})"}};
    }
    // And those that are given it in their body, with the member that names it.
    static std::vector<std::pair<Asked, std::string>> by_body(Department const& d)
    {
        using enum net::http::verb;
        return {{{post, "accounts",
                  fmt::format(R"({{"name":"new","department":"{}","application":"entra","user":"n@c.com"}})", d.name)},
                 "department"},
                {{post, "mailboxes", fmt::format(R"({{"address":"new@contoso.com","account":"{}"}})", d.account)},
                 "account"},
                {{post, "retrievals", fmt::format(R"({{"mailbox":"{}"}})", d.mailbox)}, "mailbox"},
                {{post, "messages",
                  fmt::format(R"({{"mailbox":"{}","to":["a@b.example"],"subject":"Hi","text":"Hi"}})", d.mailbox)},
                 "mailbox"}};
    }
    Answer ask_as(Role role, Asked const& asked)
    {
        return ask(as(role, request(asked.method, "/api/v1/" + asked.path, asked.body)));
    }

    std::optional<std::vector<std::string>> retrieved;
    Department care, sales;
};

TEST_F(Sight, LeavesOutWhatIsOfOthersInLists)
{
    struct List {
        std::string path, member, ours, theirs;
    };
    std::vector<List> const lists{
        {"departments", "name", care.name, sales.name},        {"accounts", "name", care.account, sales.account},
        {"mailboxes", "address", care.mailbox, sales.mailbox}, {"outbound", "id", care.outbound, sales.outbound},
        {"exceptions", "id", care.exception, sales.exception}, {"alarms", "subject", care.account, sales.account},
        {"cases", "department", care.name, sales.name}};
    for (auto const role : {Role::department_administrator, Role::agent, Role::auditor, Role::system_administrator})
        for (auto const& list : lists) {
            auto const answer = ask_as(role, {verb::get, list.path, ""});
            if (answer.code == status::forbidden && role == Role::agent) continue;
            ASSERT_EQ(answer.code, status::ok) << list.path;
            std::vector<std::string> found;
            for (auto const& each : answer.body.at("items").as_array()) {
                found.push_back(json::value_to<std::string>(each.at(list.member)));
                // One alarm may be about several.
                if (auto const* const all = each.as_object().if_contains("subjects"))
                    for (auto const& subject : all->as_array()) found.push_back(json::value_to<std::string>(subject));
            }
            EXPECT_NE(std::ranges::find(found, list.ours), found.end()) << list.path;
            EXPECT_EQ(std::ranges::find(found, list.theirs) != found.end(), role == Role::system_administrator)
                << list.path << " as " << to_string(role);
        }
}

TEST_F(Sight, AnswersForWhatIsOfOthersAsForWhatIsNotThere)
{
    std::size_t tried = 0;
    auto nowhere = sales;
    nowhere.account = "nowhere";
    nowhere.a_case = 4711;
    for (auto* const id :
         {&nowhere.outbound, &nowhere.sent, &nowhere.exception, &nowhere.authorization, &nowhere.trial})
        *id = to_string(make_uuid());
    for (auto const role : {Role::department_administrator, Role::agent, Role::auditor}) {
        auto const theirs = by_path(sales);
        auto const not_there = by_path(nowhere);
        for (std::size_t i = 0; i < theirs.size(); ++i) {
            auto const answer = ask_as(role, theirs[i]);
            if (answer.code == status::forbidden) continue;  // the role's, whatever the department
            ++tried;
            EXPECT_EQ(answer.code, status::not_found) << theirs[i].path << " as " << to_string(role);
            auto const other = ask_as(role, not_there[i]);
            auto const same = [&](std::string text, Department const& d) {
                for (auto const& word : {d.account, std::to_string(d.a_case)})
                    for (auto at = text.find(word); at != text.npos; at = text.find(word))
                        text.replace(at, word.size(), "_");
                return text;
            };
            EXPECT_EQ(same(answer.detail(), sales), same(other.detail(), nowhere)) << theirs[i].path;
        }
    }
    EXPECT_GT(tried, 35U);
}

TEST_F(Sight, AnAlarmOfSeveralDepartmentsIsQuietedByWhoSeesThemAll)
{
    auto const acknowledge = [&](Role role, std::string const& id) {
        return ask_as(role, {net::http::verb::put, "alarms/" + id + "/acknowledgement", R"({"acknowledged":true})"})
            .code;
    };
    auto const first = ask_as(Role::department_administrator, {verb::get, "alarms", ""}).body.at("items").at(0);
    auto const id = json::value_to<std::string>(first.at("id"));
    EXPECT_EQ(first.at("subject_count").as_int64(), 1) << "of what is seen";
    EXPECT_EQ(acknowledge(Role::department_administrator, id), status::forbidden);
    EXPECT_EQ(acknowledge(Role::system_administrator, id), status::ok);
    EXPECT_EQ(acknowledge(Role::system_administrator, to_string(make_uuid())), status::not_found);
}

TEST_F(Sight, KnowsNothingOfOthersWhereTheBodyNamesThem)
{
    for (auto const role : {Role::department_administrator, Role::agent})
        for (auto const& [asked, field] : by_body(sales)) {
            auto const answer = ask_as(role, asked);
            if (answer.code == status::forbidden) continue;
            EXPECT_EQ(answer.code, status::bad_request) << asked.path;
            EXPECT_EQ(answer.text("field"), field) << asked.path;
        }
    auto filtered = request(verb::get, "/api/v1/cases");
    filtered.query.emplace("department", sales.name);
    EXPECT_EQ(ask(as(Role::agent, filtered)).code, status::bad_request);
    EXPECT_EQ(ask(as_administrator(filtered)).code, status::ok);
}

TEST_F(Sight, LetsWhatIsOnesOwnBeDone)
{
    for (auto const& asked : by_path(care)) {
        // There is no provider to ask, and what is removed can't be asked for.
        if (asked.method == verb::delete_ || (asked.method == verb::post && asked.path.ends_with("/authorizations")))
            continue;
        auto const answer = ask_as(Role::department_administrator, asked);
        // Where it then fails, it does so for another reason: no HTML, no such part, not in doubt.
        EXPECT_NE(answer.code, status::forbidden) << asked.path;
        if (answer.code == status::not_found) {
            EXPECT_TRUE(asked.path.ends_with("/html") || asked.path.ends_with("/parts/1")) << asked.path;
        }
    }
    EXPECT_EQ(ask_as(Role::department_administrator, {verb::post, "retrievals", "{}"}).code, status::ok);
    EXPECT_EQ(retrieved, std::vector<std::string>{care.mailbox}) << "all is all of one's own";
    EXPECT_EQ(ask_as(Role::system_administrator, {verb::post, "retrievals", "{}"}).code, status::ok);
    EXPECT_EQ(retrieved, std::nullopt);
}

// An item about the installation mails whom alarms are for, and what it tells is shown to everybody.
TEST_F(Sight, RunsNothingOfTheWholeInstallation)
{
    auto const run = [&](Role role, std::string const& item) {
        return ask_as(role, {verb::post, "checks/runs",
                             fmt::format(R"({{"items":["{}"],"account":"{}","may_send":true}})", item, care.account)});
    };
    auto const refused = run(Role::department_administrator, "alarm-notification");
    EXPECT_EQ(refused.code, status::forbidden);
    EXPECT_EQ(refused.text("field"), "items") << refused.detail();
    EXPECT_EQ(run(Role::department_administrator, "grant-present").code, status::accepted);
    EXPECT_EQ(run(Role::system_administrator, "alarm-notification").code, status::accepted);
}

TEST_F(Sight, IsOfAllForSystemAdministratorsAndAuditorsOfNone)
{
    auto const sees = [&](Role role) {
        auto const session = ask_as(role, {verb::get, "session", ""});
        return std::pair(session.body.at("sees_all").as_bool(), json::serialize(session.body.at("departments")));
    };
    EXPECT_EQ(sees(Role::system_administrator), std::pair(true, std::string("[]")));
    EXPECT_EQ(sees(Role::agent), std::pair(false, std::string(R"(["Care"])")));
    EXPECT_EQ(sees(Role::auditor), std::pair(false, std::string(R"(["Care"])")));
    for (auto const* const path : {"audit", "users", "settings", "applications"})
        EXPECT_EQ(ask_as(Role::auditor, {verb::get, path, ""}).code, status::forbidden) << path;
    must(verb::patch, "users/auditor", R"({"departments":[]})");
    EXPECT_TRUE(sees(Role::auditor).first);
    EXPECT_EQ(ask_as(Role::auditor, {verb::get, "audit", ""}).code, status::ok);
    EXPECT_EQ(ask_as(Role::auditor, {verb::get, "accounts/sales", ""}).code, status::ok);
}

TEST_F(Sight, OfATokenIsThatOfItsUser)
{
    auto const made =
        must(verb::post, "tokens", R"({"user":"agent","name":"n","scopes":["cases:read","cases:write"]})");
    auto const get = [&](std::int64_t number) {
        auto asked = request(verb::get, fmt::format("/api/v1/cases/{}", number));
        asked.headers.emplace("authorization", "Bearer " + made.text("secret"));
        return ask(asked).code;
    };
    EXPECT_EQ(get(care.a_case), status::ok);
    EXPECT_EQ(get(sales.a_case), status::not_found);
    must(verb::patch, "users/agent", R"({"departments":["Sales"]})");
    EXPECT_EQ(get(care.a_case), status::not_found);
    EXPECT_EQ(get(sales.a_case), status::ok);
}

}  // namespace
}  // namespace postroom::console
