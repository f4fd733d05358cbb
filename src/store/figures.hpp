// What is counted of each mailbox, and the sums that metrics tell.
#pragma once

#include "model/figures.hpp"
#include "store/connection.hpp"

#include <map>
#include <string>
#include <utility>

namespace postroom::store {

/// A server begins to retrieve the mailbox: what is counted since then begins at 0.
void begin_figures(Connection& c, model::MailboxId mailbox, Instant now);
/// Counts them on, and whatever look was told of is over.
void add_figures(Connection& c, model::MailboxId mailbox, model::Figures const& more);
/// For whoever watches a look that takes its time.
void show_progress(Connection& c, model::MailboxId mailbox, model::LookProgress const& progress);
void note_failure(Connection& c, model::MailboxId mailbox, model::MailTrouble trouble, std::string_view words,
                  Instant now);
/// The mailbox goes. What it could not retrieve goes from the exception queue, too.
void forget_figures(Connection& c, model::MailboxId mailbox);
/// Zeros where nobody has begun to count.
[[nodiscard]] model::MailboxFigures figures_of(Connection& c, model::MailboxId mailbox);

/// What metrics tell of the whole partition.
struct Totals {
    std::map<std::string, std::int64_t> mailboxes;  ///< by state
    std::map<std::string, std::int64_t> accounts;   ///< by state
    std::map<std::string, std::int64_t> grants;     ///< by how the last renewal ended: renewed, refused, failed
    std::map<std::string, std::int64_t> failures;   ///< of all mailboxes, by trouble
    std::map<std::string, std::int64_t> outbound;   ///< by state
    model::Figures figures;                         ///< of all mailboxes
    std::int64_t triage_waiting = 0;
    std::int64_t exceptions = 0;
    std::int64_t unreadable = 0;
    std::int64_t after_actions_due = 0;
    std::int64_t jobs_waiting = 0;
    std::int64_t alarms = 0;
    struct Mailbox {
        std::string address;
        std::string state;
        std::optional<Instant> last_success;
        std::int64_t filed = 0;
        std::int64_t octets = 0;
    };
    std::vector<Mailbox> each{};  ///< by address
};
[[nodiscard]] Totals totals(Connection& c);

}  // namespace postroom::store
