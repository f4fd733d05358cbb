// The ledger as people read it, and as it is compared with a server: what became of each mail that a mailbox's server
// ever showed.
#pragma once

#include "model/message.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

/// What a ledger row says, and where what was filed is now.
struct LedgerEntry {
    model::LedgerRow row;
    bool gone = false;  ///< no more in its folder, as far as is known
    Instant seen{};     ///< when the server showed it first
    Instant changed{};
    std::optional<model::Message> message{};  ///< what was filed, or what it duplicates
    std::optional<std::int64_t> a_case{};     ///< the number of the case that it is in
    std::optional<model::ActivityId> activity{};
    std::string from{}, subject{};  ///< as triage read them
};

struct LedgerFilter {
    std::optional<model::LedgerState> state{};
    bool only_due = false;                  ///< an after-action is still to be done
    bool only_possible_duplicates = false;  ///< filed with other bytes than a mail that seems to be the same
};

/// Where a page ends.
struct LedgerMark {
    std::string folder;
    std::uint32_t uid_validity = 0;
    std::uint32_t uid = 0;
};

/// From the highest UID down, folder by folder; at most `most`, below `after`.
[[nodiscard]] std::vector<LedgerEntry> ledger_page(Connection& c, model::MailboxId mailbox, LedgerFilter const& filter,
                                                   int most, std::optional<LedgerMark> const& after);

/// A row as a comparison with the server needs it: small, since a mailbox may have hundreds of thousands.
struct KnownMail {
    std::uint32_t uid = 0;
    bool gone = false;
    bool due = false;
    std::string unique_id{};  ///< over POP3, while it is there
    bool missed = false;      ///< it is gone because note_missed() said so
};
/// All rows of a folder, sorted by UID.
[[nodiscard]] std::vector<KnownMail> known_mails(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                                 std::uint32_t uid_validity);

/// Somebody else took these away: a full list of the folder has not got them. Those with an after-action still to be
/// done stay as they are, since the server's answer to that will tell.
void note_missed(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                 std::vector<std::uint32_t> const& uids, Instant now);
/// The server lists these again: they are there, where note_missed() said that they went.
void note_listed_again(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                       std::vector<std::uint32_t> const& uids, Instant now);

/// Over POP3 the unique ids of mail that is known, and that nothing takes away: what was left, or skipped.
[[nodiscard]] std::vector<std::string> mails_to_stay(Connection& c, model::MailboxId mailbox);

/// What was filed of it, or what it duplicates: how many bytes, and their digest.
struct FiledBytes {
    std::uint32_t uid = 0;
    std::int64_t size = 0;
    model::Digest digest{};
};
/// Of the rows whose mail should still be in its folder; those that were skipped or deleted here have none.
[[nodiscard]] std::vector<FiledBytes> filed_bytes(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                                  std::uint32_t uid_validity);

/// One row, with what is known of its mail.
[[nodiscard]] std::optional<LedgerEntry> ledger_entry(Connection& c, model::Place const& place);

}  // namespace postroom::store
