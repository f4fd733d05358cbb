// What the check list found: runs, findings with their history, and the alarms of what turned from holding to failing.
#pragma once

#include "model/finding.hpp"
#include "model/ids.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

using CheckRunId = Id<struct CheckRunTag>;

/// The kind of the alarm for what held, and fails now. Its subject is what the finding is about.
inline constexpr std::string_view check_alarm = "check-failed";
/// Who asked for a run that nobody asked for.
inline constexpr std::string_view check_schedule = "schedule";

struct CheckRun {
    CheckRunId id;
    std::string asked;  ///< JSON
    std::string asker;
    Instant begun{};
    std::int64_t parts = 1;  ///< one a server that takes part
    std::int64_t parts_begun = 0;
    std::int64_t parts_ended = 0;
    std::int64_t expected = 0;  ///< findings, of the parts that have begun
    std::int64_t clearing = 0;  ///< marked mails that were sent and are still to be removed

    [[nodiscard]] bool ended() const { return parts_ended >= parts; }
};

struct CheckFinding {
    Uuid id{};
    CheckRunId run;
    std::string item;
    std::string server;   ///< on which it was looked
    std::string subject;  ///< "" of the partition; an application's or account's name, an address, a host, host:port
    std::optional<model::AccountId> account;
    std::optional<model::MailboxId> mailbox;
    model::Finding finding;
    std::string because;  ///< of what could not be told: the item that has to hold before; or empty
    Instant found{};
    Duration took{};
    Instant since{};  ///< it came to the same ever since
};

void add_check_run(Connection& c, CheckRun const& run);
[[nodiscard]] std::optional<CheckRun> check_run(Connection& c, CheckRunId id);
/// A server begins its part, in which there will be so many findings.
void begin_check_part(Connection& c, CheckRunId id, std::int64_t expected);
/// So many marked mails are still to be removed.
void note_clearing(Connection& c, CheckRunId id, std::int64_t left);
void end_check_part(Connection& c, CheckRunId id);
/// When the schedule asked last; nothing where it never did.
[[nodiscard]] std::optional<Instant> last_scheduled_check(Connection& c);

/// Keeps it as the latest of its item, server and subject. Where those held when they were told last, and fail now, an
/// alarm about the subject is raised; it ends when nothing of the subject fails any more.
void keep_finding(Connection& c, CheckFinding const& finding);

/// The last ones that were asked for, by anybody or by `asker`, newest first, each with how many findings it has so
/// far.
struct CheckRunProgress {
    CheckRun run;
    std::int64_t told = 0;
};
[[nodiscard]] std::vector<CheckRunProgress> last_check_runs(Connection& c, int most,
                                                            std::optional<std::string> const& asker = {});

/// What is not given is not asked about.
struct FindingFilter {
    std::optional<std::string> item, server, cause, because;
    std::optional<std::string> subject_has;  ///< in any case
    std::optional<model::Outcome> outcome;
    std::optional<model::AccountId> account;
    std::optional<model::MailboxId> mailbox;
};

/// The latest findings of one item that came to the same.
struct FindingGroup {
    std::int64_t count = 0;
    Instant since{};  ///< the first of them has come to that
    Instant found{};  ///< the last of them was looked at
    CheckFinding first;
};

// Of a limited sight: those about accounts and mailboxes that it sees.

[[nodiscard]] std::vector<CheckFinding> findings_of_run(Connection& c, CheckRunId run, model::Sight const& sight = {});
/// The latest ones of accounts and mailboxes that are there, and of everything else.
[[nodiscard]] std::vector<CheckFinding> latest_findings(Connection& c, model::Sight const& sight = {},
                                                        FindingFilter const& filter = {},
                                                        std::int64_t most = 1'000'000);
/// The same in groups of those with one item, outcome, cause and ground.
[[nodiscard]] std::vector<FindingGroup> finding_groups(Connection& c, model::Sight const& sight = {},
                                                       FindingFilter const& filter = {});
/// Where they were looked at.
[[nodiscard]] std::vector<std::string> servers_of_findings(Connection& c, model::Sight const& sight = {});
/// Each time that an item came to something else, newest first.
[[nodiscard]] std::vector<CheckFinding> finding_history(Connection& c, std::string_view item, std::string_view subject,
                                                        int most, model::Sight const& sight = {});

/// Forgets findings from before `before`, but for the latest ones, and runs from before then that have none left; and
/// of those from before `repeated` whatever only repeats the one before it. What was found then on a server that is
/// gone is the latest no more, and its alarms end: one without a pulse, other than `own`.
void sweep_findings(Connection& c, Instant before, Instant repeated, std::string_view own);

}  // namespace postroom::store
