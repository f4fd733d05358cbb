#include "imap/codec/command.hpp"

#include <algorithm>

namespace postroom::imap {

namespace {

bool can_be_quoted(std::string_view bytes)
{
    return std::ranges::none_of(
        bytes, [](char c) { return c == '\r' || c == '\n' || c == '\0' || static_cast<unsigned char>(c) >= 0x80; });
}

// flag = "\Seen" and such, or a keyword (an atom).
bool is_flag(std::string_view flag)
{
    if (flag.starts_with('\\')) flag.remove_prefix(1);
    return !flag.empty() && std::ranges::none_of(flag, [](char c) {
        return c <= ' ' || c >= 0x7f || std::string_view("(){%*\"\\]").find(c) != std::string_view::npos;
    });
}

}  // namespace

Command::Command(std::string_view words)
{
    parts_.emplace_back().text(words);
}

Command& Command::word(std::string_view words)
{
    parts_.back().text(" ").text(words);
    return *this;
}

Command& Command::string(std::string_view bytes)
{
    if (!can_be_quoted(bytes)) {
        parts_.back().text(" ");
        parts_.emplace_back().text(bytes);
        literal_sizes_.push_back(bytes.size());
        return *this;
    }
    auto& part = parts_.back().text(" \"");
    for (char const c : bytes) {
        if (c == '"' || c == '\\') part.text("\\");
        part.text({&c, 1});
    }
    part.text("\"");
    return *this;
}

Command& Command::secret(std::string_view bytes)
{
    parts_.back().text(" ").secret(bytes);
    return *this;
}

Command& Command::secret_string(std::string_view bytes)
{
    if (!can_be_quoted(bytes)) {
        parts_.back().text(" ");
        parts_.emplace_back().secret(bytes);
        literal_sizes_.push_back(bytes.size());
        return *this;
    }
    std::string quoted = "\"";
    quoted.reserve(2 * bytes.size() + 2);  // so that no copy is left behind
    for (char const c : bytes) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    Secret const whole(std::move(quoted += '"'));
    return secret(whole.expose());
}

Command& Command::close_bracket()
{
    parts_.back().text(")");
    return *this;
}

std::vector<Wire> Command::encode(std::string_view tag, std::size_t unwaited) const
{
    std::vector<Wire> wires;
    wires.emplace_back().text(tag).text(" ").append(parts_.front());
    for (std::size_t i = 1; i < parts_.size(); ++i) {
        auto const size = literal_sizes_[i - 1];
        bool const waits = unwaited == 0 || size > unwaited;
        wires.back().text("{" + std::to_string(size) + (waits ? "}\r\n" : "+}\r\n"));
        if (waits) wires.emplace_back();
        wires.back().append(parts_[i]);
    }
    wires.back().text("\r\n");
    return wires;
}

std::string flags_in_brackets(std::vector<std::string> const& flags)
{
    std::string text = "(";
    for (auto const& flag : flags) {
        if (!is_flag(flag)) continue;
        if (text.size() > 1) text += ' ';
        text += flag;
    }
    return text + ')';
}

}  // namespace postroom::imap
