// SEARCH (RFC 3501 section 6.4.4), as far as mail programs use it.
#include "base/text.hpp"
#include "lab/imap-session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace postroom::lab {

namespace {

struct Candidate {
    Message const& message;
    std::uint32_t sequence;
    std::uint32_t last_uid, last_sequence;
};
using Test = std::function<bool(Candidate const&)>;

bool contains(std::string_view text, std::string_view wanted)
{
    if (wanted.empty()) return true;
    auto const same = [](char a, char b) { return (a | 0x20) == (b | 0x20) && (a == b || ((a | 0x20) >= 'a')); };
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

bool within(SequenceSet const& set, std::uint32_t number, std::uint32_t last)
{
    return std::ranges::any_of(set, [&](auto range) {
        auto [low, high] = range;
        if (low == star) low = last;
        if (high == star) high = last;
        return number >= std::min(low, high) && number <= std::max(low, high);
    });
}

// "1-Feb-2026" (a quoted one, too), as whole days since 1970
std::optional<std::chrono::sys_days> read_date(std::string_view text)
{
    auto const parts = split(text, '-');
    static constexpr std::string_view months = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (parts.size() != 3 || parts[1].size() != 3) return std::nullopt;
    unsigned day = 0;
    int year = 0;
    std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), day);
    std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), year);
    auto const month = months.find(to_lower(parts[1]));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    std::chrono::year_month_day const date{
        std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month / 3 + 1)), std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

struct FlagKey {
    std::string_view name;
    std::uint8_t bit;
    bool wanted;
};
constexpr std::array<FlagKey, 10> flag_keys{{{"SEEN", flag::seen, true},
                                             {"UNSEEN", flag::seen, false},
                                             {"ANSWERED", flag::answered, true},
                                             {"UNANSWERED", flag::answered, false},
                                             {"DELETED", flag::deleted, true},
                                             {"UNDELETED", flag::deleted, false},
                                             {"FLAGGED", flag::flagged, true},
                                             {"UNFLAGGED", flag::flagged, false},
                                             {"DRAFT", flag::draft, true},
                                             {"UNDRAFT", flag::draft, false}}};

std::optional<Test> read_key(Words& words, unsigned depth);

// Keys with a space between them; all must hold.
std::optional<Test> read_keys(Words& words, unsigned depth)
{
    std::vector<Test> tests;
    do {
        auto test = read_key(words, depth);
        if (!test || tests.size() > 1'000) return std::nullopt;
        tests.push_back(std::move(*test));
    } while (words.space());
    return [tests](Candidate const& c) { return std::ranges::all_of(tests, [&](auto const& t) { return t(c); }); };
}

std::optional<Test> read_date_key(Words& words, std::string_view name)
{
    auto const text = words.astring();
    auto const date = text ? read_date(*text) : std::nullopt;
    if (!date) return std::nullopt;
    auto const how = name.starts_with("SENT") ? name.substr(4) : name;  // the lab has no other date than its own
    return [day = *date, before = how == "BEFORE", since = how == "SINCE"](Candidate const& c) {
        auto const its = std::chrono::floor<std::chrono::days>(c.message.internal_date);
        return before ? its < day : since ? its >= day : its == day;
    };
}

std::optional<Test> read_text_key(Words& words, std::string_view name)
{
    std::string header(name);
    if (name == "HEADER") {
        auto const given = words.astring();
        if (!given || !words.space()) return std::nullopt;
        header = *given;
    }
    auto const wanted = words.astring();
    if (!wanted) return std::nullopt;
    if (name == "TEXT") return [w = *wanted](Candidate const& c) { return contains(*c.message.raw, w); };
    if (name == "BODY") return [w = *wanted](Candidate const& c) { return contains(text_of(*c.message.raw), w); };
    return [header, w = *wanted](Candidate const& c) {
        auto const value = field(*c.message.raw, header);
        return value && contains(*value, w);
    };
}

std::optional<Test> read_key(Words& words, unsigned depth)
{
    if (depth > 20) return std::nullopt;
    if (words.open()) {
        auto inner = read_keys(words, depth + 1);
        return inner && words.close() ? inner : std::nullopt;
    }
    if (!words.rest().empty() && ((words.rest()[0] >= '0' && words.rest()[0] <= '9') || words.rest()[0] == '*')) {
        auto const set = words.sequence_set();
        if (!set) return std::nullopt;
        return [set = *set](Candidate const& c) { return within(set, c.sequence, c.last_sequence); };
    }
    auto const name = to_upper(words.atom());
    if (name == "ALL" || name == "OLD") return [](Candidate const&) { return true; };
    if (name == "RECENT" || name == "NEW") return [](Candidate const&) { return false; };
    for (auto const& key : flag_keys)
        if (name == key.name)
            return [key](Candidate const& c) { return ((c.message.flags & key.bit) != 0) == key.wanted; };
    if (!words.space()) return std::nullopt;
    if (name == "NOT") {
        auto inner = read_key(words, depth + 1);
        if (!inner) return std::nullopt;
        return [test = *inner](Candidate const& c) { return !test(c); };
    }
    if (name == "OR") {
        auto first = read_key(words, depth + 1);
        if (!first || !words.space()) return std::nullopt;
        auto second = read_key(words, depth + 1);
        if (!second) return std::nullopt;
        return [a = *first, b = *second](Candidate const& c) { return a(c) || b(c); };
    }
    if (name == "UID") {
        auto const set = words.sequence_set();
        if (!set) return std::nullopt;
        return [set = *set](Candidate const& c) { return within(set, c.message.uid, c.last_uid); };
    }
    if (name == "SINCE" || name == "BEFORE" || name == "ON" || name == "SENTSINCE" || name == "SENTBEFORE" ||
        name == "SENTON")
        return read_date_key(words, name);
    if (name == "LARGER" || name == "SMALLER") {
        auto const size = words.number();
        if (!size) return std::nullopt;
        return [size = *size, larger = name == "LARGER"](Candidate const& c) {
            return larger ? c.message.raw->size() > size : c.message.raw->size() < size;
        };
    }
    if (name == "KEYWORD" || name == "UNKEYWORD") {
        auto const bit = flag_from_text(words.atom());
        return [bit, wanted = name == "KEYWORD"](Candidate const& c) {
            return (bit && (c.message.flags & *bit) != 0) == wanted;
        };
    }
    if (name == "HEADER" || name == "FROM" || name == "TO" || name == "CC" || name == "BCC" || name == "SUBJECT" ||
        name == "TEXT" || name == "BODY")
        return read_text_key(words, name);
    return std::nullopt;
}

}  // namespace

void ImapSession::do_search(Words& words, bool by_uid)
{
    if (starts_ignoring_case(words.rest(), "CHARSET ")) {
        words.atom();
        words.space();
        auto const charset = words.astring();
        words.space();
        if (!charset || !equal_ignoring_case(*charset, "US-ASCII"))  // Exchange Online
            return no("[BADCHARSET (US-ASCII)] The specified charset is not supported.");
    }
    auto const test = read_keys(words, 0);
    if (!test || !words.done()) return bad("Command Argument Error. 11");  // ESEARCH's RETURN ends here, too
    sync(by_uid);
    std::string found;
    std::uint32_t sequence = 0;
    auto const last_uid = view_.empty() ? 0 : view_.back();
    for (auto const uid : view_) {
        ++sequence;
        auto const* const message = folder_->find(uid);
        if (message == nullptr) continue;
        if (!(*test)({*message, sequence, last_uid, static_cast<std::uint32_t>(view_.size())})) continue;
        found += ' ';
        found += std::to_string(by_uid ? uid : sequence);
    }
    say("* SEARCH" + found);
    ok("SEARCH completed.");
}

}  // namespace postroom::lab
