// The refresher's state machine over random sequences of everything that can happen, in two processes that share a
// store: stores that fail, answers that are lost, providers that rotate, clocks that are moved, kills, and people.
// Prints its seed; SEED=n repeats a run, SEQUENCES=n is how many (100).
#include "grants/refresh-state.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <random>
#include <set>

namespace postroom::grants {
namespace {

using namespace std::chrono_literals;

constexpr Duration lease_length = 75s, call_limit = 30s;

struct Counts {
    int sequences = 0, asked = 0, renewed = 0, refused = 0, transient = 0, lost = 0, kept_late = 0, kills = 0, told = 0,
        moved = 0, accepted = 0, store_failures = 0;
};

enum class Rotation { none, old_one_stays, old_one_ends };
struct Tokens {
    int refresh = 0;
    int access = 0;
    Instant ends{};
    Duration life{};
};
struct Row : Tokens {
    std::int64_t version = 0;
    Tries tries;
    std::optional<Instant> asked;
    bool ready = true;
};
struct Flight {
    Renewal renewal;
    Do next = Do::look;
    Row found;
    int rejected = 0;
    bool turn = false;
    std::int64_t fence = 0;
    std::optional<Instant> sent;  // the answer is on its way
    std::optional<Tokens> tokens;
    seen::Answered answer;
};
struct Process {
    int name = 0;
    Duration clock_off{0};
    std::optional<Tokens> in_hand;
    std::int64_t in_hand_of = 0;
    std::optional<Instant> replaced;
    std::optional<Flight> flight;
};
struct Lease {
    int owner = -1;
    std::int64_t fence = 0;
    Instant ends{};
};

class World {
public:
    World(std::uint64_t seed, Counts& counts) : random_(seed), counts_(counts)
    {
        rotation_ = static_cast<Rotation>(between(0, 2));
        std::array<Duration, 5> const lives{1min, 30min, 75min, 48h, 90 * 24h};
        life_ = lives.at(static_cast<std::size_t>(between(0, 4)));
        accept();
        row_.version = 1;
    }

    void suffer(int steps)
    {
        for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
            auto& process = processes_.at(static_cast<std::size_t>(between(0, 1)));
            auto const dice = between(0, 999);
            if (dice < 500)
                go_on(process);
            else if (dice < 650)
                pass(Duration(between(0, 20'000)));
            else if (dice < 690)
                pass(Duration(between(0, 2 * 3600 * 1000)));
            else if (dice < 700)
                pass(Duration(between(0, 48 * 3600) * 1000));
            else if (dice < 800)
                begin(process, chance(0.3) ? Why::refused : Why::asked);
            else if (dice < 940)
                plan(process);
            else if (dice < 965)
                kill(process);
            else if (dice < 985)
                move_clock(process);
            else if (dice < 990)
                accept();
        }
    }

    // Everything works again, and nobody asks: what the refresher does alone must do.
    void recover()
    {
        calm_ = true;
        for (auto& process : processes_) {
            process.clock_off = 0s;
            kill(process);
        }
        for (auto const until = time_ + 72h; time_ < until && !testing::Test::HasFailure(); pass(1min)) {
            auto& process = processes_.at(static_cast<std::size_t>(between(0, 1)));
            plan(process);
            while (process.flight) go_on(process);
        }
        if (row_.ready)
            EXPECT_LE(time_ - last_renewal_, 24h) << "a refresh token that nobody uses lapses";
        else
            EXPECT_TRUE(consumed_.contains(row_.refresh)) << "the provider would have taken it";
        // A person always helps.
        accept();
        last_renewal_ = time_;
        for (auto const until = time_ + 48h; time_ < until && !testing::Test::HasFailure(); pass(1min)) {
            plan(processes_[0]);
            while (processes_[0].flight) go_on(processes_[0]);
        }
        EXPECT_TRUE(row_.ready);
        EXPECT_LE(time_ - last_renewal_, 24h);
        EXPECT_TRUE(valid_.contains(row_.refresh));
    }

private:
    std::int64_t between(std::int64_t least, std::int64_t most)
    {
        return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
    }
    bool chance(double p) { return !calm_ && std::bernoulli_distribution(p)(random_); }
    double dice() { return std::uniform_real_distribution<>(0.0, 1.0)(random_); }
    [[nodiscard]] Instant now(Process const& process) const { return time_ + process.clock_off; }

    Tokens issue(Instant at, bool with_refresh_token)
    {
        Tokens tokens{row_.refresh, ++last_, at + life_, life_};
        if (with_refresh_token) valid_.insert(tokens.refresh = ++last_);
        return tokens;
    }
    void accept()
    {
        ++counts_.accepted;
        auto const version = row_.version + 1;
        row_ = Row{issue(time_, true), version, {}, {}, true};
        stored_.insert(row_.access);
    }
    void begin(Process& process, Why why)
    {
        if (process.flight) return;
        process.flight.emplace();
        auto& flight = *process.flight;
        flight.renewal.why = why;
        flight.renewal.replaced = process.replaced;
        flight.tokens = process.in_hand;
        if (process.in_hand) flight.renewal.in_hand = process.in_hand_of;
        flight.rejected = why == Why::refused ? row_.access : 0;
    }
    void plan(Process& process)
    {
        auto const at = now(process);
        if (process.in_hand || due_at(standing(row_, 0), at, dice()) <= at) begin(process, Why::ahead);
    }
    void kill(Process& process)
    {
        if (process.flight) ++counts_.kills;
        process = Process{.name = process.name, .clock_off = process.clock_off};
    }
    void move_clock(Process& process)
    {
        ++counts_.moved;
        auto const most = chance(0.2) ? 30 * 24 * 3600 : 3 * 3600;
        process.clock_off = Duration(between(-most, most) * 1000);
    }
    // A call that takes too long is given up on time.
    void pass(Duration by)
    {
        for (auto& process : processes_)
            if (process.flight && process.flight->sent && time_ + by - *process.flight->sent > call_limit)
                answered(process, true);
        time_ += by;
    }
    static Standing standing(Row const& row, int rejected)
    {
        return {row.version, row.ends, row.life, row.tries, row.asked, rejected == row.access};
    }

    void step(Process& process, Event const& event)
    {
        auto& flight = *process.flight;
        flight.next = flight.renewal.step(event, now(process), dice());
        process.replaced = flight.renewal.replaced;
        process.in_hand = flight.renewal.in_hand ? flight.tokens : std::nullopt;
        process.in_hand_of = flight.renewal.in_hand.value_or(0);
        if (flight.next == Do::ask) send(process);
        if (flight.next >= Do::give_stored) end(process);
    }
    // The store: what fails may have been carried out all the same.
    enum class Store { works, fails, fails_afterwards };
    Store store()
    {
        auto const how = chance(0.03) ? Store::fails : chance(0.03) ? Store::fails_afterwards : Store::works;
        if (how != Store::works) ++counts_.store_failures;
        return how;
    }
    void go_on(Process& process)
    {
        if (!process.flight) return;
        auto& flight = *process.flight;
        if (flight.sent) return answered(process, chance(0.15));
        auto const how = store();
        if (how == Store::fails) return process.flight.reset();
        bool const told = how == Store::works;
        switch (flight.next) {
            case Do::look:
                return told ? step(process, seen::Looked{standing(row_, flight.rejected)}) : give_up(process);
            case Do::queue: return step(process, seen::Turn{flight.turn = !chance(0.05)});
            case Do::claim: return claim(process, told);
            case Do::keep: return keep(process, told);
            case Do::note: return note(process, told);
            case Do::wait: flight.turn = false; return step(process, seen::Waited{});
            default: FAIL() << "nothing is to be done";
        }
    }
    static void give_up(Process& process) { process.flight.reset(); }

    void claim(Process& process, bool told)
    {
        auto& flight = *process.flight;
        bool const ours = lease_.owner == process.name || lease_.ends <= time_;
        auto const found = standing(row_, flight.rejected);
        if (ours) {
            if (lease_.owner != process.name || lease_.ends <= time_) ++lease_.fence;
            lease_ = {process.name, lease_.fence, time_ + lease_length};
            flight.fence = lease_.fence;
            if (flight.renewal.asks(found, now(process)))
                row_.asked = row_.asked.value_or(now(process));
            else if (flight.renewal.in_hand != row_.version)
                lease_.ends = {};
        }
        if (!told) return give_up(process);
        flight.found = row_;
        step(process, seen::Claimed{ours, found, now(process)});
    }

    void send(Process& process)
    {
        ++counts_.asked;
        auto& flight = *process.flight;
        for (auto const& other : processes_)
            EXPECT_FALSE(&other != &process && other.flight && other.flight->sent) << "two flights at once";
        EXPECT_TRUE(flight.turn) << "out of turn";
        EXPECT_FALSE(process.in_hand) << "the provider is asked for what it gave already";
        auto const& tries = flight.found.tries;
        auto const wait = tries.next_try - now(process);
        EXPECT_TRUE(wait <= 0s || wait > (tries.refusals > 6 ? 24h : 1h) + 5min) << "before its time";
        EXPECT_TRUE(row_.asked) << "whoever finds the grant later could not know";
        flight.sent = time_;
        flight.answer = {.answer = Answer::transient};
        if (chance(0.1)) return;  // it can't be reached, or says so itself
        if (chance(0.1)) {
            flight.answer.retry_after = Duration(between(0, 7'200'000));
            return;
        }
        if (chance(0.05) || !valid_.contains(flight.found.refresh)) {
            flight.answer.answer = Answer::refused;
            return;
        }
        flight.tokens = issue(now(process), rotation_ != Rotation::none);
        if (rotation_ == Rotation::none) flight.tokens->refresh = flight.found.refresh;
        if (rotation_ == Rotation::old_one_ends) {
            valid_.erase(flight.found.refresh);
            consumed_.insert(flight.found.refresh);
        }
        flight.answer.answer = Answer::renewed;
        if (chance(0.05)) flight.answer = {.answer = Answer::transient, .perhaps_lost = true};  // a proxy's 502
    }
    void answered(Process& process, bool lost)
    {
        auto& flight = *process.flight;
        flight.sent.reset();
        if (lost) {
            ++counts_.lost;
            flight.answer = {.answer = Answer::transient, .perhaps_lost = true};
        }
        if (flight.answer.answer != Answer::renewed) flight.tokens.reset();
        (flight.answer.answer == Answer::renewed   ? counts_.renewed
         : flight.answer.answer == Answer::refused ? counts_.refused
                                                   : counts_.transient)++;
        step(process, flight.answer);
    }

    void keep(Process& process, bool told)
    {
        auto& flight = *process.flight;
        bool const in_force = flight.renewal.in_hand == row_.version;
        if (lease_.fence == flight.fence) lease_.ends = {};
        if (in_force) {
            EXPECT_GE(flight.tokens->refresh, row_.refresh) << "an older refresh token in place of a newer";
            static_cast<Tokens&>(row_) = *flight.tokens;
            row_ = Row{row_, row_.version + 1, {}, {}, true};
            stored_.insert(row_.access);
            last_renewal_ = time_;
            if (!flight.renewal.asked) ++counts_.kept_late;
        }
        if (!told) return give_up(process);
        step(process, seen::Kept{in_force, row_.ends - now(process) >= least_left(row_.life)});
    }
    void note(Process& process, bool told)
    {
        auto& flight = *process.flight;
        if (lease_.fence != flight.fence || lease_.ends <= time_) return give_up(process);
        lease_.ends = {};
        auto const& renewal = flight.renewal;
        if (renewal.version == row_.version) {
            row_.tries = renewal.tries;
            row_.asked = renewal.lost;
            if (renewal.refused) {
                row_.ready = false;
                if (renewal.lost) ++counts_.told;
                EXPECT_TRUE(renewal.lost || !consumed_.contains(row_.refresh)) << "the refresh token is lost, silently";
            }
        }
        if (!told) return give_up(process);
        step(process, seen::Noted{});
    }
    void end(Process& process)
    {
        auto const& flight = *process.flight;
        if (flight.next == Do::give_kept)
            EXPECT_TRUE(stored_.contains(flight.tokens->access)) << "given before it is stored";
        process.flight.reset();
    }

    std::mt19937_64 random_;
    Counts& counts_;
    Rotation rotation_ = Rotation::none;
    Duration life_{};
    bool calm_ = false;
    Instant time_{1'800'000'000s};
    Instant last_renewal_{};
    int last_ = 0;
    std::set<int> valid_, consumed_, stored_;
    Row row_;
    Lease lease_;
    std::array<Process, 2> processes_{Process{.name = 0}, Process{.name = 1}};
};

TEST(Refresher, KeepsItsPromisesWhateverHappens)
{
    auto const number = [](char const* name, std::uint64_t otherwise) {
        auto const* const text = std::getenv(name);
        return text ? std::strtoull(text, nullptr, 10) : otherwise;
    };
    auto const seed = number("SEED", static_cast<std::uint64_t>(std::time(nullptr)) % 1'000'000);
    auto const sequences = number("SEQUENCES", 100);
    Counts counts;
    for (std::uint64_t i = 0; i < sequences && !HasFailure(); ++i) {
        World world(seed + i, counts);
        world.suffer(1'500);
        if (!HasFailure()) world.recover();
        ++counts.sequences;
        if (HasFailure()) fmt::print("to repeat it: SEED={} SEQUENCES=1\n", seed + i);
    }
    fmt::print(
        "SEED={}: {} sequences, {} calls: {} renewed, {} refused, {} said to come back; {} answers lost, {} failures "
        "of "
        "the store, {} answers stored later, {} kills in a flight, {} clocks moved, {} grants accepted; {} times told "
        "that an answer was lost\n",
        seed, counts.sequences, counts.asked, counts.renewed, counts.refused, counts.transient, counts.lost,
        counts.store_failures, counts.kept_late, counts.kills, counts.moved, counts.accepted, counts.told);
    // Otherwise all of this was right because nothing happened.
    for (auto const each : {counts.renewed, counts.refused, counts.transient, counts.lost, counts.kept_late,
                            counts.kills, counts.moved, counts.accepted, counts.store_failures, counts.told})
        EXPECT_GT(each, 0);
}

}  // namespace
}  // namespace postroom::grants
