// Answers, each with the headers that its kind needs.
#pragma once

#include "net/http-server.hpp"
#include "words/language.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace postroom::console {

namespace json = boost::json;

[[nodiscard]] net::HttpResponse json_response(net::http::status status, json::object const& body,
                                              std::string_view type = "application/json");
/// {"items": […]}
[[nodiscard]] net::HttpResponse items_response(json::array items);
[[nodiscard]] net::HttpResponse no_content();

/// A page of ours: `body` is HTML that is safe already. Its style has a nonce; scripts there are none.
[[nodiscard]] net::HttpResponse page_response(net::http::status status, std::string_view title, std::string_view body,
                                              words::Language const& language = words::english());
/// Text made safe for an HTML page, in element content and in quoted attributes.
[[nodiscard]] std::string escape_html(std::string_view text);

/// A Content-Disposition value (RFC 6266), for any file name.
[[nodiscard]] std::string disposition(std::string_view kind, std::string_view file_name);

/// Sets a header that is not there yet.
void set_default(net::HttpResponse& response, std::string_view name, std::string_view value);

}  // namespace postroom::console
