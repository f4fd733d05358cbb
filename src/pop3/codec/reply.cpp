#include "pop3/codec/reply.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace postroom::pop3 {

namespace {

bool is_code(std::string_view text)
{
    return !text.empty() && text.size() <= 40 &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '[' && c != ']'; });
}

}  // namespace

std::string Reply::words() const
{
    std::string all = status == Status::ok ? "+OK" : status == Status::error ? "-ERR" : "+";
    if (!code.empty()) all += " [" + code + ']';
    if (!text.empty()) all += ' ' + text;
    return printable(all);
}

bool Reply::passes() const
{
    return status == Status::error &&
           (code == "SYS/TEMP" || code == "IN-USE" || text.find("Server Unavailable") != std::string::npos);
}

Result<Reply> parse_reply(std::string_view line)
{
    auto const word = line.substr(0, line.find(' '));
    auto rest = line.substr(std::min(line.size(), word.size() + 1));
    Reply reply;
    if (word == "+") {
        reply.status = Reply::Status::challenge;
        reply.text = rest;
        return reply;
    }
    if (equal_ignoring_case(word, "+OK"))
        reply.status = Reply::Status::ok;
    else if (!equal_ignoring_case(word, "-ERR"))
        return failure(Trouble::protocol, "no POP3 reply: \"" + printable(line, 120) + '"');
    if (rest.starts_with('[')) {
        auto const close = rest.find(']');
        if (close != std::string_view::npos && is_code(rest.substr(1, close - 1))) {
            reply.code = to_upper(rest.substr(1, close - 1));
            rest.remove_prefix(close + 1);
            if (rest.starts_with(' ')) rest.remove_prefix(1);
        }
    }
    reply.text = rest;
    return reply;
}

Result<std::optional<std::string>> take_line(std::string& buffer, std::size_t most)
{
    auto const newline = buffer.find('\n');
    if (std::min(newline, buffer.size()) > most)
        return failure(Trouble::limit, "the server sent a line without end; Postroom reads at most " +
                                           std::to_string(most) + " bytes of one");
    if (newline == std::string::npos) return std::nullopt;
    auto line = buffer.substr(0, newline);
    buffer.erase(0, newline + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::optional<Listed> parse_listed(std::string_view line)
{
    Listed listed;
    auto const end = line.data() + line.size();
    auto const [after, error] = std::from_chars(line.data(), end, listed.number);
    if (error != std::errc() || listed.number == 0 || after == end || *after != ' ') return std::nullopt;
    auto said = std::string_view(after, static_cast<std::size_t>(end - after));
    while (said.starts_with(' ')) said.remove_prefix(1);
    while (said.ends_with(' ')) said.remove_suffix(1);
    bool const fit =
        !said.empty() && said.size() <= 255 && std::ranges::all_of(said, [](char c) { return c > ' ' && c != 0x7f; });
    if (!fit) return std::nullopt;
    listed.said = said;
    return listed;
}

}  // namespace postroom::pop3
