#include "grants/master-keys.hpp"

#include "grants/key-rotation.hpp"
#include "grants/places.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"

#include "store/both-stores.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

namespace postroom::grants {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct CutOff {};

using store::Kind;
using store::name_of;

class MasterKeysTest : public store::OnBothStores {
protected:
    House house = furnish();
    std::string key_file = folder / "vault.key";
    std::shared_ptr<vault::Vault const> vault = vault::Vault::open(key_file, true).value();

    // Something in every sealed column, and more of one than a batch.
    void fill()
    {
        ASSERT_TRUE(take_master_key(*store, *vault));
        write([&](store::Connection& c) {
            for (int i = 0; i < 230; ++i) {
                auto application = house.application;
                application.id = model::ApplicationId::make();
                application.name = to_string(application.id);
                add_application(c, application);
                model::Credential credential{.id = model::CredentialId::make(), .application = application.id};
                credential.value = vault->seal(Secret("client secret"), place_of_credential(credential.id));
                add_credential(c, credential);
            }
            model::Grant grant{.account = house.account.id};
            grant.refresh_token = vault->seal(Secret("refresh token"), place_of_refresh_token(grant.account));
            grant.access_token = vault->seal(Secret("access token"), place_of_access_token(grant.account));
            accept_grant(c, grant);
            model::Authorization begun{.id = model::AuthorizationId::make(), .account = house.account.id};
            begun.state = "state";
            begun.verifier = vault->seal(Secret("verifier"), place_of_verifier(begun.id));
            begun.device_code = vault->seal(Secret("device code"), place_of_device_code(begun.id));
            add_authorization(c, begun);
            begun.candidate_refresh_token = vault->seal(Secret("refresh"), place_of_candidate_refresh_token(begun.id));
            begun.candidate_access_token = vault->seal(Secret("access"), place_of_candidate_access_token(begun.id));
            EXPECT_TRUE(try_authorization(c, begun));
            auto account = house.account;
            account.id = model::AccountId::make();
            account.name = "by password";
            account.password = vault->seal(Secret("password"), place_of_password(account.id));
            add_account(c, account);
        });
    }
    static constexpr std::int64_t all = 230 + 7;

    std::shared_ptr<vault::Vault const> opened_again() { return vault::Vault::open(key_file, false).value(); }

    Rotation how()
    {
        Rotation rotation;
        rotation.owner = "test";
        rotation.wait = std::chrono::seconds(0);
        rotation.sleep = [] {};
        rotation.progress = [](Words const&, std::int64_t) {};
        return rotation;
    }
    static Forgetting at_once()
    {
        Forgetting forgetting;
        forgetting.owner = "test";
        forgetting.now = true;
        return forgetting;
    }
    std::vector<std::string> forgotten(vault::Vault const& with)
    {
        return forget_old_keys(*store, with, at_once()).value().names;
    }
    Verified verified(vault::Vault const& with)
    {
        return verify(*store, with, [](Words const&, std::int64_t) {});
    }
    void holds(std::string const& server, std::vector<std::string> names)
    {
        write([&](store::Connection& c) { note_holder(c, {server, names, names.front(), {}}); });
    }
};

POSTROOM_ON_BOTH_STORES(MasterKeysTest);

TEST_P(MasterKeysTest, EverySealedColumnHasAPlaceOfItsOwn)
{
    std::set<std::string> places;
    for (auto const& column : store::sealed_columns()) places.insert(place_of(column, house.account.id.value));
    EXPECT_EQ(places.size(), store::sealed_columns().size());
    EXPECT_THROW((void)place_of({"setting", "name", "value"}, {}), store::Failure);
}

TEST_P(MasterKeysTest, TheFirstServersKeyIsTheStoresAndAnotherIsRefused)
{
    EXPECT_FALSE(has_master_key(*store));
    ASSERT_TRUE(take_master_key(*store, *vault));
    EXPECT_TRUE(has_master_key(*store));
    EXPECT_TRUE(take_master_key(*store, *opened_again()));
    auto const other = vault::Vault::open(folder / "other.key", true).value();
    auto const refused = take_master_key(*store, *other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::invalid);
    EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr(vault->key_name()), HasSubstr(other->key_name()),
                                                        HasSubstr("other.key"), HasSubstr("Copy the key file")));
}

TEST_P(MasterKeysTest, AStoreOfAnEarlierReleaseTellsByWhatItHolds)
{
    fill();
    write([](store::Connection& c) { c.execute("DELETE FROM master_key"); });
    EXPECT_TRUE(has_master_key(*store));
    auto const other = vault::Vault::open(folder / "other.key", true).value();
    EXPECT_FALSE(take_master_key(*store, *other));
    EXPECT_TRUE(take_master_key(*store, *vault));
}

TEST_P(MasterKeysTest, AProofThatDoesNotOpenIsToldAtTheStart)
{
    ASSERT_TRUE(take_master_key(*store, *vault));
    auto const sealed_elsewhere = vault->seal(Secret("x"), "elsewhere");
    write([&](store::Connection& c) { make_current(c, {vault->key_name(), true, sealed_elsewhere}); });
    auto const refused = take_master_key(*store, *vault);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("postroom vault verify"));
}

TEST_P(MasterKeysTest, RotatingSealsEverythingAnew)
{
    fill();
    auto const old = vault->key_name();
    auto const rotated = rotate(*store, *vault, how());
    ASSERT_TRUE(rotated) << rotated.error().message;
    EXPECT_NE(rotated->key, old);
    EXPECT_EQ(rotated->records, all);
    EXPECT_FALSE(rotated->resumed);
    auto const found = verified(*opened_again());
    EXPECT_TRUE(found.unreadable.empty());
    EXPECT_EQ(found.by_key, (std::map<std::string, std::int64_t>{{rotated->key, all + 1}}));  // and the proof
    EXPECT_TRUE(take_master_key(*store, *opened_again()));
    EXPECT_EQ(opened_again()->key_names(), (std::vector<std::string>{rotated->key, old}));

    EXPECT_THAT(forgotten(*vault), ElementsAre(old));
    EXPECT_THAT(forgotten(*vault), testing::IsEmpty());
    EXPECT_THAT(opened_again()->key_names(), ElementsAre(rotated->key));
    EXPECT_TRUE(verified(*opened_again()).unreadable.empty());
}

TEST_P(MasterKeysTest, CutOffAnywhereEverythingIsReadableAndTheNextOneEndsIt)
{
    fill();
    int cuts = 0;
    for (bool ended = false; !ended; ++cuts) {
        auto cut = how();
        cut.between = [&](int step) {
            if (step == cuts) throw CutOff();
        };
        auto const before = opened_again();
        ASSERT_TRUE(take_master_key(*store, *before));
        try {
            ended = rotate(*store, *before, cut).has_value();
        } catch (CutOff const&) {
        }
        // As a server finds it that starts now, and as one does that ran all the while.
        for (auto const& server : {opened_again(), vault}) {
            ASSERT_TRUE(take_master_key(*store, *server)) << "cut at step " << cuts;
            auto const found = verified(*server);
            ASSERT_TRUE(found.unreadable.empty()) << "cut at step " << cuts;
            ASSERT_EQ(found.records, all + 1);
        }
        if (ended) break;
        auto const rest = rotate(*store, *opened_again(), how());
        ASSERT_TRUE(rest) << rest.error().message;
        ASSERT_EQ(verified(*opened_again()).by_key.size(), 1U) << "cut at step " << cuts;
        forgotten(*opened_again());
    }
    EXPECT_GT(cuts, 7);  // the file, the store, and each batch of each column
}

TEST_P(MasterKeysTest, WaitsForServersThatLackTheNewKeyAndNamesThem)
{
    fill();
    auto const old = vault->key_name();
    holds("mail1", {old});
    holds("mail2", {old});
    auto const refused = rotate(*store, *vault, how());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::timed_out);
    EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr("mail1, mail2"), HasSubstr("Copy the key file")));
    EXPECT_EQ(verified(*vault).by_key.size(), 1U) << "nothing was touched";
    auto const names = opened_again()->key_names();
    ASSERT_EQ(names.size(), 2U);

    // They get it, and change over once it is current.
    auto patient = how();
    patient.wait = std::chrono::seconds(30);
    patient.sleep = [&] {
        auto const keys = read([](store::Connection& c) { return store::master_keys(c); });
        auto const current = keys.front().name;
        auto const other = current == names[0] ? names[1] : names[0];
        holds("mail1", {current, other});
        holds("mail2", {current, other});
    };
    auto const rotated = rotate(*store, *opened_again(), patient);
    ASSERT_TRUE(rotated) << rotated.error().message;
    EXPECT_TRUE(rotated->resumed);
    EXPECT_EQ(rotated->key, names[0]);
    EXPECT_EQ(opened_again()->key_names(), names) << "no third key was made";
}

TEST_P(MasterKeysTest, ASecondRotationIsKeptOff)
{
    fill();
    (void)write(
        [](store::Connection& c) { return store::take_lease(c, "vault/rotation", "somebody else", Duration(15'000)); });
    auto const refused = rotate(*store, *vault, how());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::conflict);
    EXPECT_EQ(opened_again()->key_names().size(), 1U);
}

TEST_P(MasterKeysTest, ARotationThatGoesThroughMuchKeepsOthersOffAllTheWhile)
{
    fill();
    auto slow = how();
    slow.between = [&](int step) {
        if (step < 4) return;  // from here on it goes through what is sealed, twice
        clock.advance(std::chrono::seconds(10));
        EXPECT_FALSE(write([](store::Connection& c) {
            return store::take_lease(c, "vault/rotation", "another", Duration(15'000));
        })) << "step "
            << step;
    };
    EXPECT_TRUE(rotate(*store, *vault, slow));
}

TEST_P(MasterKeysTest, NoKeyIsForgottenWhileAnotherProcessReplacesThem)
{
    fill();
    ASSERT_TRUE(rotate(*store, *vault, how()));
    auto const before = opened_again()->key_names();
    auto another = how();
    another.owner = "another";
    auto forgetting = at_once();
    forgetting.between = [&] { EXPECT_EQ(rotate(*store, *opened_again(), another).error().kind, Trouble::conflict); };
    EXPECT_THAT(forget_old_keys(*store, *vault, forgetting).value().names, ElementsAre(before.back()));

    // It slept until its lease had run out: the key that another one made meanwhile is not taken away again.
    bool slept = false;
    forgetting.between = [&] {
        if (std::exchange(slept, true)) return;
        clock.advance(std::chrono::seconds(15));
        EXPECT_TRUE(rotate(*store, *opened_again(), another));
    };
    EXPECT_THROW((void)forget_old_keys(*store, *vault, forgetting), store::Failure);
    EXPECT_EQ(opened_again()->key_names().size(), 2U);
    EXPECT_TRUE(verified(*opened_again()).unreadable.empty());
}

TEST_P(MasterKeysTest, AKeyRestsForHoursBeforeItIsForgotten)
{
    fill();
    auto const first = vault->key_name();
    clock.advance(std::chrono::hours(1));
    ASSERT_TRUE(rotate(*store, *vault, how()));
    auto const second = opened_again()->key_names().front();
    clock.advance(std::chrono::hours(5));
    ASSERT_TRUE(rotate(*store, *opened_again(), how()));
    auto patient = at_once();
    patient.now = false;
    auto early = forget_old_keys(*store, *opened_again(), patient).value();
    EXPECT_THAT(early.names, testing::IsEmpty());
    EXPECT_THAT(early.resting, ElementsAre(second, first));
    clock.advance(std::chrono::hours(1));
    auto const later = forget_old_keys(*store, *opened_again(), patient).value();
    EXPECT_THAT(later.names, ElementsAre(first));
    EXPECT_THAT(later.resting, ElementsAre(second));
    EXPECT_THAT(forgotten(*opened_again()), ElementsAre(second));
}

TEST_P(MasterKeysTest, WhatCannotBeReadIsNamedAndStopsNothing)
{
    fill();
    write([&](store::Connection& c) {
        c.execute("UPDATE account_grant SET refresh_token = access_token WHERE account = ?", house.account.id);
    });
    auto const place = place_of_refresh_token(house.account.id);
    auto const found = verified(*vault);
    ASSERT_EQ(found.unreadable.size(), 1U);
    EXPECT_EQ(found.unreadable[0].place, place);
    auto const rotated = rotate(*store, *vault, how());
    ASSERT_TRUE(rotated);
    EXPECT_EQ(rotated->records, all - 1);
    ASSERT_EQ(rotated->unreadable.size(), 1U);
    EXPECT_EQ(rotated->unreadable[0].place, place);
    // The key that it names is still there for whoever can mend it, and another rotation is not held up by it.
    EXPECT_THAT(forgotten(*vault), testing::IsEmpty());
    EXPECT_FALSE(rotate(*store, *vault, how())->resumed);
}

TEST_P(MasterKeysTest, KeysOfTheEnvironmentAreRotatedOnceTheyHoldANewOne)
{
    fill();
    auto keys = vault::read_key_file(key_file).value();
    auto const old = vault->key_name();
    auto const alone = vault::Vault::open(vault::Keys{keys, {}}, false).value();
    auto const refused = rotate(*store, *alone, how());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("POSTROOM_MASTER_KEY"));
    keys.insert(keys.begin(), vault::new_key());
    auto const both = vault::Vault::open(vault::Keys{keys, {}}, false).value();
    ASSERT_TRUE(take_master_key(*store, *both));
    EXPECT_EQ(both->key_name(), old) << "what the store says is current, not what stands first";
    auto const rotated = rotate(*store, *both, how());
    ASSERT_TRUE(rotated) << rotated.error().message;
    EXPECT_EQ(rotated->key, vault::name_of_key(keys.front()));
    // The first line is an old one again: nobody goes back by mistake.
    auto const turned = vault::Vault::open(vault::Keys{{keys[1], keys[0]}, {}}, false).value();
    ASSERT_TRUE(take_master_key(*store, *turned));
    EXPECT_THAT(rotate(*store, *turned, how()).error().message, HasSubstr("replaced already"));
}

}  // namespace
}  // namespace postroom::grants
