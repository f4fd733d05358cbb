#include "imap/codec/uid-set.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace postroom::imap {

namespace {

constexpr std::size_t longest_range = 21;  // 4294967295:4294967295

std::optional<Uid> number(std::string_view text)
{
    Uid value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
    return value;
}

}  // namespace

std::vector<UidSet> to_uid_sets(std::vector<Uid> uids, std::size_t longest_text, std::size_t most)
{
    std::ranges::sort(uids);
    auto const doubles = std::ranges::unique(uids);
    uids.erase(doubles.begin(), doubles.end());
    if (!uids.empty() && uids.front() == 0) uids.erase(uids.begin());
    longest_text = std::max(longest_text, longest_range);
    most = std::max<std::size_t>(most, 1);

    std::vector<UidSet> sets;
    for (std::size_t at = 0; at < uids.size();) {
        if (sets.empty() || sets.back().uids.size() == most) sets.emplace_back();
        std::size_t last = at;
        auto const room = most - sets.back().uids.size();
        while (last + 1 < uids.size() && last + 1 - at < room && uids[last + 1] == uids[last] + 1) ++last;
        auto range = std::to_string(uids[at]);
        if (last > at) range += ':' + std::to_string(uids[last]);
        if (!sets.back().text.empty() && sets.back().text.size() + 1 + range.size() > longest_text) sets.emplace_back();
        auto& set = sets.back();
        if (!set.text.empty()) set.text += ',';
        set.text += range;
        set.uids.insert(set.uids.end(), uids.begin() + static_cast<std::ptrdiff_t>(at),
                        uids.begin() + static_cast<std::ptrdiff_t>(last) + 1);
        at = last + 1;
    }
    return sets;
}

Result<std::vector<UidRange>> parse_uid_set(std::string_view text)
{
    std::vector<UidRange> ranges;
    if (text.empty()) return ranges;
    for (auto const part : split(text, ',')) {
        auto const colon = part.find(':');
        auto const first = number(part.substr(0, colon));
        auto const last = colon == std::string_view::npos ? first : number(part.substr(colon + 1));
        if (!first || !last) return failure(Trouble::protocol, "\"" + printable(text, 80) + "\" is no set of UIDs");
        ranges.push_back({std::min(*first, *last), std::max(*first, *last)});  // 9:7 is 7:9
    }
    return ranges;
}

std::uint64_t count(std::vector<UidRange> const& ranges)
{
    std::uint64_t total = 0;
    for (auto const& range : ranges) total += std::uint64_t{range.last} - range.first + 1;
    return total;
}

}  // namespace postroom::imap
