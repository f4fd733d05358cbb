// Power cuts under the store, at seeded random instants: what was acknowledged is there, nothing is half there, and the
// file is sound. Each cut ends a process of its own, which tells what was acknowledged through shared memory, as a
// customer would remember it. And the same with a store that does not sync as it should, where the loss must be seen.
//
// SEED=n repeats a run as far as threads do; POWER_CUTS=n is how often the power goes in each test (24).
#include "counting.hpp"
#include "fixture.hpp"

#include "store/settings.hpp"
#include "store/whole.hpp"
#include "support/power-cut-vfs.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <random>

namespace postroom::store {
namespace {

constexpr std::size_t most_mails = 10'000;
constexpr std::size_t mails_a_session = 40;
constexpr int full_stop = 7;  // a child's exit code where it came to its end

std::uint64_t number_from(char const* name, std::uint64_t otherwise)
{
    char const* const text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

enum class Known : std::uint8_t { nothing, filed, queued, committing, sent, refused };

// Outlives the process that dies.
struct Memory {
    std::array<std::atomic<Known>, most_mails> mails{};
    std::array<model::OutboundId, most_mails> outbound{};
    std::atomic<std::uint64_t> acknowledged = 0, failed = 0, changes = 0, syncs = 0, refusals = 0;
};

// What a mail says, of 100 octets to 60 KB, and never compressible.
std::string text_of(std::size_t number)
{
    std::mt19937_64 random(number);
    std::string text = fmt::format("Mail {}\r\n", number);
    auto const size = random() % 8 == 0 ? 60'000 : 100 + random() % 3'000;
    while (text.size() < size) text += fmt::format("{:016x}", random());
    return text;
}

model::Digest sha256(std::string_view bytes)
{
    model::Digest digest;
    crypto_hash_sha256(digest.data(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    return digest;
}

struct Loss {
    int lost = 0;  // acknowledged, and not there
    std::vector<std::string> damages;
    [[nodiscard]] bool any() const { return lost > 0 || !damages.empty(); }
};

class PowerCutTest : public StoreTest {
protected:
    PowerCutTest()
    {
        house = furnish();
        store.reset();
        void* const shared = ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) throw std::bad_alloc();
        memory = new (shared) Memory;
        fmt::print("SEED={} POWER_CUTS={}\n", seed, cuts);
    }
    ~PowerCutTest() override { ::munmap(memory, sizeof(Memory)); }

    struct Cut {
        std::uint64_t at = 0;  // a change's number; 0: only when all is done
        bool all_lost = true;
        std::string synchronous;           // weakened to
        std::uint64_t refuse_every = 0;    // the disk is full now and then, for the first half
        std::chrono::milliseconds sync{};  // each takes as long
        int cache = 0;                     // pages, where it is less than a group needs
        int checkpoint = 40;               // after so many pages of the WAL: often, so that the power also goes in one
    };

    /// A session of the store in a process that ends with the power, and waits for it.
    void session(Cut const& cut)
    {
        auto const drawn = random();
        auto const before = next;
        next += mails_a_session;
        if (next > most_mails) throw std::length_error("more mails than this test has room for");
        std::fflush(stdout);
        pid_t const child = ::fork();
        if (child == 0) ::_exit(live(cut, before, drawn));
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
            << "it ended by itself: " << WEXITSTATUS(status) << ", signal " << WTERMSIG(status);
    }

    /// How many changes a session makes that nothing disturbs.
    std::uint64_t changes_of_a_session()
    {
        session({});
        return memory->changes;
    }

    /// Compares the store with what was acknowledged, by the last sessions or by all.
    Loss look(std::size_t sessions = 3)
    {
        Loss loss;
        try {
            open();
            auto const some = std::min(next, sessions * mails_a_session);
            for (std::size_t i = next - some; i < next; ++i)
                if (!is_there(i)) ++loss.lost;
            read([&](Connection& c) {
                if (one_number(c,
                               "SELECT count(*) FROM message m LEFT JOIN ledger l ON l.message = m.id "
                               "WHERE l.message IS NULL") != 0)
                    loss.damages.emplace_back("a message without its row in the ledger");
                return 0;
            });
            auto const found = check(*store, path, [](std::string_view, std::int64_t, std::int64_t) {});
            loss.damages.insert(loss.damages.end(), found.damages.begin(), found.damages.end());
        } catch (Failure const& failure) {
            loss.damages.emplace_back(failure.what());
        } catch (std::runtime_error const& error) {  // it can't be opened
            loss.damages.emplace_back(error.what());
        }
        store.reset();
        return loss;
    }

    /// A copy to go back to, since a weakened store may be ruined.
    void keep() { std::filesystem::copy_file(path, path + ".kept"); }
    void restore()
    {
        for (auto const* const suffix : {"-wal", "-shm"}) std::filesystem::remove(path + suffix);
        std::filesystem::copy_file(path + ".kept", path, std::filesystem::copy_options::overwrite_existing);
        for (auto& each : memory->mails) each = Known::nothing;
        next = 0;
    }

    std::uint64_t const seed = number_from("SEED", static_cast<std::uint64_t>(std::time(nullptr)) % 1'000'000);
    std::uint64_t const cuts = number_from("POWER_CUTS", 24);
    std::mt19937_64 random{seed};
    House house;
    Memory* memory = nullptr;
    std::size_t next = 0;

private:
    // In the child.
    int live(Cut const& cut, std::size_t from, std::uint64_t drawn)
    {
        auto& disk = test::Disk::install();
        if (!cut.synchronous.empty()) test::Disk::weaken(cut.synchronous);
        disk.cut_at(cut.at, drawn, cut.all_lost);
        disk.delay_syncs(cut.sync);
        auto opened = Store::open({.path = path, .group = 5, .readers = 1, .checkpoint = cut.checkpoint});
        if (!opened) return fmt::print("{}\n", opened.error().message), 1;
        auto& theirs = **opened;
        auto const small = fmt::format("PRAGMA cache_size = {}", cut.cache);
        if (cut.cache > 0) theirs.write_now([&](Connection& c) { c.run(small, {}, [](Row const&) {}); });
        disk.refuse_every(cut.refuse_every);
        for (std::size_t i = 0; i < mails_a_session; ++i) asio::co_spawn(loop, life(theirs, from + i), asio::detached);
        if (cut.refuse_every > 0) {
            loop.run();
            disk.refuse_every(0);
            // What could not be filed comes again, as the retriever would see to.
            loop.restart();
            for (std::size_t i = 0; i < mails_a_session; ++i)
                asio::co_spawn(loop, life(theirs, from + i), asio::detached);
        }
        loop.run();
        opened->reset();
        auto const counts = disk.counts();
        memory->changes = counts.changes;
        memory->syncs += counts.syncs;
        memory->refusals += counts.refused;
        disk.cut(drawn, cut.all_lost);
    }

    // A mail is filed, answered, and the answer sent; what is acknowledged is remembered.
    awaitable<void> life(Store& theirs, std::size_t i)
    {
        auto& known = memory->mails.at(i);
        if (known == Known::sent) co_return;
        try {
            if (known == Known::nothing) {
                auto file = [this, i](Connection& c) { file_mail(c, i); };
                co_await theirs.write(file);
                known = Known::filed;
                ++memory->acknowledged;
            }
            if (known == Known::filed) {
                auto answer = [this, i](Connection& c) { queue_answer(c, i); };
                co_await theirs.write(answer);
                known = Known::queued;
                ++memory->acknowledged;
            }
            auto take = [this, id = memory->outbound.at(i)](Connection& c) {
                for (auto const& each : claim(c, house.account.id, "child", 1'000, Duration(60'000)))
                    if (each.id != id) give_back(c, each.id, each.attempt, Instant{}, "not mine");
                auto const mine = outbound(c, id);
                return mine && begin_committing(c, id, mine->attempt) ? mine->attempt : 0;
            };
            auto const attempt = co_await theirs.write(take);
            if (attempt == 0) co_return;
            known = Known::committing;
            ++memory->acknowledged;
            auto settle = [attempt, id = memory->outbound.at(i)](Connection& c) {
                settle_sent(c, id, attempt, "", "250");
            };
            co_await theirs.write(settle);
            known = Known::sent;
            ++memory->acknowledged;
        } catch (Failure const&) {
            ++memory->failed;
        }
    }

    void file_mail(Connection& c, std::size_t i)
    {
        auto const text = text_of(i);
        model::Message message{.id = model::MessageId::make(), .mailbox = house.mailbox.id};
        auto const body = model::BodyId::make();
        message.size = static_cast<std::int64_t>(text.size());
        message.digest = sha256(text);
        add_chunk(c, body, make_chunk(0, text));
        message.body = publish_body(c, body, message.size, message.digest);
        add_message(c, message);
        model::LedgerRow row{.place = {house.mailbox.id, "INBOX", 1, static_cast<std::uint32_t>(i + 1)}};
        row.message = message.id;
        add_to_ledger(c, row, Instant{});
    }

    void queue_answer(Connection& c, std::size_t i)
    {
        model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
        add_activity(c, activity);
        model::Outbound answer{.id = model::OutboundId::make(), .activity = activity.id, .mailbox = house.mailbox.id};
        answer.account = house.account.id;
        answer.body = body_with(c, sha256(text_of(i))).value();
        memory->outbound.at(i) = answer.id;
        enqueue(c, answer);
    }

    // In the parent: as much of it as was acknowledged.
    bool is_there(std::size_t i)
    {
        auto const known = memory->mails.at(i).load();
        if (known == Known::nothing) return true;
        return read([&](Connection& c) {
            auto const text = text_of(i);
            auto const body = body_with(c, sha256(text));
            if (!message_with(c, house.mailbox.id, sha256(text)) || !body || read_body(c, *body) != text) return false;
            if (known == Known::filed) return true;
            auto const answer = outbound(c, memory->outbound.at(i));
            if (!answer) return false;
            if (known == Known::committing) return answer->state >= model::OutboundState::committing;
            return known == Known::queued || answer->state == model::OutboundState::sent;
        });
    }
};

TEST_F(PowerCutTest, LosesNothingThatWasAcknowledged)
{
    keep();
    auto const changes = changes_of_a_session();
    for (std::uint64_t i = 0; i < cuts; ++i) {
        auto const at = 1 + random() % (changes * 11 / 10);  // some after the end, over the deletion of the WAL
        session({.at = at, .all_lost = random() % 3 == 0});
        bool const last = i + 1 == cuts || i % 50 == 49;
        auto const loss = look(last ? most_mails : 3);
        ASSERT_EQ(loss.lost, 0) << "cut " << i << ", at change " << at;
        ASSERT_EQ(loss.damages, std::vector<std::string>()) << "cut " << i << ", at change " << at;
        if (last) restore();  // a store that only grows would take ever longer to look at
    }
    fmt::print("{} cuts of {} changes each; {} transactions acknowledged, none lost\n", cuts, changes,
               memory->acknowledged.load());
    EXPECT_GT(memory->acknowledged, cuts) << "too few to say anything";
}

// What this file is worth: the same test must see what a store loses that does not sync.
TEST_F(PowerCutTest, SeesTheLossWhereNothingIsSynced)
{
    keep();
    int lost = 0, damaged = 0;
    for (int i = 0; i < 6; ++i) {
        session({.all_lost = i % 2 == 0, .synchronous = "OFF"});
        auto const loss = look();
        lost += loss.lost;
        damaged += loss.damages.empty() ? 0 : 1;
        restore();
    }
    fmt::print("synchronous=OFF: {} acknowledged transactions lost, {} of 6 files damaged\n", lost, damaged);
    EXPECT_GT(lost, 0);
}

TEST_F(PowerCutTest, SeesTheLossWhereOnlyCheckpointsAreSynced)
{
    keep();
    int lost = 0;
    for (int i = 0; i < 6; ++i) {
        session({.at = 15 + random() % 20, .synchronous = "NORMAL", .checkpoint = 4'000});
        auto const loss = look();
        EXPECT_EQ(loss.damages, std::vector<std::string>()) << "it is late, not torn";
        lost += loss.lost;
        restore();
    }
    fmt::print("synchronous=NORMAL: {} acknowledged transactions lost\n", lost);
    EXPECT_GT(lost, 0);
}

// From nothing, while the schema is made.
TEST_F(PowerCutTest, BeginsAnewWhereItWasCutWhileTheStoreWasMade)
{
    auto const made = [&](std::uint64_t at) {
        pid_t const child = ::fork();
        if (child == 0) {
            auto& disk = test::Disk::install();
            disk.cut_at(at, random(), at % 2 == 0);
            (void)Store::open({.path = path, .readers = 1}).value();
            memory->changes = disk.counts().changes;
            ::_exit(full_stop);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    };
    path = folder / "new/first.db";
    ASSERT_EQ(WEXITSTATUS(made(0)), full_stop);
    auto const changes = memory->changes.load();
    for (std::uint64_t i = 0; i < cuts; ++i) {
        path = folder / fmt::format("new/{}.db", i);
        auto const at = 1 + random() % changes;
        ASSERT_TRUE(WIFSIGNALED(made(at)));
        auto const loss = look();
        ASSERT_EQ(loss.damages, std::vector<std::string>()) << "cut at change " << at;
        std::filesystem::remove(path);
    }
    fmt::print("{} cuts of the {} changes that make a store\n", cuts, changes);
}

// Full at every nth write, half of which is written; then the power goes. Who was told "no" has nothing in the store.
TEST_F(PowerCutTest, KeepsWhatItAcknowledgedOnADiskThatIsFullNowAndThen)
{
    auto const rounds = std::clamp<std::uint64_t>(cuts / 3, 3, 100);
    for (std::uint64_t i = 0; i < rounds; ++i) {
        // With a small cache it is also full while a transaction reads what it wrote.
        session({.all_lost = i % 2 == 0, .refuse_every = 3 + random() % 40, .cache = i % 3 == 0 ? 0 : 5});
        auto const loss = look();
        ASSERT_EQ(loss.lost, 0);
        ASSERT_EQ(loss.damages, std::vector<std::string>());
    }
    open();
    EXPECT_EQ(read([](Connection& c) { return one_number(c, "SELECT count(*) FROM message"); }),
              static_cast<std::int64_t>(next))
        << "once there is room, all of them came";
    fmt::print("{} writes found the disk full; {} transactions failed, {} were acknowledged, none lost\n",
               memory->refusals.load(), memory->failed.load(), memory->acknowledged.load());
    EXPECT_GT(memory->failed, 0U);
}

// SQLite undoes the one statement then, and would let the transaction come to its end.
TEST_F(PowerCutTest, UndoesATransactionThatFindsTheDiskFullWhereItReadsWhatItWrote)
{
    pid_t const child = ::fork();
    if (child == 0) {
        auto& disk = test::Disk::install();
        auto opened = Store::open({.path = path, .readers = 1, .checkpoint = 1});
        auto& theirs = *opened.value();
        theirs.write_now([](Connection& c) {
            for (int i = 100; i < 400; ++i) note(c, std::to_string(i) + std::string(3'000, 'x'));
        });
        bool undone = false;
        try {
            theirs.write_now([&](Connection& c) {
                c.run("PRAGMA cache_size = 10", {}, [](Row const&) {});  // the rest goes to the WAL
                c.execute("UPDATE counter SET last_value = 100 WHERE name < '120'");
                disk.refuse_every(1);
                try {
                    c.execute("UPDATE counter SET name = name || 'y' WHERE name < '120'");
                } catch (Failure const&) {
                    ++memory->failed;
                }
                disk.refuse_every(0);
                c.execute("UPDATE counter SET last_value = 100 WHERE name > '380'");
            });
        } catch (Failure const&) {
            undone = true;
        }
        std::int64_t sum = 0;
        theirs.write_now([](Connection& c) { note(c, "afterwards"); });
        theirs.read_now(
            [&](Connection& c) { sum = one_number(c, "SELECT sum(last_value) FROM counter WHERE name <> 'case'"); });
        ::_exit(undone && sum == 301 && memory->failed == 1 ? full_stop : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), full_stop);
}

TEST_F(PowerCutTest, CommitsInGroupsWhereSyncsAreSlow)
{
    using namespace std::chrono_literals;
    auto const began = std::chrono::steady_clock::now();
    session({.sync = 20ms});
    auto const loss = look();
    EXPECT_FALSE(loss.any());
    fmt::print("{} transactions over {} syncs of 20 ms, in {} ms\n", memory->acknowledged.load(), memory->syncs.load(),
               (std::chrono::steady_clock::now() - began) / 1ms);
    EXPECT_LT(memory->syncs, memory->acknowledged);
}

}  // namespace
}  // namespace postroom::store
