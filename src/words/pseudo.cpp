#include "words/pseudo.hpp"

#include <array>

namespace postroom::words {

namespace {

constexpr std::array<std::string_view, 26> small{"á", "ƀ", "ç", "đ", "é", "ƒ", "ğ", "ĥ", "í", "ĵ", "ķ", "ł", "ɱ",
                                                 "ñ", "ó", "þ", "ɋ", "ŕ", "š", "ţ", "ú", "ṽ", "ŵ", "ẋ", "ý", "ž"};
constexpr std::array<std::string_view, 26> large{"Á", "Ɓ", "Ç", "Đ", "É", "Ƒ", "Ğ", "Ĥ", "Í", "Ĵ", "Ķ", "Ł", "Ṁ",
                                                 "Ñ", "Ó", "Þ", "Ɋ", "Ŕ", "Š", "Ţ", "Ú", "Ṽ", "Ŵ", "Ẋ", "Ý", "Ž"};

}  // namespace

std::string disguised(std::string_view text)
{
    std::string out = "[";
    bool place = false;
    for (char const c : text) {
        if (c == '{') place = true;
        if (!place && c >= 'a' && c <= 'z')
            out += small[static_cast<std::size_t>(c - 'a')];
        else if (!place && c >= 'A' && c <= 'Z')
            out += large[static_cast<std::size_t>(c - 'A')];
        else
            out += c;
        if (c == '}') place = false;
    }
    return out + "]";
}

}  // namespace postroom::words
