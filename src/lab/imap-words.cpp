#include "lab/imap-words.hpp"

#include <algorithm>
#include <charconv>

namespace postroom::lab {

namespace {

bool ends_astring(char c)
{
    return c == ' ' || c == '(' || c == ')' || c == '{' || c == '"' || static_cast<unsigned char>(c) < 0x20;
}

bool ends_atom(char c)
{
    return ends_astring(c) || c == '[' || c == ']';
}

}  // namespace

bool Words::space()
{
    if (!rest_.starts_with(' ')) return false;
    rest_.remove_prefix(1);
    return true;
}

bool Words::open()
{
    if (!rest_.starts_with('(')) return false;
    rest_.remove_prefix(1);
    return true;
}

bool Words::close()
{
    if (!rest_.starts_with(')')) return false;
    rest_.remove_prefix(1);
    return true;
}

std::string_view Words::until(bool (*ends)(char))
{
    auto const end = std::ranges::find_if(rest_, ends) - rest_.begin();
    auto const found = rest_.substr(0, static_cast<std::size_t>(end));
    rest_.remove_prefix(found.size());
    return found;
}

std::string_view Words::atom()
{
    return until(ends_atom);
}

std::optional<std::string> Words::astring()
{
    if (rest_.starts_with('"')) return quoted();
    if (rest_.starts_with('{')) return literal();
    auto const found = until(ends_astring);
    if (found.empty()) return std::nullopt;
    return std::string(found);
}

std::optional<std::string> Words::quoted()
{
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
        if (rest_[i] == '"') {
            rest_.remove_prefix(i + 1);
            return text;
        }
        if (rest_[i] == '\\' && ++i == rest_.size()) break;
        text += rest_[i];
    }
    return std::nullopt;
}

std::optional<std::string> Words::literal()
{
    std::size_t size = 0;
    auto const [end, error] = std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), size);
    if (error != std::errc{}) return std::nullopt;
    auto after = rest_.substr(static_cast<std::size_t>(end - rest_.data()));
    if (after.starts_with('+')) after.remove_prefix(1);
    if (!after.starts_with("}\r\n")) return std::nullopt;
    after.remove_prefix(3);
    if (after.size() < size) return std::nullopt;
    rest_ = after.substr(size);
    return std::string(after.substr(0, size));
}

std::optional<std::uint32_t> Words::number()
{
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
}

std::optional<SequenceSet> Words::sequence_set()
{
    SequenceSet set;
    auto const one = [&]() -> std::optional<std::uint32_t> {
        if (rest_.starts_with('*')) {
            rest_.remove_prefix(1);
            return star;
        }
        auto const value = number();
        if (!value || *value == 0) return std::nullopt;
        return value;
    };
    for (;;) {
        auto const first = one();
        if (!first) return std::nullopt;
        auto last = first;
        if (rest_.starts_with(':')) {
            rest_.remove_prefix(1);
            last = one();
            if (!last) return std::nullopt;
        }
        set.emplace_back(*first, *last);
        if (!rest_.starts_with(',')) return set;
        rest_.remove_prefix(1);
    }
}

std::optional<std::string_view> Words::bracketed()
{
    if (!rest_.starts_with('[')) return std::nullopt;
    auto const end = rest_.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    auto const inner = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return inner;
}

std::string quote(std::string_view text)
{
    std::string out = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string nstring(std::optional<std::string> const& text)
{
    if (!text) return "NIL";
    bool const plain = std::ranges::all_of(
        *text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F; });
    if (plain) return quote(*text);
    return '{' + std::to_string(text->size()) + "}\r\n" + *text;
}

}  // namespace postroom::lab
