// FETCH (RFC 3501 section 6.4.5). Answers are gathered and written in large pieces, so that thousands of mails go as
// fast as the wire takes them.
#include "base/text.hpp"
#include "lab/imap-session.hpp"
#include "lab/imap-structure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace postroom::lab {

struct ImapSession::FetchItem {
    enum class Kind { uid, flags, internal_date, size, envelope, structure, body_list, bytes };
    Kind kind = Kind::uid;
    std::string name;     ///< as the answer says it
    std::string section;  ///< in upper case, what BODY[…] holds
    std::vector<std::string> fields;
    bool peek = false;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> partial;
};

namespace {

constexpr std::size_t large_write = 256 * 1024;

// "22-Nov-2026 09:30:00 +0000"
std::string internal_date(Instant at)
{
    std::time_t const seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{:02}-{}-{:04} {:02}:{:02}:{:02} +0000", parts.tm_mday,
                       months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
}

// Exchange puts this in place of a mail that it can't convert (getmail's documentation, MailKit #1446).
constexpr std::string_view placeholder =
    "From: \"Microsoft Exchange Server 2010\" <>\r\n"
    "Subject: Retrieval using the IMAP4 protocol failed for the following message: 20004\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=\"utf-8\"\r\n"
    "\r\n"
    "The server couldn't retrieve the following message:\r\n"
    "\r\n"
    "The message hasn't been deleted. You might be able to view it using either Outlook or Outlook Web App.\r\n";

// What a section holds: "", "HEADER", "TEXT", "HEADER.FIELDS", "1.2", "1.MIME" …
std::string section_bytes(std::string_view raw, std::string_view section, std::vector<std::string> const& names)
{
    std::vector<unsigned> numbers;
    while (!section.empty() && section[0] >= '0' && section[0] <= '9' && numbers.size() < 40) {
        unsigned number = 0;
        auto const [end, error] = std::from_chars(section.data(), section.data() + section.size(), number);
        if (error != std::errc{}) return {};
        section.remove_prefix(static_cast<std::size_t>(end - section.data()));
        if (section.starts_with('.')) section.remove_prefix(1);
        numbers.push_back(number);
    }
    auto entity = std::optional<std::string_view>(raw);
    if (!numbers.empty()) {
        entity = part_of(raw, numbers);
        if (!entity) return {};
        if (section.empty()) return std::string(text_of(*entity));
        if (section == "MIME") return std::string(header_of(*entity));
        entity = text_of(*entity);  // HEADER and TEXT are those of a mail within the mail
    }
    if (section.empty()) return std::string(*entity);
    if (section == "HEADER") return std::string(header_of(*entity));
    if (section == "TEXT") return std::string(text_of(*entity));
    if (section == "HEADER.FIELDS") return fields(header_of(*entity), names, false);
    if (section == "HEADER.FIELDS.NOT") return fields(header_of(*entity), names, true);
    return {};
}

bool is_section(std::string_view section)
{
    auto const rest = section.substr(std::min(section.find_first_not_of("0123456789."), section.size()));
    static constexpr std::array known{"", "HEADER", "TEXT", "MIME", "HEADER.FIELDS", "HEADER.FIELDS.NOT"};
    return std::ranges::find(known, rest) != known.end();
}

}  // namespace

std::optional<std::vector<ImapSession::FetchItem>> ImapSession::read_items(Words& words) const
{
    using Kind = FetchItem::Kind;
    std::vector<FetchItem> items;
    bool const listed = words.open();
    do {
        auto const name = to_upper(words.atom());
        if (name == "ALL" || name == "FAST" || name == "FULL") {
            items.push_back({.kind = Kind::flags});
            items.push_back({.kind = Kind::internal_date});
            items.push_back({.kind = Kind::size});
            if (name != "FAST") items.push_back({.kind = Kind::envelope});
            if (name == "FULL") items.push_back({.kind = Kind::body_list});
        } else if (name == "UID") {
            items.push_back({.kind = Kind::uid});
        } else if (name == "FLAGS") {
            items.push_back({.kind = Kind::flags});
        } else if (name == "INTERNALDATE") {
            items.push_back({.kind = Kind::internal_date});
        } else if (name == "RFC822.SIZE") {
            items.push_back({.kind = Kind::size});
        } else if (name == "ENVELOPE") {
            items.push_back({.kind = Kind::envelope});
        } else if (name == "BODYSTRUCTURE") {
            items.push_back({.kind = Kind::structure});
        } else if (name == "RFC822") {
            items.push_back({.kind = Kind::bytes, .name = "RFC822"});
        } else if (name == "RFC822.HEADER") {
            items.push_back({.kind = Kind::bytes, .name = "RFC822.HEADER", .section = "HEADER", .peek = true});
        } else if (name == "RFC822.TEXT") {
            items.push_back({.kind = Kind::bytes, .name = "RFC822.TEXT", .section = "TEXT"});
        } else if (name == "BODY" && !words.rest().starts_with('[')) {
            items.push_back({.kind = Kind::body_list});
        } else if (name == "BODY" || name == "BODY.PEEK") {
            auto const inner = words.bracketed();
            if (!inner) return std::nullopt;
            FetchItem item{.kind = Kind::bytes, .name = "BODY[" + std::string(*inner) + ']'};
            item.peek = name == "BODY.PEEK";
            Words section(*inner);
            item.section = to_upper(section.atom());
            if (section.space() && section.open())
                while (!section.close()) {
                    auto const each = section.astring();
                    if (!each) return std::nullopt;
                    item.fields.push_back(*each);
                    section.space();
                }
            if (!section.done() || !is_section(item.section)) return std::nullopt;
            if (words.rest().starts_with('<')) {
                std::uint32_t origin = 0, size = 0;
                auto const text = words.rest();
                auto const end = text.find('>');
                auto const dot = text.find('.');
                if (end == std::string_view::npos || dot == std::string_view::npos || dot > end) return std::nullopt;
                std::from_chars(text.data() + 1, text.data() + dot, origin);
                std::from_chars(text.data() + dot + 1, text.data() + end, size);
                item.partial = {origin, size};
                item.name += '<' + std::to_string(origin) + '>';
                words = Words(text.substr(end + 1));
            }
            items.push_back(std::move(item));
        } else {
            return std::nullopt;
        }
        if (items.size() > 100) return std::nullopt;
    } while (words.space());
    if (listed && !words.close()) return std::nullopt;
    if (!words.done()) return std::nullopt;
    return items;
}

std::optional<std::string> ImapSession::describe(Message const& message, std::uint32_t sequence, bool by_uid,
                                                 std::vector<FetchItem> const& items)
{
    using Kind = FetchItem::Kind;
    auto const wants_bytes = [](FetchItem const& item) { return item.kind == Kind::bytes && item.section.empty(); };
    bool const whole = std::ranges::any_of(items, wants_bytes);
    auto const& faults = state_->faults;
    if (auto const uids = faults.see(Fault::imap_fetch_empty, {mailbox_address()});
        whole && uids && names_uid(*uids, message.uid)) {
        (void)fault(Fault::imap_fetch_empty);
        return std::nullopt;
    }
    auto const stub = faults.see(Fault::imap_placeholder, {mailbox_address()});
    bool const stubbed = whole && stub && names_uid(*stub, message.uid);
    if (stubbed) (void)fault(Fault::imap_placeholder);
    auto const peeked = faults.see(Fault::imap_placeholder_peek, {mailbox_address()});
    bool const stubbed_peek = whole && peeked && names_uid(*peeked, message.uid);
    if (stubbed_peek) (void)fault(Fault::imap_placeholder_peek);

    std::string out;
    auto const add = [&](std::string const& text) {
        if (!out.empty()) out += ' ';
        out += text;
    };
    bool const said_uid = std::ranges::any_of(items, [](FetchItem const& item) { return item.kind == Kind::uid; });
    bool shows_flags = false;
    for (auto const& item : items) {
        switch (item.kind) {
            case Kind::uid: add("UID " + std::to_string(message.uid)); break;
            case Kind::flags:
                shows_flags = true;
                add("FLAGS (" + flags_to_text(message.flags) + ')');
                break;
            case Kind::internal_date: add("INTERNALDATE \"" + internal_date(message.internal_date) + '"'); break;
            case Kind::size: {
                // An estimate, unless the mailbox is set to exact sizes (Microsoft, Set-ImapSettings); the formula is
                // invented.
                auto const real = message.raw->size();
                add("RFC822.SIZE " + std::to_string(state_->settings.imap_exact_size != 0 ? real : real * 9 / 8 + 700));
                break;
            }
            case Kind::envelope: add("ENVELOPE " + envelope(*message.raw)); break;
            case Kind::structure: add("BODYSTRUCTURE " + body_structure(*message.raw, true)); break;
            case Kind::body_list: add("BODY " + body_structure(*message.raw, false)); break;
            case Kind::bytes: {
                std::string cut;
                std::string_view bytes = *message.raw;
                if (stubbed) bytes = item.peek ? std::string_view() : placeholder;
                if (stubbed_peek) bytes = placeholder;
                if (!item.section.empty()) {
                    cut = section_bytes(bytes, item.section, item.fields);
                    bytes = cut;
                }
                if (item.partial)
                    bytes =
                        bytes.substr(std::min<std::size_t>(item.partial->first, bytes.size()), item.partial->second);
                add(item.name + " {" + std::to_string(bytes.size()) + "}\r\n");
                out += bytes;
                if (item.section.empty()) ++state_->counters.imap_bodies;
                break;
            }
        }
    }
    bool const marks =
        writable_ && (message.flags & flag::seen) == 0 &&
        std::ranges::any_of(items, [](FetchItem const& item) { return item.kind == Kind::bytes && !item.peek; });
    if (marks) {
        auto* const stored = folder_->find(message.uid);
        bool const up_to_date = seen_changes_ == folder_->changes;
        folder_->set_flags(*stored, static_cast<std::uint8_t>(stored->flags | flag::seen));
        if (up_to_date) seen_changes_ = folder_->changes;
        if (!shows_flags) add("FLAGS (" + flags_to_text(stored->flags) + ')');
    }
    if (by_uid && !said_uid) add("UID " + std::to_string(message.uid));
    return "* " + std::to_string(sequence) + " FETCH (" + out + ")\r\n";
}

net::awaitable<void> ImapSession::do_fetch(Words& words, bool by_uid)
{
    auto const set = words.sequence_set();
    words.space();
    auto items = set ? read_items(words) : std::nullopt;
    if (!items || items->empty()) {
        bad("Command Argument Error. 11");
        co_return;
    }
    if (by_uid) sync(false);  // a UID of a mail that came meanwhile is valid
    auto uids = resolve(*set, by_uid);
    if (!uids) {
        no("The specified message set is invalid.");  // Exchange Online, MailKit #1652
        co_return;
    }
    if (fault(Fault::imap_shuffled)) {
        std::ranges::reverse(*uids);
        std::ranges::reverse(*items);
    }
    bool const whole = std::ranges::any_of(
        *items, [](FetchItem const& item) { return item.kind == FetchItem::Kind::bytes && item.section.empty(); });
    auto const plays = [&](Fault which, std::uint32_t uid) {
        auto const named = whole ? state_->faults.see(which, {mailbox_address()}) : std::nullopt;
        return named && names_uid(*named, uid) && fault(which);
    };
    for (auto const uid : *uids) {
        chatter();
        auto const* const message = folder_ ? folder_->find(uid) : nullptr;
        if (message == nullptr) continue;
        if (plays(Fault::imap_fetch_refused, uid)) {
            no("Server Unavailable. 15");  // what follows is not given either
            co_return;
        }
        if (plays(Fault::imap_fetch_garbled, uid)) {
            say(fmt::format("* {} FETCH (UID {} BODY[] {{99999999999999999999}}", sequence_of(uid), uid));
            continue;
        }
        auto const answer = describe(*message, sequence_of(uid), by_uid, *items);
        if (!answer) continue;
        bool const has_body = answer->find("}\r\n") != std::string::npos;
        if (auto const cut = has_body ? fault(Fault::imap_cut_literal) : std::nullopt) {
            auto const shown = answer->find("}\r\n") + 3 + static_cast<std::size_t>(to_number(*cut, 100));
            out_ += answer->substr(0, shown);
            co_await flush();
            over_ = true;
            co_return;
        }
        out_ += *answer;
        if (out_.size() < large_write) continue;
        co_await flush();
        if (token_is_over()) co_return;  // Exchange ends a session within a FETCH, too
    }
    sync(by_uid);
    ok("FETCH completed.");
}

}  // namespace postroom::lab
