#include "cli/output.hpp"

#include "base/text.hpp"
#include "cli/speech.hpp"
#include "model/finding.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace postroom::cli {

namespace {

constexpr std::size_t widest = 48;
constexpr std::size_t widest_last = 240;  // nothing follows it, and it often says why

std::string one_line(std::string text)
{
    std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
    return text;
}

std::size_t code_points(std::string_view text)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string cut(std::string text, std::size_t most)
{
    if (code_points(text) <= most) return text;
    std::size_t kept = 0;
    std::size_t at = 0;
    for (; at < text.size(); ++at)
        if ((static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U && ++kept == most) break;
    return text.substr(0, at) + "…";
}

std::string padded(std::string const& text, std::size_t width)
{
    auto const length = code_points(text);
    return length < width ? text + std::string(width - length, ' ') : text;
}

std::string as_text(json::value const& value)
{
    if (value.is_null()) return {};
    if (auto const* const flag = value.if_bool()) return *flag ? say("yes") : say("no");
    if (auto const* const text = value.if_string()) return for_terminal({text->data(), text->size()});
    if (auto const* const list = value.if_array()) {
        std::string all;
        for (auto const& each : *list) all += (all.empty() ? "" : ", ") + as_text(each);
        return all;
    }
    return for_terminal(json::serialize(value));
}

std::string value_of(json::object const& item, Column const& column)
{
    auto value = member(item, column.member);
    return column.word_of && !value.empty() ? spoken().say_marked(column.word_of, value) : value;
}

}  // namespace

std::string for_terminal(std::string_view text)
{
    std::string safe;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const byte = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F are control characters too; some terminals obey them.
        bool const c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        bool const control = (byte < 0x20 && text[i] != '\n' && text[i] != '\t') || byte == 0x7f;
        if (c1) ++i;
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        if (c1 || control)
            safe += "\xef\xbf\xbd";
        else
            safe += text[i];
    }
    return safe;
}

std::string member(json::object const& item, std::string_view name)
{
    auto const* const found = item.if_contains(name);
    return found ? as_text(*found) : std::string();
}

std::string table(json::array const& items, std::vector<Column> const& columns, std::string_view nothing)
{
    if (items.empty()) return std::string(nothing) + "\n";
    std::vector<std::vector<std::string>> rows(1);
    for (auto const& column : columns) rows[0].emplace_back(column.title);
    for (auto const& each : items) {
        auto& row = rows.emplace_back();
        for (auto const& column : columns)
            row.push_back(cut(one_line(value_of(each.as_object(), column)),
                              row.size() + 1 < columns.size() ? widest : widest_last));
    }
    std::vector<std::size_t> widths(columns.size());
    for (auto const& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], code_points(row[i]));
    std::string all;
    for (auto const& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += i + 1 < row.size() ? padded(row[i], widths[i] + 2) : row[i];
        all += std::string(line, 0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return all;
}

std::string fields(json::object const& item, std::vector<Column> const& columns)
{
    std::size_t width = 0;
    for (auto const& column : columns) width = std::max(width, code_points(column.title));
    std::string all;
    for (auto const& column : columns)
        if (auto const value = value_of(item, column); !value.empty())
            all += padded(column.title + ":", width + 2) + one_line(value) + "\n";
    return all;
}

std::string first_cause(json::object const& item, std::string_view indent)
{
    auto const* const causes = item.if_contains("causes");
    if (!causes || !causes->is_array() || causes->get_array().empty()) return {};
    auto const& first = causes->get_array().front().as_object();
    auto const owner = model::parse_responsible(member(first, "owner"));
    json::object const shown{{"title", member(first, "title")},
                             {"remedy", member(first, "remedy")},
                             {"check", member(first, "check")},
                             {"owner", owner ? spoken().say(in_words(*owner)) : member(first, "owner")}};
    std::string const before(indent);
    return fields(shown, {{before + say("Likely"), "title"},
                          {before + say("Remedy"), "remedy"},
                          {before + say("Whose"), "owner"},
                          {before + say("Check"), "check"}});
}

void print(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace postroom::cli
