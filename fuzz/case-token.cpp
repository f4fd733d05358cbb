// Looks for a token in any subject, adds one, and finds what it added.
#include "desk/case-token.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace postroom::desk;
    std::string_view const subject(reinterpret_cast<char const*>(data), size);
    auto const found = find_case_token(subject, "key");
    auto const added = add_case_token(subject, 4711, "key");
    auto const again = find_case_token(added, "key");
    // Behind 20 guesses nobody looks; a genuine token that was there already comes first.
    if (again && *again != 4711 && again != found) std::abort();
    if (again == 4711 && add_case_token(added, 4711, "key") != added) std::abort();
    return 0;
}
