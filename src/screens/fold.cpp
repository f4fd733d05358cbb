#include "screens/fold.hpp"

#include "base/text.hpp"

#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <cstdint>

namespace postroom::screens {

namespace {

bool is_ascii(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
}

std::u16string to_utf16(std::string_view text)
{
    std::u16string wide(text.size() + 1, u'\0');
    std::int32_t length = 0;
    UErrorCode error = U_ZERO_ERROR;
    u_strFromUTF8WithSub(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                         static_cast<std::int32_t>(text.size()), 0xFFFD, nullptr, &error);
    wide.resize(U_SUCCESS(error) ? static_cast<std::size_t>(length) : 0);
    return wide;
}

std::string to_utf8(std::u16string_view wide)
{
    std::string text(wide.size() * 3 + 1, '\0');
    std::int32_t length = 0;
    UErrorCode error = U_ZERO_ERROR;
    u_strToUTF8WithSub(text.data(), static_cast<std::int32_t>(text.size()), &length, wide.data(),
                       static_cast<std::int32_t>(wide.size()), 0xFFFD, nullptr, &error);
    text.resize(U_SUCCESS(error) ? static_cast<std::size_t>(length) : 0);
    return text;
}

UIDNA const* idna()
{
    static UIDNA const* const opened = [] {
        UErrorCode error = U_ZERO_ERROR;
        return uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &error);
    }();
    return opened;
}

}  // namespace

std::string folded(std::string_view text)
{
    if (is_ascii(text)) return to_lower(text);
    UErrorCode error = U_ZERO_ERROR;
    auto const* const form = unorm2_getNFKCCasefoldInstance(&error);
    if (U_FAILURE(error)) return to_lower(text);
    auto const wide = to_utf16(text);
    std::u16string out(wide.size() * 2 + 32, u'\0');
    for (;;) {
        error = U_ZERO_ERROR;
        auto const length = unorm2_normalize(form, wide.data(), static_cast<std::int32_t>(wide.size()), out.data(),
                                             static_cast<std::int32_t>(out.size()), &error);
        if (error == U_BUFFER_OVERFLOW_ERROR) {
            out.resize(static_cast<std::size_t>(length) + 1);
            continue;
        }
        if (U_FAILURE(error)) return to_lower(text);
        return to_utf8(std::u16string_view(out).substr(0, static_cast<std::size_t>(length)));
    }
}

std::string folded_words(std::string_view text)
{
    std::string words;
    bool blank = false;
    for (char const c : folded(text)) {
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            blank = !words.empty();
            continue;
        }
        if (blank) words += ' ';
        blank = false;
        words += c;
    }
    return words;
}

std::string folded_domain(std::string_view domain)
{
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (is_ascii(domain)) return to_lower(domain);
    // RFC 1035 section 2.3.4: none is longer than 253 octets, whatever it is written in.
    if (domain.size() > 1000) return folded(domain);
    std::string ascii(512, '\0');
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UErrorCode error = U_ZERO_ERROR;
    auto const length = uidna_nameToASCII_UTF8(idna(), domain.data(), static_cast<std::int32_t>(domain.size()),
                                               ascii.data(), static_cast<std::int32_t>(ascii.size()), &info, &error);
    if (U_FAILURE(error) || info.errors != 0) return folded(domain);
    ascii.resize(static_cast<std::size_t>(length));
    if (ascii.ends_with('.')) ascii.pop_back();
    return to_lower(ascii);
}

std::string folded_name(std::string_view name)
{
    std::string plain(name);
    std::erase_if(plain, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
    plain = folded(plain);
    while (plain.ends_with('.') || plain.ends_with(' ')) plain.pop_back();
    plain.erase(0, plain.find_first_not_of(' '));
    return plain;
}

}  // namespace postroom::screens
