#include "base/text.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace postroom {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string encode(std::string_view bytes, int variant)
{
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
                      variant);
    text.pop_back();  // sodium writes a NUL
    return text;
}

// How many octets from `at` on are ASCII.
std::size_t ascii_length(std::string_view text, std::size_t at)
{
    // Eight octets at a time: nearly all mail is nearly all ASCII.
    auto const begin = at;
    for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0) break;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
    return at - begin;
}

// The length of the UTF-8 sequence at `at`, or 0 where there is none (RFC 3629: no surrogates, nothing overlong).
std::size_t utf8_length(std::string_view text, std::size_t at)
{
    auto const byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    auto const tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return byte(i) >= low && byte(i) <= high;
    };
    unsigned const first = byte(at);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(at + 1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        bool const second = tail(at + 1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
        return second && tail(at + 2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        bool const second = tail(at + 1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
        return second && tail(at + 2) && tail(at + 3) ? 4 : 0;
    }
    return 0;
}

// Whether a sequence may be shown. Not: control characters of either set (U+009B begins what ESC [ begins), and marks
// that break lines or turn the direction of the text, with which a name or a subject can pretend to be another.
bool harmless(std::string_view sequence)
{
    auto const first = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 1) return first >= 0x20 && first != 0x7f;
    if (sequence.size() == 2) return first != 0xC2 || static_cast<unsigned char>(sequence[1]) >= 0xA0;
    auto const in = [&](std::string_view low, std::string_view high) { return sequence >= low && sequence <= high; };
    return !in("\u200E", "\u200F") && !in("\u2028", "\u202E") && !in("\u2066", "\u2069");
}

}  // namespace

std::string to_lower(std::string_view text)
{
    std::string out(text);
    for (char& c : out) c = lower(c);
    return out;
}

std::string to_upper(std::string_view text)
{
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b)
{
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view text)
{
    static constexpr std::string_view blanks = " \t\r\n";
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        auto const at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string to_base64(std::string_view bytes)
{
    return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}

std::string to_base64url(std::string_view bytes)
{
    return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> from_base64(std::string_view text)
{
    if (text.ends_with('=')) {
        if (text.size() % 4 != 0) return std::nullopt;
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    }
    std::string normal(text);
    for (char& c : normal) {
        if (c == '-') c = '+';
        if (c == '_') c = '/';
    }
    std::string bytes(normal.size(), '\0');
    std::size_t size = 0;
    char const* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), normal.data(), normal.size(),
                          nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
        end != normal.data() + normal.size())
        return std::nullopt;
    bytes.resize(size);
    return bytes;
}

std::string to_hex(std::string_view bytes)
{
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    text.pop_back();
    return text;
}

std::string random_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const length = std::max<std::size_t>(utf8_length(text, at), 1);
        std::string_view const sequence = text.substr(at, length);
        bool const shown = utf8_length(text, at) != 0 && harmless(sequence);
        std::string piece;
        if (shown) piece = sequence;
        for (std::size_t i = 0; !shown && i < length; ++i) piece += "\\x" + to_hex(sequence.substr(i, 1));
        if (out.size() + piece.size() > limit) return out + "…";
        out += piece;
        at += length;
    }
    return out;
}

std::string to_valid_utf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const plain = ascii_length(text, at);
        std::size_t const length = plain > 0 ? plain : utf8_length(text, at);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            ++at;
        } else {
            out.append(text, at, length);
            at += length;
        }
    }
    return out;
}

}  // namespace postroom
