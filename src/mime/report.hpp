// What machines report about a mail that we sent: delivered, delayed or not (RFC 3464), read or not (RFC 8098),
// complained about (RFC 5965).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::mime {

struct ReportedRecipient {
    std::string address;  ///< the one we wrote to where the report says it, else the final one
    std::string action;   ///< in lower case: failed, delayed, delivered, relayed, expanded; of a receipt: displayed …
    std::string status;   ///< RFC 3463, such as 5.1.1; may be empty
    std::string diagnostic;  ///< the refusing server's words, without their type; may be empty
    std::string remote;      ///< the server that said so; may be empty

    friend bool operator==(ReportedRecipient const&, ReportedRecipient const&) = default;
};

struct Report {
    enum class Kind { delivery, receipt, complaint };
    Kind kind = Kind::delivery;
    std::vector<ReportedRecipient> recipients;
    std::string reporter;             ///< the server or program that reports; may be empty
    std::string original_message_id;  ///< without < >; empty where the report does not say
};
[[nodiscard]] std::string_view to_string(Report::Kind kind);

/// What people make of a status (RFC 3463, RFC 7505, and what Exchange Online adds). `unknown` where it says nothing of
/// the kind, or nothing at all.
enum class Meaning {
    unknown,
    no_such_address,
    no_such_domain,
    mailbox_disabled,
    mailbox_full,
    too_large,
    no_answer,  ///< the recipient's server was not reached, or not in time
    loop,
    refused,  ///< by a rule, or as spam
};
[[nodiscard]] Meaning meaning_of(std::string_view status);
[[nodiscard]] std::string_view to_string(Meaning meaning);

inline constexpr std::size_t report_limit = 256 * 1024;  ///< octets of a report that are read
inline constexpr std::size_t reported_limit = 1'000;     ///< recipients that are kept

/// The kind of report that a part of this media type holds, if any.
[[nodiscard]] std::optional<Report::Kind> report_kind(std::string_view media_type);
/// Nothing where the part does not say what a report of its kind must: a recipient with an action, a disposition, or
/// a type of feedback.
[[nodiscard]] std::optional<Report> read_report(Report::Kind kind, std::string_view part);

}  // namespace postroom::mime
