// postroom vault …: the master key that all secrets in the store are sealed with. These commands open the store
// themselves, while servers run.
#include "vault/vault.hpp"
#include "cli/commands.hpp"
#include "cli/configuration.hpp"
#include "cli/mail-servers.hpp"
#include "cli/progress-line.hpp"
#include "grants/key-rotation.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

struct Given {
    std::string config, key_file;
    std::int64_t wait = 120;
    bool now = false;
};

/// The keys first: they may come from the environment, which is written to then.
struct Opened {
    explicit Opened(Given const& given)
    {
        auto const configuration = or_exit(read_configuration(given.config), wrong_usage);
        auto keys = or_exit(vault::find_keys(given.key_file.empty() ? configuration.vault_key_file : given.key_file),
                            wrong_usage);
        store = or_exit(store::Store::open({.path = configuration.store_location(), .called = "postroom vault"}));
        vault = or_exit(vault::Vault::open(std::move(keys), false), wrong_usage);
    }
    std::unique_ptr<store::Store> store;
    std::shared_ptr<vault::Vault const> vault;
};

grants::KeyProgress told_on(ProgressLine& line)
{
    return [&line](Words const& what, std::int64_t done) {
        line.show(
            [&] { return done == 0 ? say(what) : say(trn("{}: {} secret", "{}: {} secrets", done, what, done)); });
    };
}

void tell(std::vector<grants::Unreadable> const& unreadable)
{
    for (auto const& each : unreadable) print(for_terminal(say(each.why)) + "\n");
}

std::string this_process()
{
    return fmt::format("{}:{}", host_name(), ::getpid());
}

int rotate(Given const& given)
{
    Opened const opened(given);
    Result<grants::Rotated> rotated;
    {
        ProgressLine line;
        grants::Rotation how;
        how.owner = this_process();
        how.wait = std::chrono::seconds(given.wait);
        how.sleep = [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); };
        how.progress = told_on(line);
        rotated = grants::rotate(*opened.store, *opened.vault, how);
    }
    auto const outcome = or_exit(std::move(rotated));
    if (outcome.resumed) print(say("an earlier replacement of the master key was finished\n"));
    print(say(trn("everything is sealed with the master key {} now; {} secret was sealed anew\n",
                  "everything is sealed with the master key {} now; {} secrets were sealed anew\n", outcome.records,
                  outcome.key, outcome.records)));
    if (!opened.vault->file().empty())
        print(
            say("Back {} up: without it nothing of this can be read. The old key stays in it for backups of the store "
                "from before; postroom vault forget takes it out\n",
                opened.vault->file()));
    if (outcome.unreadable.empty()) return done;
    tell(outcome.unreadable);
    print(say("these could not be read, and stay as they are\n"));
    return failed;
}

int verify(Given const& given)
{
    Opened const opened(given);
    grants::Verified found;
    {
        ProgressLine line;
        found = grants::verify(*opened.store, *opened.vault, told_on(line));
    }
    tell(found.unreadable);
    for (auto const& [key, count] : found.by_key)
        print(say(trn("{} secret is sealed with the master key {}\n", "{} secrets are sealed with the master key {}\n",
                      count, count, key)));
    auto const count = static_cast<std::int64_t>(found.unreadable.size());
    if (count == 0) {
        print(say("everything can be read\n"));
        return done;
    }
    print(say(trn("{} secret can't be read: authorize its account anew, or enter the application's secret anew\n",
                  "{} secrets can't be read: authorize their accounts anew, or enter the applications' secrets anew\n",
                  count, count)));
    return failed;
}

int forget(Given const& given)
{
    Opened const opened(given);
    grants::Forgetting how;
    how.owner = this_process();
    how.now = given.now;
    auto const [names, resting] = or_exit(grants::forget_old_keys(*opened.store, *opened.vault, how));
    if (!names.empty())
        print(say("taken out of {}: {}\n", opened.vault->file(), fmt::format("{}", fmt::join(names, ", "))));
    if (!resting.empty())
        print(
            say("kept, since a server that slept might still use them: {}. Run this again 6 hours after they were "
                "replaced, or with --now where every server runs or is gone for ever\n",
                fmt::format("{}", fmt::join(resting, ", "))));
    if (names.empty() && resting.empty()) print(say("no key is there that nothing needs\n"));
    return done;
}

std::function<int()> guarded(int (*work)(Given const&), std::shared_ptr<Given> given)
{
    return [work, given = std::move(given)] {
        try {
            return work(*given);
        } catch (store::Failure const& failure) {
            throw Exit(failed, failure.what());
        }
    };
}

}  // namespace

void add_vault_commands(Commands& commands)
{
    auto& group = commands.group("vault", say("Replace and check the master key of stored secrets"));
    auto const given = std::make_shared<Given>();
    auto const where = [&](CLI::App& leaf) {
        leaf.add_option("--config", given->config, say("The configuration file that names store and key file"))
            ->type_name(say("FILE"));
        leaf.add_option("--key-file", given->key_file, say("Another key file than the configuration's"))
            ->type_name(say("FILE"));
    };
    auto& rotating = commands.leaf(
        group, "rotate", say("Put a new master key in place of the old, while servers run"), "postroom vault rotate",
        say("Cut off at any instant, nothing is lost, and running it again goes on where it was. Where servers of "
            "several "
            "machines share the store, the key file has to be copied to each of them meanwhile: it waits, and says for "
            "whom."));
    where(rotating);
    rotating.add_option("--wait", given->wait, say("How many seconds it waits for servers that lack the new key"))
        ->check(between(1, 86'400))
        ->type_name(say("NUMBER"));
    commands.runs(rotating, guarded(rotate, given));

    auto& verifying = commands.leaf(group, "verify", say("Unseal every stored secret, and say which can't be read"),
                                    "postroom vault verify", say("Servers may be running. No secret is shown."));
    where(verifying);
    commands.runs(verifying, guarded(verify, given));

    auto& forgetting = commands.leaf(group, "forget", say("Take master keys that nothing needs out of the key file"),
                                     "postroom vault forget",
                                     say("Backups of the store from before need them: keep a copy with those."));
    where(forgetting);
    forgetting.add_flag("--now", given->now, say("Also those that were replaced less than 6 hours ago"));
    commands.runs(forgetting, guarded(forget, given));
}

}  // namespace postroom::cli
