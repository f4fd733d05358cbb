#include "console/paging.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace postroom::console {

namespace {

constexpr std::size_t most_cursor = 512;

std::optional<std::int64_t> whole(std::string_view text)
{
    std::int64_t number = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return number;
}

Problem no_cursor(Page const& page)
{
    return {Trouble::invalid,
            tr("after={} is no place in this list: it must be the next of the page before", printable(page.after, 64)),
            "after"};
}

}  // namespace

Page page_of(Request const& request, int usual, int most)
{
    Page page{static_cast<int>(request.number_parameter("limit", 1, most).value_or(usual)),
              std::string(request.http.parameter("after").value_or(""))};
    bool const given = request.http.parameter("after").has_value();
    if ((given && page.after.empty()) || page.after.size() > most_cursor) throw no_cursor(page);
    return page;
}

net::HttpResponse page_response(json::array items, std::optional<std::string> const& next)
{
    json::object body;
    body["items"] = std::move(items);
    body["next"] = nullptr;
    if (next) body["next"] = to_valid_utf8(*next);
    return json_response(net::http::status::ok, body);
}

std::optional<std::int64_t> number_after(Page const& page)
{
    if (page.after.empty()) return std::nullopt;
    auto const number = whole(page.after);
    if (!number || *number < 1) throw no_cursor(page);
    return number;
}

std::optional<Uuid> id_after(Page const& page)
{
    if (page.after.empty()) return std::nullopt;
    auto const id = parse_uuid(page.after);
    if (!id) throw no_cursor(page);
    return *id;
}

std::string to_cursor(store::Moment const& moment)
{
    return fmt::format("{}.{}", moment.at.time_since_epoch().count(), to_string(moment.id));
}

std::optional<store::Moment> moment_after(Page const& page)
{
    if (page.after.empty()) return std::nullopt;
    auto const dot = page.after.find('.');
    auto const at = whole(page.after.substr(0, dot));
    auto const id =
        dot == std::string::npos ? Result<Uuid>(failure(Trouble::invalid, "")) : parse_uuid(page.after.substr(dot + 1));
    if (!at || !id) throw no_cursor(page);
    return store::Moment{Instant(Duration(*at)), *id};
}

}  // namespace postroom::console
