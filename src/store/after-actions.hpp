// What is still to be done on a server to mail that was filed: what is due now, and what fails; and which mails of a
// folder the ledger knows, in few numbers.
#pragma once

#include "model/message.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

/// Those that were never tried, then those whose back-off is over: a minute after the first refusal, twice as long
/// after each more, an hour at most. `most` of them.
[[nodiscard]] std::vector<model::LedgerRow> after_actions_now(Connection& c, model::MailboxId mailbox,
                                                              std::string_view folder, std::uint32_t uid_validity,
                                                              Instant now, int most);
/// A move of which only deleting is left.
void copied_not_deleted(Connection& c, model::Place const& place);

/// An after-action counts as failing from so many refusals on: some minutes.
inline constexpr int refusals_that_tell = 3;
struct FailingActions {
    std::int64_t due = 0;      ///< all that are
    std::int64_t failing = 0;  ///< of those
    std::string words;         ///< why, of one of them
};
[[nodiscard]] FailingActions failing_after_actions(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                                   std::uint32_t uid_validity);
/// What is due of a mailbox is this from now on, as if it had never been tried.
void change_after_actions(Connection& c, model::MailboxId mailbox, model::AfterAction action);
/// Those of a folder under another UIDVALIDITY, which can't be done any more.
void forget_after_actions(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t but_under);

/// From the first to the last, both included.
struct KnownRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    friend bool operator==(KnownRange const&, KnownRange const&) = default;
};
/// The UIDs of a folder that the ledger knows, ascending, with a gap between any two ranges: one range for a folder of
/// a hundred thousand mails that were all seen.
[[nodiscard]] std::vector<KnownRange> known_ranges(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                                   std::uint32_t uid_validity);

}  // namespace postroom::store
