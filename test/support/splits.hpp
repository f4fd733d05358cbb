// Runs something on every way to cut its input in two, and on a few ways to cut it in many.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace postroom::test {

using Pieces = std::vector<std::string_view>;

inline Pieces pieces_of(std::string_view input, std::size_t size)
{
    Pieces pieces;
    for (; !input.empty(); input.remove_prefix(std::min(size, input.size()))) pieces.push_back(input.substr(0, size));
    return pieces;
}

inline void at_every_split(std::string_view input, std::function<void(Pieces const&)> const& run)
{
    run({input});
    for (std::size_t at = 1; at < input.size(); ++at) {
        SCOPED_TRACE("cut at byte " + std::to_string(at));
        run({input.substr(0, at), input.substr(at)});
        if (testing::Test::HasFatalFailure()) return;
    }
    for (std::size_t size = 1; size <= 5; ++size) {
        SCOPED_TRACE("in pieces of " + std::to_string(size));
        run(pieces_of(input, size));
        if (testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace postroom::test
