#include "lab/imap-structure.hpp"

#include "base/text.hpp"
#include "lab/imap-words.hpp"
#include "lab/messages.hpp"

#include <algorithm>
#include <map>

namespace postroom::lab {

namespace {

constexpr unsigned deepest = 30;  // Exchange Online's own limit of embedding
constexpr std::size_t most_parts = 250;

// "text/plain; charset=utf-8" in pieces.
struct Parameterised {
    std::string value;
    std::vector<std::pair<std::string, std::string>> parameters;

    [[nodiscard]] std::string parameter(std::string_view name) const
    {
        for (auto const& [key, text] : parameters)
            if (key == name) return text;
        return {};
    }
};

Parameterised read_parameterised(std::string_view text)
{
    Parameterised read;
    std::vector<std::string> pieces(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (quoted && text[i] == '\\' && i + 1 < text.size()) {
            pieces.back() += text[++i];
        } else if (text[i] == ';' && !quoted) {
            pieces.emplace_back();
        } else {
            pieces.back() += text[i];
        }
    }
    read.value = to_lower(trim(pieces.front()));
    for (std::size_t i = 1; i < pieces.size() && i < 50; ++i) {
        auto const equals = pieces[i].find('=');
        if (equals == std::string::npos) continue;
        read.parameters.emplace_back(to_lower(trim(std::string_view(pieces[i]).substr(0, equals))),
                                     trim(std::string_view(pieces[i]).substr(equals + 1)));
    }
    return read;
}

Parameterised type_of(std::string_view entity)
{
    auto read = read_parameterised(field(entity, "Content-Type").value_or("text/plain; charset=us-ascii"));
    if (read.value.find('/') == std::string::npos) read.value = "text/plain";
    return read;
}

std::vector<std::string_view> children(std::string_view entity)
{
    std::vector<std::string_view> found;
    auto const type = type_of(entity);
    auto const boundary = type.parameter("boundary");
    if (!type.value.starts_with("multipart/") || boundary.empty()) return found;
    auto const marker = "--" + boundary;
    auto const body = text_of(entity);
    std::size_t begin = std::string_view::npos;
    for (std::size_t at = 0; at < body.size() && found.size() < most_parts;) {
        auto const newline = body.find('\n', at);
        auto const next = newline == std::string_view::npos ? body.size() : newline + 1;
        auto const line = body.substr(at, next - at);
        if (line.starts_with(marker)) {
            if (begin != std::string_view::npos) {
                auto content = body.substr(begin, at - begin);  // the line end before a marker belongs to the marker
                if (content.ends_with('\n')) content.remove_suffix(1);
                if (content.ends_with('\r')) content.remove_suffix(1);
                found.push_back(content);
            }
            if (line.substr(marker.size()).starts_with("--")) return found;
            begin = next;
        }
        at = next;
    }
    if (begin != std::string_view::npos) found.push_back(body.substr(begin));
    return found;
}

std::string parameters_list(Parameterised const& of)
{
    if (of.parameters.empty()) return "NIL";
    std::string out = "(";
    for (auto const& [key, value] : of.parameters)
        out += (out.size() > 1 ? " " : "") + quote(key) + ' ' + nstring(value);
    return out + ')';
}

std::string disposition(std::string_view entity)
{
    auto const value = field(entity, "Content-Disposition");
    if (!value) return "NIL";
    auto const read = read_parameterised(*value);
    return '(' + nstring(read.value) + ' ' + parameters_list(read) + ')';
}

std::string structure(std::string_view entity, bool extended, unsigned depth)
{
    auto const type = type_of(entity);
    auto const slash = type.value.find('/');
    auto const major = type.value.substr(0, slash), minor = type.value.substr(slash + 1);
    auto const parts = depth < deepest ? children(entity) : std::vector<std::string_view>();
    if (!parts.empty()) {
        std::string out = "(";
        for (auto const part : parts) out += structure(part, extended, depth + 1);
        out += ' ' + nstring(minor);
        if (extended) out += ' ' + parameters_list(type) + ' ' + disposition(entity) + " NIL NIL";
        return out + ')';
    }
    auto const body = text_of(entity);
    std::string out = '(' + nstring(major == "multipart" ? "text" : major) + ' ' +
                      nstring(major == "multipart" ? "plain" : minor) + ' ' + parameters_list(type) + ' ' +
                      nstring(field(entity, "Content-ID")) + ' ' + nstring(field(entity, "Content-Description")) + ' ' +
                      nstring(field(entity, "Content-Transfer-Encoding").value_or("7bit")) + ' ' +
                      std::to_string(body.size());
    auto const lines = std::to_string(std::ranges::count(body, '\n'));
    if (type.value == "message/rfc822" && depth < deepest)
        out += ' ' + envelope(body) + ' ' + structure(body, extended, depth + 1) + ' ' + lines;
    else if (major == "text" || major == "multipart")
        out += ' ' + lines;
    if (extended) out += " NIL " + disposition(entity) + " NIL NIL";
    return out + ')';
}

std::string address_list(std::optional<std::string> const& value)
{
    if (!value) return "NIL";
    std::string out;
    for (auto const& address : addresses(*value)) {
        auto const at = address.rfind('@');
        // The name, where it stands plainly before the address.
        auto const angle = value->find('<' + address);
        auto const comma = angle == std::string::npos ? angle : value->rfind(',', angle);
        auto const begin = comma == std::string::npos ? 0 : comma + 1;
        auto name = angle == std::string::npos
                        ? std::string()
                        : std::string(trim(std::string_view(*value).substr(begin, angle - begin)));
        if (name.size() > 1 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
        out += '(' + (name.empty() ? "NIL" : nstring(name)) + " NIL " + nstring(address.substr(0, at)) + ' ' +
               nstring(address.substr(at + 1)) + ')';
        if (out.size() > 100'000) break;
    }
    return out.empty() ? "NIL" : '(' + out + ')';
}

}  // namespace

std::string envelope(std::string_view raw)
{
    auto const from = address_list(field(raw, "From"));
    auto const or_from = [&](std::string_view name) {
        auto const list = address_list(field(raw, name));
        return list == "NIL" ? from : list;
    };
    return '(' + nstring(field(raw, "Date")) + ' ' + nstring(field(raw, "Subject")) + ' ' + from + ' ' +
           or_from("Sender") + ' ' + or_from("Reply-To") + ' ' + address_list(field(raw, "To")) + ' ' +
           address_list(field(raw, "Cc")) + ' ' + address_list(field(raw, "Bcc")) + ' ' +
           nstring(field(raw, "In-Reply-To")) + ' ' + nstring(field(raw, "Message-ID")) + ')';
}

std::string body_structure(std::string_view raw, bool extended)
{
    return structure(raw, extended, 0);
}

std::optional<std::string_view> part_of(std::string_view raw, std::vector<unsigned> const& numbers)
{
    auto entity = raw;
    for (auto const number : numbers) {
        if (type_of(entity).value == "message/rfc822" && entity.data() != raw.data()) entity = text_of(entity);
        auto const parts = children(entity);
        if (parts.empty() && number == 1) continue;  // the one part of a mail that has no others
        if (number == 0 || number > parts.size()) return std::nullopt;
        entity = parts[number - 1];
    }
    return entity;
}

}  // namespace postroom::lab
