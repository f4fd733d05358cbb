// A case is a conversation with a customer; an activity is one mail, note or event in it.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postroom::model {

enum class CaseState { open, closed };

struct Case {
    CaseId id;
    std::int64_t number = 0;  ///< what people say, and what the subject's token carries
    DepartmentId department;
    MailboxId mailbox;  ///< through which it came, and from which it is answered
    std::string subject;
    std::string customer;  ///< address
    std::string customer_name;
    CaseState state = CaseState::open;
    std::int64_t activities = 0;
    bool waiting_for_us = true;      ///< the last mail was the customer's
    std::optional<UserId> assigned;  ///< whose it is; nothing: it waits in its department's queue
    std::optional<Instant> closed;
    std::optional<std::int64_t> follows;  ///< the number of the case that the customer went on with, long after its end
    Instant created{};
    Instant updated{};
    std::int64_t version = 1;  ///< counts its activities and what people change about it
};

/// What a mailbox sends by itself where its mail opens a case.
struct Acknowledgement {
    MailboxId mailbox;
    bool active = false;
    std::string subject;  ///< with fields in braces; empty: the customer's
    std::string text;     ///< with fields in braces; empty: the default
    Instant since{};      ///< when it was switched on: mail that came before is not acknowledged
    std::int64_t version = 0;
};

enum class ActivityKind { received, sent, note, event };

struct Attachment {
    std::string name;
    std::string type;  ///< media type
    std::int64_t size = 0;
    std::string content_id;  ///< for inline images; may be empty
    int part = 0;            ///< its number among the parts of the message, in order
};

struct Activity {
    ActivityId id;
    CaseId case_id;
    ActivityKind kind = ActivityKind::received;
    std::string from;  ///< "Name <address>", decoded
    std::vector<std::string> to;
    std::vector<std::string> cc;
    std::string subject;
    std::string message_id;  ///< without < >
    std::vector<std::string> references;
    std::string text;  ///< plain text, made from HTML where there is none
    bool has_html = false;
    std::vector<Attachment> attachments;
    std::optional<MessageId> message;  ///< the filed mail it was made from
    std::optional<BodyId> body;        ///< the bytes: of the filed mail, or as sent
    bool automatic = false;            ///< sent by a machine: never answered by one
    bool possible_duplicate = false;
    std::string reading;  ///< JSON, of received mail: what reading it told beside its words (desk/reading.hpp)
    Instant at{};
};

[[nodiscard]] std::string_view to_string(CaseState state);
[[nodiscard]] std::string_view to_string(ActivityKind kind);
[[nodiscard]] Result<CaseState> parse_case_state(std::string_view text);
[[nodiscard]] Result<ActivityKind> parse_activity_kind(std::string_view text);

}  // namespace postroom::model
