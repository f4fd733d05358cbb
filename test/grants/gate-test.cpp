#include "grants/gate.hpp"

#include "house.hpp"

namespace postroom::grants {
namespace {

using testing::HasSubstr;

class GateTest : public HouseTest {
protected:
    GateTest()
    {
        other.id = model::ApplicationId::make();
        other.client_id = "another";
    }

    Result<std::unique_ptr<Gate::Pass>> enter(model::Application as)
    {
        return test::run(loop, gate->enter(std::move(as)));
    }

    std::shared_ptr<Gate> gate = std::make_shared<Gate>(ground);
    model::Application other = application;
};

TEST_F(GateTest, IsClosedToEverybodyForAsLongAsTheProviderSays)
{
    auto pass = enter(application);
    ASSERT_TRUE(pass) << pass.error().message;
    EXPECT_EQ((*pass)->provider().issuer, base + "/v2.0");
    EXPECT_FALSE(gate->closed_until());

    auto const until = clock.now() + 120s;
    gate->busy(120s, "the provider said 429");
    pass->reset();
    EXPECT_EQ(gate->closed_until(), until);
    for (auto const after : {0s, 60s, 54s}) {
        clock.advance(after);
        for (auto const& each : {application, other}) {
            auto const refused = enter(each);
            ASSERT_FALSE(refused) << to_rfc3339(clock.now());
            EXPECT_EQ(refused.error().kind, Trouble::unreachable);
            EXPECT_THAT(refused.error().message, HasSubstr("the provider said 429"));
        }
    }
    clock.advance(6s);
    EXPECT_FALSE(gate->closed_until());
    for (auto const& each : {application, other}) EXPECT_TRUE(enter(each));
}

TEST_F(GateTest, IsWaitedAtWhereItOpensInAMoment)
{
    ASSERT_TRUE(enter(application));
    gate->busy(2s, "the provider said 503");
    boost::asio::steady_timer later(loop, 50ms);
    later.async_wait([this](boost::system::error_code) { clock.advance(1s); });
    auto const begun = std::chrono::steady_clock::now();
    clock.advance(1s);
    EXPECT_TRUE(enter(other));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 900ms);
}

TEST_F(GateTest, IsNotOpenedByAnAnswerThatWasUnderWayWhenItClosed)
{
    auto first = enter(application);
    auto second = enter(other);
    ASSERT_TRUE(first && second);
    gate->busy(120s, "the provider said 429");
    gate->answered();
    EXPECT_FALSE(enter(other));
    gate->busy(10s, "the provider said 429");
    clock.advance(60s);
    EXPECT_FALSE(enter(other)) << "a shorter wish does not take the longer one back";
}

TEST_F(GateTest, LetsNobodyInOnceItIsShut)
{
    ASSERT_TRUE(enter(application));
    gate->shut();
    auto const refused = enter(application);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::closed);
}

}  // namespace
}  // namespace postroom::grants
