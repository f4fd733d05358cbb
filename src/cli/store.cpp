// postroom store …: the commands that open the store themselves. No server may have it meanwhile, migrate apart.
#include "store/store.hpp"
#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/progress-line.hpp"
#include "cli/store-lock.hpp"
#include "store/whole.hpp"

#include <fmt/format.h>

#include <functional>
#include <optional>

namespace postroom::cli {

namespace {

constexpr auto const* called = "postroom store";  // lint-strings: allow

struct Given {
    std::string config, location, from, to;
    bool resume = false;
};

std::string location_of(Given const& given)
{
    if (!given.location.empty()) return given.location;
    return or_exit(read_configuration(given.config), wrong_usage).store_location();
}

/// A store, and with an SQLite file the lock that a server would have.
struct Opened {
    explicit Opened(std::string const& at)
    {
        if (!store::is_postgresql(at)) lock.emplace(or_exit(StoreLock::take(at)));
        store = or_exit(store::Store::open({.path = at, .called = called}));
    }
    std::optional<StoreLock> lock;
    std::unique_ptr<store::Store> store;
};

store::Progress told_on(ProgressLine& line)
{
    return [&line](std::string_view what, std::int64_t done, std::int64_t of) {
        line.show([&] { return say("{}: {} of {}", what, done, of); });
    };
}

int migrate(Given const& given)
{
    auto const at = location_of(given);
    auto const opened = or_exit(store::Store::open({.path = at, .called = called}));
    print(say("the store {} has this program's schema\n", store::for_people(at)));
    return done;
}

int check(Given const& given)
{
    auto const at = location_of(given);
    auto const opened = or_exit(store::Store::open({.path = at, .called = called}));
    store::Soundness found;
    {
        ProgressLine line;
        found = store::check(*opened, at, told_on(line));
    }
    for (auto const& damage : found.damages) print(for_terminal(damage) + "\n");
    auto const count = static_cast<std::int64_t>(found.damages.size());
    print(say(
        found.damages.empty()
            ? trn("the store {}: schema {}, {} body read, sound\n", "the store {}: schema {}, {} bodies read, sound\n",
                  found.bodies, store::for_people(at), found.schema, found.bodies)
            : trn("the store {}: schema {}, {} damage: restore it from a backup, or ask for help before anything "
                  "else writes to it\n",
                  "the store {}: schema {}, {} damages: restore it from a backup, or ask for help before anything "
                  "else writes to it\n",
                  count, store::for_people(at), found.schema, count)));
    return found.damages.empty() ? done : failed;
}

void must_be_at_rest(store::Store& store, std::string const& at)
{
    if (store::other_users(store, at, called) > 0)
        throw Exit(failed, say("a server of Postroom is connected to {}: stop it first", store::for_people(at)));
}

int copy(Given const& given)
{
    if (given.from == given.to) throw Exit(wrong_usage, say("a store can't be copied into itself"));
    Opened const from(given.from);
    Opened const to(given.to);
    must_be_at_rest(*from.store, given.from);
    must_be_at_rest(*to.store, given.to);
    if (!given.resume && !store::is_empty(*to.store))
        throw Exit(failed, say("the store {} is not empty. Where it is a copy that was cut off, --resume goes on "
                               "with it; otherwise name another",
                               store::for_people(given.to)));
    std::vector<store::TableSum> sums;
    {
        ProgressLine line;
        sums = store::copy_store(*from.store, *to.store, told_on(line));
    }
    std::int64_t rows = 0;
    for (auto const& sum : sums) rows += sum.rows;
    print(say(trn("{} row of {} tables is in {}; the digests are the same in both stores\n",
                  "{} rows of {} tables are in {}; their digests are the same in both stores\n", rows, rows,
                  sums.size(), store::for_people(given.to))));
    return done;
}

/// What went wrong in the store, in its words.
std::function<int()> guarded(std::function<int()> work)
{
    return [work = std::move(work)] {
        try {
            return work();
        } catch (store::Failure const& failure) {
            throw Exit(failed, failure.what());
        }
    };
}

}  // namespace

void add_store_commands(Commands& commands)
{
    auto& group = commands.group("store", say("Prepare, check and copy the store itself"));
    auto const given = std::make_shared<Given>();
    auto const where = [&](CLI::App& leaf) {
        leaf.add_option("--config", given->config, say("The configuration file that names the store"))
            ->type_name(say("FILE"));
        leaf.add_option(
                "--store", given->location,
                say("Another store than the configuration's: an SQLite file, or postgresql://user@host/database"))
            ->type_name(say("STORE"));
    };
    auto& migrating =
        commands.leaf(group, "migrate", say("Make the store, or bring its schema up to date"),
                      "postroom store migrate --store postgresql://postroom@db.example.com/postroom",
                      say("A server does the same when it starts. Servers of several machines may all do it "
                          "at once."));
    where(migrating);
    commands.runs(migrating, guarded([given] { return migrate(*given); }));

    auto& checking = commands.leaf(group, "check", say("Read the whole store, and compare each body with its digest"),
                                   "postroom store check", say("A server may be running meanwhile."));
    where(checking);
    commands.runs(checking, guarded([given] { return check(*given); }));

    auto& copying =
        commands.leaf(group, "copy", say("Copy a store into an empty one, of the same kind or the other"),
                      "postroom store copy var/postroom.db postgresql://postroom@db.example.com/postroom",
                      say("Stop the servers first. The vault's key file is no part of the store: it goes on "
                          "being needed."));
    copying.add_option("FROM", given->from, say("The store that is copied"))->required();
    copying.add_option("TO", given->to, say("The one it is copied into, made where it is missing"))->required();
    copying.add_flag("--resume", given->resume, say("Go on with a copy that was cut off"));
    commands.runs(copying, guarded([given] { return copy(*given); }));
}

}  // namespace postroom::cli
