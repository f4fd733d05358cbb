// From method and path to a handler: pure.
#pragma once

#include "console/access.hpp"
#include "console/request.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace postroom::console {

struct House;  // house.hpp

using Handler = net::awaitable<net::HttpResponse> (*)(House&, Request const&);

struct Route {
    net::http::verb method;
    std::string_view pattern;  ///< a segment in braces stands for any one segment: /api/v1/cases/{number}
    Access access;
    Handler handler;
};

/// All of the API: routes.cpp. The contract is api/openapi.yaml.
[[nodiscard]] std::span<Route const> routes();

struct Match {
    Route const* route = nullptr;
    std::map<std::string, std::string, std::less<>> in_path;
    std::string allowed;  ///< methods, where the path is known and the method is not
};
[[nodiscard]] Match match(std::span<Route const> table, net::http::verb method, std::string_view path);

}  // namespace postroom::console
