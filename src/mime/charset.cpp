#include "mime/charset.hpp"

#include "base/text.hpp"

#include <glib.h>
#include <iconv.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>

namespace postroom::mime {

namespace {

struct CloseConverter {
    void operator()(void* converter) const { iconv_close(converter); }
};
using Converter = std::unique_ptr<std::remove_pointer_t<iconv_t>, CloseConverter>;

// Names that mean more than they say, because the programs that write them do (as in the WHATWG's Encoding standard).
std::string true_name(std::string_view charset)
{
    static constexpr std::string_view names[][2] = {{"us-ascii", "windows-1252"},
                                                    {"ascii", "windows-1252"},
                                                    {"iso-8859-1", "windows-1252"},
                                                    {"iso8859-1", "windows-1252"},
                                                    {"latin1", "windows-1252"},
                                                    {"cp1252", "windows-1252"},
                                                    {"iso-8859-9", "windows-1254"},
                                                    {"iso-8859-11", "cp874"},
                                                    {"tis-620", "cp874"},
                                                    {"gb2312", "gb18030"},
                                                    {"gb_2312-80", "gb18030"},
                                                    {"gbk", "gb18030"},
                                                    {"x-gbk", "gb18030"},
                                                    {"big5", "big5-hkscs"},
                                                    {"shift_jis", "cp932"},
                                                    {"shift-jis", "cp932"},
                                                    {"sjis", "cp932"},
                                                    {"x-sjis", "cp932"},
                                                    {"windows-31j", "cp932"},
                                                    {"euc-kr", "cp949"},
                                                    {"ks_c_5601-1987", "cp949"},
                                                    {"iso-8859-8-i", "iso-8859-8"},
                                                    {"iso-8859-8-e", "iso-8859-8"},
                                                    {"unicode-1-1-utf-7", "utf-7"},
                                                    {"x-mac-roman", "macintosh"},
                                                    {"iso-2022-jp", "iso-2022-jp-2"},
                                                    {"windows-874", "cp874"},
                                                    {"utf8", "utf-8"},
                                                    {"utf_8", "utf-8"},
                                                    {"unicode-1-1-utf-8", "utf-8"},
                                                    {"cp65001", "utf-8"},
                                                    {"koi8r", "koi8-r"}};
    std::string name = to_lower(trim(charset));
    for (auto const& [said, meant] : names)
        if (name == said) return std::string(meant);
    return name;
}

// Bytes that the charset does not know become U+FFFD; nothing where the charset itself is unknown.
std::optional<std::string> convert(std::string_view bytes, std::string const& charset, std::size_t& replaced)
{
    bool const plain = std::all_of(charset.begin(), charset.end(), [](char c) {
        return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '+';
    });
    // glibc reads "//" and what follows as instructions; an empty name as the locale's charset.
    if (!plain || charset.empty() || charset.size() > 40) return std::nullopt;
    auto* const opened = iconv_open("UTF-8", charset.c_str());
    if (opened == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
    Converter const converter(opened);

    std::string out;
    out.reserve(bytes.size() + bytes.size() / 4);
    char buffer[16384];
    std::string octets(bytes);  // iconv() changes none of them, and wants them to be changeable
    char* in = octets.data();
    std::size_t left = octets.size();
    while (left > 0) {
        char* to = buffer;
        std::size_t room = sizeof buffer;
        std::size_t const done = iconv(converter.get(), &in, &left, &to, &room);
        int const why = errno;
        out.append(buffer, sizeof buffer - room);
        if (done != static_cast<std::size_t>(-1) || why == E2BIG) continue;
        if (why == EINVAL) left = std::min<std::size_t>(left, 1);  // cut within a character
        ++in;
        --left;
        ++replaced;
        out += "\xEF\xBF\xBD";
    }
    char* to = buffer;
    std::size_t room = sizeof buffer;
    iconv(converter.get(), nullptr, nullptr, &to, &room);
    out.append(buffer, sizeof buffer - room);
    return out;
}

bool is_utf8(std::string_view bytes)
{
    return g_utf8_validate_len(bytes.data(), bytes.size(), nullptr) != 0;
}

bool is_ascii(std::string_view bytes)
{
    unsigned char all = 0;
    for (char const c : bytes) all |= static_cast<unsigned char>(c);  // without a way out, many octets at a time
    return all < 0x80;
}

// Words in the charsets of East Asia are valid UTF-8 by chance only where they are short.
bool is_much_utf8(std::string_view bytes)
{
    auto const threes = std::count_if(bytes.begin(), bytes.end(), [](char c) { return (c & 0xF0) == 0xE0; });
    return threes >= 3 && is_utf8(bytes);
}

// Where nothing, or nothing that is known, was declared: by the marks that a charset leaves.
std::string marked_charset(std::string_view bytes)
{
    if (bytes.starts_with("\xFF\xFE")) return "utf-16le";
    if (bytes.starts_with("\xFE\xFF")) return "utf-16be";
    for (std::string_view const shift : {"\x1b$B", "\x1b$@", "\x1b(J"})
        if (bytes.find(shift) != std::string_view::npos) return "iso-2022-jp-2";
    return {};
}

std::string to_utf8_unclean(std::string_view bytes, std::string_view charset)
{
    std::string name = true_name(charset);
    if (auto marked = marked_charset(bytes);
        !marked.empty() && !name.starts_with("utf-16") && !name.starts_with("iso-2022"))
        name = std::move(marked);
    // Accents in a single-byte charset are next to never also UTF-8: where they are, the declaration is what is wrong.
    bool const single_byte = name.empty() || name.starts_with("windows-125") || name.starts_with("iso-8859-") ||
                             name.starts_with("koi8-") || name == "utf-8";
    bool const stateful = name.starts_with("iso-2022") || name.starts_with("utf-") || name == "hz-gb-2312";
    if ((is_ascii(bytes) && !stateful) || (single_byte && is_utf8(bytes)) || (!stateful && is_much_utf8(bytes)))
        return std::string(bytes);

    std::size_t replaced = 0;
    std::size_t const many = bytes.size() / 8 + 1;
    if (!name.empty() && name != "utf-8") {
        auto converted = convert(bytes, name, replaced);
        if (converted && (replaced == 0 || (replaced < many && !is_utf8(bytes)))) return *std::move(converted);
        if (is_utf8(bytes)) return std::string(bytes);
    } else if (name == "utf-8") {
        // Nearly UTF-8: cut within a character, or one stray byte.
        std::string mended = to_valid_utf8(bytes);
        std::size_t marks = 0, multibyte = 0;
        for (auto at = mended.find("\xEF\xBF\xBD"); at != std::string::npos; at = mended.find("\xEF\xBF\xBD", at + 3))
            ++marks;
        for (char const c : mended) multibyte += static_cast<unsigned char>(c) >= 0xC0 ? 1 : 0;
        if (multibyte >= 2 * marks + 1) return mended;
    }
    replaced = 0;
    return convert(bytes, "windows-1252", replaced).value_or(to_valid_utf8(bytes));
}

bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

// How many octets from `at` on are no control characters that text has no use for.
std::size_t without_control(std::string_view text, std::size_t at)
{
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t highs = 0x8080808080808080U;
    auto const begin = at;
    while (at < text.size()) {
        // Eight octets at a time: none below 0x20, and none that is 0x7f.
        for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
            std::memcpy(&eight, text.data() + at, sizeof eight);
            auto const deleted = eight ^ (0x7f * ones);
            if (((((eight - 0x20 * ones) & ~eight) | ((deleted - ones) & ~deleted)) & highs) != 0) break;
        }
        auto const until = std::min(text.size(), at + sizeof(std::uint64_t));
        while (at < until && !is_control(static_cast<unsigned char>(text[at]))) ++at;
        if (at < until) break;
    }
    return at - begin;
}

}  // namespace

std::string to_utf8(std::string_view bytes, std::string_view charset)
{
    std::string const text = to_valid_utf8(to_utf8_unclean(bytes, charset));
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t i = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < text.size(); ++i) {
        auto const plain = without_control(text, i);
        clean.append(text, i, plain);
        i += plain;
        if (i == text.size()) break;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) clean += '\n';
    }
    return clean;
}

std::string header_to_utf8(std::string_view raw, std::string_view charset)
{
    // A header is of single octets whatever the words are.
    bool const wide = starts_ignoring_case(charset, "utf-16") || starts_ignoring_case(charset, "utf-7");
    std::string text = to_utf8(raw, wide ? std::string_view() : charset);
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\t', ' ');
    return text;
}

std::string charset_in_html(std::string_view html)
{
    auto const head = to_lower(html.substr(0, 2048));
    for (auto meta = head.find("<meta"); meta != std::string::npos; meta = head.find("<meta", meta + 5)) {
        auto const element = std::string_view(head).substr(meta, head.find('>', meta) - meta);
        auto const at = element.find("charset=");
        if (at == std::string_view::npos) continue;
        auto value = element.substr(at + 8);
        value.remove_prefix(std::min(value.find_first_not_of("\"' "), value.size()));
        return std::string(value.substr(0, value.find_first_of("\"' ;/>")));
    }
    return {};
}

}  // namespace postroom::mime
