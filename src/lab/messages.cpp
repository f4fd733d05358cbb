#include "lab/messages.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace postroom::lab {

namespace {

struct FlagName {
    std::uint8_t bit;
    std::string_view name;
};

// Exchange Online's FLAGS line (captures of 2019 to 2026): these, and no "\*".
constexpr std::array<FlagName, 6> flag_names{{{flag::seen, "\\Seen"},
                                              {flag::answered, "\\Answered"},
                                              {flag::flagged, "\\Flagged"},
                                              {flag::deleted, "\\Deleted"},
                                              {flag::draft, "\\Draft"},
                                              {flag::mdn_sent, "$MDNSent"}}};

// Calls `take(name, whole field with its line ends)` for each field, until it returns false.
template <class Take>
void each_field(std::string_view header, Take take)
{
    std::size_t at = 0;
    while (at < header.size()) {
        std::size_t end = at;
        do {
            auto const newline = header.find('\n', end);
            end = newline == std::string_view::npos ? header.size() : newline + 1;
        } while (end < header.size() && (header[end] == ' ' || header[end] == '\t'));
        auto const whole = header.substr(at, end - at);
        at = end;
        auto const colon = whole.find(':');
        if (colon == std::string_view::npos) continue;
        if (!take(trim(whole.substr(0, colon)), whole)) return;
    }
}

}  // namespace

Result<Body> Bodies::keep(std::string raw)
{
    if (raw.size() > most_ || *used_ > most_ - raw.size())
        return failure(Trouble::limit, "the lab's mails would take more than " + std::to_string(most_) + " bytes");
    auto const size = raw.size();
    *used_ += size;
    auto used = used_;
    return Body(new std::string(std::move(raw)), [used, size](std::string const* body) {
        *used -= size;
        delete body;
    });
}

std::string flags_to_text(std::uint8_t bits)
{
    std::string text;
    for (auto const& [bit, name] : flag_names) {
        if ((bits & bit) == 0) continue;
        if (!text.empty()) text += ' ';
        text += name;
    }
    return text;
}

std::optional<std::uint8_t> flag_from_text(std::string_view word)
{
    for (auto const& [bit, name] : flag_names)
        if (equal_ignoring_case(word, name)) return bit;
    return std::nullopt;
}

Message& Folder::append(Body raw, Instant internal_date, std::uint8_t flags)
{
    return messages.emplace_back(Message{uid_next++, flags, ++changes, internal_date, std::move(raw)});
}

Message* Folder::find(std::uint32_t uid)
{
    auto const found = std::ranges::lower_bound(messages, uid, {}, &Message::uid);
    return found != messages.end() && found->uid == uid ? &*found : nullptr;
}

void Folder::remove(std::uint32_t uid)
{
    auto const found = std::ranges::lower_bound(messages, uid, {}, &Message::uid);
    if (found == messages.end() || found->uid != uid) return;
    messages.erase(found);
    ++removals;
}

void Folder::set_flags(Message& message, std::uint8_t flags)
{
    if (message.flags == flags) return;
    message.flags = flags;
    message.changed = ++changes;
}

std::string_view header_of(std::string_view raw)
{
    std::size_t at = 0;
    while (at < raw.size()) {
        auto const newline = raw.find('\n', at);
        if (newline == std::string_view::npos) break;
        auto const line = raw.substr(at, newline - at);
        at = newline + 1;
        if (line.empty() || line == "\r") return raw.substr(0, at);
    }
    return raw;
}

std::string_view text_of(std::string_view raw)
{
    return raw.substr(header_of(raw).size());
}

std::optional<std::string> field(std::string_view raw, std::string_view name)
{
    std::optional<std::string> found;
    each_field(header_of(raw), [&](std::string_view this_name, std::string_view whole) {
        if (!equal_ignoring_case(this_name, name)) return true;
        std::string value;
        for (char const c : whole.substr(whole.find(':') + 1))
            if (c != '\r' && c != '\n') value += c;
        found = std::string(trim(value));
        return false;
    });
    return found;
}

std::string fields(std::string_view header, std::vector<std::string> const& names, bool except)
{
    std::string out;
    each_field(header, [&](std::string_view this_name, std::string_view whole) {
        bool const listed =
            std::ranges::any_of(names, [&](auto const& name) { return equal_ignoring_case(this_name, name); });
        if (listed != except) out += whole;
        return true;
    });
    return out + "\r\n";
}

std::vector<std::string> addresses(std::string_view value)
{
    std::vector<std::string> found;
    std::string plain, angle;
    bool quoted = false, in_angle = false;
    int comment = 0;
    auto const finish = [&] {
        auto const address = trim(angle.empty() ? plain : angle);
        if (address.find('@') != std::string_view::npos) found.emplace_back(address);
        plain.clear();
        angle.clear();
    };
    for (std::size_t i = 0; i < value.size(); ++i) {
        char const c = value[i];
        if (c == '\\' && (quoted || comment > 0)) {
            ++i;
        } else if (c == '"' && comment == 0) {
            quoted = !quoted;
        } else if (quoted) {
            continue;
        } else if (c == '(') {
            ++comment;
        } else if (c == ')' && comment > 0) {
            --comment;
        } else if (comment > 0) {
            continue;
        } else if (c == '<') {
            in_angle = true;
        } else if (c == '>') {
            in_angle = false;
        } else if (c == ',' || c == ';') {
            finish();
        } else {
            (in_angle ? angle : plain) += c;
        }
    }
    finish();
    return found;
}

std::string with_crlf(std::string_view text)
{
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += text[i];
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) out += '\n';
    }
    return out;
}

}  // namespace postroom::lab
