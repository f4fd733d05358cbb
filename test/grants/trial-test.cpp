// Trying a grant at mail servers of the test's own, and the worker that does so by jobs.
#include "grants/trial.hpp"

#include "grants/authorizations.hpp"
#include "grants/trial-worker.hpp"
#include "house.hpp"
#include "mail-servers.hpp"
#include "store/messages.hpp"

#include <boost/asio/co_spawn.hpp>

namespace postroom::grants {
namespace {

using model::MailboxRight;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr auto not_connected = "BAD User is authenticated but not connected.";
constexpr auto off = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.";
constexpr auto denied = "554 5.2.252 SendAsDenied; sales@contoso.com not allowed to send as orders@contoso.com";

class TrialTest : public HouseTest {
protected:
    TrialTest()
    {
        auto const files = authority.issue("mail", "DNS:localhost");
        auto const tls = net::TlsContext::server(files.certificate, files.key).value();
        servers = std::make_unique<test::MailServers>(loop.get_executor(), tls);
        account.retrieval_server = {"localhost", servers->imap->port()};
        account.submission_server = {"localhost", servers->smtp->port()};
        roads = {.tokens = &workers,
                 .resolver = &resolver,
                 .tls = net::TlsContext::client({authority.file()}).value(),
                 .host_name = "here",
                 .clock = &clock,
                 .vault = ground.vault};
        for (auto const* const name : {"orders", "returns", "press"}) {
            model::Mailbox mailbox{.id = model::MailboxId::make(),
                                   .account = account.id,
                                   .department = account.department,
                                   .address = std::string(name) + "@contoso.com"};
            mailboxes.push_back(mailbox);
        }
    }
    Trying trying()
    {
        return {.account = account,
                .mailboxes = mailboxes,
                .token = AccessToken{Secret("new-token"), clock.now() + 1h, "sales@contoso.com"}};
    }
    Trial attempt(Trying what) { return run(try_grant(roads, std::move(what))); }
    Trial attempt() { return attempt(trying()); }

    static model::MailboxRight right(Trial const& trial, model::Mailbox const& mailbox, MailboxRight::What what)
    {
        for (auto const& each : trial.rights)
            if (each.mailbox == mailbox.id && each.what == what) return each;
        ADD_FAILURE() << "no right of " << mailbox.address;
        return {};
    }
    static std::vector<model::Outcome> outcomes(Trial const& trial, MailboxRight::What what)
    {
        std::vector<model::Outcome> found;
        for (auto const& each : trial.rights)
            if (each.what == what) found.push_back(each.outcome);
        return found;
    }
    static constexpr auto holds = model::Outcome::holds;
    static constexpr auto fails = model::Outcome::fails;
    static constexpr auto untold = model::Outcome::could_not_be_told;

    net::Resolver resolver{loop.get_executor()};
    Tokens workers{ground};
    std::unique_ptr<test::MailServers> servers;
    Roads roads{};
    std::vector<model::Mailbox> mailboxes;
};

TEST_F(TrialTest, OpensEachMailboxAsItselfAndSubmitsAsTheOwner)
{
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(trial.notes, IsEmpty());
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(holds, holds, holds));
    EXPECT_THAT(outcomes(trial, MailboxRight::What::send), ElementsAre(untold, untold, untold));
    EXPECT_THAT(right(trial, mailboxes[0], MailboxRight::What::send).evidence, HasSubstr("only when a mail is sent"));
    EXPECT_THAT(servers->imap_users,
                UnorderedElementsAre("orders@contoso.com", "returns@contoso.com", "press@contoso.com"));
    EXPECT_THAT(servers->smtp_users, ElementsAre("sales@contoso.com"));
    EXPECT_THAT(servers->proofs, Each("new-token"));
    EXPECT_THAT(servers->mails, IsEmpty());
    EXPECT_LE(servers->most_at_once, 3U);
}

TEST_F(TrialTest, SignsInAsTheAccountSays)
{
    account.retrieve_as = model::SignInAs::owner;
    account.submit_as = model::SignInAs::mailbox;
    EXPECT_EQ(attempt().refusal, std::nullopt);
    EXPECT_THAT(servers->imap_users, AllOf(SizeIs(3), Each("sales@contoso.com")));
    EXPECT_THAT(servers->smtp_users,
                UnorderedElementsAre("orders@contoso.com", "returns@contoso.com", "press@contoso.com"));
}

TEST_F(TrialTest, OneMailboxThatDoesNotOpenIsARightThatFails)
{
    servers->rules.imap_shuts_out["returns@contoso.com"] = not_connected;
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(holds, fails, holds));
    EXPECT_THAT(right(trial, mailboxes[1], MailboxRight::What::open).evidence,
                AllOf(HasSubstr("returns@contoso.com"), HasSubstr("not connected")));
    EXPECT_THAT(trial.notes, ElementsAre(HasSubstr("The right to open the mailbox is missing")));
}

// "AUTHENTICATE failed." is said of an unknown mailbox, too: what others were let in with is not wrong.
TEST_F(TrialTest, ATokenThatOpensSomethingIsNotRefused)
{
    servers->rules.imap_refuses["returns@contoso.com"] = "NO AUTHENTICATE failed.";
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(holds, fails, holds));
}

TEST_F(TrialTest, ATokenThatTheServerRefusesIsRefused)
{
    for (auto const& mailbox : mailboxes) servers->rules.imap_refuses[mailbox.address] = "NO AUTHENTICATE failed.";
    auto const trial = attempt();
    EXPECT_THAT(trial.refusal.value(), AllOf(HasSubstr("AUTHENTICATE failed."), HasSubstr("The likeliest cause")));
    EXPECT_THAT(trial.refusal.value(), Not(HasSubstr("new-token")));
    EXPECT_THAT(servers->imap_users, SizeIs(3)) << "a new token is not tried twice";
}

TEST_F(TrialTest, ATokenThatSubmissionRefusesIsRefused)
{
    servers->rules.smtp_refuses["sales@contoso.com"] = "535 5.7.3 Authentication unsuccessful";
    auto const trial = attempt();
    EXPECT_THAT(trial.refusal.value(), HasSubstr("5.7.3"));
    EXPECT_THAT(outcomes(trial, MailboxRight::What::send), ElementsAre(fails, fails, fails));
}

TEST_F(TrialTest, ASwitchThatIsOffIsANote)
{
    servers->rules.smtp_refuses["sales@contoso.com"] = off;
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::send), ElementsAre(fails, fails, fails));
    EXPECT_THAT(trial.notes, ElementsAre(HasSubstr("disabled for the Tenant")));
}

TEST_F(TrialTest, WhereNoMailboxOpensTheGrantIsOfNoUse)
{
    for (auto const& mailbox : mailboxes) servers->rules.imap_shuts_out[mailbox.address] = not_connected;
    EXPECT_THAT(attempt().refusal.value(), HasSubstr("none of the account's mailboxes opens"));
    // What might be different in an hour is no refusal.
    servers->rules.imap_shuts_out[mailboxes[2].address] =
        "BAD Request is throttled. Suggested Backoff Time: 299961 "
        "milliseconds";
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(fails, fails, untold));
}

TEST_F(TrialTest, AFolderThatIsNotThereIsNotTheTokensFault)
{
    for (auto const& mailbox : mailboxes) servers->rules.folder_refuses[mailbox.address] = not_connected;
    EXPECT_NE(attempt().refusal, std::nullopt) << "Exchange lets in, and says so afterwards";
    for (auto const& mailbox : mailboxes) servers->rules.folder_refuses[mailbox.address] = "NO no such folder";
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(fails, fails, fails));
    EXPECT_THAT(trial.notes,
                AllOf(SizeIs(3), Each(HasSubstr("does not open the folder INBOX: NO there is no folder \"INBOX\" on "
                                                "the server; it lists none (NO no such folder)"))));
}

TEST_F(TrialTest, WhatIsNotReachedRefusesNothing)
{
    servers->imap->stop();
    servers->smtp->stop();
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(untold, untold, untold));
    EXPECT_THAT(outcomes(trial, MailboxRight::What::send), ElementsAre(untold, untold, untold));
    EXPECT_THAT(trial.notes, AllOf(SizeIs(2), Each(HasSubstr("could not be told: cannot reach localhost"))));
}

TEST_F(TrialTest, AServerThatSaysNothingIsWaitedForSoLongAndNoLonger)
{
    servers->rules.silent = true;
    auto what = trying();
    what.limits = {.each = 200ms, .whole = 500ms};
    auto const begun = std::chrono::steady_clock::now();
    auto const trial = attempt(std::move(what));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(untold, untold, untold));
}

TEST_F(TrialTest, ATestMailTellsWhatMayBeSentFrom)
{
    servers->rules.after_data["returns@contoso.com"] = denied;
    servers->rules.after_data["press@contoso.com"] = "451 4.7.0 Temporary server error.";
    auto what = trying();
    what.test_key = "a key";
    auto const trial = attempt(std::move(what));
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::send), ElementsAre(holds, fails, untold));
    EXPECT_THAT(servers->smtp_users, ElementsAre("sales@contoso.com"));
    ASSERT_THAT(servers->mails, SizeIs(1));
    EXPECT_THAT(servers->mails[0], AllOf(HasSubstr("X-Postroom-Test: "), HasSubstr("To: orders@contoso.com")));
    EXPECT_THAT(trial.notes, Contains(HasSubstr("SendAsDenied")));
}

TEST_F(TrialTest, WithoutAMailboxTheUserSignsIn)
{
    mailboxes.clear();
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(trial.rights, IsEmpty());
    EXPECT_THAT(servers->imap_users, ElementsAre("sales@contoso.com"));
    EXPECT_THAT(servers->smtp_users, ElementsAre("sales@contoso.com"));
    servers->rules.imap_refuses["sales@contoso.com"] = "NO AUTHENTICATE failed.";
    EXPECT_NE(attempt().refusal, std::nullopt);
}

TEST_F(TrialTest, OverPop3)
{
    account.retrieval = model::Protocol::pop3;
    account.retrieval_server.port = servers->pop3->port();
    servers->rules.pop3_refuses["returns@contoso.com"] = "-ERR [SYS/TEMP] later";
    servers->rules.pop3_refuses["press@contoso.com"] =
        "-ERR Authentication failure: unknown user name or bad password.";
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(holds, untold, fails));
}

TEST_F(TrialTest, WhatIsRefusedBeforeTheTokenIsShownIsNoRefusalOfIt)
{
    account.retrieval = model::Protocol::pop3;
    account.retrieval_server.port = servers->pop3->port();
    servers->rules.pop3_greeting = "-ERR Too many connections";
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(untold, untold, untold));
    EXPECT_THAT(trial.notes, Contains(HasSubstr("Too many connections")));
    EXPECT_THAT(servers->pop3_users, IsEmpty());
}

// 535 is said of a mailbox that may not send, too.
TEST_F(TrialTest, WhereEachSubmitsForItselfARefusalIsOfTheMailbox)
{
    account.access = model::Access::application;
    account.user.clear();
    for (auto const& mailbox : mailboxes)
        servers->rules.smtp_refuses[mailbox.address] = "535 5.7.3 Authentication unsuccessful";
    auto const trial = attempt();
    EXPECT_EQ(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(holds, holds, holds));
    EXPECT_THAT(outcomes(trial, MailboxRight::What::send), ElementsAre(fails, fails, fails));
    EXPECT_THAT(trial.notes, Contains(HasSubstr("5.7.3")));
    servers->imap->stop();
    EXPECT_NE(attempt().refusal, std::nullopt) << "nothing was let in with it";
}

// Client credentials open every mailbox of a tenant, as far as Exchange is concerned.
TEST_F(TrialTest, ByItsOwnPermissionsOnlyWhatIsOnTheListIsNamed)
{
    account.access = model::Access::application;
    account.user.clear();
    EXPECT_EQ(attempt().refusal, std::nullopt);
    std::vector<std::string> const listed{"orders@contoso.com", "press@contoso.com", "returns@contoso.com"};
    auto names = servers->imap_users;
    std::ranges::sort(names);
    EXPECT_EQ(names, listed);
    names = servers->smtp_users;
    std::ranges::sort(names);
    EXPECT_EQ(names, listed);

    servers->imap_users.clear();
    mailboxes.clear();
    auto const nothing = attempt();
    EXPECT_EQ(nothing.refusal, std::nullopt);
    EXPECT_THAT(nothing.notes, ElementsAre(HasSubstr("no mailbox")));
    EXPECT_THAT(servers->imap_users, IsEmpty());

    auto const nobody = run(sign_in_imap(roads, account, std::nullopt));
    EXPECT_FALSE(nobody);
    model::Mailbox others{.id = model::MailboxId::make(), .account = model::AccountId::make()};
    others.address = "boss@contoso.com";
    EXPECT_FALSE(run(sign_in_imap(roads, account, others)));
    EXPECT_FALSE(run(sign_in_pop3(roads, account, others)));
    EXPECT_FALSE(run(sign_in_smtp(roads, account, others)));
    EXPECT_THAT(servers->imap_users, IsEmpty());
}

class PasswordTest : public TrialTest {
protected:
    PasswordTest()
    {
        account.access = model::Access::password;
        account.user = "sales";
        account.retrieve_as = model::SignInAs::owner;
        account.password = ground.vault->seal(Secret("pass word"), place_of_password(account.id));
    }
    std::string imap()
    {
        auto const signed_in = run(sign_in_imap(roads, account, mailboxes[0]));
        return signed_in ? signed_in->user_name : signed_in.error().message;
    }
    std::string pop3()
    {
        auto const signed_in = run(sign_in_pop3(roads, account, mailboxes[0]));
        return signed_in ? signed_in->user_name : signed_in.error().message;
    }
    std::string smtp()
    {
        auto const signed_in = run(sign_in_smtp(roads, account, mailboxes[0]));
        return signed_in ? signed_in->user_name : signed_in.error().message;
    }
};

TEST_F(PasswordTest, TakesWhatTheServerOffers)
{
    for (auto const* const offered : {"IMAP4rev1 AUTH=PLAIN SASL-IR", "IMAP4rev1 AUTH=LOGIN", "IMAP4rev1"}) {
        servers->rules.imap_capabilities = offered;
        EXPECT_EQ(imap(), "sales") << offered;
    }
    for (auto const* const offered : {"SASL PLAIN", "USER"}) {
        account.retrieval_server.port = servers->pop3->port();
        servers->rules.pop3_capabilities = offered;
        EXPECT_EQ(pop3(), "sales") << offered;
    }
    for (auto const* const offered : {"PLAIN LOGIN", "LOGIN"}) {
        servers->rules.smtp_mechanisms = offered;
        EXPECT_EQ(smtp(), "sales") << offered;
    }
    EXPECT_THAT(servers->proofs, AllOf(SizeIs(7), Each("pass word")));
    EXPECT_TRUE(calls.empty()) << "no provider has to do with it";
}

TEST_F(PasswordTest, SendsNothingWhereNothingIsOffered)
{
    servers->rules.imap_capabilities = "IMAP4rev1 AUTH=GSSAPI LOGINDISABLED";
    EXPECT_THAT(imap(), HasSubstr("offers no sign-in with a password"));
    servers->rules.smtp_mechanisms = "GSSAPI";
    EXPECT_THAT(smtp(), HasSubstr("offers no sign-in with a password"));
    EXPECT_THAT(servers->proofs, IsEmpty());
    account.password = {};
    EXPECT_THAT(imap(), HasSubstr("has no password"));
}

TEST_F(PasswordTest, OverStartTls)
{
    account.retrieval_starttls = true;
    account.retrieval_server.port = servers->imap_starttls->port();
    servers->rules.imap_capabilities = "IMAP4rev1 AUTH=PLAIN";
    EXPECT_EQ(imap(), "sales");
    account.retrieval_server.port = servers->pop3_starttls->port();
    EXPECT_EQ(pop3(), "sales");
    EXPECT_THAT(servers->proofs, SizeIs(2));
}

TEST_F(PasswordTest, SaysNothingBehindWhatWasPutIn)
{
    account.retrieval_starttls = true;
    account.retrieval_server.port = servers->imap_starttls->port();
    servers->rules.before_tls = "* CAPABILITY IMAP4rev1 AUTH=PLAIN";
    EXPECT_THAT(imap(), HasSubstr("ahead of TLS"));
    EXPECT_THAT(servers->proofs, IsEmpty());
}

TEST_F(PasswordTest, IsTriedOnceAndToldWhereItIsRefused)
{
    servers->rules.imap_capabilities = "IMAP4rev1 AUTH=PLAIN SASL-IR";
    servers->rules.imap_refuses["sales"] = "NO [AUTHENTICATIONFAILED] Authentication failed.";
    EXPECT_THAT(imap(), AllOf(HasSubstr("AUTHENTICATIONFAILED"), Not(HasSubstr("pass word"))));
    EXPECT_THAT(servers->imap_users, SizeIs(1));
    auto what = trying();
    what.token.reset();
    auto const trial = attempt(std::move(what));
    EXPECT_NE(trial.refusal, std::nullopt);
    EXPECT_THAT(outcomes(trial, MailboxRight::What::open), ElementsAre(fails, fails, fails));
}

class TrialWorkerTest : public TrialTest {
protected:
    TrialWorkerTest()
    {
        write([&](store::Connection& c) {
            store::change_account(c, account);
            for (auto const& each : mailboxes) store::add_mailbox(c, each);
        });
    }
    // Works until the job is finished, or `limit` has passed.
    std::string work(model::JobId job, std::chrono::milliseconds limit = 10s)
    {
        TrialWorker worker(ground, roads, loop.get_executor(), "here", [&] { ++accepted; }, {.poll = 20ms});
        boost::asio::co_spawn(loop, worker.run(), boost::asio::detached);
        auto const until = std::chrono::steady_clock::now() + limit;
        while (state(job) != "done" && state(job) != "failed" && std::chrono::steady_clock::now() < until)
            run(pause_for(20ms));
        worker.stop();
        run(pause_for(100ms));
        return state(job);
    }
    static net::awaitable<void> pause_for(std::chrono::milliseconds how_long)
    {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, how_long);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
    std::string state(model::JobId job)
    {
        return read([&](store::Connection& c) { return store::job(c, job); }).value().state;
    }
    // What the flow leaves behind: an authorization that is tried.
    model::Authorization offer(std::string const& token = "candidate-token")
    {
        model::Authorization authorization{.id = model::AuthorizationId::make(), .account = account.id};
        authorization.state = to_string(authorization.id);
        authorization.begun = clock.now();
        authorization.ends = clock.now() + 10min;
        Candidate const candidate{.owner = {"tenant-1", "object-1", "sales@contoso.com"},
                                  .scopes = {"mail"},
                                  .life = 1h,
                                  .issued = clock.now(),
                                  .application = application.id};
        oauth::TokenAnswer answer;
        answer.access_token = Secret(token);
        answer.refresh_token = Secret("candidate-refresh");
        write([&](store::Connection& c) {
            open_authorization(c, authorization);
            EXPECT_TRUE(offer_candidate(c, ground, authorization, candidate, answer));
        });
        return stored(authorization.id);
    }
    model::Authorization stored(model::AuthorizationId id)
    {
        return read([&](store::Connection& c) { return store::authorization(c, id); }).value();
    }
    std::vector<model::MailboxRight> rights()
    {
        return read([&](store::Connection& c) { return store::rights_of(c, account.id); });
    }
    int accepted = 0;
};

TEST_F(TrialWorkerTest, AcceptsWhatOpensTheMailboxes)
{
    servers->rules.imap_shuts_out["returns@contoso.com"] = not_connected;
    auto const authorization = offer();
    EXPECT_EQ(work(authorization.job.value()), "done");
    EXPECT_EQ(stored(authorization.id).outcome, model::Authorization::State::accepted);
    EXPECT_EQ(grant().value().owner.object_id, "object-1");
    EXPECT_EQ(refresh_token(), "candidate-refresh");
    EXPECT_THAT(rights(), SizeIs(6));
    EXPECT_THAT(servers->proofs, Each("candidate-token"));
    EXPECT_EQ(accepted, 1);
}

TEST_F(TrialWorkerTest, RefusesAndKeepsWhatIsInForce)
{
    ASSERT_EQ(work(offer("old").job.value()), "done");
    auto const before = refresh_token();
    auto const looked = rights();
    for (auto const& mailbox : mailboxes) servers->rules.imap_refuses[mailbox.address] = "NO AUTHENTICATE failed.";
    auto const authorization = offer("new");
    EXPECT_EQ(work(authorization.job.value()), "done");
    auto const refused = stored(authorization.id);
    EXPECT_EQ(refused.outcome, model::Authorization::State::refused);
    EXPECT_THAT(refused.reason, HasSubstr("AUTHENTICATE failed"));
    EXPECT_EQ(refresh_token(), before);
    EXPECT_EQ(rights().size(), looked.size());
    EXPECT_THAT(rights(), Each(testing::Field(&MailboxRight::outcome, Not(fails)))) << "of the grant in force";
    EXPECT_EQ(accepted, 1);
}

// What a server that died had claimed is the next one's when its lease has run out, and not before.
TEST_F(TrialWorkerTest, TakesUpWhatAnotherLeftInTheMiddle)
{
    auto const authorization = offer();
    write([&](store::Connection& c) { EXPECT_TRUE(store::claim_job(c, trial_job, "there", 60s)); });
    EXPECT_EQ(work(*authorization.job, 300ms), "claimed");
    EXPECT_THAT(servers->imap_users, IsEmpty());
    clock.advance(61s);
    EXPECT_EQ(work(*authorization.job), "done");
    EXPECT_EQ(stored(authorization.id).outcome, model::Authorization::State::accepted);
    // The one that was taken for dead comes back.
    EXPECT_THROW(write([&](store::Connection& c) { store::finish_job(c, *authorization.job, "there", true, "{}"); }),
                 store::Failure);
}

// One that is told to stop leaves no lease behind.
TEST_F(TrialWorkerTest, LetsGoOfWhatItWasTryingWhenItStops)
{
    servers->rules.silent = true;
    roads.stop = std::make_shared<net::Stop>();
    auto const authorization = offer();
    bool ended = false;
    TrialWorker worker(ground, roads, loop.get_executor(), "here", [&] { ++accepted; }, {.poll = 20ms});
    boost::asio::co_spawn(loop, worker.run(), [&](std::exception_ptr const&) { ended = true; });
    while (*servers->at_once < 3) run(pause_for(20ms));
    worker.stop();
    roads.stop->now();
    for (int i = 0; i < 50 && !ended; ++i) run(pause_for(20ms));
    EXPECT_TRUE(ended);
    EXPECT_TRUE(read([](store::Connection& c) { return store::job_due(c, trial_job); }));
    EXPECT_EQ(stored(authorization.id).outcome, model::Authorization::State::trying);
}

TEST_F(TrialWorkerTest, TriesWhatIsInForce)
{
    ASSERT_EQ(work(offer().job.value()), "done");
    servers->rules.imap_shuts_out["press@contoso.com"] = not_connected;
    auto const job = [&] {
        model::JobId id;
        write([&](store::Connection& c) { id = add_trial(c, account.id, false); });
        return id;
    }();
    EXPECT_EQ(work(job), "done");
    auto const found = rights();
    EXPECT_EQ(std::ranges::count(found, fails, &MailboxRight::outcome), 1);
}

TEST_F(TrialWorkerTest, LetsGoOfWhatIsNotToBeTried)
{
    auto const earlier = offer("earlier");
    auto const later = offer("later");
    EXPECT_EQ(work(later.job.value()), "done");
    EXPECT_EQ(state(earlier.job.value()), "failed");
    EXPECT_THAT(servers->proofs, Each("later"));
    for (std::string const input : {"", "{}", "[1]", R"({"authorization":"x"})", R"({"account":7})"}) {
        store::Job const job{.id = model::JobId::make(), .kind = std::string(trial_job), .input = input};
        write([&](store::Connection& c) { store::add_job(c, job); });
        EXPECT_EQ(work(job.id), "failed") << input;
    }
}

}  // namespace
}  // namespace postroom::grants
