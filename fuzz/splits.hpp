// What the targets of protocols share: the input's first bytes say how the rest is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace postroom::fuzz {

/// The oracle of every target: a claim that must hold.
inline void require(bool claim)
{
    if (!claim) std::abort();
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
