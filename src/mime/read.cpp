#include "mime/read.hpp"

#include "base/text.hpp"
#include "mime/body.hpp"
#include "mime/charset.hpp"
#include "mime/encoded-words.hpp"
#include "mime/header.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <utility>

namespace postroom::mime {

namespace {

constexpr std::size_t id_limit = 998;   // octets of one Message-ID: a line (RFC 5322 section 2.1.1)
constexpr std::size_t ids_limit = 200;  // of In-Reply-To and References
constexpr std::size_t addresses_limit = 1'000;
constexpr int groups_limit = 4;
constexpr std::size_t list_limit = 64 * 1024;  // octets of an address list
constexpr std::size_t piece_size = 4 * 1024;   // of it that are parsed at once

std::string decoded(std::string_view raw, std::string_view charset = {})
{
    return std::string(trim(header_to_utf8(decoded_words(header_to_utf8(raw, charset)))));
}

void collect(InternetAddressList* list, std::vector<Address>& found, int depth)
{
    for (int i = 0; list != nullptr && i < internet_address_list_length(list) && found.size() < addresses_limit; ++i) {
        auto* address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(address)) {
            if (depth < 3)
                collect(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), found, depth + 1);
            continue;
        }
        char const* const name = internet_address_get_name(address);
        char const* const spec = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        Address one{.name = name == nullptr ? "" : header_to_utf8(name),
                    .address = spec == nullptr ? "" : header_to_utf8(spec)};
        if (!one.name.empty() || !one.address.empty()) found.push_back(std::move(one));
    }
}

// GMime reads groups in groups by recursion, and each of them again when the outer one turns out to have no end: a list
// of nothing but "g:" would end the stack, one of "g:a," last for minutes. Nobody has that many.
std::string with_few_groups(std::string_view raw)
{
    std::string list(raw);
    int groups = 0;
    for (char& c : list)
        if (c == ':' && ++groups > groups_limit) c = ' ';
    return list;
}

// The beginning of a long list, up to the end of an address. At each address without a domain GMime looks through all
// of the rest: 64 KiB of them took it four seconds.
std::string_view piece_of(std::string_view list)
{
    if (list.size() <= piece_size) return list;
    auto const begin = list.substr(0, piece_size);
    if (auto const end = begin.rfind(">,"); end != std::string_view::npos) return list.substr(0, end + 2);
    if (auto const comma = begin.rfind(','); comma != std::string_view::npos) return list.substr(0, comma + 1);
    return list.substr(0, std::min(list.find(',', piece_size), list.size() - 1) + 1);
}

std::vector<Address> addresses(std::string_view raw, std::string_view charset = {})
{
    std::vector<Address> found;
    if (raw.size() > list_limit) raw = raw.substr(0, std::min(raw.rfind(',', list_limit), list_limit));
    while (!raw.empty()) {
        auto const piece = piece_of(raw);
        raw.remove_prefix(piece.size());
        auto const utf8 = header_to_utf8(with_few_groups(piece), charset);
        Owned<InternetAddressList> const list(internet_address_list_parse(nullptr, with_joined_words(utf8).c_str()));
        collect(list.get(), found, 0);
    }
    return found;
}

// Everything between < and >. Blanks within are folding that a mail program put there. Of too many the newest stay.
std::vector<std::string> message_ids(std::string const& raw)
{
    std::vector<std::string> ids;
    for (std::size_t at = 0; (at = raw.find('<', at)) != std::string::npos;) {
        auto const end = raw.find_first_of("<>", at + 1);
        if (end == std::string::npos) break;
        if (raw[end] == '>') {
            std::string id;
            for (char const c : raw.substr(at + 1, end - at - 1))
                if (c != ' ' && c != '\t') id += c;
            if (!id.empty() && id.size() <= id_limit) ids.push_back(header_to_utf8(id));
        }
        at = end;
    }
    if (ids.size() > ids_limit) ids.erase(ids.begin(), ids.end() - ids_limit);
    return ids;
}

std::string message_id(std::string const& raw)
{
    auto ids = message_ids(raw);
    if (!ids.empty()) return std::move(ids.front());
    auto const bare = trim(raw);
    bool const one_word = bare.find_first_of(" \t<>") == std::string_view::npos && bare.size() <= id_limit;
    return one_word ? header_to_utf8(bare) : std::string();
}

std::optional<Instant> instant(std::string const& raw)
{
    if (raw.empty()) return std::nullopt;
    GDateTime* const parsed = g_mime_utils_header_decode_date(raw.c_str());
    if (parsed == nullptr) return std::nullopt;
    auto const seconds = g_date_time_to_unix(parsed);
    g_date_time_unref(parsed);
    return Instant(std::chrono::seconds(seconds));
}

// A word of the header without its parameters and comment: "auto-replied (vacation)" → auto-replied.
std::string keyword(std::string const& raw)
{
    return to_lower(printable(trim(std::string_view(raw).substr(0, raw.find_first_of(";("))), 100));
}

Automatic automatic(Header const& header, Mail const& mail, bool is_report)
{
    if (is_report) return Automatic::report;
    auto const suppress = to_lower(mail.auto_response_suppress);
    // [MS-OXCMAIL] section 2.2.3.2.14: the values that forbid answers by machines; the rest is about receipts.
    bool const suppressed = suppress.find("all") != std::string::npos || suppress.find("oof") != std::string::npos ||
                            suppress.find("autoreply") != std::string::npos;
    if ((!mail.auto_submitted.empty() && mail.auto_submitted != "no") || suppressed) return Automatic::auto_submitted;
    if (mail.return_path && mail.return_path->empty()) return Automatic::null_sender;
    static constexpr std::string_view bulk[] = {"bulk", "list", "junk", "auto_reply"};
    if (std::find(std::begin(bulk), std::end(bulk), mail.precedence) != std::end(bulk)) return Automatic::bulk;
    static constexpr std::string_view list[] = {"list-id",   "list-unsubscribe", "list-subscribe", "list-post",
                                                "list-help", "list-archive",     "list-owner"};
    if (std::any_of(std::begin(list), std::end(list), [&](auto name) { return header.has(name); }))
        return Automatic::list;
    return Automatic::no;
}

}  // namespace

std::string to_string(Address const& address)
{
    if (address.name.empty()) return address.address;
    if (address.address.empty()) return address.name;
    return fmt::format("{} <{}>", address.name, address.address);
}

std::string_view to_string(Automatic automatic)
{
    switch (automatic) {
        case Automatic::no: return "no";
        case Automatic::auto_submitted: return "auto_submitted";
        case Automatic::report: return "report";
        case Automatic::null_sender: return "null_sender";
        case Automatic::bulk: return "bulk";
        case Automatic::list: return "list";
    }
    return "no";
}

std::string_view to_string(Cut cut)
{
    switch (cut) {
        case Cut::header: return "header";
        case Cut::depth: return "depth";
        case Cut::parts: return "parts";
        case Cut::words: return "words";
    }
    return "words";
}

Result<Mail> read(std::string_view bytes)
{
    Header const header(bytes);
    if (!header.is_of_a_mail())
        return failure(Trouble::invalid,
                       "this is no mail: it has no From, To, Date, Subject or other field of a header");
    auto const parsed = parse(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    auto body = body_of(*parsed);
    auto const& charset = body.charset;  // of bytes in the header that declare none

    Mail mail;
    mail.from = addresses(header.first("from"), charset);
    mail.reply_to = addresses(header.joined("reply-to"), charset);
    mail.to = addresses(header.joined("to"), charset);
    mail.cc = addresses(header.joined("cc"), charset);
    if (auto sender = addresses(header.first("sender"), charset); !sender.empty())
        mail.sender = std::move(sender.front());
    mail.subject = decoded(header.first("subject"), charset);
    mail.date = instant(header.first("date"));
    mail.message_id = message_id(header.first("message-id"));
    mail.in_reply_to = message_ids(header.joined("in-reply-to"));
    mail.references = message_ids(header.joined("references"));
    if (header.has("return-path")) {
        auto const path = header.first("return-path");
        auto const found = addresses(path);
        mail.return_path = found.empty() ? std::string() : found.front().address;
    }
    mail.auto_submitted = keyword(header.first("auto-submitted"));
    mail.precedence = keyword(header.first("precedence"));
    mail.list_id = decoded(header.first("list-id"));
    mail.test_mark = header.first("x-postroom-test");
    mail.auto_response_suppress = decoded(header.first("x-auto-response-suppress"));
    mail.automatic = automatic(header, mail, body.is_report);

    mail.text = std::move(body.text);
    mail.text_from_html = body.text_from_html;
    mail.html = std::move(body.html);
    mail.parts = std::move(body.parts);
    mail.protection = body.protection;
    mail.report = std::move(body.report);
    mail.invitation = std::move(body.invitation);
    mail.cut = std::move(body.cut);
    return mail;
}

std::vector<Address> answer_to(std::string_view bytes)
{
    use_gmime();
    Header const header(bytes);
    auto reply_to = addresses(header.joined("reply-to"));
    return reply_to.empty() ? addresses(header.first("from")) : reply_to;
}

std::optional<Instant> received(std::string_view bytes)
{
    Header const header(bytes);
    auto const newest = header.first("received");
    // RFC 5321 section 4.4: the date follows the last semicolon.
    auto const semicolon = newest.rfind(';');
    auto const at = semicolon == std::string::npos ? std::nullopt : instant(newest.substr(semicolon + 1));
    return at ? at : instant(header.first("date"));
}

std::array<std::uint8_t, 32> fingerprint(std::string_view bytes)
{
    Header const header(bytes);
    std::pair<std::string_view, std::string> const fields[] = {
        {"message-id", header.first("message-id")},
        {"date", header.first("date")},
        {"from", header.first("from")},
        {"received", header.last("received")},  // the lowest is the oldest
        {"network-message-id", header.first("x-ms-exchange-organization-network-message-id")}};
    std::string canonical;
    bool any = false;
    for (auto const& [name, value] : fields) {
        any = any || !value.empty();
        canonical += name;
        canonical += ':';
        // A server that renders an item anew folds it elsewhere.
        for (char const c : value)
            if (c != ' ' && c != '\t') canonical += c;
        canonical += '\n';
    }
    std::array<std::uint8_t, 32> digest{};
    if (any)
        crypto_hash_sha256(digest.data(), reinterpret_cast<unsigned char const*>(canonical.data()), canonical.size());
    return digest;
}

}  // namespace postroom::mime
