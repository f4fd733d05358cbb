// What stands in the inputs for a secret: wherever a target puts it, no words for people may hold it. No escape ends in
// its first letter.
#pragma once

#include "base/result.hpp"

#include "splits.hpp"

#include <string>
#include <string_view>

namespace postroom::fuzz {

constexpr std::string_view canary = "T0kenCanAry";

inline bool shows_canary(std::string_view words)
{
    return words.find(canary) != std::string_view::npos;
}

/// Fit for a log and a page: of bounded length, in one line.
inline bool is_telling(std::string_view words)
{
    return !words.empty() && words.size() < 2'000 && words.find_first_of("\r\n\x1b") == std::string_view::npos;
}

inline bool is_telling(Error const& error)
{
    return is_telling(error.message) && !shows_canary(error.message);
}

/// The part before the first line break, which goes on behind it.
inline std::string_view take_line(std::string_view& text)
{
    auto const end = text.find('\n');
    auto const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace postroom::fuzz
