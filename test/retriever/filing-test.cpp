// Exactly once, on the way in. Seen to fail under these one-line mutations of src/retriever/filing.cpp:
//   - `store::add_to_ledger(c, entry.row, now)` of file() moved to a write of its own: NothingIsHalfFiled
//   - the `message_with` look-up left out: TheSameBytesAreTheSameMail
//   - `store::renew_lease(…)` of file() left out: WhoeverLostTheLeaseFilesNothing
//   - the octets not counted (publish_body() of src/store/bodies.cpp): AMailWhoseChunkWasLostIsNotFiled
//   - settle() returning at once: SettlingMeansDurable
//   - `each_alone` never set: OneThatTheStoreRefusesHoldsUpNoOther
//   - `mail.keep_head(mail.pending)` of end() left out, or header_limit taken for a chunk: ALargeHeaderIsReadToItsEnd
//   - `commits->bytes >= bounds_.bytes` left out, with a budget of 1 GiB: AHugeMailIsNeverHeldWhole
//   - `commits->running` never set back: EveryMailIsFiledHoweverTheyCome
#include "retriever/filing.hpp"

#include "store/fixture.hpp"
#include "support/loop.hpp"

#include <boost/asio/thread_pool.hpp>

#include <fstream>
#include <random>

namespace postroom::retriever {
namespace {

using store::Connection;

class FilingTest : public store::StoreTest {
protected:
    FilingTest()
    {
        house = furnish();
        lease = *write([&](Connection& c) { return store::take_lease(c, "mailbox/1", "here", Duration(60'000)); });
    }

    net::awaitable<void> give(Filing& filing, std::uint32_t uid, std::string_view bytes, Instant received,
                              std::size_t piece)
    {
        filing.begin();
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            auto const part = bytes.substr(at, piece);
            co_await filing.chunk(part);
        }
        Came came{.uid = uid, .received = received};
        co_await filing.end(std::move(came));
    }
    net::awaitable<void> file_all(std::vector<std::pair<std::uint32_t, std::string>> mails, std::size_t* filed,
                                  std::size_t piece = 8'192)
    {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, {});
        for (auto const& [uid, bytes] : mails) co_await give(filing, uid, bytes, clock.now(), piece);
        co_await filing.settle();
        if (filed != nullptr) *filed = filing.filed();
    }

    [[nodiscard]] std::vector<model::Message> messages()
    {
        return read([](Connection& c) { return store::awaiting_triage(c, 1'000); });
    }
    [[nodiscard]] std::vector<std::uint32_t> known()
    {
        return read([&](Connection& c) { return store::known_uids(c, house.mailbox.id, "INBOX", 7); });
    }
    [[nodiscard]] std::string body(model::Message const& message)
    {
        return read([&](Connection& c) { return store::read_body(c, message.body); });
    }

    boost::asio::io_context loop;
    boost::asio::thread_pool pool{2};
    House house;
    store::Lease lease;
};

TEST_F(FilingTest, SettlingMeansDurable)
{
    std::vector<std::pair<std::uint32_t, std::string>> mails;
    for (std::uint32_t uid = 1; uid <= 300; ++uid)
        mails.emplace_back(uid, "Subject: " + std::to_string(uid) + "\r\n\r\nhello\r\n");
    std::size_t filed = 0;
    test::run(loop, file_all(mails, &filed));
    EXPECT_EQ(filed, 300U);
    open();  // what a new process would see
    EXPECT_EQ(messages().size(), 300U);
    EXPECT_EQ(known().size(), 300U);
}

TEST_F(FilingTest, KeepsTheBytesWhateverTheirSize)
{
    std::mt19937 random(20'261'122);
    for (std::size_t const size : {std::size_t(0), std::size_t(1), store::chunk_bytes - 1, store::chunk_bytes,
                                   store::chunk_bytes + 1, 3 * store::chunk_bytes + 17}) {
        SCOPED_TRACE(size);
        std::string bytes(size, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        auto const uid = static_cast<std::uint32_t>(size + 1);
        test::run(loop, file_all({{uid, bytes}}, nullptr, 10'000));
        auto const all = messages();
        ASSERT_FALSE(all.empty());
        EXPECT_EQ(all.back().size, static_cast<std::int64_t>(size));
        EXPECT_EQ(body(all.back()), bytes);
    }
}

TEST_F(FilingTest, TheSameBytesAreTheSameMail)
{
    std::size_t filed = 0;
    test::run(loop, file_all({{1, "A: b\r\n\r\nx"}, {2, "A: b\r\n\r\nx"}}, &filed));
    EXPECT_EQ(filed, 1U);
    EXPECT_EQ(messages().size(), 1U);
    auto const counts = read([&](Connection& c) { return store::ledger_counts(c, house.mailbox.id); });
    EXPECT_EQ(counts.filed, 1);
    EXPECT_EQ(counts.duplicate, 1);
    // It, too, is to be moved away on the server.
    EXPECT_EQ(counts.due, 2);
}

TEST_F(FilingTest, TheSameFingerprintIsFiledAndMarked)
{
    std::string const head =
        "Message-ID: <1@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nFrom: a@example.com\r\n";
    std::size_t filed = 0;
    test::run(loop, file_all({{1, head + "X: 1\r\n\r\nx"}, {2, head + "X: 2\r\n\r\nx"}}, &filed));
    EXPECT_EQ(filed, 2U);
    auto const all = messages();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_FALSE(all[0].possible_duplicate);
    EXPECT_TRUE(all[1].possible_duplicate);
}

// Mail programs give one again, or none (zammad #1578, getmail6 #98).
TEST_F(FilingTest, AMessageIdAloneDecidesNothing)
{
    std::string const one = "Message-ID: <1@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n";
    std::string const other = "Message-ID: <1@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:01 +0000\r\n";
    std::string const none = "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n";
    std::size_t filed = 0;
    test::run(loop, file_all({{1, one + "From: a@example.com\r\n\r\nx"},
                              {2, other + "From: a@example.com\r\n\r\nx"},
                              {3, one + "From: b@example.com\r\n\r\nx"},
                              {4, none + "From: a@example.com\r\n\r\nx"},
                              {5, none + "From: b@example.com\r\n\r\nx"}},
                             &filed));
    EXPECT_EQ(filed, 5U);
    for (auto const& message : messages()) EXPECT_FALSE(message.possible_duplicate);
}

TEST_F(FilingTest, SkipsWhatIsOlderThanTheBaseline)
{
    house.mailbox.baseline = clock.now();
    auto work = [this]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, {});
        co_await give(filing, 1, "A: old\r\n\r\n", clock.now() - Duration(1), 100);
        co_await give(filing, 2, "A: new\r\n\r\n", clock.now(), 100);
        co_await filing.settle();
        EXPECT_EQ(filing.filed(), 1U);
    };
    test::run(loop, work());
    EXPECT_EQ(messages().size(), 1U);
    EXPECT_EQ(known(), (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(FilingTest, NothingIsHalfFiled)
{
    test::run(loop, file_all({{1, "A: b\r\n\r\nfirst"}}, nullptr));
    // The place is taken: the ledger refuses the second mail, and then its bytes must not be there either.
    EXPECT_THROW(test::run(loop, file_all({{1, "A: b\r\n\r\nsecond"}}, nullptr)), store::Failure);
    EXPECT_EQ(messages().size(), 1U);
}

TEST_F(FilingTest, OneThatTheStoreRefusesHoldsUpNoOther)
{
    test::run(loop, file_all({{2, "A: b\r\n\r\nfirst"}}, nullptr));
    std::vector<std::pair<std::uint32_t, std::string>> mails;
    for (std::uint32_t uid = 1; uid <= 50; ++uid) mails.emplace_back(uid, "A: " + std::to_string(uid) + "\r\n\r\nx");
    EXPECT_THROW(test::run(loop, file_all(mails, nullptr)), store::Failure);
    EXPECT_EQ(messages().size(), 50U);
    EXPECT_EQ(known().size(), 50U);
}

TEST_F(FilingTest, MailsThatComeFastShareCommits)
{
    auto const before = store->counts().commits;
    std::vector<std::pair<std::uint32_t, std::string>> mails;
    for (std::uint32_t uid = 1; uid <= 300; ++uid)
        mails.emplace_back(uid, "A: " + std::to_string(uid) + "\r\n\r\n" + std::string(1'000, 'x'));
    test::run(loop, file_all(mails, nullptr));
    EXPECT_EQ(messages().size(), 300U);
    EXPECT_LT(store->counts().commits - before, 30U);
}

TEST_F(FilingTest, EveryMailIsFiledHoweverTheyCome)
{
    auto work = [this]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, {});
        for (std::uint32_t uid = 1; uid <= 20; ++uid) {
            co_await give(filing, uid, "A: " + std::to_string(uid) + "\r\n\r\n", clock.now(), 100);
            if (uid % 3 == 0) co_await filing.settle();  // nothing is under way when the next one comes
        }
        co_await filing.settle();
        EXPECT_EQ(filing.filed(), 20U);
    };
    test::run(loop, work());
    EXPECT_EQ(messages().size(), 20U);
}

TEST_F(FilingTest, ALargeHeaderIsReadToItsEnd)
{
    std::string const id =
        "Message-ID: <1@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nFrom: a@example.com\r\n";
    std::string const filler = "X: " + std::string(store::chunk_bytes, 'x') + "\r\n";
    std::string const rest(2 * store::chunk_bytes, 'y');
    test::run(loop, file_all({{1, id + "\r\n" + rest},
                              {2, id + "\r\n" + rest + "z"},
                              {3, filler + id + "\r\nshort"},
                              {4, filler + id + "\r\n" + rest}},
                             nullptr));
    auto const all = messages();
    ASSERT_EQ(all.size(), 4U);
    for (auto const& each : all) EXPECT_EQ(each.fingerprint, all.front().fingerprint);
    EXPECT_TRUE(all.back().possible_duplicate);
}

TEST_F(FilingTest, MailboxesShareTheMemoryForBodies)
{
    auto const bodies = BodyBudget::make(600);  // one mail, or chunk, at a time
    std::vector<std::size_t> filed(3);
    auto work = [&](std::uint32_t which) -> net::awaitable<void> {
        FilingPlace place{house.mailbox, 7, lease};
        place.bodies = bodies;
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), place, {});
        for (std::uint32_t i = 1; i <= 10; ++i) {
            auto const uid = 100 * which + i;
            auto const size = i == 5 ? 3 * store::chunk_bytes : 300;
            co_await give(filing, uid, "A: " + std::to_string(uid) + "\r\n\r\n" + std::string(size, 'x'), clock.now(),
                          100'000);
        }
        co_await filing.settle();
        filed.at(which) = filing.filed();
    };
    for (std::uint32_t which = 0; which < 3; ++which)
        boost::asio::co_spawn(loop, work(which), [](std::exception_ptr why) {
            if (why) std::rethrow_exception(why);
        });
    loop.run_for(std::chrono::seconds(60));
    EXPECT_EQ(filed, (std::vector<std::size_t>{10, 10, 10}));
    EXPECT_EQ(bodies->free(), 600U);
    EXPECT_EQ(messages().size(), 30U);
}

// In kB, the most that the process had in memory since this was last called.
long peak_memory()
{
    std::ifstream status("/proc/self/status");
    long peak = 0;
    for (std::string word; status >> word && word != "VmHWM:";) {
    }
    status >> peak;
    std::ofstream("/proc/self/clear_refs") << 5;  // proc(5): VmHWM is what it has now
    return peak;
}

TEST_F(FilingTest, AHugeMailIsNeverHeldWhole)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    GTEST_SKIP() << "the sanitizer keeps what is freed";
#endif
#endif
    std::mt19937 random(5);
    std::string noise(1024 * 1024, '\0');  // nothing that zstd could make smaller
    for (char& c : noise) c = static_cast<char>(random());
    auto work = [&]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, {});
        filing.begin();
        for (int i = 0; i < 150; ++i) co_await filing.chunk(noise);
        Came came{.uid = 1};
        co_await filing.end(std::move(came));
        co_await filing.settle();
    };
    (void)peak_memory();
    auto const before = peak_memory();
    test::run(loop, work());
    EXPECT_LT(peak_memory() - before, 24 * 1024);
    ASSERT_EQ(messages().size(), 1U);
    EXPECT_EQ(messages().front().size, 150LL * 1024 * 1024);
}

TEST_F(FilingTest, WhoeverLostTheLeaseFilesNothing)
{
    clock.advance(Duration(61'000));
    auto const other =
        write([&](Connection& c) { return store::take_lease(c, "mailbox/1", "there", Duration(60'000)); });
    ASSERT_TRUE(other);
    EXPECT_THROW(test::run(loop, file_all({{1, "A: b\r\n\r\n"}}, nullptr)), store::Failure);
    EXPECT_TRUE(messages().empty());
    EXPECT_TRUE(known().empty());
}

TEST_F(FilingTest, WhatTakesLongerThanTheLeaseIsFiled)
{
    FilingPlace const place{house.mailbox, 7, lease, Duration(60'000)};
    std::string const half(store::chunk_bytes + 1, 'x');
    auto work = [&]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), place, {});
        for (std::uint32_t uid = 1; uid <= 3; ++uid) {
            co_await give(filing, uid, "A: " + std::to_string(uid) + "\r\n\r\n", clock.now(), 100);
            co_await filing.settle();
            clock.advance(Duration(40'000));
        }
        // One mail that comes slowly.
        filing.begin();
        for (int i = 0; i < 4; ++i) {
            co_await filing.chunk(half);
            co_await filing.settle();
            clock.advance(Duration(40'000));
        }
        Came came{.uid = 4};
        co_await filing.end(std::move(came));
        co_await filing.settle();
    };
    test::run(loop, work());
    EXPECT_EQ(messages().size(), 4U);
}

TEST_F(FilingTest, AMailWhoseChunkWasLostIsNotFiled)
{
    auto work = [&]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, {});
        filing.begin();
        auto const more = std::string(store::chunk_bytes + 1, 'x');
        co_await filing.chunk(more);
        co_await filing.settle();
        // A sweep that took it for an orphan.
        store->write_now([&](Connection& c) { store::sweep_bodies(c, clock.now() + Duration(1)); });
        Came came{.uid = 1};
        co_await filing.end(std::move(came));
        co_await filing.settle();
    };
    EXPECT_THROW(test::run(loop, work()), store::Failure);
    EXPECT_TRUE(messages().empty());
    EXPECT_TRUE(known().empty());
}

TEST_F(FilingTest, ForgetsWhatIsDiscarded)
{
    auto work = [this]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, {});
        filing.begin();
        co_await filing.chunk("abc");
        filing.discard();
        co_await give(filing, 1, "A: b\r\n\r\n", clock.now(), 100);
        co_await filing.settle();
    };
    test::run(loop, work());
    ASSERT_EQ(messages().size(), 1U);
    EXPECT_EQ(body(messages()[0]), "A: b\r\n\r\n");
}

TEST_F(FilingTest, AMailboxIsFilledOnceByWhoeverTriesTwice)
{
    // The bound on what awaits its commit, with mails that are larger than it.
    Filing::Bounds const narrow{.writes = 2, .bytes = 1'000};
    auto work = [&]() -> net::awaitable<void> {
        Filing filing(*store, clock, loop.get_executor(), pool.get_executor(), {house.mailbox, 7, lease}, narrow);
        for (std::uint32_t uid = 1; uid <= 50; ++uid)
            co_await give(filing, uid, "A: " + std::to_string(uid) + "\r\n\r\n" + std::string(2'000, 'x'), clock.now(),
                          700);
        co_await filing.settle();
        EXPECT_EQ(filing.filed(), 50U);
    };
    test::run(loop, work());
    EXPECT_EQ(messages().size(), 50U);
}

}  // namespace
}  // namespace postroom::retriever
