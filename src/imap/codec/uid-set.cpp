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

void UidRanges::add(UidRange range)
{
    // The first that ends at or beyond the number before it: that one, and those behind it, it may touch.
    auto const before = range.first > 0 ? range.first - 1 : 0;
    auto const begin = std::ranges::lower_bound(ranges_, before, {}, &UidRange::last);
    auto end = begin;
    for (; end != ranges_.end() && (end->first <= range.last || end->first - 1 == range.last); ++end) {
        range.first = std::min(range.first, end->first);
        range.last = std::max(range.last, end->last);
    }
    if (begin == end) {
        ranges_.insert(begin, range);
        return;
    }
    *begin = range;
    ranges_.erase(begin + 1, end);
}

bool UidRanges::contains(Uid uid) const
{
    auto const found = std::ranges::lower_bound(ranges_, uid, {}, &UidRange::last);
    return found != ranges_.end() && found->first <= uid;
}

std::vector<Uid> UidRanges::without(std::vector<Uid> const& uids) const
{
    std::vector<Uid> others;
    auto range = ranges_.begin();
    for (auto const uid : uids) {
        while (range != ranges_.end() && range->last < uid) ++range;
        if (range == ranges_.end() || uid < range->first) others.push_back(uid);
    }
    return others;
}

std::vector<std::string> to_search_of_others(UidRanges const& known, std::size_t longest_text)
{
    // Room for "UID 4294967295:4294967295 NOT UID ".
    longest_text = std::max<std::size_t>(longest_text, 100) - 40;
    std::vector<std::string> searches;
    Uid begins = 1;
    std::string part;
    auto const ask = [&](std::string const& until) {
        bool const all = begins == 1 && until == "*";
        searches.push_back((all ? "" : "UID " + std::to_string(begins) + ':' + until + ' ') + "NOT UID " + part);
        part.clear();
    };
    auto const& ranges = known.ranges();
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        auto text = std::to_string(ranges[i].first);
        if (ranges[i].last > ranges[i].first) text += ':' + std::to_string(ranges[i].last);
        if (!part.empty() && part.size() + 1 + text.size() > longest_text) {
            ask(std::to_string(ranges[i - 1].last));
            begins = ranges[i - 1].last + 1;
        }
        if (!part.empty()) part += ',';
        part += text;
    }
    if (part.empty())
        searches.emplace_back("ALL");
    else
        ask("*");
    return searches;
}

std::uint64_t count(std::vector<UidRange> const& ranges)
{
    std::uint64_t total = 0;
    for (auto const& range : ranges) total += std::uint64_t{range.last} - range.first + 1;
    return total;
}

}  // namespace postroom::imap
