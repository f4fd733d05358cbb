// A mailbox: one address that is read and answered.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace postroom::model {

/// What happens on the server to a mail that was filed.
enum class AfterAction { leave, mark_seen, move, remove };

/// Where the retriever stands with the mailbox; each with a phrase in Mailbox::state_reason.
enum class MailboxState {
    waiting,  ///< nothing was tried yet, or it waits for its account
    connecting,
    retrieving,
    idle,         ///< connected, nothing new
    backing_off,  ///< after trouble, until `next_try`
    stopped,      ///< a person is needed
};

/// What keeps it from being compared with its server: told apart, because each is another's to end. Mailbox's
/// state_reason has the words, and the catalogue of causes what they mean.
enum class MailTrouble : std::uint8_t {
    none,
    needs_authorization,  ///< there is no token: the account waits for a person, or for its provider
    sign_in_refused,      ///< by the mail server, with a token that was fresh, or with the password
    protocol_off,         ///< the server takes the sign-in by this protocol from nobody, or not for this mailbox
    no_right,             ///< signed in, and may not open it: "User is authenticated but not connected"
    throttled,            ///< the server named a time to wait, or says that there is too much
    unavailable,          ///< by the server's own words it passes
    refused,              ///< another refusal
    cut,                  ///< the connection ended in the middle
    no_answer,            ///< the server is silent where something is due
    no_progress,          ///< the watchdog ended it
    nonsense,             ///< what the server says is not its protocol
    tls,                  ///< certificate or handshake
    dns,
    unreachable,  ///< no route, or nobody listens
    store,        ///< ours can't be written
    internal,     ///< a mistake of ours
};

/// What becomes of the mail in a folder that was made anew on its server, where there is more than expected.
enum class Unexpected {
    ask,   ///< nobody has decided
    file,  ///< it is retrieved; what was filed before is known by its bytes
    skip,  ///< what there is at the decision is noted as skipped: the baseline becomes that instant
};

struct Mailbox {
    MailboxId id;
    AccountId account;
    DepartmentId department;
    std::string address;       ///< the primary address; IMAP signs in with it, From carries it
    std::string display_name;  ///< in From; may be empty
    std::string folder = "INBOX";
    Instant baseline{};  ///< mail older than this (INTERNALDATE) is skipped; the epoch means everything
    AfterAction after = AfterAction::move;
    std::string after_folder = "Postroom";  ///< for AfterAction::move
    Duration poll{30'000};                  ///< where IDLE is not to be had, and the safety net beside it
    std::uint32_t uid_validity = 0;         ///< as last seen; 0: never
    MailboxState state = MailboxState::waiting;
    std::string state_reason;
    MailTrouble trouble = MailTrouble::none;
    Instant state_since{};
    std::optional<Instant> last_success;  ///< the last time that it was compared with the server
    std::optional<Instant> next_try;
    Unexpected unexpected = Unexpected::ask;  ///< until the folder is opened next
    Instant created{};
    std::int64_t version = 1;  ///< counts what people change about it
};

[[nodiscard]] std::string_view to_string(AfterAction action);
[[nodiscard]] std::string_view to_string(MailboxState state);
[[nodiscard]] std::string_view to_string(Unexpected decision);
[[nodiscard]] std::string_view to_string(MailTrouble trouble);
[[nodiscard]] Result<AfterAction> parse_after_action(std::string_view text);
[[nodiscard]] Result<MailboxState> parse_mailbox_state(std::string_view text);
[[nodiscard]] Result<Unexpected> parse_unexpected(std::string_view text);
[[nodiscard]] Result<MailTrouble> parse_mail_trouble(std::string_view text);

}  // namespace postroom::model
