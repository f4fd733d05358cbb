// The built pages: web/dist, served from its folder and nothing outside it.
#pragma once

#include "net/http-server.hpp"
#include "words/language.hpp"

#include <string>
#include <string_view>

namespace postroom::console {

/// index.html for a path that is the pages' own business (they route in the browser), 404 for a missing asset, and a
/// page that says how to build them where the folder is empty. In index.html "__NONCE__" becomes a nonce of this
/// answer's Content-Security-Policy.
[[nodiscard]] net::HttpResponse page(std::string const& folder, std::string_view path,
                                     words::Language const& language = words::english());

}  // namespace postroom::console
