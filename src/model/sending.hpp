// How mail is sent: what an account's server allows, what a department signs with, and what became of each recipient.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::model {

/// What a server allows one mailbox; 0: no limit.
struct Pace {
    std::int64_t messages_a_minute = 0;
    std::int64_t recipients_a_day = 0;

    friend bool operator==(Pace const&, Pace const&) = default;
};

/// How an account's server is sent to. What is not set is the default for that server (default_sending()).
struct AccountSending {
    AccountId account;
    std::optional<std::int64_t> messages_a_minute;  ///< by mailbox, as the next two are; 0: no limit
    std::optional<std::int64_t> recipients_a_day;
    std::optional<std::int64_t> connections;  ///< at once, of all servers of ours together
    std::optional<std::int64_t> recipients_a_message;
    std::string sent_folder;   ///< where the sent copies are; empty: the folder for sent items
    bool append_sent = false;  ///< the server stores no copy of what it was given; we do
    std::int64_t version = 0;
};

/// Every limit set. Exchange Online (Microsoft, SMTP submission limits): 30 messages a minute, 10,000 recipients a day
/// and 3 connections a mailbox, 500 recipients a message; elsewhere what no server minds.
[[nodiscard]] AccountSending default_sending(std::string_view submission_host);
/// `sending` with what it leaves open from the defaults.
[[nodiscard]] AccountSending with_defaults(AccountSending sending, std::string_view submission_host);

struct DepartmentSending {
    DepartmentId department;
    std::string signature;              ///< plain text; may be empty
    std::string signature_html;         ///< for mail that has HTML; where it is empty, made from the plain one
    Duration patience{48 * 3'600'000};  ///< how long a mail is tried that is refused for now
    std::int64_t version = 0;
};

struct MailboxSending {
    MailboxId mailbox;
    std::string reply_to;  ///< "Name <address>" or address; empty: answers come to the mailbox
    std::int64_t version = 0;
};

/// An agent's words, prepared. {{…}} stands for what is filled in (desk/fields.hpp).
struct ReplyTemplate {
    DepartmentId department;
    std::string name;
    std::string subject;  ///< for new mail; may be empty
    std::string text;
    std::string html;  ///< may be empty
    std::int64_t version = 0;
};

/// A file on its way into a mail.
struct Upload {
    UploadId id;
    BodyId body;
    std::string owner;  ///< who may use it
    std::string name;
    std::string type;
    std::int64_t size = 0;
    Instant created{};
};

/// What is known of one recipient.
enum class RecipientState {
    accepted,  ///< by our server
    refused,   ///< by our server, while others of the mail were accepted
    delayed,   ///< reports, from here
    delivered,
    failed,
};
struct RecipientOutcome {
    ActivityId activity;
    std::string address;
    RecipientState state = RecipientState::accepted;
    std::string words;
    Instant at{};
};
[[nodiscard]] std::string_view to_string(RecipientState state);
[[nodiscard]] Result<RecipientState> parse_recipient_state(std::string_view text);

}  // namespace postroom::model
