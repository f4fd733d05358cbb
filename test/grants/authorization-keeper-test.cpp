#include "grants/authorization-keeper.hpp"

#include "house.hpp"

namespace postroom::grants {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using State = model::Authorization::State;

class KeeperTest : public HouseTest {
protected:
    void look(Duration later = {})
    {
        clock.advance(later);
        run(keeper->look());
    }
    void say(net::http::status with, std::string text)
    {
        status = with;
        body = std::move(text);
    }
    void pending() { say(net::http::status::bad_request, R"({"error":"authorization_pending"})"); }
    void granted()
    {
        status = net::http::status::ok;
        body.clear();
    }
    /// A device flow's id token has no nonce.
    void begin_device()
    {
        auto const begun = run(begin_authorization(ground, "sales", "ada", {.flow = model::Flow::device}));
        if (!begun) throw std::runtime_error(begun.error().message);
        last = *begun;
        look();
    }
    State outcome() { return stored(last.id).outcome; }

    int accepted = 0;
    std::unique_ptr<AuthorizationKeeper> keeper =
        std::make_unique<AuthorizationKeeper>(ground, "one", [this] { ++accepted; });
};

TEST_F(KeeperTest, ADeviceIsAskedForUntilItsCodeWasEntered)
{
    begin_device();
    EXPECT_EQ(last.user_code, "ABCD-EFGH");
    EXPECT_EQ(last.verification_url, "https://login.example/device");
    EXPECT_EQ(last.url, last.verification_url);
    EXPECT_EQ(last.ends, clock.now() + 15min);
    ASSERT_EQ(device_calls.size(), 1U);
    EXPECT_THAT(device_calls[0].find("scope")->second, HasSubstr("IMAP.AccessAsUser.All"));
    EXPECT_EQ(stored(last.id).device_code.bytes.find("device-code-1"), std::string::npos);

    pending();
    EXPECT_TRUE(calls.empty());
    look(4s);
    EXPECT_TRUE(calls.empty()) << "the interval is 5 s";
    look(1s);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].find("device_code")->second, "device-code-1");
    look(4s);
    EXPECT_EQ(calls.size(), 1U);
    granted();
    look(1s);
    EXPECT_EQ(calls.size(), 2U);
    EXPECT_EQ(outcome(), State::trying);
    ASSERT_TRUE(try_what_is_due());
    EXPECT_EQ(outcome(), State::accepted);
    EXPECT_EQ(refresh_token(), "refresh-1");
    EXPECT_TRUE(stored(last.id).device_code.bytes.empty());
    look(1min);
    EXPECT_EQ(calls.size(), 2U);
}

TEST_F(KeeperTest, SlowDownHoldsForGood)
{
    begin_device();
    say(net::http::status::bad_request, R"({"error":"slow_down"})");
    look(5s);
    EXPECT_EQ(calls.size(), 1U);
    EXPECT_EQ(stored(last.id).poll_every, Duration(10s));
    pending();
    look(9s);
    EXPECT_EQ(calls.size(), 1U);
    look(1s);
    EXPECT_EQ(calls.size(), 2U);
    look(9s);
    EXPECT_EQ(calls.size(), 2U) << "every wait that follows, RFC 8628 section 3.5";
}

TEST_F(KeeperTest, TroubleOfTheProviderEndsNothing)
{
    begin_device();
    say(net::http::status::service_unavailable, "");
    headers = {{"Retry-After", "40"}};
    look(5s);
    EXPECT_EQ(calls.size(), 1U);
    look(39s);
    EXPECT_EQ(calls.size(), 1U) << "Retry-After";
    look(1s);
    EXPECT_EQ(calls.size(), 2U);
    provider->stop();
    provider.reset();
    look(40s);
    EXPECT_EQ(outcome(), State::waiting);
}

TEST_F(KeeperTest, ARefusalIsTheEnd)
{
    for (auto const* const word : {"expired_token", "authorization_declined", "bad_verification_code"}) {
        begin_device();
        say(net::http::status::bad_request,
            fmt::format(R"({{"error":"{}","error_description":"AADSTS70019: words\r\nTrace ID: t-9"}})", word));
        look(5s);
        EXPECT_EQ(outcome(), State::refused) << word;
        EXPECT_THAT(stored(last.id).reason, AllOf(HasSubstr(word), HasSubstr("t-9")));
        EXPECT_EQ(audited()[0], "grant.refuse");
    }
    EXPECT_FALSE(grant());
}

TEST_F(KeeperTest, WhoeverEntersTheCodeIsJudgedAsElsewhere)
{
    begin_device();
    claims["preferred_username"] = "desktop@contoso.com";
    look(5s);
    EXPECT_EQ(outcome(), State::refused);
    EXPECT_THAT(stored(last.id).reason, HasSubstr("desktop@contoso.com"));
}

TEST_F(KeeperTest, ACodeThatNobodyEnteredEnds)
{
    begin_device();
    pending();
    look(15min);
    EXPECT_EQ(outcome(), State::refused);
    EXPECT_THAT(stored(last.id).reason, HasSubstr("nobody entered the code"));
    EXPECT_TRUE(calls.empty());
}

TEST_F(KeeperTest, OfTwoServersOneAsks)
{
    AuthorizationKeeper other(ground, "two");
    begin_device();
    run(other.look());
    pending();
    for (int i = 1; i <= 6; ++i) {
        look(5s);
        run(other.look());
        EXPECT_EQ(calls.size(), unsigned(i)) << "an interval apart, whoever looks";
    }
    // The one goes away, and the other takes over when its lease has ended.
    keeper.reset();
    granted();
    for (int i = 0; i < 4 && outcome() == State::waiting; ++i) {
        clock.advance(5s);
        run(other.look());
    }
    EXPECT_EQ(outcome(), State::trying);
    EXPECT_EQ(calls.size(), 7U);
}

TEST_F(KeeperTest, ARestartGoesOnAnIntervalLater)
{
    begin_device();
    pending();
    look(5s);
    keeper = std::make_unique<AuthorizationKeeper>(ground, "one");
    look();
    EXPECT_EQ(calls.size(), 1U);
    granted();
    look(5s);
    EXPECT_EQ(outcome(), State::trying);
}

TEST_F(KeeperTest, AnotherBegunEndsTheAsking)
{
    begin_device();
    auto const first = last.id;
    pending();
    look(5s);
    auto const state = begin({}, "bob");
    EXPECT_THAT(stored(first).reason, HasSubstr("bob"));
    look(5s);
    EXPECT_EQ(calls.size(), 1U);
    granted();
    EXPECT_TRUE(come_back(state).accepted);
}

TEST_F(KeeperTest, WhatNoServicesServerTriesIsAcceptedWithANote)
{
    ASSERT_TRUE(run(finish_authorization(ground, "code=x&state=" + begin(), 0ms)).trying);
    look(59s);
    EXPECT_EQ(outcome(), State::trying);
    EXPECT_EQ(accepted, 0);
    look(1s);
    EXPECT_EQ(outcome(), State::accepted);
    EXPECT_THAT(stored(last.id).reason, HasSubstr("no services server tried it"));
    EXPECT_EQ(refresh_token(), "refresh-1");
    EXPECT_EQ(accepted, 1);
    // Caught up on by whoever comes first; the candidate's own job does no harm.
    std::vector<std::string> inputs;
    write([&](store::Connection& c) {
        while (auto const job = store::claim_job(c, trial_job, "services", 60s)) inputs.push_back(job->input);
    });
    ASSERT_EQ(inputs.size(), 2U);
    EXPECT_THAT(inputs[1], HasSubstr(to_string(account.id)));
}

TEST_F(KeeperTest, ATrialUnderWayIsLeftAloneAndALostOneIsNot)
{
    ASSERT_TRUE(run(finish_authorization(ground, "code=x&state=" + begin(), 0ms)).trying);
    write([](store::Connection& c) { ASSERT_TRUE(store::claim_job(c, trial_job, "services", 10min)); });
    look(4min);
    EXPECT_EQ(outcome(), State::trying);
    look(1min);
    EXPECT_EQ(outcome(), State::accepted);
    EXPECT_THAT(stored(last.id).reason, HasSubstr("came to no end"));
}

TEST_F(KeeperTest, ATrialWaitsForItsTurnWhileOthersAreTried)
{
    ASSERT_TRUE(run(finish_authorization(ground, "code=x&state=" + begin(), 0ms)).trying);
    write([&](store::Connection& c) {
        // Claimed ahead of the candidate's own.
        store::add_job(c, {.id = model::JobId::make(),
                           .kind = std::string(trial_job),
                           .input = "{}",
                           .output = {},
                           .state = {},
                           .created = clock.now() - 1s});
        ASSERT_TRUE(store::claim_job(c, trial_job, "services", 90s));
    });
    look(89s);
    EXPECT_EQ(outcome(), State::trying);
    look(1s);
    EXPECT_EQ(outcome(), State::accepted) << "nobody works on any";
}

TEST_F(KeeperTest, WhoNeverComesBackIsGivenUp)
{
    begin();
    look(16min);
    EXPECT_EQ(outcome(), State::waiting) << "a return that came in time may be judged at this moment";
    look(1min);
    EXPECT_EQ(outcome(), State::refused);
    EXPECT_THAT(stored(last.id).reason, HasSubstr("nobody came back"));
    EXPECT_EQ(audited(), std::vector<std::string>{"grant.refuse"});
}

TEST_F(KeeperTest, SweepsWhatEndedLongAgo)
{
    ASSERT_TRUE(sign_in().accepted);
    auto const old = last.id;
    auto const job = stored(old).job.value();
    auto const job_is_kept = [&] { return read([&](store::Connection& c) { return store::job(c, job); }).has_value(); };
    begin();
    keeper = std::make_unique<AuthorizationKeeper>(ground, "one");
    look(6 * 24h);
    EXPECT_TRUE(job_is_kept());
    keeper = std::make_unique<AuthorizationKeeper>(ground, "one");
    look(23 * 24h);
    EXPECT_FALSE(job_is_kept());
    keeper = std::make_unique<AuthorizationKeeper>(ground, "one");
    look();
    EXPECT_TRUE(read([&](store::Connection& c) { return store::authorization(c, old); }));
    keeper = std::make_unique<AuthorizationKeeper>(ground, "one");
    look(2 * 24h);
    EXPECT_FALSE(read([&](store::Connection& c) { return store::authorization(c, old); }));
    EXPECT_TRUE(grant()) << "what it led to stays";
}

TEST_F(KeeperTest, RunsUntilItIsStopped)
{
    device["interval"] = 1;
    begin_device();
    clock.advance(1s);
    boost::asio::steady_timer later(loop, 500ms);
    later.async_wait([&](boost::system::error_code) { keeper->stop(); });
    run(keeper->run());
    EXPECT_EQ(outcome(), State::trying);
}

}  // namespace
}  // namespace postroom::grants
