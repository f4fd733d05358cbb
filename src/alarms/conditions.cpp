#include "alarms/conditions.hpp"

#include "base/readable-time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace postroom::alarms {

namespace {

using model::AccountState;
using model::MailboxState;
using store::Watch;

constexpr std::array judged{"refresh-failing", "mailbox-not-retrieved", "mailbox-not-tried", "mailbox-stopped",
                            "queue-waits",     "mails-refused",         "mails-in-doubt",    "exceptions",
                            "disk-filling",    "worker-stopped"};

model::AlarmRule rule_of(Rules const& rules, std::string_view cause)
{
    auto const found = rules.find(cause);
    return found == rules.end() ? model::AlarmRule{} : found->second;
}

class Judge {
public:
    Judge(Watch const& watch, Rules const& rules, Instant watching_since, std::string_view self)
        : watch_(watch), rules_(rules), watching_since_(watching_since), self_(self)
    {
    }

    std::vector<Hit> run()
    {
        accounts();
        for (auto const& each : watch_.mailboxes) mailbox(each);
        queue();
        many("mails-refused", watch_.refused, "{} mails of {} were refused for good within the last hour");
        many("mails-in-doubt", watch_.in_doubt,
             "{} mails of {} may have been sent or not, and wait for a person to say which");
        many("exceptions", watch_.exceptions, "{} mails of {} are in the exception queue");
        servers();
        return std::move(hits_);
    }

private:
    void hit(std::string_view cause, std::string subject, std::string words, std::int64_t amount = 1)
    {
        hits_.push_back({std::string(cause), std::move(subject), std::move(words), amount});
    }
    [[nodiscard]] bool is_raised(std::string_view cause, std::string_view subject) const
    {
        return std::ranges::any_of(watch_.raised,
                                   [&](auto const& each) { return each.cause == cause && each.subject == subject; });
    }

    void accounts()
    {
        auto const refused = rule_of(rules_, "grant-refresh");
        auto const failing = rule_of(rules_, "refresh-failing");
        for (auto const& each : watch_.accounts) {
            // Whoever marked it raised the alarm, too; this is for one that was lost.
            if (refused.on && each.state == AccountState::needs_authorization &&
                !is_raised("grant-refresh", each.name) && !is_raised("sign-in", each.name))
                hit("grant-refresh", each.name, each.reason);
            if (failing.on && each.state == AccountState::ready && each.failures > 0 &&
                std::int64_t(each.failures) >= failing.number)
                hit("refresh-failing", each.name,
                    fmt::format("its token could not be renewed, {} times in a row: {}", each.failures, each.trouble));
        }
    }

    // One mailbox has one trouble: the account's hides its own, and one that nobody tries is not also "not retrieved".
    void mailbox(Watch::Mailbox const& it)
    {
        if (it.account != AccountState::ready) return;
        if (it.state == MailboxState::stopped) {
            if (rule_of(rules_, "mailbox-stopped").on) hit("mailbox-stopped", it.address, it.reason);
            return;
        }
        auto const alive = std::max({it.last_success.value_or(it.created), it.since, it.account_since,
                                     it.last_failure.value_or(it.created), it.next_try.value_or(it.created)});
        // A look at a large mailbox takes its time; the retriever's own watchdog ends one that gets nowhere, and what
        // no retriever does any more is the pulse's to tell.
        bool const at_it = it.state == MailboxState::retrieving && retriever_lives();
        if (auto const rule = rule_of(rules_, "mailbox-not-tried");
            rule.on && !at_it && watch_.now - alive > rule.time) {
            hit("mailbox-not-tried", it.address,
                fmt::format("nobody has tried to retrieve it since {}", to_readable(alive)));
            return;
        }
        auto const got = std::max(it.last_success.value_or(it.created), it.account_since);
        auto const rule = rule_of(rules_, "mailbox-not-retrieved");
        if (!rule.on || watch_.now - got <= rule.time) return;
        if (at_it && !is_raised("mailbox-not-retrieved", it.address)) return;
        hit("mailbox-not-retrieved", it.address,
            fmt::format("it was not retrieved since {}{}{}", to_readable(got), it.reason.empty() ? "" : ": ",
                        it.reason));
    }

    [[nodiscard]] bool retriever_lives() const
    {
        auto const limit = rule_of(rules_, "worker-stopped").time;
        return std::ranges::any_of(watch_.pulses, [&](store::Pulse const& each) {
            return each.part == "services" && !each.stopped &&
                   watch_.now - each.seen <= std::max<Duration>(limit, std::chrono::minutes(1));
        });
    }

    void queue()
    {
        auto const rule = rule_of(rules_, "queue-waits");
        if (!rule.on) return;
        for (auto const& each : watch_.waiting)
            if (watch_.now - each.oldest > rule.time)
                hit("queue-waits", each.address,
                    fmt::format("{} mails wait to be sent, the oldest since {}", each.count, to_readable(each.oldest)),
                    each.count);
    }

    // The threshold is for all mailboxes together; the alarm says of each how many.
    void many(std::string_view cause, std::vector<Watch::Mails> const& mails, fmt::string_view words)
    {
        auto const rule = rule_of(rules_, cause);
        std::int64_t sum = 0;
        for (auto const& each : mails) sum += each.count;
        if (!rule.on || sum <= rule.number) return;
        for (auto const& each : mails)
            hit(cause, each.address, fmt::format(fmt::runtime(words), each.count, each.address), each.count);
    }

    void servers()
    {
        auto const disk = rule_of(rules_, "disk-filling");
        auto const worker = rule_of(rules_, "worker-stopped");
        std::optional<Instant> services;  // when any was seen last
        bool lives = false;
        for (auto const& each : watch_.pulses) {
            bool const silent = watch_.now - each.seen > worker.time;
            if (each.part == "services") {
                services = std::max(services.value_or(each.seen), each.seen);
                lives = lives || (!each.stopped && !silent);
            }
            bool const is_self = each.part == "application" && each.server == self_;
            if (worker.on && silent && !each.stopped && !is_self)
                hit("worker-stopped", fmt::format("{} ({})", each.server, each.part),
                    fmt::format("{} has given no sign of life since {}",
                                each.part == "services" ? "its retriever, triage, dispatcher and refresher"
                                                        : "its console and alarm notifier",
                                to_readable(each.seen)));
            if (disk.on && !each.stopped && !silent && each.disk_size > 0 &&
                each.disk_free * 100 < each.disk_size * disk.number)
                hit("disk-filling", each.server,
                    fmt::format("less than {} % of the disk that it keeps its files on are free", disk.number));
        }
        if (!worker.on) return;
        auto const since = services.value_or(watching_since_);
        if (!lives && !watch_.mailboxes.empty() && watch_.now - since > worker.time)
            hit("worker-stopped", "services",
                fmt::format("no server retrieves, files, sends and renews, since {}", to_readable(since)));
        // What lives and does not work: triage takes seconds for what is filed.
        if (lives && watch_.triage_since &&
            watch_.now - *watch_.triage_since > std::max(worker.time, Duration(300'000)))
            hit("worker-stopped", "triage",
                fmt::format("mail that was filed at {} has not become a case", to_readable(*watch_.triage_since)));
    }

    Watch const& watch_;
    Rules const& rules_;
    Instant watching_since_;
    std::string_view self_;
    std::vector<Hit> hits_;
};

}  // namespace

std::vector<Hit> hits(store::Watch const& watch, Rules const& rules, Instant watching_since, std::string_view self)
{
    return Judge(watch, rules, watching_since, self).run();
}

bool is_judged(std::string_view cause)
{
    return std::ranges::find(judged, cause) != judged.end();
}

std::vector<store::Alarm> stale(store::Watch const& watch)
{
    std::set<std::string_view> troubled;
    for (auto const& each : watch.accounts)
        if (each.state == AccountState::needs_authorization) troubled.insert(each.name);
    std::vector<store::Alarm> found;
    for (auto const& each : watch.raised)
        if ((each.cause == "grant-refresh" || each.cause == "sign-in") && !troubled.contains(each.subject))
            found.push_back(each);
    return found;
}

}  // namespace postroom::alarms
