#include "checks/sign-in-words.hpp"

namespace postroom::checks {

bool sent_back(Page const& page)
{
    return page.answer.status == 302 || page.answer.status == 303;
}

std::string aadsts_in(std::string_view page)
{
    constexpr std::string_view word = "AADSTS";
    for (auto at = page.find(word); at != page.npos; at = page.find(word, at + 1)) {
        auto const begin = at + word.size();
        auto const end = page.find_first_not_of("0123456789", begin);
        auto const digits = (end == page.npos ? page.size() : end) - begin;
        if (digits >= 4 && digits <= 8) return std::string(page.substr(at, word.size() + digits));
    }
    return {};
}

}  // namespace postroom::checks
