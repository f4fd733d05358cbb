// Going through a whole store: its soundness, and copies from one kind to the other.
#include "store/whole.hpp"

#include "store/coordination.hpp"
#include "store/settings.hpp"
#include "store/tables.hpp"

#include "both-stores.hpp"
#include "counting.hpp"

#include <gmock/gmock.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace postroom::store {
namespace {

void nobody(std::string_view, std::int64_t, std::int64_t) {}

class WholeTest : public OnBothStores {
protected:
    House house = furnish();

    /// With every type of value, NULL among them, texts that PostgreSQL can't hold, and more rows than a batch.
    void fill()
    {
        write([&](Connection& c) {
            std::string octets(3 * chunk_bytes / 2, '\0');
            for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<char>(i * 2654435761U >> 13U);
            model::Digest digest{};
            crypto_hash_sha256(digest.data(), reinterpret_cast<unsigned char const*>(octets.data()), octets.size());
            auto const body = model::BodyId::make();
            for (int number = 0; number < 2; ++number)
                add_chunk(c, body,
                          make_chunk(number,
                                     std::string_view(octets).substr(std::size_t(number) * chunk_bytes, chunk_bytes)));
            (void)publish_body(c, body, std::int64_t(octets.size()), digest);
            for (int i = 0; i < 450; ++i) {
                model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
                activity.subject = std::string("\xff\0 é \xf4\x8f\xbf\xbf", 11) + std::to_string(i);
                activity.text = std::string(static_cast<std::size_t>(i), 'x');
                activity.message_id = std::to_string(i) + "\x80@example.com";
                add_activity(c, activity);
            }
            set_setting(c, "external-url", "https://mail.example.com");
            (void)take_lease(c, "mailbox/\xff", "one", Duration(1000));
            raise_alarm(c, "cause", "subject", "words", clock.now());
        });
    }
    std::unique_ptr<Store> other(std::string& place, int number = 0)
    {
        auto const kind = GetParam() == Kind::sqlite ? Kind::postgresql : Kind::sqlite;
        place = new_place(kind, folder / ("other" + std::to_string(number) + ".db"));
        return Store::open({.path = place}).value();
    }
};

POSTROOM_ON_BOTH_STORES(WholeTest);

TEST_P(WholeTest, KnowsEveryTableAndColumn)
{
    auto const listed = read([&](Connection& c) {
        return c.all(
            GetParam() == Kind::sqlite
                ? "SELECT m.name || '.' || p.name FROM sqlite_schema m JOIN pragma_table_info(m.name) p WHERE "
                  "m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT IN ('schema_migration', 'change')"
                : "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE "
                  "table_schema = current_schema() AND table_name NOT IN ('schema_migration', 'change')",
            [](Row const& row) { return row.text(0); });
    });
    std::vector<std::string> ours;
    for (auto const& table : tables()) {
        EXPECT_FALSE(table.key.empty()) << table.name;
        for (auto const& column : table.columns) ours.push_back(table.name + "." + column.name);
    }
    EXPECT_THAT(ours, testing::UnorderedElementsAreArray(listed));
}

TEST_P(WholeTest, IsCopiedToTheOtherKindAndBack)
{
    fill();
    std::string place;
    std::string back_place;
    auto const copied = other(place);
    EXPECT_TRUE(is_empty(*copied));
    EXPECT_FALSE(is_empty(*store));
    auto const there = copy_store(*store, *copied, nobody);
    EXPECT_FALSE(is_empty(*copied));
    auto const back = Store::open({.path = new_place(GetParam(), folder / "back.db")}).value();
    EXPECT_EQ(copy_store(*copied, *back, nobody), there);
    EXPECT_EQ(sums(*store, nobody), there);
    auto const activities = std::ranges::find(there, "activity", &TableSum::table);
    EXPECT_EQ(activities->rows, 450);
    EXPECT_TRUE(check(*copied, place, nobody).damages.empty());
    EXPECT_EQ(check(*copied, place, nobody).bodies, 1);
    // And numbers go on where they were.
    copied->write_now([&](Connection& c) {
        auto next = house.a_case;
        next.id = model::CaseId::make();
        EXPECT_EQ(add_case(c, next), 2);
    });
}

TEST_P(WholeTest, GoesOnWithACopyThatWasCutOff)
{
    fill();
    std::string place;
    auto const copied = other(place);
    struct CutOff {};
    int batches = 0;
    for (int limit = 3; limit < 40; limit += 3) {
        batches = 0;
        try {
            copy_store(*store, *copied, [&](std::string_view, std::int64_t, std::int64_t) {
                if (++batches >= limit) throw CutOff();
            });
        } catch (CutOff const&) {
        }
    }
    EXPECT_EQ(copy_store(*store, *copied, nobody), sums(*store, nobody));
}

// Seen to fail where a sum leaves out a column.
TEST_P(WholeTest, SeesWhereACopyDiffers)
{
    fill();
    std::string place;
    auto const copied = other(place);
    (void)copy_store(*store, *copied, nobody);
    copied->write_now([&](Connection& c) {
        // A row that a further copy passes over.
        c.execute("UPDATE activity SET plain_text = ? WHERE id = (SELECT id FROM activity ORDER BY id LIMIT 1)", "y");
    });
    try {
        (void)copy_store(*store, *copied, nobody);
        FAIL() << "it said nothing";
    } catch (Failure const& e) {
        EXPECT_EQ(e.kind(), Trouble::conflict);
        EXPECT_NE(std::string_view(e.what()).find("activity"), std::string_view::npos) << e.what();
    }
}

TEST_P(WholeTest, SaysWhichBodiesAreDamaged)
{
    fill();
    EXPECT_TRUE(check(*store, path, nobody).damages.empty());
    write([](Connection& c) {
        c.execute("UPDATE body_chunk SET packed = ? WHERE number = 1",
                  Bytes{make_chunk(1, std::string(1000, 'x')).packed});
        c.execute("UPDATE body_chunk SET size = 1000 WHERE number = 1");
    });
    EXPECT_EQ(check(*store, path, nobody).damages.size(), 1U);
    write([](Connection& c) { c.execute("DELETE FROM body_chunk WHERE number = 1"); });
    EXPECT_EQ(check(*store, path, nobody).damages.size(), 1U);
}

TEST_P(WholeTest, KnowsWhoElseUsesIt)
{
    auto const copying = Store::open({.path = path, .called = "postroom store copy"}).value();
    EXPECT_EQ(other_users(*copying, path, "postroom store copy") > 0, GetParam() == Kind::postgresql);
    store.reset();
    // The server notices a moment later.
    for (int tries = 0; tries < 100 && other_users(*copying, path, "postroom store copy") > 0; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(other_users(*copying, path, "postroom store copy"), 0);
}

}  // namespace
}  // namespace postroom::store
