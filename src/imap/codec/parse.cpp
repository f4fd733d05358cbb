// The grammar of RFC 3501 section 9, read with tolerance: attributes in any order, unknown ones skipped by their
// structure, and what makes no sense becomes Malformed.
#include "base/text.hpp"
#include "imap/codec/date.hpp"
#include "imap/codec/response.hpp"

#include <algorithm>
#include <charconv>

namespace postroom::imap {

namespace {

template <class Number>
std::optional<Number> to_number(std::string_view digits)
{
    Number value = 0;
    auto const end = digits.data() + digits.size();
    auto const result = std::from_chars(digits.data(), end, value);
    if (digits.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return value;
}

std::string first_line(std::string_view text)
{
    return printable(text.substr(0, text.find_first_of("\r\n")), 120);
}

// string = quoted / literal, as read.
struct Text {
    std::string bytes;
    std::uint64_t size = 0;
    bool streamed = false;
};

class Cursor {
public:
    Cursor(Frame const& frame, std::size_t at) : frame_(frame), text_(frame.bytes), at_(at) {}

    [[nodiscard]] bool done() const { return at_ == text_.size(); }
    [[nodiscard]] bool at(char c) const { return !done() && text_[at_] == c; }
    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

    bool take(char c)
    {
        if (!at(c)) return false;
        ++at_;
        return true;
    }
    void blanks()
    {
        while (take(' ')) continue;
    }
    /// Up to one of `ends`, or the end.
    std::string_view until(std::string_view ends)
    {
        auto const end = std::min(text_.find_first_of(ends, at_), text_.size());
        auto const word = text_.substr(at_, end - at_);
        at_ = end;
        return word;
    }
    std::string_view atom() { return until(" ()\"\r\n"); }

    std::optional<Text> string()
    {
        if (at('"')) return quoted();
        if (at('{')) return literal();
        return std::nullopt;
    }

    /// A value of any shape: atom, string, or a list of such, however deep.
    bool skip_value()
    {
        std::size_t depth = 0;
        do {
            blanks();
            if (done()) return false;
            if (take('(')) {
                ++depth;
            } else if (at(')')) {
                if (depth == 0) return false;
                ++at_;
                --depth;
            } else if (at('"') || at('{')) {
                if (!string()) return false;
            } else if (atom().empty()) {
                return false;
            }
        } while (depth > 0);
        return true;
    }

    /// A FETCH attribute's name, its section in brackets and its <origin> included: BODY[HEADER.FIELDS (From)]<0>.
    std::string_view attribute()
    {
        auto const begin = at_;
        until(" ()[\"\r\n");
        if (take('[')) {
            until("]\r\n");
            take(']');
            until(" ()\"\r\n");
        }
        return text_.substr(begin, at_ - begin);
    }

    std::optional<std::vector<std::string>> words_in_brackets()
    {
        if (!take('(')) return std::nullopt;
        std::vector<std::string> words;
        for (;;) {
            blanks();
            if (take(')')) return words;
            auto const word = atom();
            if (word.empty()) return std::nullopt;
            words.emplace_back(word);
        }
    }

private:
    std::optional<Text> quoted()
    {
        Text text;
        for (++at_; !done(); ++at_) {
            char c = text_[at_];
            if (c == '"') {
                ++at_;
                text.size = text.bytes.size();
                return text;
            }
            if (c == '\r' || c == '\n') return std::nullopt;
            if (c == '\\') {
                if (++at_ == text_.size()) return std::nullopt;
                c = text_[at_];
            }
            text.bytes += c;
        }
        return std::nullopt;
    }

    std::optional<Text> literal()
    {
        bool const streamed = std::ranges::find(frame_.streamed, at_) != frame_.streamed.end();
        auto const end = text_.find("}\r\n", at_);
        if (end == std::string_view::npos) return std::nullopt;
        auto digits = text_.substr(at_ + 1, end - at_ - 1);
        if (digits.ends_with('+')) digits.remove_suffix(1);
        auto const size = to_number<std::uint64_t>(digits);
        if (!size) return std::nullopt;
        at_ = end + 3;
        Text text{.bytes = {}, .size = *size, .streamed = streamed};
        if (streamed) return text;
        if (*size > text_.size() - at_) return std::nullopt;
        text.bytes = text_.substr(at_, *size);
        at_ += *size;
        return text;
    }

    Frame const& frame_;
    std::string_view text_;
    std::size_t at_;
};

// resp-text = ["[" resp-text-code "]" SP] text
void read_text(std::string_view words, Code& code, std::string& text)
{
    auto const close = words.find(']');
    if (words.starts_with('[') && close != std::string_view::npos) {
        auto const inner = words.substr(1, close - 1);
        auto const blank = inner.find(' ');
        code.name = to_upper(inner.substr(0, blank));
        if (blank != std::string_view::npos) code.argument = inner.substr(blank + 1);
        words.remove_prefix(close + 1);
        if (words.starts_with(' ')) words.remove_prefix(1);
    }
    text = words;
}

std::optional<Fetch> read_fetch(std::uint32_t sequence, Cursor cursor, std::string& why)
{
    Fetch fetch{.sequence = sequence};
    auto const wrong = [&](std::string_view what) {
        why = "FETCH with " + std::string(what);
        return std::nullopt;
    };
    if (!cursor.take('(')) return wrong("no list");
    for (;;) {
        cursor.blanks();
        if (cursor.take(')')) break;
        auto const name = cursor.attribute();
        if (name.empty()) return wrong("something that is no attribute");
        if (!cursor.take(' ')) return wrong("an attribute without a value");
        if (equal_ignoring_case(name, "UID")) {
            fetch.uid = to_number<Uid>(cursor.atom());
            if (!fetch.uid) return wrong("a UID that is no number");
        } else if (equal_ignoring_case(name, "RFC822.SIZE")) {
            fetch.size = to_number<std::uint64_t>(cursor.atom());
            if (!fetch.size) return wrong("a size that is no number");
        } else if (equal_ignoring_case(name, "FLAGS")) {
            fetch.flags = cursor.words_in_brackets();
            if (!fetch.flags) return wrong("flags that are no list");
        } else if (equal_ignoring_case(name, "INTERNALDATE") && cursor.at('"')) {
            auto const date = cursor.string();
            if (!date) return wrong("a date without end");
            fetch.internal_date = from_date_time(date->bytes);
        } else if (equal_ignoring_case(name, "BODY[]") || starts_ignoring_case(name, "BODY[]<")) {
            if (fetch.body.kind != Body::Kind::absent) return wrong("two bodies");
            if (cursor.at('"') || cursor.at('{')) {
                auto value = cursor.string();
                if (!value) return wrong("a body that does not end");
                fetch.body = {.kind = value->streamed ? Body::Kind::streamed : Body::Kind::held,
                              .bytes = std::move(value->bytes),
                              .size = value->size};
            } else if (equal_ignoring_case(cursor.atom(), "NIL")) {
                fetch.body.kind = Body::Kind::nil;
            } else {
                return wrong("a body that is no string");
            }
        } else if (!cursor.skip_value()) {
            return wrong("a value that does not end");
        }
    }
    cursor.blanks();
    if (!cursor.done()) return wrong("more after its list");
    return fetch;
}

std::optional<List> read_list(Cursor cursor)
{
    List list;
    auto attributes = cursor.words_in_brackets();
    if (!attributes || !cursor.take(' ')) return std::nullopt;
    list.attributes = std::move(*attributes);
    if (cursor.at('"')) {
        auto const delimiter = cursor.string();
        if (!delimiter || delimiter->bytes.size() > 1) return std::nullopt;
        if (!delimiter->bytes.empty()) list.delimiter = delimiter->bytes.front();
    } else if (!equal_ignoring_case(cursor.atom(), "NIL")) {
        return std::nullopt;
    }
    if (!cursor.take(' ')) return std::nullopt;
    if (cursor.at('"') || cursor.at('{')) {
        auto name = cursor.string();
        if (!name) return std::nullopt;
        list.name = std::move(name->bytes);
        return list;
    }
    // Exchange has been seen to leave odd names unquoted (MailKit #945): then the name is the rest of the line, less
    // what RFC 5258 may add in brackets.
    auto const rest = cursor.rest();
    list.name = trim(rest.substr(0, rest.find(" (")));
    if (list.name.empty()) return std::nullopt;
    return list;
}

std::optional<Search> read_search(std::string_view words)
{
    Search search;
    while (!(words = trim(words)).empty()) {
        if (words.starts_with('(')) break;  // (MODSEQ 42), RFC 7162
        auto const number = to_number<std::uint32_t>(words.substr(0, words.find(' ')));
        if (!number) return std::nullopt;
        search.numbers.push_back(*number);
        words.remove_prefix(std::min(words.find(' '), words.size()));
    }
    return search;
}

Response read_untagged(Frame const& frame)
{
    auto const malformed = [&](std::string const& why) {
        return Malformed{why + ": \"" + first_line(frame.bytes) + "\""};
    };
    std::string_view const all = frame.bytes;
    auto const word_end = [&](std::size_t from) { return std::min(all.find(' ', from), all.size()); };
    auto end = word_end(2);
    auto word = all.substr(2, end - 2);
    auto const after = [&] { return all.substr(std::min(end + 1, all.size())); };

    if (auto const number = to_number<std::uint32_t>(word)) {
        auto const begin = std::min(end + 1, all.size());
        end = word_end(begin);
        word = all.substr(begin, end - begin);
        if (equal_ignoring_case(word, "EXISTS")) return Exists{*number};
        if (equal_ignoring_case(word, "RECENT")) return Recent{*number};
        if (equal_ignoring_case(word, "EXPUNGE")) return Expunge{*number};
        if (equal_ignoring_case(word, "FETCH")) {
            std::string why;
            auto fetch = read_fetch(*number, Cursor(frame, std::min(end + 1, all.size())), why);
            if (!fetch) return malformed(why);
            return std::move(*fetch);
        }
        return malformed("a number and then nothing that is known");
    }

    using Kind = Condition::Kind;
    static constexpr std::pair<std::string_view, Kind> conditions[] = {
        {"OK", Kind::ok}, {"NO", Kind::no}, {"BAD", Kind::bad}, {"PREAUTH", Kind::preauth}, {"BYE", Kind::bye}};
    for (auto const& [name, kind] : conditions) {
        if (!equal_ignoring_case(word, name)) continue;
        Condition condition{.kind = kind};
        read_text(after(), condition.code, condition.text);
        return condition;
    }
    if (equal_ignoring_case(word, "CAPABILITY")) {
        Capability capability;
        for (auto const name : split(after(), ' '))
            if (!name.empty()) capability.names.push_back(to_upper(name));
        return capability;
    }
    if (equal_ignoring_case(word, "FLAGS")) {
        auto flags = flag_list(after());
        if (!flags) return malformed("FLAGS without a list");
        return Flags{std::move(*flags)};
    }
    if (equal_ignoring_case(word, "SEARCH")) {
        auto search = read_search(after());
        if (!search) return malformed("SEARCH with something that is no number");
        return std::move(*search);
    }
    if (equal_ignoring_case(word, "LIST")) {
        auto list = read_list(Cursor(frame, std::min(end + 1, all.size())));
        if (!list) return malformed("a LIST that makes no sense");
        return std::move(*list);
    }
    if (word.empty()) return malformed("nothing after the asterisk");
    return Other{to_upper(word.substr(0, 200)), std::string(after().substr(0, 200))};
}

}  // namespace

Response parse(Frame const& frame)
{
    std::string_view const all = frame.bytes;
    if (all.starts_with("* ")) return read_untagged(frame);
    if (all == "+") return Continue{};
    if (all.starts_with("+ ")) return Continue{std::string(all.substr(2))};

    auto const malformed = [&] { return Malformed{"no IMAP response: \"" + first_line(all) + "\""}; };
    auto const blank = all.find(' ');
    if (blank == 0 || blank == std::string_view::npos) return malformed();
    Tagged tagged;
    tagged.tag = all.substr(0, blank);
    if (std::ranges::any_of(tagged.tag, [](char c) { return c <= ' ' || c >= 0x7f; })) return malformed();
    auto const words = all.substr(blank + 1);
    auto const status = words.substr(0, words.find(' '));
    if (equal_ignoring_case(status, "OK"))
        tagged.status = Status::ok;
    else if (equal_ignoring_case(status, "NO"))
        tagged.status = Status::no;
    else if (equal_ignoring_case(status, "BAD"))
        tagged.status = Status::bad;
    else
        return malformed();
    read_text(words.substr(std::min(status.size() + 1, words.size())), tagged.code, tagged.text);
    return tagged;
}

std::optional<CopyUid> copyuid(Code const& code)
{
    if (code.name != "COPYUID") return std::nullopt;
    auto const words = split(code.argument, ' ');
    auto const validity = to_number<std::uint32_t>(words[0]);
    auto const from = parse_uid_set(words.size() > 1 ? words[1] : "");
    auto const to = parse_uid_set(words.size() > 2 ? words[2] : "");
    if (!validity || !from || !to) return std::nullopt;
    return CopyUid{*validity, *from, *to};
}

std::optional<AppendUid> appenduid(Code const& code)
{
    if (code.name != "APPENDUID") return std::nullopt;
    auto const words = split(code.argument, ' ');
    auto const validity = to_number<std::uint32_t>(words[0]);
    auto const uid = words.size() == 2 ? to_number<Uid>(words[1]) : std::nullopt;
    if (!validity || !uid) return std::nullopt;
    return AppendUid{*validity, *uid};
}

std::optional<std::vector<std::string>> flag_list(std::string_view text)
{
    Frame const frame{.bytes = std::string(trim(text)), .streamed = {}};
    Cursor cursor(frame, 0);
    auto flags = cursor.words_in_brackets();
    if (!cursor.done()) return std::nullopt;
    return flags;
}

}  // namespace postroom::imap
