#include "console/router.hpp"

#include "base/text.hpp"

#include <optional>

namespace postroom::console {

namespace {

std::optional<std::map<std::string, std::string, std::less<>>> fit(std::string_view pattern, std::string_view path)
{
    auto const wanted = split(pattern, '/');
    auto const given = split(path, '/');
    if (wanted.size() != given.size()) return std::nullopt;
    std::map<std::string, std::string, std::less<>> in_path;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        auto const segment = wanted[i];
        if (segment.starts_with('{')) {
            if (given[i].empty()) return std::nullopt;
            in_path.emplace(segment.substr(1, segment.size() - 2), given[i]);
        } else if (segment != given[i]) {
            return std::nullopt;
        }
    }
    return in_path;
}

}  // namespace

Match match(std::span<Route const> table, net::http::verb method, std::string_view path)
{
    Match found;
    for (auto const& route : table) {
        auto in_path = fit(route.pattern, path);
        if (!in_path) continue;
        if (route.method == method) return {&route, std::move(*in_path), {}};
        auto const name = net::http::to_string(route.method);
        found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(name.data(), name.size());
    }
    return found;
}

}  // namespace postroom::console
