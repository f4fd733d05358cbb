#include "store/bodies.hpp"

#include "both-stores.hpp"

#include <random>

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class BodiesTest : public OnBothStores {
protected:
    std::int64_t count(std::string const& table)
    {
        return read([&](Connection& c) {
            return c.first("SELECT count(*) FROM " + table, [](Row const& row) { return row.integer(0); }).value();
        });
    }
};

POSTROOM_ON_BOTH_STORES(BodiesTest);

TEST_P(BodiesTest, KeepsBytesOfEverySizeAsTheyAre)
{
    std::mt19937 random(1);
    std::uint64_t digest = 0;
    for (std::size_t const size : {0UZ, 1UZ, 32 * 1024UZ, 32 * 1024UZ + 1, chunk_bytes - 1, chunk_bytes,
                                   chunk_bytes + 1, 3 * chunk_bytes + 17}) {
        std::string octets(size, '\0');
        for (auto& each : octets) each = static_cast<char>(random());
        auto const body = model::BodyId::make();
        write([&](Connection& c) {
            int number = 0;
            for (std::size_t at = 0; at < size; at += chunk_bytes)
                add_chunk(c, body, make_chunk(number++, std::string_view(octets).substr(at, chunk_bytes)));
            ASSERT_EQ(publish_body(c, body, static_cast<std::int64_t>(size), digest_of(++digest)), body);
        });
        EXPECT_EQ(read([&](Connection& c) { return read_body(c, body); }), octets);
        EXPECT_EQ(read([&](Connection& c) { return body_size(c, body); }), std::int64_t(size));
        EXPECT_EQ(read([&](Connection& c) { return read_chunk(c, body, 0); }), octets.substr(0, chunk_bytes));
        EXPECT_EQ(read([&](Connection& c) { return read_chunk(c, body, 99); }), "");
    }
}

TEST_P(BodiesTest, KeepsEqualBytesOnce)
{
    auto const first = write([&](Connection& c) { return add_body(c, "the same", 1); });
    auto const second = write([&](Connection& c) { return add_body(c, "the same", 1); });
    EXPECT_EQ(first, second);
    EXPECT_EQ(count("body"), 1);
    EXPECT_EQ(count("body_chunk"), 1);
    EXPECT_EQ(read([&](Connection& c) { return body_with(c, digest_of(1)); }), first);
    EXPECT_EQ(read([&](Connection& c) { return body_with(c, digest_of(2)); }), std::nullopt);
}

TEST_P(BodiesTest, SweepsOnlyWhatWasNeverPublishedAndIsOld)
{
    auto const begin = [&] {
        auto const body = model::BodyId::make();
        write([&](Connection& c) {
            add_chunk(c, body, make_chunk(0, "a"));
            add_chunk(c, body, make_chunk(1, "b"));
        });
        return body;
    };
    auto const orphan = begin();
    auto const published = write([&](Connection& c) { return add_body(c, "kept", 1); });
    clock.advance(1h);
    auto const under_way = begin();
    EXPECT_EQ(write([&](Connection& c) { return sweep_bodies(c, clock.now() - 30min); }), 2);
    EXPECT_EQ(read([&](Connection& c) { return read_body(c, published); }), "kept");
    EXPECT_EQ(trouble([&](Connection& c) { (void)publish_body(c, orphan, 2, digest_of(2)); }), Trouble::store)
        << "a body whose chunks were swept can't be published";
    EXPECT_EQ(write([&](Connection& c) { return publish_body(c, under_way, 2, digest_of(3)); }), under_way);
}

TEST_P(BodiesTest, DoesNotExistBeforeItWasPublished)
{
    auto const body = model::BodyId::make();
    write([&](Connection& c) { add_chunk(c, body, make_chunk(0, "a")); });
    EXPECT_EQ(trouble([&](Connection& c) { (void)read_body(c, body); }), Trouble::not_found);
}

TEST_P(BodiesTest, BoundsWhatIsReadAtOnce)
{
    auto const body = write([&](Connection& c) { return add_body(c, "12345", 1); });
    EXPECT_EQ(trouble([&](Connection& c) { (void)read_body(c, body, 4); }), Trouble::limit);
    EXPECT_EQ(write([&](Connection& c) { return read_body(c, body, 5); }), "12345");
}

TEST_P(BodiesTest, ReadsWhatWasPackedEitherWay)
{
    EXPECT_TRUE(make_chunk(0, "a text").packed.starts_with("\x1f\x8b"));
    EXPECT_TRUE(make_chunk(0, std::string(chunk_bytes, 'x')).packed.starts_with("\x28\xb5\x2f\xfd"));
    // As a store from before has it: zstd -c, of a small one.
    Chunk const before{0, 13,
                       std::string("\x28\xb5\x2f\xfd\0\x58\x69\0\0"
                                   "packed before",
                                   22)};
    auto const body = model::BodyId::make();
    write([&](Connection& c) { store::add_body(c, body, before, digest_of(1)); });
    EXPECT_EQ(read([&](Connection& c) { return read_body(c, body); }), "packed before");
}

TEST_P(BodiesTest, SaysWhereAChunkIsDamaged)
{
    auto const body = write([&](Connection& c) { return add_body(c, std::string(1000, 'x'), 1); });
    auto const damaged = [&](std::string const& sql, std::vector<Value> const& parameters) {
        return trouble([&](Connection& c) {
            c.run(sql, parameters, [](Row const&) {});
            (void)read_body(c, body);
        });
    };
    EXPECT_EQ(damaged("UPDATE body_chunk SET packed = ?", {Bytes{"x"}}), Trouble::store);
    auto other = make_chunk(0, std::string(1000, 'x')).packed;
    other[other.size() - 6] ^= 1;  // of its sum
    EXPECT_EQ(damaged("UPDATE body_chunk SET packed = ?", {Bytes{other}}), Trouble::store);
    EXPECT_EQ(damaged("UPDATE body_chunk SET size = 999", {}), Trouble::store);
    EXPECT_EQ(damaged("DELETE FROM body_chunk", {}), Trouble::store);
    EXPECT_EQ(read([&](Connection& c) { return read_body(c, body); }), std::string(1000, 'x'))
        << "and what failed left nothing behind";
}

}  // namespace
}  // namespace postroom::store
