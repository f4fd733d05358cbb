// Obtaining a grant, as the API shows it; and what a grant opens.
#include "fixture.hpp"

#include "console/responses.hpp"
#include "grants/authorizations.hpp"
#include "model/causes.hpp"
#include "store/accounts.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"

#include <gmock/gmock.h>

namespace postroom::console {
namespace {

using testing::HasSubstr;
using testing::Not;
using State = model::Authorization::State;

class Authorizations : public Console {
protected:
    Authorizations()
    {
        must(verb::post, "departments", R"({"name":"Care"})");
        must(verb::post, "applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1"})");
        must(verb::post, "accounts",
             R"({"name":"sales","department":"Care","application":"entra","user":"sales@contoso.com"})");
        must(verb::post, "mailboxes", R"({"address":"sales@contoso.com","account":"sales"})");
        store->read_now([&](store::Connection& c) {
            account = *store::account_named(c, "sales");
            mailbox = store::mailboxes_of(c, account.id).at(0).id;
        });
    }

    model::Authorization add(State outcome, std::string reason, model::Flow flow = model::Flow::code)
    {
        clock.advance(std::chrono::seconds(1));
        model::Authorization made{.id = model::AuthorizationId::make(), .account = account.id, .flow = flow};
        made.state = to_string(made.id);
        made.nonce = "the nonce";
        made.by = "anna";
        made.begun = clock.now();
        made.ends = clock.now() + std::chrono::minutes(10);
        if (flow == model::Flow::device) {
            made.device_code = {"the device code"};
            made.user_code = "ABCD-EFGH";
            made.verification_url = "https://microsoft.com/devicelogin";
        }
        store->write_now([&](store::Connection& c) {
            store::add_authorization(c, made);
            if (outcome != State::waiting) EXPECT_TRUE(store::settle_authorization(c, made.id, outcome, reason));
        });
        return made;
    }
    Answer post(std::string path, std::string body)
    {
        return ask(by_socket(request(verb::post, "/api/v1/" + path, std::move(body))));
    }

    model::Account account;
    model::MailboxId mailbox;
};

TEST_F(Authorizations, ShowWhatToDoAndNoSecret)
{
    auto const made = add(State::waiting, "", model::Flow::device);
    auto const shown = must(verb::get, "authorizations/" + to_string(made.id));
    EXPECT_EQ(shown.text("flow"), "device");
    EXPECT_EQ(shown.text("state"), "waiting");
    EXPECT_EQ(shown.text("user_code"), "ABCD-EFGH");
    EXPECT_EQ(shown.text("verification_url"), "https://microsoft.com/devicelogin");
    EXPECT_EQ(shown.text("by"), "anna");
    EXPECT_THAT(shown.response.body, Not(HasSubstr("device code")));
    EXPECT_THAT(shown.response.body, Not(HasSubstr("nonce")));
}

TEST_F(Authorizations, SayWhyTheyWereRefusedOrWhatToNote)
{
    add(State::refused, "the identity provider refused: invalid_grant: AADSTS65001: consent is missing");
    add(State::accepted, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled");
    add(State::refused, "bruno began another one at 10:00");
    auto const items = must(verb::get, "accounts/sales/authorizations").body.at("items").as_array();
    ASSERT_EQ(items.size(), 3U);
    auto const text = [&](std::size_t i, std::string_view name) {
        return json::value_to<std::string>(items.at(i).at(name));
    };
    EXPECT_EQ(text(0, "reason"), "bruno began another one at 10:00") << "newest first";
    EXPECT_EQ(text(0, "admin_consent_url"), "");
    EXPECT_EQ(text(1, "state"), "accepted");
    EXPECT_EQ(text(1, "reason"), "");
    EXPECT_THAT(text(1, "notes"), HasSubstr("SmtpClientAuthentication"));
    EXPECT_FALSE(items.at(1).at("causes").as_array().empty());
    EXPECT_EQ(text(2, "notes"), "");
    EXPECT_EQ(items.at(2).at("causes").at(0).at("id").as_string(), "AADSTS65001");
    EXPECT_THAT(text(2, "admin_consent_url"), HasSubstr("/adminconsent?"));
}

TEST_F(Authorizations, AreNotBegunWhereTheyCouldNotEnd)
{
    auto const begin = [&](std::string body) { return post("accounts/sales/authorizations", std::move(body)); };
    EXPECT_EQ(begin(R"({"flow":"telepathy"})").text("field"), "flow");
    EXPECT_EQ(begin(R"({"test_mail":1})").text("field"), "test_mail");
    auto const own = begin(R"({"flow":"application"})");
    EXPECT_EQ(own.code, status::bad_request) << "a user's grant is no application's: " << own.response.body;
    EXPECT_EQ(post("accounts/nobody/authorizations", "{}").code, status::not_found);
    must(verb::post, "accounts",
         R"({"name":"branch","department":"Care","access":"password","user":"b","password":"p","imap_host":"a.b",
             "smtp_host":"a.b"})");
    auto const none = post("accounts/branch/authorizations", "{}");
    EXPECT_EQ(none.code, status::bad_request) << none.response.body;
    EXPECT_THAT(none.detail(), HasSubstr("password"));
    EXPECT_TRUE(must(verb::get, "accounts/branch/authorizations").body.at("items").as_array().empty());
}

TEST_F(Authorizations, TellWhatReturnedFromTheProviderNamesNobody)
{
    auto back = request(verb::get, "/oauth/callback");
    back.query.emplace("state", "<script>");
    back.query.emplace("code", "the code");
    auto const answer = ask(std::move(back));
    EXPECT_EQ(answer.code, status::bad_request);
    EXPECT_THAT(answer.response.body, HasSubstr("The account is not authorized"));
    EXPECT_THAT(answer.response.body, Not(HasSubstr("<script>")));
    EXPECT_THAT(answer.response.body, Not(HasSubstr("the code")));
}

TEST_F(Authorizations, TellWhoReturnedTheCauseAndItsRemedy)
{
    auto const made = add(State::refused, "invalid_grant: AADSTS65001: <b>Nobody</b> has consented");
    auto const back = [&](std::string_view language) {
        auto request = this->request(verb::get, "/oauth/callback");
        request.query.emplace("state", made.state);
        request.query.emplace("code", "the code");
        request.headers.emplace("accept-language", language);
        return ask(std::move(request)).response.body;
    };
    auto const& cause = *model::find_cause("AADSTS65001");
    auto const english = back("en");
    for (auto const& each : {cause.title, cause.meaning, cause.remedy})
        EXPECT_THAT(english, HasSubstr(escape_html(each)));
    EXPECT_THAT(english, Not(HasSubstr("<b>")));
    EXPECT_THAT(back("nl"), Not(HasSubstr(escape_html(cause.remedy))));
}

TEST_F(Authorizations, ShowWhatAGrantOpens)
{
    auto const rights = [&] { return must(verb::get, "accounts/sales/rights").body.at("items").at(0); };
    EXPECT_EQ(rights().at("mailbox").as_string(), "sales@contoso.com");
    EXPECT_TRUE(rights().at("open").is_null()) << "nobody has looked yet";
    store->write_now([&](store::Connection& c) {
        store::set_right(c, {mailbox, model::MailboxRight::What::open, model::Outcome::holds,
                             "OK SELECT completed. 535 5.7.3", clock.now()});
        store::set_right(c, {mailbox, model::MailboxRight::What::send, model::Outcome::fails,
                             "554 5.2.252 SendAsDenied; sales@contoso.com not allowed to send as", clock.now()});
    });
    EXPECT_EQ(rights().at("open").at("outcome").as_string(), "holds");
    EXPECT_TRUE(rights().at("open").at("causes").as_array().empty()) << "what holds has no cause";
    EXPECT_EQ(rights().at("send").at("outcome").as_string(), "fails");
    EXPECT_FALSE(rights().at("send").at("causes").as_array().empty());
}

TEST_F(Authorizations, AreTriedAnewWhereThereIsSomethingToTry)
{
    auto const none = post("accounts/sales/rights/trial", "{}");
    EXPECT_EQ(none.code, status::conflict);
    EXPECT_THAT(none.detail(), HasSubstr("postroom account authorize sales"));
    store->write_now([&](store::Connection& c) {
        model::Grant grant{.account = account.id};
        grant.owner = {"tenant", "object", "sales@contoso.com"};
        store::accept_grant(c, grant);
    });
    auto const begun = post("accounts/sales/rights/trial", R"({"test_mail":true})");
    ASSERT_EQ(begun.code, status::accepted) << begun.detail();
    EXPECT_EQ(begun.text("state"), "waiting");
    EXPECT_EQ(begun.text("account"), "sales");
    // However often somebody asks, one of each kind waits.
    EXPECT_EQ(post("accounts/sales/rights/trial", R"({"test_mail":true})").text("id"), begun.text("id"));
    auto const without = post("accounts/sales/rights/trial", R"({"test_mail":false})").text("id");
    EXPECT_NE(without, begun.text("id"));
    EXPECT_EQ(post("accounts/sales/rights/trial", "{}").text("id"), without);
    auto const now = [&] { return must(verb::get, "trials/" + begun.text("id")); };
    store->write_now([&](store::Connection& c) {
        auto const job = store::claim_job(c, grants::trial_job, "services", std::chrono::seconds(60));
        ASSERT_TRUE(job);
        EXPECT_EQ(to_string(job->id), begun.text("id"));
        EXPECT_THAT(job->input, HasSubstr("\"test_mail\":true"));
    });
    EXPECT_EQ(now().text("state"), "trying");
    EXPECT_NE(post("accounts/sales/rights/trial", R"({"test_mail":true})").text("id"), begun.text("id"))
        << "what is tried already may have been looked at before the change";
    store->write_now([&](store::Connection& c) {
        store::finish_job(c, {*parse_uuid(begun.text("id"))}, "services", false, R"({"words":"no route"})");
    });
    EXPECT_EQ(now().text("state"), "failed");
    EXPECT_EQ(now().text("reason"), "no route");

    // What tries a candidate is no trial of anybody's, and what is no trial is none.
    auto other = model::JobId::make();
    store->write_now([&](store::Connection& c) {
        store::add_job(c, {.id = other, .kind = "something else", .input = "{}", .output = {}, .state = {}});
    });
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/trials/" + to_string(other)))).code, status::not_found);
}

}  // namespace
}  // namespace postroom::console
