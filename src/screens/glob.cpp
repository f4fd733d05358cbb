#include "screens/glob.hpp"

namespace postroom::screens {

namespace {

std::size_t character_at(std::string_view text, std::size_t at)
{
    auto end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return end - at;
}

}  // namespace

bool is_glob(std::string_view pattern)
{
    return pattern.find_first_of("*?") != std::string_view::npos;
}

// Only the last * is ever tried again, further on: what an earlier one took can't help a later one.
bool matches(std::string_view glob, std::string_view text)
{
    if (text.size() > glob_text_limit) text.remove_prefix(text.size() - glob_text_limit);
    constexpr auto none = std::string_view::npos;
    std::size_t g = 0, t = 0, star = none, taken = 0;
    while (t < text.size()) {
        if (g < glob.size() && glob[g] == '*') {
            star = g++;
            taken = t;
        } else if (g < glob.size() && glob[g] == '?') {
            ++g;
            t += character_at(text, t);
        } else if (g < glob.size() && glob[g] == text[t]) {
            ++g;
            ++t;
        } else if (star != none) {
            g = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (g < glob.size() && glob[g] == '*') ++g;
    return g == glob.size();
}

}  // namespace postroom::screens
