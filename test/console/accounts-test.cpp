// Accounts: by whose right their mailboxes are opened, where their servers are, their conversion, and every refusal.
#include "fixture.hpp"

#include "grants/places.hpp"
#include "store/accounts.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"

#include <gmock/gmock.h>

namespace postroom::console {
namespace {

using model::Role;
using testing::HasSubstr;
using testing::Not;

class Accounts : public Console {
protected:
    Accounts()
    {
        must(verb::post, "departments", R"({"name":"Care"})");
        must(verb::post, "applications",
             R"({"name":"entra","tenant":"contoso.com","client_id":"1","client_secret":"the application's secret"})");
        must(verb::post, "applications", R"({"name":"public","tenant":"contoso.com","client_id":"2"})");
        must(verb::post, "applications",
             R"({"name":"op","cloud":"custom","authority":"https://op.example","client_id":"3"})");
    }

    Answer post(std::string path, std::string body)
    {
        return ask(by_socket(request(verb::post, "/api/v1/" + path, std::move(body))));
    }
    Answer add(std::string members) { return post("accounts", R"({"name":"x","department":"Care",)" + members + "}"); }
    Answer change(std::string body)
    {
        return ask(by_socket(request(verb::patch, "/api/v1/accounts/sales", std::move(body))));
    }
    Answer convert(std::string body) { return post("accounts/sales/conversion", std::move(body)); }
    // On the premises, with a password.
    Answer add_branch()
    {
        return must(verb::post, "accounts",
                    R"({"name":"sales","department":"Care","access":"password","user":"CONTOSO\\sales",
                        "password":"the old password","imap_host":"mail.contoso.com:143",
                        "smtp_host":"mail.contoso.com"})");
    }
    void add_sales()
    {
        must(verb::post, "accounts",
             R"({"name":"sales","department":"Care","application":"entra","user":"sales@contoso.com"})");
    }
    model::Account stored(std::string_view name = "sales")
    {
        std::optional<model::Account> found;
        store->read_now([&](store::Connection& c) { found = store::account_named(c, name); });
        return *found;
    }
    std::string password()
    {
        auto const account = stored();
        auto const vault = *vault::Vault::open(folder / "vault.key", false);
        auto const secret = vault->unseal(account.password, grants::place_of_password(account.id));
        return secret ? std::string(secret->expose()) : secret.error().message;
    }
    void expect_refused(Answer const& answer, status code, std::string_view field, std::string_view words)
    {
        EXPECT_EQ(answer.code, code) << answer.response.body;
        EXPECT_EQ(answer.text("field"), field) << answer.detail();
        EXPECT_THAT(answer.detail(), HasSubstr(words));
    }
    void expect_unseen(std::string_view secret)
    {
        EXPECT_THAT(must(verb::get, "accounts").response.body, Not(HasSubstr(secret)));
        for (auto const& entry : audited()) EXPECT_THAT(entry.detail, Not(HasSubstr(secret))) << entry.what;
    }
};

TEST_F(Accounts, OfServersOnThePremisesHaveAPassword)
{
    auto const made = add_branch();
    EXPECT_EQ(made.text("access"), "password");
    EXPECT_TRUE(made.body.at("application").is_null());
    EXPECT_EQ(made.text("user"), "CONTOSO\\sales") << "as the server wants it";
    EXPECT_EQ(made.text("state"), "ready") << "there is nothing to authorize";
    EXPECT_EQ(made.text("retrieval_server"), "mail.contoso.com:143");
    EXPECT_TRUE(made.body.at("retrieval_starttls").as_bool());
    EXPECT_EQ(made.text("submission_server"), "mail.contoso.com:587");
    EXPECT_FALSE(made.body.at("submission_implicit_tls").as_bool());
    EXPECT_EQ(made.text("retrieve_as"), "owner");
    EXPECT_EQ(password(), "the old password");
    EXPECT_THAT(made.response.body, Not(HasSubstr("the old password")));
    expect_unseen("the old password");
}

TEST_F(Accounts, ChooseHowTlsBegins)
{
    struct Row {
        std::string_view given, server;
        bool starttls;
    };
    for (auto const& [given, server, starttls] :
         {Row{R"("imap_host":"a.b")", "a.b:993", false}, Row{R"("imap_host":"a.b:143")", "a.b:143", true},
          Row{R"("imap_host":"a.b","retrieval_starttls":true)", "a.b:143", true},
          Row{R"("imap_host":"a.b:1993")", "a.b:1993", false},
          Row{R"("imap_host":"a.b:1993","retrieval_starttls":true)", "a.b:1993", true},
          Row{R"("imap_host":"a.b:143","retrieval_starttls":false)", "a.b:143", false}}) {
        auto const made = add(R"("application":"entra","user":"a@b.c",)" + std::string(given));
        ASSERT_EQ(made.code, status::created) << made.detail();
        EXPECT_EQ(made.text("retrieval_server"), server) << given;
        EXPECT_EQ(made.body.at("retrieval_starttls").as_bool(), starttls) << given;
        must(verb::delete_, "accounts/x");
    }
    for (auto const& [given, server, implicit] :
         {Row{R"("smtp_host":"a.b")", "a.b:587", false}, Row{R"("smtp_host":"a.b:465")", "a.b:465", true},
          Row{R"("smtp_host":"a.b","submission_implicit_tls":true)", "a.b:465", true},
          Row{R"("smtp_host":"a.b:465","submission_implicit_tls":false)", "a.b:465", false},
          Row{R"("smtp_host":"a.b:25","submission_implicit_tls":true)", "a.b:25", true}}) {
        auto const made = add(R"("application":"entra","user":"a@b.c",)" + std::string(given));
        ASSERT_EQ(made.code, status::created) << made.detail();
        EXPECT_EQ(made.text("submission_server"), server) << given;
        EXPECT_EQ(made.body.at("submission_implicit_tls").as_bool(), implicit) << given;
        must(verb::delete_, "accounts/x");
    }
    auto const pop3 = add(R"("application":"entra","user":"a@b.c","retrieval":"pop3","pop3_host":"a.b:110")");
    EXPECT_TRUE(pop3.body.at("retrieval_starttls").as_bool());
    must(verb::delete_, "accounts/x");
    EXPECT_EQ(add(R"("application":"entra","user":"a@b.c","retrieval":"pop3","retrieval_starttls":true)")
                  .text("retrieval_server"),
              "outlook.office365.com:995")
        << "the cloud's own port stays";
}

TEST_F(Accounts, AreRefusedWhereTheyCouldNeverWork)
{
    expect_refused(add(R"("access":"magic")"), status::bad_request, "access", "");
    expect_refused(add(R"("user":"a@b.c")"), status::bad_request, "application", "which identity application");
    expect_refused(add(R"("application":"none","user":"a@b.c")"), status::bad_request, "application", "no application");
    expect_refused(add(R"("application":"entra")"), status::bad_request, "user", "user name such as");
    expect_refused(add(R"("application":"entra","user":"a@b.c","password":"p")"), status::bad_request, "password",
                   "without a password");
    expect_refused(add(R"("access":"password","user":"a","imap_host":"a.b","smtp_host":"a.b")"), status::bad_request,
                   "password", "needs the password");
    expect_refused(add(R"("access":"password","user":"a","password":"p","application":"entra")"), status::bad_request,
                   "application", "no identity application");
    expect_refused(add(R"("access":"password","password":"p","imap_host":"a.b","smtp_host":"a.b")"),
                   status::bad_request, "user", "which user name");
    expect_refused(add(R"("access":"password","user":"a\u0001","password":"p","imap_host":"a","smtp_host":"a")"),
                   status::bad_request, "user", "control character");
    expect_refused(add(R"("access":"password","user":"a","password":"p","smtp_host":"a.b")"), status::bad_request,
                   "imap_host", "say which");
    expect_refused(add(R"("access":"password","user":"a","password":"p","imap_host":"a.b")"), status::bad_request,
                   "smtp_host", "say which");
    expect_refused(add(R"("application":"op","user":"a@b.c","smtp_host":"a.b")"), status::bad_request, "imap_host",
                   "say which");
    expect_refused(add(R"("application":"entra","user":"a@b.c","pop3_host":"a.b")"), status::bad_request, "pop3_host",
                   "retrieves otherwise");
    expect_refused(add(R"("application":"entra","user":"a@b.c","imap_host":"a.b:99999")"), status::bad_request,
                   "imap_host", "");
    expect_refused(add(R"("application":"entra","user":"a@b.c","retrieve_as":"root")"), status::bad_request,
                   "retrieve_as", "");
    expect_refused(add(R"("access":"application","application":"public")"), status::bad_request, "application",
                   "no credential");
    expect_refused(add(R"("access":"application","application":"entra","submit_as":"owner")"), status::bad_request,
                   "submit_as", "no user to sign in as");
    must(verb::patch, "applications/entra", R"({"tenant":"common"})");
    expect_refused(add(R"("access":"application","application":"entra")"), status::bad_request, "application",
                   "in one tenant");
    EXPECT_EQ(must(verb::get, "accounts").body.at("items").as_array().size(), 0U);
}

TEST_F(Accounts, OfAnApplicationsOwnPermissionsAreForSystemAdministrators)
{
    std::string const account =
        R"({"name":"own","department":"Care","access":"application","application":"entra","kind":"shared"})";
    auto const theirs = [&](verb method, std::string path, std::string body) {
        return ask(as(Role::department_administrator, request(method, "/api/v1/" + path, std::move(body))));
    };
    must(verb::patch, "users/department-administrator", R"({"departments":["Care"]})");
    expect_refused(theirs(verb::post, "accounts", account), status::forbidden, "access", "system administrator");
    auto const made = must(verb::post, "accounts", account);
    EXPECT_EQ(made.text("user"), "");
    EXPECT_EQ(made.text("retrieve_as"), "mailbox");
    EXPECT_EQ(made.text("submit_as"), "mailbox");
    EXPECT_EQ(made.text("state"), "new");
    expect_refused(theirs(verb::post, "mailboxes", R"({"address":"ceo@contoso.com","account":"own"})"),
                   status::forbidden, "account", "system administrator");
    must(verb::post, "mailboxes", R"({"address":"care@contoso.com","account":"own"})");
    add_sales();
    expect_refused(theirs(verb::post, "accounts/sales/conversion", R"({"access":"application","application":"entra"})"),
                   status::forbidden, "access", "system administrator");
    expect_refused(theirs(verb::post, "accounts/sales/conversion",
                          R"({"access":"delegated","application":"entra","imap_host":"evil.example"})"),
                   status::forbidden, "imap_host", "system administrator");
    for (auto const* const given : {R"("retrieval_starttls":true)", R"("submission_implicit_tls":true)"})
        EXPECT_EQ(theirs(verb::patch, "accounts/sales", std::string("{") + given + "}").code, status::forbidden);
    EXPECT_EQ(theirs(verb::post, "accounts/sales/conversion", R"({"access":"delegated","application":"entra"})").code,
              status::ok);
}

TEST_F(Accounts, AreChangedInWhatIsGivenOnly)
{
    add_sales();
    auto const changed_as = change(R"({"retrieve_as":"owner","submit_as":"mailbox"})");
    ASSERT_EQ(changed_as.code, status::ok) << changed_as.detail();
    EXPECT_EQ(changed_as.text("retrieve_as"), "owner");
    EXPECT_EQ(changed_as.text("submit_as"), "mailbox");
    EXPECT_EQ(changed_as.text("retrieval_server"), "outlook.office365.com:993");
    auto const starttls = change(R"({"retrieval_starttls":true})");
    EXPECT_EQ(starttls.text("retrieval_server"), "outlook.office365.com:993") << "the port stays";
    EXPECT_TRUE(starttls.body.at("retrieval_starttls").as_bool());
    EXPECT_FALSE(change(R"({"imap_host":"a.b:993"})").body.at("retrieval_starttls").as_bool()) << "as the port has it";
    struct Move {
        char const* given;
        char const* server;
        bool tls;
    };
    auto const expect_moves = [&](char const* place, char const* tls, std::initializer_list<Move> moves) {
        for (auto const& each : moves) {
            auto const moved = change(std::string("{") + each.given + "}");
            EXPECT_EQ(moved.text(place), each.server) << each.given;
            EXPECT_EQ(moved.body.at(tls).as_bool(), each.tls) << each.given;
        }
    };
    expect_moves("retrieval_server", "retrieval_starttls",
                 {{R"("imap_host":"a.b:1143","retrieval_starttls":true)", "a.b:1143", true},
                  {R"("imap_host":"c.d:1143")", "c.d:1143", true},
                  {R"("imap_host":"c.d")", "c.d:143", true},
                  {R"("imap_host":"c.d:993")", "c.d:993", false},
                  {R"("imap_host":"c.d:1993")", "c.d:1993", false}});
    expect_moves("submission_server", "submission_implicit_tls",
                 {{R"("smtp_host":"a.b:2465","submission_implicit_tls":true)", "a.b:2465", true},
                  {R"("smtp_host":"c.d:2465")", "c.d:2465", true},
                  {R"("smtp_host":"c.d")", "c.d:465", true},
                  {R"("smtp_host":"c.d:25")", "c.d:25", false},
                  {R"("smtp_host":"c.d:2587")", "c.d:2587", false}});
    expect_refused(change("{}"), status::bad_request, "", "nothing to change");
    expect_refused(change(R"({"password":"p"})"), status::bad_request, "password", "without a password");
    expect_refused(change(R"({"user":"b@b.c"})"), status::bad_request, "user", "no member");
}

TEST_F(Accounts, TakeAnotherPasswordAndAreReadyWithIt)
{
    add_branch();
    store->write_now([&](store::Connection& c) {
        store::set_account_state(c, stored().id, model::AccountState::needs_authorization, "NO LOGIN failed.",
                                 clock.now());
        store::raise_alarm(c, "grant-refresh", "sales", "NO LOGIN failed.", clock.now());
    });
    auto const given = change(R"({"password":"the new password"})");
    ASSERT_EQ(given.code, status::ok) << given.detail();
    EXPECT_EQ(given.text("state"), "ready");
    EXPECT_EQ(given.text("state_reason"), "");
    EXPECT_EQ(password(), "the new password");
    EXPECT_TRUE(must(verb::get, "alarms").body.at("items").as_array().empty());
    expect_refused(change(R"({"password":""})"), status::bad_request, "password", "not empty");
    EXPECT_EQ(password(), "the new password");
    expect_unseen("the new password");
}

TEST_F(Accounts, KeepTheirMailboxesAndLedgersThroughAConversion)
{
    add_branch();
    must(verb::post, "mailboxes", R"({"address":"sales@contoso.com","account":"sales"})");
    auto const before = stored();
    auto const mailbox = [&] {
        model::MailboxId id;
        store->read_now([&](store::Connection& c) { id = store::mailboxes_of(c, before.id).at(0).id; });
        return id;
    };
    auto const id = mailbox();
    store->write_now([&](store::Connection& c) {
        store::set_right(c, {id, model::MailboxRight::What::open, model::Outcome::holds, "OK", clock.now()});
    });

    auto const converted = convert(R"({"access":"delegated","application":"entra","user":"Sales@Contoso.com"})");
    ASSERT_EQ(converted.code, status::ok) << converted.detail();
    EXPECT_EQ(converted.text("access"), "delegated");
    EXPECT_EQ(converted.text("application"), "entra");
    EXPECT_EQ(converted.text("user"), "sales@contoso.com");
    EXPECT_EQ(converted.text("state"), "new");
    EXPECT_EQ(converted.text("retrieval_server"), "outlook.office365.com:993") << "the cloud's own";
    EXPECT_FALSE(converted.body.at("retrieval_starttls").as_bool());
    EXPECT_EQ(converted.text("retrieve_as"), "mailbox");
    EXPECT_EQ(converted.text("submit_as"), "owner");
    EXPECT_EQ(stored().id, before.id);
    EXPECT_EQ(mailbox(), id);
    EXPECT_TRUE(stored().password.bytes.empty()) << "nobody needs it any more";
    EXPECT_TRUE(must(verb::get, "accounts/sales/rights").body.at("items").at(0).at("open").is_null());

    store->write_now([&](store::Connection& c) {
        model::Grant grant{.account = before.id};
        grant.owner = {"tenant", "object", "sales@contoso.com"};
        store::accept_grant(c, grant);
    });
    EXPECT_FALSE(must(verb::get, "accounts/sales").body.at("grant").is_null());
    auto const as_application = convert(R"({"access":"application","application":"entra"})");
    ASSERT_EQ(as_application.code, status::ok) << as_application.detail();
    EXPECT_TRUE(as_application.body.at("grant").is_null());
    EXPECT_EQ(as_application.text("submit_as"), "mailbox");

    auto const back = convert(R"({"access":"password","user":"sales","password":"again","imap_host":"mail.contoso.com",
                                  "smtp_host":"mail.contoso.com:465"})");
    ASSERT_EQ(back.code, status::ok) << back.detail();
    EXPECT_EQ(back.text("state"), "ready");
    EXPECT_TRUE(back.body.at("application").is_null());
    EXPECT_EQ(password(), "again");
    auto const to_op = convert(R"({"access":"delegated","application":"op","user":"s@op.example"})");
    EXPECT_EQ(to_op.text("retrieval_server"), "mail.contoso.com:993") << "a cloud without servers leaves them";
    EXPECT_TRUE(to_op.body.at("submission_implicit_tls").as_bool());
    expect_unseen("again");
    EXPECT_EQ(audited().front().what, "account.convert");
}

TEST_F(Accounts, KeepTheirServersThroughAConversionWithinACloud)
{
    must(verb::post, "applications", R"({"name":"high","cloud":"gcc-high","tenant":"contoso.us","client_id":"4"})");
    add_sales();
    auto const named = change(R"({"imap_host":"proxy.contoso.com:1143","retrieval_starttls":true,
                                  "smtp_host":"proxy.contoso.com:2587","retrieve_as":"owner","submit_as":"mailbox"})");
    ASSERT_EQ(named.code, status::ok) << named.detail();
    // A department administrator may not name servers, so that what a system administrator named is not undone either.
    must(verb::patch, "users/department-administrator", R"({"departments":["Care"]})");
    auto const rebound =
        ask(as(Role::department_administrator,
               request(verb::post, "/api/v1/accounts/sales/conversion",
                       R"({"access":"delegated","application":"public","user":"sales@fabrikam.com"})")));
    ASSERT_EQ(rebound.code, status::ok) << rebound.detail();
    EXPECT_EQ(rebound.text("application"), "public");
    EXPECT_EQ(rebound.text("retrieval_server"), "proxy.contoso.com:1143");
    EXPECT_TRUE(rebound.body.at("retrieval_starttls").as_bool());
    EXPECT_EQ(rebound.text("submission_server"), "proxy.contoso.com:2587");
    EXPECT_EQ(rebound.text("retrieve_as"), "owner");
    EXPECT_EQ(rebound.text("submit_as"), "mailbox");

    auto const by_itself = convert(R"({"access":"application","application":"entra"})");
    EXPECT_EQ(by_itself.text("retrieval_server"), "proxy.contoso.com:1143");
    EXPECT_EQ(by_itself.text("retrieve_as"), "mailbox") << "the access is another one";
    auto const elsewhere = convert(R"({"access":"delegated","application":"high","user":"sales@contoso.us"})");
    EXPECT_EQ(elsewhere.text("retrieval_server"), "outlook.office365.us:993") << "another cloud's";
    EXPECT_FALSE(elsewhere.body.at("retrieval_starttls").as_bool());
    EXPECT_EQ(elsewhere.text("submit_as"), "owner");
}

TEST_F(Accounts, AreConvertedByWhomeverSawTheLastVersion)
{
    add_branch();
    auto const tag = must(verb::get, "accounts/sales").text("etag");
    change(R"({"smtp_host":"mail2.contoso.com"})");
    auto late = by_socket(request(verb::post, "/api/v1/accounts/sales/conversion",
                                  R"({"access":"delegated","application":"entra","user":"s@contoso.com"})"));
    late.headers.emplace("if-match", tag);
    EXPECT_EQ(ask(std::move(late)).code, status::precondition_failed);
    EXPECT_EQ(stored().access, model::Access::password);
    expect_refused(convert(R"({"access":"delegated","user":"s@contoso.com"})"), status::bad_request, "application", "");
    expect_refused(convert(R"({"application":"entra"})"), status::bad_request, "access", "missing");
    expect_refused(convert(R"({"access":"password"})"), status::bad_request, "password", "needs the password");
    EXPECT_EQ(password(), "the old password");
}

TEST_F(Accounts, SayWhatTroubleTheirGrantIsIn)
{
    add_sales();
    store->write_now([&](store::Connection& c) {
        model::Grant grant{.account = stored().id};
        grant.owner = {"tenant", "object", "sales@contoso.com"};
        store::accept_grant(c, grant);
        grant = *store::grant(c, grant.account);
        grant.refusals = 2;
        grant.failures = 1;
        grant.next_try = clock.now() + std::chrono::hours(1);
        grant.trouble = "the identity provider refused: invalid_grant: AADSTS700082: expired";
        EXPECT_TRUE(store::note_trouble(c, grant));
        store::note_asked(c, grant.account, grant.version, clock.now());
    });
    auto const grant = must(verb::get, "accounts/sales").body.at("grant");
    EXPECT_EQ(grant.at("refusals").as_int64(), 2);
    EXPECT_EQ(grant.at("failures").as_int64(), 1);
    EXPECT_EQ(grant.at("next_try").as_string(), "2026-11-22T01:00:00.000Z");
    EXPECT_EQ(grant.at("asked").as_string(), "2026-11-22T00:00:00.000Z");
    EXPECT_EQ(grant.at("causes").at(0).at("id").as_string(), "AADSTS700082");
}

}  // namespace
}  // namespace postroom::console
