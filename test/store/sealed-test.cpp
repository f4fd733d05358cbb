#include "store/sealed.hpp"

#include "store/grants.hpp"
#include "store/tables.hpp"

#include "both-stores.hpp"

#include <gmock/gmock.h>

namespace postroom::store {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class SealedTest : public OnBothStores {
protected:
    House house = furnish();
    SealedColumn const secrets{"credential", "id", "sealed_value"};

    model::CredentialId credential(std::string sealed)
    {
        model::Application application = house.application;
        application.id = model::ApplicationId::make();
        application.name = to_string(application.id);
        model::Credential one{.id = model::CredentialId::make(), .application = application.id};
        one.value = {std::move(sealed)};
        write([&](Connection& c) {
            add_application(c, application);
            add_credential(c, one);
        });
        return one.id;
    }
};

POSTROOM_ON_BOTH_STORES(SealedTest);

// A column that is added later says {sealed} of itself, or is none: then it is to be named here.
TEST_P(SealedTest, EveryBlobIsSealedOrKnownNotToBe)
{
    std::vector<std::string> sealed, plain;
    for (auto const& table : tables())
        for (auto const& column : table.columns)
            if (column.kind == Column::Kind::blob)
                (column.sealed ? sealed : plain).push_back(table.name + "." + column.name);
    EXPECT_THAT(plain, UnorderedElementsAre("console_session.token_digest", "body.digest", "body_chunk.packed",
                                            "message.digest", "message.fingerprint", "user_link.digest",
                                            "access_token.digest", "master_key.proof"));
    std::vector<std::string> listed;
    for (auto const& column : sealed_columns()) listed.push_back(column.table + "." + column.column);
    EXPECT_EQ(listed, sealed);
    EXPECT_THAT(sealed, UnorderedElementsAre(
                            "account.password", "credential.sealed_value", "account_grant.refresh_token",
                            "account_grant.access_token", "account_authorization.verifier",
                            "account_authorization.device_code", "account_authorization.candidate_refresh_token",
                            "account_authorization.candidate_access_token", "alarm_route.password", "webhook.secret"));
}

TEST_P(SealedTest, IsGoneThroughInBatchesAndWithoutWhatHoldsNothing)
{
    std::vector<Uuid> rows;
    for (int i = 0; i < 5; ++i) rows.push_back(credential("secret " + std::to_string(i)).value);
    credential("");
    std::vector<Uuid> found;
    for (Uuid last{};;) {
        auto const cells = read([&](Connection& c) { return sealed_cells(c, secrets, last, 2); });
        if (cells.empty()) break;
        EXPECT_LE(cells.size(), 2U);
        for (auto const& cell : cells) found.push_back(cell.row);
        last = cells.back().row;
    }
    EXPECT_EQ(found, rows);
}

TEST_P(SealedTest, IsReplacedUnlessItChangedMeanwhile)
{
    auto const id = credential(std::string("a\0b", 3));
    auto const cell = read([&](Connection& c) { return sealed_cells(c, secrets, {}, 1); }).at(0);
    EXPECT_EQ(cell.sealed.bytes, std::string("a\0b", 3));
    EXPECT_TRUE(write([&](Connection& c) { return replace_sealed(c, secrets, cell, {"new"}); }));
    EXPECT_FALSE(write([&](Connection& c) { return replace_sealed(c, secrets, cell, {"newer"}); }));
    auto const now = read([&](Connection& c) { return sealed_cells(c, secrets, {}, 1); }).at(0);
    EXPECT_EQ(now.sealed.bytes, "new");
    EXPECT_EQ(now.row, id.value);
}

TEST_P(SealedTest, OneMasterKeyIsCurrent)
{
    EXPECT_TRUE(read([](Connection& c) { return master_keys(c); }).empty());
    for (auto const* const name : {"aa", "bb", "aa", "cc"}) {
        clock.advance(Duration(1));
        write([&](Connection& c) { make_current(c, {name, true, {"proof"}}); });
        auto const keys = read([](Connection& c) { return master_keys(c); });
        EXPECT_EQ(keys.at(0).name, name);
        EXPECT_EQ(std::ranges::count(keys, true, &MasterKey::current), 1);
    }
    write([&](Connection& c) {
        forget_master_key(c, "bb");
        forget_master_key(c, "cc");  // the current one stays
    });
    std::vector<std::string> names;
    for (auto const& key : read([](Connection& c) { return master_keys(c); })) names.push_back(key.name);
    EXPECT_THAT(names, ElementsAre("cc", "aa"));
}

TEST_P(SealedTest, HoldersAreThoseSeenLately)
{
    write([&](Connection& c) {
        note_holder(c, {"one", {"aa"}, "aa", {}});
        note_holder(c, {"two", {"aa"}, "aa", {}});
    });
    clock.advance(Duration(5000));
    write([&](Connection& c) { note_holder(c, {"two", {"bb", "aa"}, "bb", {}}); });
    auto const lately = read([](Connection& c) { return holders_since(c, Duration(5000)); });
    ASSERT_EQ(lately.size(), 1U);
    EXPECT_EQ(lately[0].server, "two");
    EXPECT_THAT(lately[0].names, ElementsAre("bb", "aa"));
    EXPECT_EQ(lately[0].seals_with, "bb");
    write([&](Connection& c) { remove_holder(c, "two"); });
    EXPECT_EQ(read([](Connection& c) { return holders_since(c, Duration(60'000)); }).size(), 1U);
}

}  // namespace
}  // namespace postroom::store
