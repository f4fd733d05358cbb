#include "store/postgres/dialect.hpp"

#include <algorithm>

namespace postroom::store::postgres {

namespace {

unsigned char byte_at(std::string_view text, std::size_t at)
{
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

// F4 8F BC 80 … F4 8F BF BF
bool stands_for_a_byte(std::string_view text, std::size_t at)
{
    return byte_at(text, at) == 0xF4 && byte_at(text, at + 1) == 0x8F && byte_at(text, at + 2) >= 0xBC &&
           continues(byte_at(text, at + 2)) && continues(byte_at(text, at + 3));
}

// Of the character that begins here and can be stored; 0 where none does. RFC 3629 section 4.
std::size_t length_at(std::string_view text, std::size_t at)
{
    auto const first = byte_at(text, at);
    auto const second = byte_at(text, at + 1);
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4 || !continues(second)) return 0;
    if (first < 0xE0) return 2;
    if (!continues(byte_at(text, at + 2))) return 0;
    if (first < 0xF0) return (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ? 0 : 3;
    if (!continues(byte_at(text, at + 3)) || stands_for_a_byte(text, at)) return 0;
    return (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90) ? 0 : 4;
}

}  // namespace

Numbered numbered(std::string_view sql)
{
    Numbered result;
    bool quoted = false;
    for (std::size_t at = 0; at < sql.size(); ++at) {
        char const c = sql[at];
        if (c == '\'') quoted = !quoted;
        if (c != '?' || quoted) {
            result.sql += c;
            continue;
        }
        result.sql += '$' + std::to_string(++result.parameters);
        // A column has its collation; a parameter would be folded by the database's.
        if (sql.substr(0, at).ends_with("lower(")) result.sql += " COLLATE \"C\"";
    }
    return result;
}

Trouble kind_of(std::string_view sqlstate)
{
    if (sqlstate == "23505" || sqlstate == "23503") return Trouble::conflict;  // unique, foreign key
    if (sqlstate.starts_with("54")) return Trouble::limit;                     // program limit exceeded
    return Trouble::store;
}

bool is_the_servers(std::string_view sqlstate)
{
    // A statement that takes too long, or too much memory: for all the server can tell, others would not.
    if (sqlstate == "57014" || sqlstate == "53200") return false;
    // Connection, insufficient resources, operator intervention, system errors, a lock that was not got.
    for (auto const* const family : {"08", "53", "57", "58"})
        if (sqlstate.starts_with(family)) return true;
    return sqlstate == "55P03";
}

std::optional<std::string> storable(std::string_view text)
{
    std::size_t at = 0;
    while (at < text.size()) {
        auto const length = length_at(text, at);
        if (length == 0) break;
        at += length;
    }
    if (at == text.size()) return std::nullopt;
    std::string stored(text.substr(0, at));
    while (at < text.size()) {
        if (auto const length = length_at(text, at); length > 0) {
            stored += text.substr(at, length);
            at += length;
            continue;
        }
        auto const byte = byte_at(text, at++);
        for (unsigned const part : {0xF4U, 0x8FU, 0xBCU | byte >> 6U, 0x80U | (byte & 0x3FU)})
            stored += static_cast<char>(part);
    }
    return stored;
}

std::string original(std::string_view stored)
{
    std::string text;
    text.reserve(stored.size());
    while (!stored.empty()) {
        auto const plain = std::min(stored.find('\xF4'), stored.size());
        text += stored.substr(0, plain);
        stored.remove_prefix(plain);
        if (stored.empty()) break;
        if (stands_for_a_byte(stored, 0)) {
            text += static_cast<char>((byte_at(stored, 2) & 0x03U) << 6U | (byte_at(stored, 3) & 0x3FU));
            stored.remove_prefix(4);
        } else {
            text += stored.front();
            stored.remove_prefix(1);
        }
    }
    return text;
}

}  // namespace postroom::store::postgres
