// Grants by version, states that work once, and authorizations from waiting to their end.
#include "store/grants.hpp"

#include "both-stores.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class GrantsTest : public OnBothStores {
protected:
    House house = furnish();
};

POSTROOM_ON_BOTH_STORES(GrantsTest);

TEST_P(GrantsTest, RenewsAGrantOnlyFromTheVersionItKnows)
{
    model::Grant grant{.account = house.account.id, .owner = {"tid", "oid", "sales@contoso.com"}};
    grant.scopes = {"a", "b"};
    grant.accepted = clock.now();
    grant.refresh_token = {std::string("r\0\xff", 3)};
    grant.access_token_ends = clock.now() + 1h;
    grant.access_token_life = 1h;
    write([&](Connection& c) {
        accept_grant(c, grant);
        auto const first = store::grant(c, house.account.id).value();
        EXPECT_EQ(first.refresh_token, grant.refresh_token);
        EXPECT_EQ(first.owner, grant.owner);
        auto renewed = first;
        renewed.refresh_token = {"r2"};
        EXPECT_TRUE(renew_grant(c, renewed, first.version));
        renewed.refresh_token = {"late"};
        EXPECT_FALSE(renew_grant(c, renewed, first.version));
        EXPECT_EQ(store::grant(c, house.account.id)->refresh_token.bytes, "r2");
        EXPECT_EQ(store::grant(c, house.account.id)->version, first.version + 1);
        accept_grant(c, grant);
        EXPECT_EQ(store::grant(c, house.account.id)->version, first.version + 2) << "so that a renewal under way loses";
        auto const ends = grant_ends(c);
        ASSERT_EQ(ends.size(), 1U);
        EXPECT_EQ(ends[0].access_token_ends, clock.now() + 1h);
        EXPECT_EQ(ends[0].state, model::AccountState::new_account);
    });
    clock.advance(1min);
    write([&](Connection& c) {
        auto const before = store::grant(c, house.account.id).value();
        convert_account(c, house.account, clock.now());
        grant.accepted = clock.now();
        accept_grant(c, grant);
        EXPECT_FALSE(renew_grant(c, before, before.version)) << "late, and of the grant before the conversion";
        EXPECT_GT(store::grant(c, house.account.id)->version, before.version);
    });
}

TEST_P(GrantsTest, UsesAStateUp)
{
    model::Authorization begun{.id = model::AuthorizationId::make(), .account = house.account.id, .state = "s"};
    begun.verifier = {"sealed"};
    begun.ends = clock.now() + 10min;
    write([&](Connection& c) {
        add_authorization(c, begun);
        EXPECT_EQ(take_authorization(c, "t"), std::nullopt);
        auto const taken = take_authorization(c, "s");
        ASSERT_TRUE(taken);
        EXPECT_EQ(taken->id, begun.id);
        EXPECT_EQ(taken->verifier.bytes, "sealed");
        EXPECT_EQ(taken->ends, begun.ends);
        EXPECT_EQ(take_authorization(c, "s"), std::nullopt);
        EXPECT_TRUE(settle_authorization(c, begun.id, model::Authorization::State::refused, "wrong user"));
        EXPECT_FALSE(settle_authorization(c, begun.id, model::Authorization::State::accepted, "too late"));
        EXPECT_EQ(authorization(c, begun.id)->outcome, model::Authorization::State::refused);
        EXPECT_EQ(authorization(c, begun.id)->reason, "wrong user");
    });
}

TEST_P(GrantsTest, AnAuthorizationGoesFromWaitingToTriedToItsEnd)
{
    using State = model::Authorization::State;
    model::Authorization device{
        .id = model::AuthorizationId::make(), .account = house.account.id, .flow = model::Flow::device, .state = "d"};
    device.device_code = {"sealed code"};
    device.user_code = "ABCD";
    device.verification_url = "https://login.example/device";
    device.poll_every = 5s;
    device.test_mail = true;
    device.by = "ada";
    device.begun = clock.now();
    device.ends = clock.now() + 15min;
    write([&](Connection& c) {
        lock_account(c, house.account.id);
        add_authorization(c, device);
        EXPECT_EQ(take_authorization(c, "d"), std::nullopt) << "no browser brings it back";
        auto const found = authorization_of_state(c, "d").value();
        EXPECT_EQ(found.flow, model::Flow::device);
        EXPECT_EQ(found.user_code, "ABCD");
        EXPECT_EQ(found.device_code.bytes, "sealed code");
        EXPECT_TRUE(found.test_mail);
        EXPECT_EQ(found.by, "ada");
        EXPECT_EQ(found.poll_every, Duration(5s));
        set_polling(c, device.id, 10s);
        EXPECT_EQ(authorization(c, device.id)->poll_every, Duration(10s));
        auto tried = found;
        tried.candidate = "{}";
        tried.candidate_access_token = {"sealed token"};
        tried.job = model::JobId::make();
        EXPECT_TRUE(try_authorization(c, tried));
        EXPECT_FALSE(try_authorization(c, tried)) << "it waits no more";
        EXPECT_EQ(open_authorizations(c).size(), 1U);
        EXPECT_EQ(open_authorizations(c, house.account.id).at(0).outcome, State::trying);
        EXPECT_EQ(open_authorizations(c, house.account.id).at(0).job, tried.job);
        sweep_authorizations(c, device.ends + 1ms);
        EXPECT_TRUE(authorization(c, device.id)) << "not while it is open";
        EXPECT_TRUE(settle_authorization(c, device.id, State::accepted, "noted"));
        auto const ended = authorization(c, device.id).value();
        EXPECT_EQ(ended.candidate + ended.candidate_access_token.bytes + ended.device_code.bytes, "");
        EXPECT_TRUE(open_authorizations(c).empty());
        sweep_authorizations(c, device.ends);
        EXPECT_TRUE(authorization(c, device.id));
        sweep_authorizations(c, device.ends + 1ms);
        EXPECT_FALSE(authorization(c, device.id));
    });
    EXPECT_THROW(write([&](Connection& c) { lock_account(c, model::AccountId::make()); }), Failure);
}

}  // namespace
}  // namespace postroom::store
