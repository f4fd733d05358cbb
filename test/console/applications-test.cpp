// Identity applications: their credentials, what has to be entered for them, and every refusal.
#include "fixture.hpp"

#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"

#include <gmock/gmock.h>

namespace postroom::console {
namespace {

using model::Role;
using testing::HasSubstr;
using testing::Not;

class Applications : public Console {
protected:
    Applications() { must(verb::post, "applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1"})"); }

    Answer post(std::string path, std::string body)
    {
        return ask(by_socket(request(verb::post, "/api/v1/" + path, std::move(body))));
    }
    Answer patch(std::string path, std::string body, std::string_view if_match = {})
    {
        auto asked = by_socket(request(verb::patch, "/api/v1/" + path, std::move(body)));
        if (!if_match.empty()) asked.headers.emplace("if-match", if_match);
        return ask(std::move(asked));
    }
    void expect_refused(Answer const& answer, status code, std::string_view field, std::string_view words)
    {
        EXPECT_EQ(answer.code, code) << answer.response.body;
        EXPECT_EQ(answer.text("field"), field) << answer.detail();
        EXPECT_THAT(answer.detail(), HasSubstr(words));
    }
    void account_of_entra()
    {
        must(verb::post, "departments", R"({"name":"Care"})");
        must(verb::post, "accounts",
             R"({"name":"sales","department":"Care","application":"entra","user":"sales@contoso.com"})");
    }
};

TEST_F(Applications, AreRefusedWhereTheyCouldNeverWork)
{
    auto const add = [&](std::string members) {
        return post("applications", R"({"name":"x","client_id":"1",)" + members + "}");
    };
    expect_refused(add(R"("cloud":"moon")"), status::bad_request, "cloud", "there are worldwide");
    expect_refused(add(R"("tenant":"")"), status::bad_request, "tenant", "the tenant is missing");
    expect_refused(add(R"("tenant":"contoso.com/common")"), status::bad_request, "tenant", "no tenant");
    expect_refused(add(R"("cloud":"custom")"), status::bad_request, "authority", "needs the authority");
    expect_refused(add(R"("cloud":"custom","authority":"http://op.example")"), status::bad_request, "authority", "");
    expect_refused(add(R"("cloud":"custom","authority":"https://op.example/?x")"), status::bad_request, "authority",
                   "");
    expect_refused(add(R"("tenant":"contoso.com","authority":"https://op.example")"), status::bad_request, "authority",
                   "has its own authority");
    expect_refused(add(R"("tenant":"contoso.com","scopes":["openid"])"), status::bad_request, "scopes",
                   "has its own scopes");
    expect_refused(add(R"("cloud":"custom","authority":"https://op.example","scopes":["a b"])"), status::bad_request,
                   "scopes", "is no scope");
    expect_refused(add(R"("cloud":"custom","authority":"https://op.example","scopes":[""])"), status::bad_request,
                   "scopes", "is no scope");
    expect_refused(add(R"("tenant":"contoso.com","client_id":"a b")"), status::bad_request, "client_id", "one word");
    expect_refused(post("applications", R"({"name":"ENTRA","tenant":"contoso.com","client_id":"1"})"), status::conflict,
                   "name", "already");
}

TEST_F(Applications, AreChangedByWhomeverSawTheLastVersion)
{
    auto const before = must(verb::get, "applications/entra");
    EXPECT_THAT(before.response.headers,
                testing::Contains(std::pair<std::string, std::string>("ETag", before.text("etag"))));
    auto const after = patch("applications/entra", R"({"name":"microsoft","tenant":"fabrikam.com","client_id":"2"})",
                             before.text("etag"));
    ASSERT_EQ(after.code, status::ok) << after.detail();
    EXPECT_EQ(after.text("name"), "microsoft");
    EXPECT_EQ(after.text("tenant"), "fabrikam.com");
    EXPECT_EQ(after.text("client_id"), "2");
    EXPECT_NE(after.text("etag"), before.text("etag"));
    auto const late = patch("applications/microsoft", R"({"tenant":"contoso.com"})", before.text("etag"));
    EXPECT_EQ(late.code, status::precondition_failed);
    EXPECT_EQ(late.text("changed_by"), fmt::format("uid {}", ::geteuid()));
    EXPECT_EQ(late.text("etag"), after.text("etag"));
    EXPECT_EQ(must(verb::get, "applications/microsoft").text("tenant"), "fabrikam.com");

    expect_refused(patch("applications/microsoft", "{}"), status::bad_request, "", "nothing to change");
    expect_refused(patch("applications/microsoft", R"({"tenant":""})"), status::bad_request, "tenant", "missing");
    expect_refused(patch("applications/microsoft", R"({"authority":"https://op.example"})"), status::bad_request,
                   "authority", "its own");
    expect_refused(patch("applications/microsoft", R"({"scopes":["openid"]})"), status::bad_request, "scopes",
                   "its own");
    must(verb::post, "applications", R"({"name":"other","tenant":"contoso.com","client_id":"1"})");
    expect_refused(patch("applications/microsoft", R"({"name":"Other"})"), status::conflict, "name", "already");
    auto stale = by_socket(request(verb::delete_, "/api/v1/applications/microsoft"));
    stale.headers.emplace("if-match", before.text("etag"));
    EXPECT_EQ(ask(std::move(stale)).code, status::precondition_failed);
}

TEST_F(Applications, EndWhatIsUnderWayWhereTheyBecomeAnotherRegistration)
{
    account_of_entra();
    model::Authorization under_way{.id = model::AuthorizationId::make()};
    store->write_now([&](store::Connection& c) {
        under_way.account = store::account_named(c, "sales")->id;
        under_way.state = "state";
        under_way.ends = clock.now() + std::chrono::minutes(10);
        store::add_authorization(c, under_way);
    });
    auto const now = [&] { return must(verb::get, "authorizations/" + to_string(under_way.id)); };
    must(verb::patch, "applications/entra", R"({"name":"microsoft"})");
    EXPECT_EQ(now().text("state"), "waiting");
    must(verb::patch, "applications/microsoft", R"({"client_id":"2"})");
    EXPECT_EQ(now().text("state"), "refused");
    EXPECT_THAT(now().text("reason"), HasSubstr("was changed meanwhile"));
}

TEST_F(Applications, HaveTwoCredentialsAndNoSecretInAnyAnswer)
{
    auto const first = post("applications/entra/credentials", R"({"client_secret":"the first secret"})");
    ASSERT_EQ(first.code, status::created) << first.detail();
    EXPECT_EQ(first.text("kind"), "secret");
    EXPECT_TRUE(first.body.at("ends").is_null());
    clock.advance(std::chrono::seconds(1));
    auto const next =
        post("applications/entra/credentials", R"({"client_secret":"the next secret","ends":"2028-11-22T00:00:00Z"})");
    ASSERT_EQ(next.code, status::created) << next.detail();
    EXPECT_EQ(next.text("ends"), "2028-11-22T00:00:00.000Z");
    expect_refused(post("applications/entra/credentials", R"({"client_secret":"a third"})"), status::conflict, "",
                   "two credentials already");

    auto const shown = must(verb::get, "applications/entra");
    auto const& credentials = shown.body.at("credentials").as_array();
    ASSERT_EQ(credentials.size(), 2U);
    EXPECT_EQ(credentials[0].at("id").as_string(), next.text("id")) << "newest first";
    EXPECT_TRUE(shown.body.at("has_secret").as_bool());
    store->write_now([&](store::Connection& c) {
        store::judge_credential(c, {*parse_uuid(next.text("id"))},
                                "invalid_client: AADSTS7000215: Invalid client secret provided", clock.now());
    });
    auto const judged = must(verb::get, "applications/entra");
    EXPECT_EQ(judged.body.at("credentials").at(0).at("causes").at(0).at("id").as_string(), "AADSTS7000215");
    EXPECT_TRUE(judged.body.at("credentials").at(1).at("causes").as_array().empty());

    for (auto const* const each : {&first, &next, &shown, &judged})
        EXPECT_THAT(each->response.body, Not(HasSubstr("the first secret")));
    for (auto const& entry : audited()) {
        EXPECT_THAT(entry.detail, Not(HasSubstr("secret\":\"the"))) << entry.what;
        EXPECT_THAT(entry.detail, Not(HasSubstr("next secret"))) << entry.what;
    }
}

TEST_F(Applications, RefuseWhatCanBeNoCredential)
{
    auto const add = [&](std::string body) { return post("applications/entra/credentials", std::move(body)); };
    expect_refused(add("{}"), status::bad_request, "client_secret", "give a client secret, or a certificate");
    expect_refused(add(R"({"client_secret":"01900000-0000-4000-8000-000000000000"})"), status::bad_request,
                   "client_secret", "secret's id");
    expect_refused(add(R"({"client_secret":"s","certificate":"p"})"), status::bad_request, "certificate", "either");
    expect_refused(add(R"({"client_secret":"s","ends":"tomorrow"})"), status::bad_request, "ends", "RFC 3339");
    expect_refused(add(R"({"client_secret":"s","ends":"2026-11-21T23:59:59Z"})"), status::bad_request, "ends",
                   "run out already");
    expect_refused(add(R"({"certificate":"p","ends":"2028-11-22T00:00:00Z"})"), status::bad_request, "ends",
                   "a certificate says it");
    auto const broken =
        add(R"({"certificate":"-----BEGIN PRIVATE KEY-----\nnot to be seen\n-----END PRIVATE KEY-----"})");
    expect_refused(broken, status::bad_request, "certificate", "");
    EXPECT_THAT(broken.response.body, Not(HasSubstr("not to be seen")));
    EXPECT_EQ(post("applications/nobody/credentials", R"({"client_secret":"s"})").code, status::not_found);
    EXPECT_TRUE(must(verb::get, "applications/entra").body.at("credentials").as_array().empty());
}

TEST_F(Applications, KeepTheLastCredentialThatAccountsUse)
{
    account_of_entra();
    auto const first = must(verb::post, "applications/entra/credentials", R"({"client_secret":"one"})");
    auto const remove = [&](std::string application, Answer const& which) {
        return ask(by_socket(
            request(verb::delete_, "/api/v1/applications/" + application + "/credentials/" + which.text("id"))));
    };
    expect_refused(remove("entra", first), status::conflict, "", "add the next one first");
    auto const next = must(verb::post, "applications/entra/credentials", R"({"client_secret":"two"})");
    must(verb::post, "applications", R"({"name":"other","tenant":"contoso.com","client_id":"1"})");
    EXPECT_EQ(remove("other", first).code, status::not_found) << "it is not that application's";
    EXPECT_EQ(remove("entra", first).code, status::no_content);
    EXPECT_EQ(remove("entra", first).code, status::not_found);
    EXPECT_EQ(remove("entra", next).code, status::conflict);
    must(verb::delete_, "accounts/sales");
    EXPECT_EQ(remove("entra", next).code, status::no_content);
    EXPECT_FALSE(must(verb::get, "applications/entra").body.at("has_secret").as_bool());
}

TEST_F(Applications, SayAllThatHasToBeEnteredInEntra)
{
    auto const without = must(verb::get, "applications/entra/registration");
    EXPECT_EQ(without.text("provider"), "entra");
    EXPECT_EQ(without.text("redirect_url"), "https://mail.contoso.com/oauth/callback");
    EXPECT_EQ(without.text("platform"), "mobile-and-desktop");
    EXPECT_EQ(without.text("account_types"), "single-tenant");
    EXPECT_EQ(without.text("public_client_flows"), "always");
    EXPECT_EQ(without.text("authority"), "https://login.microsoftonline.com/contoso.com");
    EXPECT_EQ(without.body.at("endpoints").at("token").as_string(),
              "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
    EXPECT_THAT(without.text("admin_consent_url"),
                testing::StartsWith("https://login.microsoftonline.com/contoso.com/v2.0/adminconsent?"));
    EXPECT_TRUE(without.body.at("exchange").is_null());
    std::set<std::string> names;
    for (auto const& each : without.body.at("permissions").as_array())
        names.insert(json::value_to<std::string>(each.at("access")) + " " +
                     json::value_to<std::string>(each.at("name")) + " " +
                     json::value_to<std::string>(each.at("scope")));
    for (auto const& each : without.body.at("permissions").as_array())
        EXPECT_EQ(each.at("resource").as_string(),
                  each.at("access").as_string() == "delegated" ? "Microsoft Graph" : "Office 365 Exchange Online")
            << "where Entra's pages list it";
    EXPECT_EQ(names,
              (std::set<std::string>{"delegated IMAP.AccessAsUser.All https://outlook.office.com/IMAP.AccessAsUser.All",
                                     "delegated POP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All",
                                     "delegated SMTP.Send https://outlook.office.com/SMTP.Send",
                                     "delegated openid openid", "delegated profile profile", "delegated email email",
                                     "delegated offline_access offline_access", "application IMAP.AccessAsApp ",
                                     "application POP.AccessAsApp ", "application SMTP.SendAsApp "}));

    must(verb::post, "applications/entra/credentials", R"({"client_secret":"one"})");
    auto const with = must(verb::get, "applications/entra/registration");
    EXPECT_EQ(with.text("platform"), "web");
    EXPECT_EQ(with.text("public_client_flows"), "for-device-code");
    for (auto const& [tenant, types] : {std::pair("common", "multi-tenant-and-personal"),
                                        {"Organizations", "multi-tenant"},
                                        {"consumers", "personal"}}) {
        must(verb::patch, "applications/entra", fmt::format(R"({{"tenant":"{}"}})", tenant));
        EXPECT_EQ(must(verb::get, "applications/entra/registration").text("account_types"), types);
    }
    EXPECT_EQ(
        ask(as(Role::department_administrator, request(verb::get, "/api/v1/applications/entra/registration"))).code,
        status::forbidden);
}

TEST_F(Applications, GiveExchangeACommandForEachMailboxThatNothingInItEscapes)
{
    must(verb::post, "applications/entra/credentials", R"({"client_secret":"one"})");
    must(verb::patch, "applications/entra", R"({"client_id":"';Remove-Mailbox’"})");
    must(verb::post, "departments", R"({"name":"Care"})");
    must(verb::post, "accounts",
         R"({"name":"own","department":"Care","access":"application","application":"entra","kind":"shared"})");
    must(verb::post, "mailboxes", R"({"address":"o'brien@contoso.com","account":"own"})");
    auto const script = [&] {
        return json::value_to<std::string>(
            must(verb::get, "applications/entra/registration").body.at("exchange").at("script"));
    };
    EXPECT_EQ(script(),
              "Connect-ExchangeOnline\n"
              "$objectId = '<object id of the enterprise application>'\n"
              "New-ServicePrincipal -AppId ''';Remove-Mailbox’’' -ObjectId $objectId\n"
              "Add-MailboxPermission -Identity 'o''brien@contoso.com' -User $objectId -AccessRights FullAccess\n"
              "Add-RecipientPermission -Identity 'o''brien@contoso.com' -Trustee $objectId -AccessRights SendAs "
              "-Confirm:$false\n");
    auto const with_owner = [&](std::string object_id) {
        store->write_now([&](store::Connection& c) {
            model::Grant grant{.account = store::account_named(c, "own")->id};
            grant.owner = {"tenant", std::move(object_id), ""};
            store::accept_grant(c, grant);
        });
        return script();
    };
    EXPECT_THAT(with_owner("$(evil)"), HasSubstr("'<object id of")) << "what is no id is not taken";
    EXPECT_THAT(with_owner("01900000-0000-4000-8000-000000000000"),
                HasSubstr("$objectId = '01900000-0000-4000-8000-000000000000'\n"));
    for (auto const& [cloud, environment] :
         {std::pair("gcc-high", "O365USGovGCCHigh"), {"dod", "O365USGovDoD"}, {"china", "O365China"}}) {
        must(verb::post, "applications",
             fmt::format(R"({{"name":"{0}","cloud":"{0}","tenant":"contoso.com","client_id":"1","client_secret":"s"}})",
                         cloud));
        must(verb::post, "accounts",
             fmt::format(R"({{"name":"{0}","department":"Care","access":"application","application":"{0}"}})", cloud));
        EXPECT_THAT(
            json::value_to<std::string>(
                must(verb::get, fmt::format("applications/{}/registration", cloud)).body.at("exchange").at("script")),
            testing::StartsWith(fmt::format("Connect-ExchangeOnline -ExchangeEnvironmentName {}\n", environment)));
    }
}

TEST_F(Applications, ThatBecomeAnotherRegistrationEndTheGrantsOfTheirOwn)
{
    must(verb::post, "applications/entra/credentials", R"({"client_secret":"one"})");
    account_of_entra();
    must(verb::post, "accounts",
         R"({"name":"own","department":"Care","access":"application","application":"entra","kind":"shared"})");
    auto const state = [&](std::string_view name) { return must(verb::get, fmt::format("accounts/{}", name)); };
    auto const grant_all = [&] {
        store->write_now([&](store::Connection& c) {
            for (auto const* const name : {"sales", "own"}) {
                auto const id = store::account_named(c, name)->id;
                model::Grant grant{.account = id};
                grant.owner = {"tenant", "01900000-0000-4000-8000-000000000000", ""};
                store::accept_grant(c, grant);
                store::set_account_state(c, id, model::AccountState::ready, "", clock.now());
            }
            store::raise_alarm(c, "grant-refresh", "own", "AADSTS700016", clock.now());
        });
    };
    for (auto const* const given : {R"({"client_id":"2"})", R"({"tenant":"fabrikam.com"})"}) {
        grant_all();
        must(verb::patch, "applications/entra", R"({"name":"entra","scopes":[]})");
        EXPECT_EQ(state("own").text("state"), "ready") << "it is the same registration";
        must(verb::patch, "applications/entra", given);
        EXPECT_EQ(state("own").text("state"), "new") << given;
        EXPECT_TRUE(state("own").body.at("grant").is_null());
        EXPECT_EQ(state("sales").text("state"), "ready") << "a user's grant is told by its renewal";
        EXPECT_FALSE(state("sales").body.at("grant").is_null());
        EXPECT_EQ(must(verb::get, "applications/entra/registration").body.at("exchange").at("object_id").as_string(),
                  "");
        EXPECT_TRUE(must(verb::get, "alarms").body.at("items").as_array().empty());
    }
}

TEST_F(Applications, OfOtherProvidersNeedTheirOwnScopesOnly)
{
    must(
        verb::post, "applications",
        R"({"name":"op","cloud":"custom","authority":"https://op.example/","client_id":"1","scopes":["openid","mail"]})");
    auto const said = must(verb::get, "applications/op/registration");
    EXPECT_EQ(said.text("provider"), "openid");
    EXPECT_EQ(said.text("authority"), "https://op.example");
    EXPECT_EQ(said.text("admin_consent_url"), "");
    EXPECT_TRUE(said.body.at("endpoints").is_null()) << "there is no network here";
    std::vector<std::string> scopes;
    for (auto const& each : said.body.at("permissions").as_array())
        scopes.push_back(json::value_to<std::string>(each.at("scope")));
    EXPECT_EQ(scopes, (std::vector<std::string>{"openid", "mail"}));
}

}  // namespace
}  // namespace postroom::console
