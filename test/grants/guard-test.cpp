#include "grants/guard.hpp"

#include "house.hpp"

namespace postroom::grants {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using GuardTest = HouseTest;

TEST_F(GuardTest, AcceptsAGrantForTheAccountsUser)
{
    auto const outcome = sign_in();
    ASSERT_TRUE(outcome.accepted) << outcome.words;
    EXPECT_EQ(outcome.account, "sales");
    auto const kept = grant().value();
    EXPECT_EQ(kept.owner, (model::Owner{"tenant-1", "object-1", "sales@contoso.com"}));
    EXPECT_EQ(kept.access_token_ends, clock.now() + 1h);
    EXPECT_EQ(refresh_token(), "refresh-1");
    EXPECT_EQ(kept.refresh_token.bytes.find("refresh-1"), std::string::npos);
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    read([&](store::Connection& c) {
        auto const settled = store::authorization(c, last.id).value();
        EXPECT_EQ(settled.outcome, model::Authorization::State::accepted);
        EXPECT_EQ(store::audit_trail(c, 1).at(0).what, "grant.accept");
        EXPECT_EQ(store::audit_trail(c, 1).at(0).who, "ada");
        return 0;
    });
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].find("code")->second, "the-code");
    EXPECT_EQ(calls[0].find("redirect_uri")->second, "https://postroom.contoso.com/oauth/callback");
    EXPECT_EQ(calls[0].find("client_secret")->second, "s3cret");
    EXPECT_GE(calls[0].find("code_verifier")->second.size(), 43U);
}

TEST_F(GuardTest, AsksForASignInThatIsNeverSilent)
{
    begin();
    EXPECT_EQ(parameter(last.url, "prompt"), "login");
    EXPECT_EQ(parameter(last.url, "login_hint"), "Sales@contoso.com");
    EXPECT_EQ(parameter(last.url, "code_challenge_method"), "S256");
    EXPECT_THAT(parameter(last.url, "scope"), AllOf(HasSubstr("offline_access"), HasSubstr("/SMTP.Send")));
    EXPECT_EQ(last.ends, clock.now() + 15min);
}

TEST_F(GuardTest, SaysWhatIsMissingBeforeItBegins)
{
    EXPECT_EQ(run(begin_authorization(ground, "nobody", "ada")).error().kind, Trouble::not_found);
    write([](store::Connection& c) { store::set_setting(c, "external-url", ""); });
    auto const unset = run(begin_authorization(ground, "sales", "ada"));
    ASSERT_FALSE(unset);
    EXPECT_EQ(unset.error().kind, Trouble::invalid);
    EXPECT_THAT(unset.error().message, HasSubstr("external-url"));
    write([](store::Connection& c) { store::set_setting(c, "external-url", "https://postroom.contoso.com"); });
    provider->stop();
    provider.reset();
    auto const gone = run(begin_authorization(ground, "sales", "ada"));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, Trouble::unreachable) << gone.error().message;
}

TEST_F(GuardTest, TakesAStateOnceAndOnlyItsOwn)
{
    auto const state = begin();
    EXPECT_FALSE(run(finish_authorization(ground, "code=x&state=made-up")).accepted);
    EXPECT_FALSE(run(finish_authorization(ground, "code=x")).accepted);
    EXPECT_FALSE(run(finish_authorization(ground, "")).accepted);
    EXPECT_TRUE(calls.empty());
    EXPECT_EQ(audited(), std::vector<std::string>{"grant.stray-return"})
        << "a stranger must not be able to fill the store";
    EXPECT_TRUE(come_back(state, "code=x").accepted);
    auto const accepted = grant()->version;
    auto const again = come_back(state, "code=y");
    EXPECT_FALSE(again.accepted);
    EXPECT_EQ(calls.size(), 1U) << "no code is redeemed for a state that was used";
    EXPECT_EQ(grant()->version, accepted);
}

TEST_F(GuardTest, RefusesAReturnThatComesTooLate)
{
    auto const state = begin();
    clock.advance(15min);
    auto const outcome = come_back(state, "code=x");
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.words, HasSubstr("too long"));
    EXPECT_TRUE(calls.empty());
    auto const settled = read([&](store::Connection& c) { return store::authorization(c, last.id); }).value();
    EXPECT_EQ(settled.outcome, model::Authorization::State::refused);
}

TEST_F(GuardTest, PassesTheProvidersRefusalOn)
{
    auto const state = begin();
    auto const outcome = run(finish_authorization(
        ground, "error=access_denied&error_description=AADSTS65004:+User+declined+to+consent&state=" + state));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_EQ(outcome.account, "sales");
    EXPECT_THAT(outcome.words, AllOf(HasSubstr("access_denied"), HasSubstr("AADSTS65004")));
    status = net::http::status::bad_request;
    body =
        R"({"error":"invalid_grant","error_description":"AADSTS54005: code was already redeemed\r\nTrace ID: t-1\r\nCorrelation ID: c-1"})";
    auto const at_token = sign_in();
    EXPECT_FALSE(at_token.accepted);
    EXPECT_THAT(at_token.words, AllOf(HasSubstr("AADSTS54005"), HasSubstr("t-1"), HasSubstr("c-1")));
    EXPECT_FALSE(grant());
    EXPECT_EQ(read([&](store::Connection& c) { return store::audit_trail(c, 9); }).size(), 2U);
}

TEST_F(GuardTest, RefusesAnotherUserNamingBoth)
{
    claims["preferred_username"] = "desktop@contoso.com";
    auto const outcome = sign_in();
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.words, AllOf(HasSubstr("desktop@contoso.com"), HasSubstr("Sales@contoso.com")));
    EXPECT_FALSE(grant()) << "nothing is stored";
    EXPECT_EQ(stored_account().state, model::AccountState::new_account);
}

TEST_F(GuardTest, KeepsToTheOwnerOfTheFirstGrant)
{
    ASSERT_TRUE(sign_in().accepted);
    auto const first = grant()->version;
    claims["oid"] = "object-2";  // the name was given to somebody else
    tokens["refresh_token"] = "refresh-2";
    EXPECT_FALSE(sign_in().accepted);
    EXPECT_EQ(refresh_token(), "refresh-1") << "the old grant stays in force";
    claims["oid"] = "object-1";
    claims["preferred_username"] = "sales-new@contoso.com";  // the user was renamed
    auto const renamed = sign_in();
    EXPECT_TRUE(renamed.accepted) << renamed.words;
    EXPECT_EQ(refresh_token(), "refresh-2");
    EXPECT_EQ(grant()->version, first + 1);
    claims["tid"] = "tenant-2";
    EXPECT_FALSE(sign_in().accepted);
}

TEST_F(GuardTest, RefusesWhatAnIdTokenCantProve)
{
    auto const refused = [&](std::string_view what) {
        auto const outcome = sign_in();
        EXPECT_FALSE(outcome.accepted) << what;
        EXPECT_FALSE(grant()) << what;
        return outcome.words;
    };
    auto const good = claims;
    {
        auto const state = begin();
        claims["nonce"] = "another";
        EXPECT_THAT(come_back(state, "code=x").words, HasSubstr("nonce"));
    }
    claims = good;
    claims["aud"] = "another-client";
    EXPECT_THAT(refused("audience"), HasSubstr("audience"));
    claims = good;
    claims["iss"] = "https://evil.example/v2.0";
    EXPECT_THAT(refused("issuer"), HasSubstr("issuer"));
    claims = good;
    claims["exp"] = seconds() - 3600;
    EXPECT_THAT(refused("time"), HasSubstr("clock"));
    claims.clear();
    EXPECT_THAT(refused("no id token"), HasSubstr("openid"));
    claims = good;
    EXPECT_TRUE(sign_in().accepted);
}

TEST_F(GuardTest, RefusesAGrantThatWouldNotDo)
{
    auto const good = tokens;
    tokens["scope"] = "https://outlook.office.com/IMAP.AccessAsUser.All openid";
    EXPECT_THAT(sign_in().words, HasSubstr("https://outlook.office.com/SMTP.Send"));
    tokens = good;
    tokens.erase("refresh_token");
    EXPECT_THAT(sign_in().words, HasSubstr("offline_access"));
    tokens = good;
    tokens["expires_in"] = 599;
    EXPECT_THAT(sign_in().words, HasSubstr("599"));
    tokens["access_token"] = signer.sign({{"oid", "object-9"}}, "RS256");
    tokens["expires_in"] = 3600;
    EXPECT_THAT(sign_in().words, HasSubstr("object-9"));
    EXPECT_FALSE(grant());
    tokens = good;
    tokens["expires_in"] = 600;
    auto const warned = sign_in();
    EXPECT_TRUE(warned.accepted);
    EXPECT_THAT(warned.words, HasSubstr("600"));
}

TEST_F(GuardTest, TakesAProviderWithoutTenants)
{
    claims.erase("tid");
    claims.erase("oid");
    claims.erase("preferred_username");
    claims["email"] = "sales@contoso.com";
    auto const outcome = sign_in();
    ASSERT_TRUE(outcome.accepted) << outcome.words;
    EXPECT_EQ(grant()->owner, (model::Owner{base + "/v2.0", "subject", "sales@contoso.com"}));
}

TEST_F(GuardTest, EndsTheAlarmOfWhatItReplaces)
{
    write([&](store::Connection& c) {
        store::raise_alarm(c, "grant-refresh", "sales", "AADSTS50173", clock.now());
        store::set_account_state(c, account.id, model::AccountState::needs_authorization, "AADSTS50173", clock.now());
    });
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_TRUE(read([](store::Connection& c) { return store::alarms(c); }).empty());
    EXPECT_EQ(stored_account().state_reason, "");
}

TEST_F(GuardTest, TheOneBegunLastCounts)
{
    auto const first = begin({}, "ada");
    auto const first_id = last.id;
    clock.advance(1min);
    auto const second = begin({}, "bob");
    auto const told = come_back(first);
    EXPECT_FALSE(told.accepted);
    EXPECT_THAT(told.words, AllOf(HasSubstr("bob"), HasSubstr("2026-11-22 12:01:00 UTC")));
    EXPECT_TRUE(calls.empty()) << "its code is not redeemed";
    EXPECT_EQ(stored(first_id).outcome, model::Authorization::State::refused);
    EXPECT_TRUE(come_back(second).accepted);
    EXPECT_EQ(audited(), (std::vector<std::string>{"grant.accept", "grant.return-again", "grant.refuse"}));
}

TEST_F(GuardTest, IsWaitedForNoLongerThanTheServerGoesOn)
{
    ground.stop = std::make_shared<net::Stop>();
    auto const state = begin();
    boost::asio::steady_timer stopping(loop, 500ms);
    stopping.async_wait([this](boost::system::error_code) { ground.stop->now(); });
    auto const begun = std::chrono::steady_clock::now();
    auto const outcome = run(finish_authorization(ground, "code=x&state=" + state, 60s));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    EXPECT_TRUE(outcome.trying) << outcome.words;
    EXPECT_THAT(outcome.words, HasSubstr("is being tried"));
    EXPECT_EQ(stored(last.id).outcome, model::Authorization::State::trying);

    // What begins to wait after that does not.
    auto const late = run(finish_authorization(ground, "code=x&state=" + begin(), 60s));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
    EXPECT_TRUE(late.trying) << late.words;
}

TEST_F(GuardTest, WhatIsTriedGivesWayToTheOneBegunLast)
{
    auto const outcome = run(finish_authorization(ground, "code=x&state=" + begin(), 0ms));
    EXPECT_TRUE(outcome.trying);
    EXPECT_FALSE(outcome.accepted);
    auto const tried = stored(last.id);
    EXPECT_EQ(tried.outcome, model::Authorization::State::trying);
    EXPECT_EQ(tried.candidate.find("access-1"), std::string::npos);
    EXPECT_EQ(candidate_token(ground, tried).value().token.expose(), "access-1");
    EXPECT_FALSE(grant());
    auto const second = begin({}, "bob");
    EXPECT_FALSE(try_what_is_due()) << "it is settled already";
    EXPECT_FALSE(grant());
    EXPECT_TRUE(stored(tried.id).candidate_access_token.bytes.empty()) << "nothing of it is kept";
    EXPECT_THAT(stored(tried.id).reason, HasSubstr("bob"));
    EXPECT_TRUE(come_back(second).accepted);
}

TEST_F(GuardTest, ACodeThatIsBeingRedeemedGivesWayToo)
{
    auto const state = begin({}, "ada");
    model::Authorization another{.id = model::AuthorizationId::make(), .account = account.id, .state = "another"};
    another.by = "bob";
    another.begun = clock.now();
    another.ends = clock.now() + 15min;
    on_token = [&] { write([&](store::Connection& c) { open_authorization(c, another); }); };
    auto const outcome = come_back(state);
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.words, HasSubstr("bob"));
    EXPECT_FALSE(grant());
    EXPECT_EQ(stored(another.id).outcome, model::Authorization::State::waiting);
}

TEST_F(GuardTest, WaitsForTheTrialAndTellsItsEnd)
{
    trial.notes = {"SMTP is switched off for the mailbox"};
    auto const state = begin();
    boost::asio::steady_timer later(loop, 300ms);
    later.async_wait([&](boost::system::error_code) { (void)try_what_is_due(); });
    auto const outcome = run(finish_authorization(ground, "code=x&state=" + state, 20s));
    EXPECT_TRUE(outcome.accepted);
    EXPECT_FALSE(outcome.trying);
    EXPECT_THAT(outcome.words, AllOf(HasSubstr("sales@contoso.com"), HasSubstr("SMTP is switched off")));
}

TEST_F(GuardTest, WhatTheServersRefuseDoesNotTakeTheOldOnesPlace)
{
    model::Mailbox const mailbox{
        .id = model::MailboxId::make(), .account = account.id, .department = account.department, .address = "a@b.c"};
    write([&](store::Connection& c) { store::add_mailbox(c, mailbox); });
    model::MailboxRight right{.mailbox = mailbox.id, .outcome = model::Outcome::holds, .looked = clock.now()};
    trial.rights = {right};
    ASSERT_TRUE(sign_in().accepted);
    auto const rights = [&] { return read([&](store::Connection& c) { return store::rights_of(c, account.id); }); };
    ASSERT_EQ(rights().size(), 1U);
    EXPECT_EQ(rights()[0].outcome, model::Outcome::holds);

    trial.refusal = "outlook.office365.com refused the token: AUTHENTICATE failed.";
    trial.rights[0].outcome = model::Outcome::fails;
    tokens["refresh_token"] = "refresh-2";
    auto const first = grant()->version;
    auto const refused = sign_in();
    EXPECT_FALSE(refused.accepted);
    EXPECT_EQ(refused.words, *trial.refusal);
    EXPECT_EQ(refresh_token(), "refresh-1");
    EXPECT_EQ(grant()->version, first);
    EXPECT_EQ(rights()[0].outcome, model::Outcome::holds) << "of what is in force";
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_EQ(stored(last.id).reason, *trial.refusal);
    EXPECT_EQ(audited()[0], "grant.refuse");
}

TEST_F(GuardTest, AnAccountThatWasConvertedOrRemovedMeanwhileTakesNothing)
{
    ASSERT_TRUE(run(finish_authorization(ground, "code=x&state=" + begin(), 0ms)).trying);
    auto const tried = stored(last.id);
    convert_to_application();
    EXPECT_FALSE(try_what_is_due());
    EXPECT_FALSE(grant());
    // And where it was converted and another is under way by then.
    write([&](store::Connection& c) {
        auto again = tried;
        again.outcome = model::Authorization::State::waiting;
        store::add_authorization(c, again);
        again.job.reset();
        ASSERT_TRUE(store::try_authorization(c, again));
        auto const settled = settle(c, ground, again.id, {});
        ASSERT_TRUE(settled);
        EXPECT_FALSE(settled->accepted);
        EXPECT_THAT(settled->words, HasSubstr("converted"));
    });
    EXPECT_FALSE(grant());
}

TEST_F(GuardTest, WhoWasBoundWhileItWasTriedStaysBound)
{
    ASSERT_TRUE(run(finish_authorization(ground, "code=x&state=" + begin(), 0ms)).trying);
    model::Grant bound{.account = account.id, .owner = {"tenant-1", "object-2", "sales@contoso.com"}};
    bound.accepted = bound.renewed = clock.now();
    write([&](store::Connection& c) { store::accept_grant(c, bound); });
    auto const settled = try_what_is_due();
    ASSERT_TRUE(settled);
    EXPECT_FALSE(settled->accepted);
    EXPECT_THAT(settled->words, HasSubstr("meanwhile the account was authorized as sales@contoso.com"));
    EXPECT_EQ(grant()->owner.object_id, "object-2");
    EXPECT_EQ(stored(last.id).outcome, model::Authorization::State::refused);
}

TEST_F(GuardTest, AReturnWithoutACodeEndsItsSignIn)
{
    auto const state = begin();
    auto const outcome = come_back(state, "session_state=1");
    EXPECT_FALSE(outcome.accepted);
    EXPECT_EQ(outcome.account, "sales");
    EXPECT_THAT(outcome.words, HasSubstr("neither a code nor an error"));
    EXPECT_EQ(stored(last.id).outcome, model::Authorization::State::refused);
    EXPECT_EQ(audited(), std::vector<std::string>{"grant.refuse"});
    EXPECT_FALSE(come_back(state).accepted);
    EXPECT_FALSE(run(finish_authorization(ground, "code=x&state=" + begin() + "&state=twice")).accepted);
    EXPECT_EQ(stored(last.id).outcome, model::Authorization::State::waiting) << "it was not this one's return";
}

TEST_F(GuardTest, NotesStraysOnceAnHourAndAnOldStateOnce)
{
    auto const state = begin();
    ASSERT_TRUE(come_back(state).accepted);
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(come_back(state).words, HasSubstr("used already"));
        EXPECT_FALSE(run(finish_authorization(ground, fmt::format("code=x&state=made-up-{}", i))).accepted);
    }
    EXPECT_EQ(audited(), (std::vector<std::string>{"grant.stray-return", "grant.return-again", "grant.accept"}));
    clock.advance(1h);
    (void)run(finish_authorization(ground, "code=x&state=made-up"));
    EXPECT_EQ(audited().size(), 4U);
}

TEST_F(GuardTest, TellsAClockThatIsWrong)
{
    auto const words = [&](Duration ahead) {
        claims["iat"] = seconds() - ahead / 1s;
        claims["exp"] = seconds() - ahead / 1s + 3600;
        return sign_in().words;
    };
    EXPECT_THAT(words(2h), AllOf(HasSubstr("this server's clock and the provider's differ by 2 hours"),
                                 HasSubstr("back"), HasSubstr("NTP")));
    EXPECT_THAT(words(-7min), AllOf(HasSubstr("differ by 7 minutes"), HasSubstr("forward")));
    EXPECT_FALSE(grant());
    EXPECT_THAT(words(6min), HasSubstr("360 seconds ahead"));
    EXPECT_TRUE(grant()) << "what still works is accepted, and noted";
}

TEST_F(GuardTest, RefusesIdTokensThatTheProviderDidNotSign)
{
    auto const with = [&](auto make) {
        auto const state = begin();
        auto const good = claims;
        claims.clear();
        tokens["id_token"] = make(good);
        auto const outcome = come_back(state);
        claims = good;
        EXPECT_FALSE(outcome.accepted);
        EXPECT_FALSE(grant());
        return outcome.words;
    };
    auto const part = [](boost::json::object const& object) { return to_base64url(boost::json::serialize(object)); };
    EXPECT_THAT(with([&](auto const& good) { return part({{"alg", "none"}}) + "." + part(good) + "."; }),
                HasSubstr("none"));
    test::TokenSigner foreign(2);
    EXPECT_THAT(with([&](auto const& good) { return foreign.sign(good, "RS256"); }), HasSubstr("signature"));
    foreign.key_id = "unheard-of";
    EXPECT_THAT(with([&](auto const& good) { return foreign.sign(good, "RS256"); }), HasSubstr("unheard-of"));
    tokens.erase("id_token");
    EXPECT_TRUE(sign_in().accepted);
}

TEST_F(GuardTest, AsksAgainForKeysThatItDidNotGet)
{
    keys_fail = 1;
    auto const outcome = sign_in();
    EXPECT_TRUE(outcome.accepted) << outcome.words;
    EXPECT_EQ(key_calls, 2);
    keys_fail = 2;
    EXPECT_THAT(sign_in().words, HasSubstr("web page"));
    EXPECT_EQ(key_calls, 4);
    EXPECT_EQ(calls.size(), 2U) << "a code is redeemed once";
}

TEST_F(GuardTest, AsksAnotherProviderForNothingOfMicrosofts)
{
    configured_at = "";
    claims["iss"] = base;
    begin();
    EXPECT_EQ(parameter(last.url, "scope"), "openid profile email offline_access");
    EXPECT_EQ(parameter(last.url, "prompt"), "login consent");
    EXPECT_TRUE(sign_in().accepted);
    application.scopes = {"openid", "mail.read"};
    write([&](store::Connection& c) { store::change_application(c, application); });
    begin();
    EXPECT_EQ(parameter(last.url, "scope"), "openid mail.read");
    application.scopes = {"mail.read"};
    write([&](store::Connection& c) { store::change_application(c, application); });
    claims.clear();
    EXPECT_THAT(sign_in().words, HasSubstr("the scopes of the identity application Contoso lack openid"));
}

TEST_F(GuardTest, AsksForConsentWhereSomebodyWantsIt)
{
    begin({.consent = true});
    EXPECT_EQ(parameter(last.url, "prompt"), "consent");
}

TEST_F(GuardTest, ChoosesTheFlowByTheAccountsAccess)
{
    auto const wrong = [&](std::optional<model::Flow> flow) {
        auto const begun = run(begin_authorization(ground, "sales", "ada", {.flow = flow}));
        EXPECT_FALSE(begun);
        return begun ? "" : begun.error().message;
    };
    EXPECT_THAT(wrong(model::Flow::application), HasSubstr("user's right"));
    convert_to_application();
    EXPECT_THAT(wrong(model::Flow::code), HasSubstr("nobody signs in"));
    EXPECT_THAT(wrong(model::Flow::device), HasSubstr("nobody signs in"));
    account.access = model::Access::password;
    account.application.reset();
    write([&](store::Connection& c) { store::convert_account(c, account, clock.now()); });
    EXPECT_THAT(wrong(std::nullopt), HasSubstr("password"));
}

}  // namespace
}  // namespace postroom::grants
