// The texts of HTTP: targets, queries, forms, and a response's head. Pure.
#pragma once

#include "net/http-server.hpp"

namespace postroom::net {

/// Takes a request's target apart, in origin form or absolute form. Errors: Trouble::invalid; a path that climbs
/// ("/a/../b") or holds a control character is refused here, so that no handler has to think of it.
[[nodiscard]] Result<void> read_target(std::string_view target, HttpRequest& into);

/// The head of the answer, with its empty line. `length` is none for a stream. Errors: Trouble::internal where a header
/// would split the response.
[[nodiscard]] Result<std::string> response_head(HttpResponse const& response, std::optional<std::size_t> length,
                                                bool keep_alive);

}  // namespace postroom::net
