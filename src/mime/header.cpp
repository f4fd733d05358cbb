#include "mime/header.hpp"

#include "base/text.hpp"
#include "mime/read.hpp"

#include <algorithm>

namespace postroom::mime {

namespace {

// RFC 5322 section 2.2: printable ASCII without the colon. Blanks before the colon are the obsolete form (section 4.5).
std::string_view field_name(std::string_view line)
{
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    auto name = line.substr(0, colon);
    while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
    bool const sound = std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
    return sound ? name : std::string_view{};
}

// RFC 5322 section 2.2.3: the line break goes, the blank that follows it stays.
std::string unfold(std::string_view raw)
{
    std::string value;
    value.reserve(raw.size());
    for (char const c : raw)
        if (c != '\r' && c != '\n') value += c;
    return std::string(trim(value));
}

}  // namespace

Header::Header(std::string_view bytes)
{
    auto const block = bytes.substr(0, header_limit);
    bool ended = false;
    for (std::size_t at = 0; at < block.size();) {
        auto const newline = block.find('\n', at);
        auto const next = newline == std::string_view::npos ? block.size() : newline + 1;
        auto line = block.substr(at, next - at);
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
        if (line.empty()) {
            ended = true;
            break;
        }
        has_nul_ = has_nul_ || line.find('\0') != std::string_view::npos;
        if (line.front() == ' ' || line.front() == '\t') {
            if (!fields_.empty()) {
                auto& raw = fields_.back().raw;
                raw = std::string_view(raw.data(), static_cast<std::size_t>(line.data() + line.size() - raw.data()));
            }
        } else if (auto const name = field_name(line); !name.empty()) {
            fields_.push_back({name, line.substr(line.find(':') + 1)});
        }
        at = next;
    }
    too_long_ = !ended && bytes.size() > header_limit;
}

std::string Header::first(std::string_view name) const
{
    for (auto const& field : fields_)
        if (equal_ignoring_case(field.name, name)) return unfold(field.raw);
    return {};
}

std::string Header::last(std::string_view name) const
{
    for (auto field = fields_.rbegin(); field != fields_.rend(); ++field)
        if (equal_ignoring_case(field->name, name)) return unfold(field->raw);
    return {};
}

bool Header::has(std::string_view name) const
{
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](Field const& field) { return equal_ignoring_case(field.name, name); });
}

std::string Header::joined(std::string_view name) const
{
    std::string all;
    for (auto const& field : fields_) {
        if (!equal_ignoring_case(field.name, name)) continue;
        if (!all.empty()) all += ", ";
        all += unfold(field.raw);
    }
    return all;
}

bool Header::is_of_a_mail() const
{
    static constexpr std::string_view known[] = {"from",         "to",           "date",        "subject",
                                                 "received",     "sender",       "return-path", "message-id",
                                                 "mime-version", "content-type", "reply-to",    "delivered-to"};
    return !has_nul_ && std::any_of(std::begin(known), std::end(known), [&](auto name) { return has(name); });
}

}  // namespace postroom::mime
