#include "mime/report.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"
#include "mime/header.hpp"

#include <utility>

namespace postroom::mime {

namespace {

// "rfc822; user@example.com" → user@example.com; what has no type is taken as it stands.
std::string without_type(std::string const& value)
{
    auto const semicolon = value.find(';');
    std::string_view rest = value;
    if (semicolon != std::string::npos && value.find_first_of(" @<\"") > semicolon) rest.remove_prefix(semicolon + 1);
    return header_to_utf8(trim(rest));
}

std::string bare_address(std::string const& value)
{
    auto address = without_type(value);
    if (address.starts_with('<') && address.ends_with('>')) address = address.substr(1, address.size() - 2);
    return address;
}

std::string id_of(std::string const& value)
{
    auto id = trim(value);
    if (id.starts_with('<')) id.remove_prefix(1);
    return header_to_utf8(id.substr(0, id.find('>')));
}

// RFC 3464 section 2.3.3. Comments ("failed (permanently)") are found behind it.
std::string word_of(std::string const& value)
{
    auto const text = trim(value);
    return to_lower(printable(text.substr(0, text.find_first_of(" \t(;")), 100));
}

// "automatic-action/MDN-sent-automatically; deleted/error": what became of the mail (RFC 8098 section 3.2.6).
std::string disposition_of(std::string const& value)
{
    auto const semicolon = value.find(';');
    if (semicolon == std::string::npos) return {};
    auto const text = trim(std::string_view(value).substr(semicolon + 1));
    return to_lower(printable(text.substr(0, text.find_first_of("/ \t")), 100));
}

// Groups of fields between empty lines; the first speaks for the whole.
std::vector<std::string_view> groups_of(std::string_view part)
{
    std::vector<std::string_view> groups;
    std::size_t begin = 0;
    bool any = false;
    for (std::size_t at = 0; at < part.size() && groups.size() <= reported_limit;) {
        auto const newline = part.find('\n', at);
        auto const next = newline == std::string_view::npos ? part.size() : newline + 1;
        bool const empty = trim(part.substr(at, next - at)).empty();
        if (!empty && !std::exchange(any, true)) begin = at;
        if (any && (empty || next == part.size())) {
            groups.push_back(part.substr(begin, (empty ? at : next) - begin));
            any = false;
        }
        at = next;
    }
    return groups;
}

}  // namespace

std::string_view to_string(Report::Kind kind)
{
    switch (kind) {
        case Report::Kind::delivery: return "delivery";
        case Report::Kind::receipt: return "receipt";
        case Report::Kind::complaint: return "complaint";
    }
    return "delivery";
}

Meaning meaning_of(std::string_view status)
{
    // "5.1.1 (bad destination mailbox address)": the number, without its class.
    auto const number = status.substr(0, status.find_first_not_of("0123456789."));
    auto const dot = number.find('.');
    if (dot == std::string_view::npos) return Meaning::unknown;
    auto const detail = number.substr(dot + 1);
    static constexpr std::pair<std::string_view, Meaning> known[] = {{"1.0", Meaning::no_such_address},
                                                                     {"1.1", Meaning::no_such_address},
                                                                     {"1.3", Meaning::no_such_address},
                                                                     {"1.6", Meaning::no_such_address},
                                                                     {"1.10", Meaning::no_such_address},
                                                                     {"1.2", Meaning::no_such_domain},
                                                                     {"4.310", Meaning::no_such_domain},
                                                                     {"2.1", Meaning::mailbox_disabled},
                                                                     {"2.2", Meaning::mailbox_full},
                                                                     {"2.3", Meaning::too_large},
                                                                     {"3.4", Meaning::too_large},
                                                                     {"4.1", Meaning::no_answer},
                                                                     {"4.2", Meaning::no_answer},
                                                                     {"4.3", Meaning::no_answer},
                                                                     {"4.4", Meaning::no_answer},
                                                                     {"4.5", Meaning::no_answer},
                                                                     {"4.7", Meaning::no_answer},
                                                                     {"4.6", Meaning::loop},
                                                                     {"4.14", Meaning::loop}};
    for (auto const& [code, meaning] : known)
        if (detail == code) return meaning;
    return detail.starts_with("7.") ? Meaning::refused : Meaning::unknown;
}

std::string_view to_string(Meaning meaning)
{
    switch (meaning) {
        case Meaning::unknown: return "unknown";
        case Meaning::no_such_address: return "no_such_address";
        case Meaning::no_such_domain: return "no_such_domain";
        case Meaning::mailbox_disabled: return "mailbox_disabled";
        case Meaning::mailbox_full: return "mailbox_full";
        case Meaning::too_large: return "too_large";
        case Meaning::no_answer: return "no_answer";
        case Meaning::loop: return "loop";
        case Meaning::refused: return "refused";
    }
    return "unknown";
}

std::optional<Report::Kind> report_kind(std::string_view media_type)
{
    if (media_type == "message/delivery-status" || media_type == "message/global-delivery-status")
        return Report::Kind::delivery;
    if (media_type == "message/disposition-notification" || media_type == "message/global-disposition-notification")
        return Report::Kind::receipt;
    if (media_type == "message/feedback-report") return Report::Kind::complaint;
    return std::nullopt;
}

std::optional<Report> read_report(Report::Kind kind, std::string_view part)
{
    Report report{.kind = kind};
    bool sound = false;
    for (auto const group : groups_of(part.substr(0, report_limit))) {
        Header const fields(group);
        for (auto const* name : {"reporting-mta", "reporting-ua", "user-agent"})
            if (report.reporter.empty()) report.reporter = without_type(fields.first(name));
        if (auto id = id_of(fields.first("original-message-id")); !id.empty())
            report.original_message_id = std::move(id);

        ReportedRecipient one{.action = word_of(fields.first("action")),
                              .status = word_of(fields.first("status")),
                              .diagnostic = without_type(fields.first("diagnostic-code")),
                              .remote = without_type(fields.first("remote-mta"))};
        for (auto const* name : {"original-recipient", "final-recipient", "original-rcpt-to"})
            if (one.address.empty()) one.address = bare_address(fields.first(name));
        if (kind == Report::Kind::receipt) one.action = disposition_of(fields.first("disposition"));
        if (kind == Report::Kind::complaint) one.action = word_of(fields.first("feedback-type"));
        bool const said = !one.action.empty() && (kind != Report::Kind::delivery || !one.address.empty());
        sound = sound || said;
        if (said && report.recipients.size() < reported_limit) report.recipients.push_back(std::move(one));
    }
    if (!sound) return std::nullopt;
    return report;
}

}  // namespace postroom::mime
