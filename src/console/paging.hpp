// Lists that can grow come in pages: `limit` items after the place that `after` names, and `next` for the page behind
// it.
#pragma once

#include "base/text.hpp"
#include "console/request.hpp"
#include "console/responses.hpp"
#include "store/connection.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postroom::console {

struct Page {
    int limit = 0;
    std::string after;  ///< the `next` of the page before; empty for the first one
};
/// From the parameters limit and after. `usual` where there is no limit.
[[nodiscard]] Page page_of(Request const& request, int usual, int most);

/// {"items": […], "next": …}
[[nodiscard]] net::HttpResponse page_response(json::array items, std::optional<std::string> const& next);

/// A number or an id that `after` names; Problem where it is none.
[[nodiscard]] std::optional<std::int64_t> number_after(Page const& page);
[[nodiscard]] std::optional<Uuid> id_after(Page const& page);
[[nodiscard]] std::string to_cursor(store::Moment const& moment);
[[nodiscard]] std::optional<store::Moment> moment_after(Page const& page);

/// Of what was read with one item more than `page.limit`: drops that, and says where the next page begins, by `cursor`
/// of the last one that stays.
template <class T, class Cursor>
[[nodiscard]] std::optional<std::string> cut(std::vector<T>& found, Page const& page, Cursor cursor)
{
    if (found.size() <= static_cast<std::size_t>(page.limit)) return std::nullopt;
    found.erase(found.begin() + page.limit, found.end());
    return cursor(found.back());
}

/// Of a whole list in the order of its names, ignoring case, what is on the page.
template <class T, class Name>
[[nodiscard]] std::optional<std::string> cut_by_name(std::vector<T>& all, Page const& page, Name name)
{
    auto const key = [&](T const& each) { return to_lower(std::invoke(name, each)); };
    auto const begin = page.after.empty() ? all.begin() : std::ranges::upper_bound(all, page.after, {}, key);
    all.erase(all.begin(), begin);
    return cut(all, page, key);
}

}  // namespace postroom::console
