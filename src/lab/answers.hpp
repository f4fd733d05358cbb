// What the endpoints of the identity provider and of Graph answer with, and what a form that was posted to them holds.
#pragma once

#include "net/http-server.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <string_view>

namespace postroom::lab {

/// The first value of that name, or "".
[[nodiscard]] std::string value_of(std::multimap<std::string, std::string> const& form, std::string const& name);
/// What stands behind "Bearer", or "".
[[nodiscard]] std::string_view bearer(net::HttpRequest const& request);
/// "" where there is no such member, or it is no string.
[[nodiscard]] std::string string_at(boost::json::object const& object, std::string_view name);

// Both are not to be cached; no other page may frame the second.
[[nodiscard]] net::HttpResponse json_response(boost::json::object const& body,
                                              net::http::status status = net::http::status::ok);
[[nodiscard]] net::HttpResponse html_response(std::string body, net::http::status status = net::http::status::ok);

}  // namespace postroom::lab
