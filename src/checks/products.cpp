#include "checks/products.hpp"

#include "base/text.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace postroom::checks {

namespace {

// Cisco, "Troubleshoot ECE with Office 365" (document 218453), and enhancement CSCvr86493.
struct Release {
    std::string_view name;
    int special;             ///< the first engineering special that can
    std::string_view extra;  ///< what that one needs beside
};
constexpr std::array releases{Release{"11.6(1)", 12, "ES12_ET1"}, Release{"12.0(1)", 6, ""}, Release{"12.5(1)", 3, ""},
                              Release{"12.6(1)", 1, ""}};

// "12.5(1)" is 12 and 5.
std::pair<int, int> numbers_of(std::string_view release)
{
    std::pair<int, int> found{0, 0};
    auto const* const end = release.data() + release.size();
    auto const major = std::from_chars(release.data(), end, found.first);
    if (major.ec == std::errc() && major.ptr != end && *major.ptr == '.')
        std::from_chars(major.ptr + 1, end, found.second);
    return found;
}

// The number of ES12; 0 of what is none.
int special_of(std::string_view name)
{
    int number = 0;
    if (!name.starts_with("ES")) return 0;
    auto const* const end = name.data() + name.size();
    auto const read = std::from_chars(name.data() + 2, end, number);
    return read.ec == std::errc() && read.ptr == end ? number : 0;
}

}  // namespace

std::string_view products_as_of()
{
    return "2026-09-30";
}

Result<model::Finding> judge_product(std::string_view product, std::string_view release, std::string_view installed)
{
    if (!equal_ignoring_case(product, "ece"))
        return failure(Trouble::invalid, tr("only the product ece is known, and not \"{}\"", printable(product, 64)));
    auto const numbers = numbers_of(trim(release));
    if (numbers.first == 0)
        return failure(Trouble::invalid, tr("\"{}\" is no release, such as 12.5(1)", printable(release, 64)));
    std::vector<std::string> have;
    for (auto const each : split(installed, ',')) have.push_back(to_upper(trim(each)));
    auto const known = std::ranges::find(releases, trim(release), &Release::name);
    if (known == releases.end()) {
        if (numbers < std::pair{11, 6})
            return fails("product-too-old",
                         fmt::format("release {} can't sign in by OAuth 2.0", printable(release, 64)), {});
        return untold(fmt::format("release {} is not in the list of {}: look in its vendor's notes for CSCvr86493",
                                  printable(release, 64), products_as_of()));
    }
    int newest = 0;
    for (auto const& each : have) newest = std::max(newest, special_of(each));
    auto const needs = fmt::format("{} needs ES{}{}{}", known->name, known->special,
                                   known->extra.empty() ? "" : " and ", known->extra);
    bool const extra =
        known->extra.empty() || newest > known->special || std::ranges::find(have, known->extra) != have.end();
    if (newest < known->special || !extra)
        return fails("product-too-old", fmt::format("{}; installed: {}", needs, printable(installed, 200)), {});
    return holds(
        fmt::format("{}, and has ES{}; the newest engineering special of the release is advisable", needs, newest));
}

}  // namespace postroom::checks
