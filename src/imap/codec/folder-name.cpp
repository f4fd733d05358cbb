#include "imap/codec/folder-name.hpp"

#include "base/text.hpp"

#include <cstdint>
#include <optional>

namespace postroom::imap {

namespace {

// RFC 3501 section 5.1.3: base64 with "," for "/", and without padding.
std::string encode_shifted(std::string_view utf16be)
{
    auto text = to_base64(utf16be);
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text)
        if (c == '/') c = ',';
    return '&' + text + '-';
}

void append_utf16(std::string& out, char32_t point)
{
    auto const unit = [&](char32_t value) {
        out += static_cast<char>(value >> 8 & 0xff);
        out += static_cast<char>(value & 0xff);
    };
    if (point < 0x10000) return unit(point);
    point -= 0x10000;
    unit(0xD800 + (point >> 10));
    unit(0xDC00 + (point & 0x3ff));
}

void append_utf8(std::string& out, char32_t point)
{
    auto const byte = [&](char32_t value) { out += static_cast<char>(value); };
    if (point < 0x80) return byte(point);
    if (point < 0x800) {
        byte(0xC0 | point >> 6);
    } else {
        if (point < 0x10000) {
            byte(0xE0 | point >> 12);
        } else {
            byte(0xF0 | point >> 18);
            byte(0x80 | (point >> 12 & 0x3f));
        }
        byte(0x80 | (point >> 6 & 0x3f));
    }
    byte(0x80 | (point & 0x3f));
}

// The code point at `at` of valid UTF-8, moving on.
char32_t take_point(std::string_view text, std::size_t& at)
{
    auto const first = static_cast<unsigned char>(text[at++]);
    unsigned const more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    char32_t point = more == 0 ? first : first & (0x3fU >> more);
    for (unsigned i = 0; i < more; ++i) point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3fU);
    return point;
}

// The text of one shifted part, without its & and -.
std::optional<std::string> decode_shifted(std::string_view text)
{
    if (text.find_first_of("/-_=") != std::string_view::npos) return std::nullopt;
    std::string base64(text);
    for (char& c : base64)
        if (c == ',') c = '/';
    auto const bytes = from_base64(base64);
    if (!bytes || bytes->empty() || bytes->size() % 2 != 0) return std::nullopt;
    std::string out;
    auto const unit = [&](std::size_t at) -> char32_t {
        return static_cast<char32_t>(static_cast<unsigned char>((*bytes)[at])) << 8 |
               static_cast<unsigned char>((*bytes)[at + 1]);
    };
    for (std::size_t at = 0; at < bytes->size(); at += 2) {
        char32_t point = unit(at);
        if (point >= 0xD800 && point < 0xE000) {
            if (point >= 0xDC00 || at + 4 > bytes->size()) return std::nullopt;
            auto const low = unit(at + 2);
            if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        }
        append_utf8(out, point);
    }
    return out;
}

}  // namespace

Result<std::string> to_modified_utf7(std::string_view name)
{
    if (name.empty()) return failure(Trouble::invalid, "a folder's name is empty");
    if (to_valid_utf8(name) != name)
        return failure(Trouble::invalid, "the folder's name \"" + printable(name, 80) + "\" is not UTF-8");
    std::string out;
    std::string shifted;  // UTF-16BE
    auto const flush = [&] {
        if (!shifted.empty()) out += encode_shifted(shifted);
        shifted.clear();
    };
    for (std::size_t at = 0; at < name.size();) {
        auto const point = take_point(name, at);
        if (point < 0x20 || point > 0x7e) {
            append_utf16(shifted, point);
            continue;
        }
        flush();
        out += static_cast<char>(point);
        if (point == '&') out += '-';
    }
    flush();
    return out;
}

std::string from_modified_utf7(std::string_view name)
{
    std::string out;
    for (std::size_t at = 0; at < name.size();) {
        if (name[at] != '&') {
            out += name[at++];
            continue;
        }
        auto const end = name.find('-', at);
        if (end == std::string_view::npos) return to_valid_utf8(name);
        auto const inner = name.substr(at + 1, end - at - 1);
        if (inner.empty()) {
            out += '&';
        } else {
            auto const text = decode_shifted(inner);
            if (!text) return to_valid_utf8(name);
            out += *text;
        }
        at = end + 1;
    }
    return to_valid_utf8(out);
}

}  // namespace postroom::imap
