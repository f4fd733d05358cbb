// What the targets of protocols share: the input's first bytes say how the rest is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>
#include <vector>

namespace postroom::fuzz {

/// The oracle of every target: a claim that must hold.
inline void require(bool claim, std::source_location where = std::source_location::current())
{
    if (claim) return;
    std::fprintf(stderr, "%s:%u: the claim does not hold\n", where.file_name(), static_cast<unsigned>(where.line()));
    std::abort();
}

/// `text` in pieces of 1 to 16 bytes, as `seed` will have it.
inline std::vector<std::string_view> cut(std::string_view text, std::uint32_t seed)
{
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
        seed = seed * 1664525 + 1013904223;
        auto const size = std::size_t{1} + (seed >> 28);
        pieces.push_back(text.substr(0, size));
        text.remove_prefix(pieces.back().size());
    }
    return pieces;
}

}  // namespace postroom::fuzz
