// A message is the bytes of one mail as the server gave them; the ledger says what became of every mail that a server
// ever showed us.
#pragma once

#include "model/ids.hpp"
#include "model/mailbox.hpp"
#include "model/screens.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace postroom::model {

/// SHA-256 of the exact bytes.
using Digest = std::array<std::uint8_t, 32>;

enum class TriageState {
    pending,
    done,       ///< it is an activity of a case, or a test mail of ours
    exception,  ///< in the exception queue, its bytes intact
};

struct Message {
    MessageId id;
    MailboxId mailbox;
    BodyId body;
    std::int64_t size = 0;  ///< octets
    Digest digest{};
    Digest fingerprint{};             ///< of stable headers: the same item rendered anew keeps it
    bool possible_duplicate = false;  ///< the fingerprint was filed before, with other bytes
    Instant received{};               ///< INTERNALDATE
    Instant filed{};
    TriageState triage = TriageState::pending;
    int triage_tries = 0;          ///< committed before each try, so that a mail that kills the process is set aside
    std::string exception;         ///< why it is in the exception queue
    Screen screen = Screen::none;  ///< that it met, whatever became of it then
    std::string screen_rule{};     ///< the rule of it
    bool released = false;         ///< a person let it pass: it meets no screen any more
};

/// Where a mail is on its server. Over POP3 the folder is INBOX, uid_validity is 0, and uid counts what was seen.
struct Place {
    MailboxId mailbox;
    std::string folder;
    std::uint32_t uid_validity = 0;
    std::uint32_t uid = 0;

    friend auto operator<=>(Place const&, Place const&) = default;
};

enum class LedgerState {
    skipped,  ///< older than the baseline
    filed,
    duplicate,   ///< the same bytes as a mail filed before: not filed again, after-action due all the same
    unreadable,  ///< the server names it but gives no data
};

struct LedgerRow {
    Place place;
    LedgerState state = LedgerState::filed;
    std::optional<MessageId> message;      ///< what was filed, or what it duplicates
    AfterAction due = AfterAction::leave;  ///< still to be done on the server; leave: nothing
    int tries = 0;
    std::string note;
    std::string unique_id{};  ///< POP3's, for as long as the server lists the mail; empty otherwise
};

[[nodiscard]] std::string_view to_string(TriageState state);
[[nodiscard]] std::string_view to_string(LedgerState state);
[[nodiscard]] Result<TriageState> parse_triage_state(std::string_view text);
[[nodiscard]] Result<LedgerState> parse_ledger_state(std::string_view text);

}  // namespace postroom::model
