// The lab's own API and page: /lab/api/… and /. Microsoft has nothing like it.
#pragma once

#include "lab/state.hpp"
#include "net/http-server.hpp"

#include <optional>

namespace postroom::lab {

/// Nothing where the path is neither the API's nor the page's.
[[nodiscard]] std::optional<net::HttpResponse> answer_api(State& state, net::HttpRequest const& request);

/// The page, which works by the API.
[[nodiscard]] std::string_view lab_page();

/// False for a request that another site's page made a browser send: its Origin is not its Host, or its Host is a name
/// that the lab does not have.
[[nodiscard]] bool is_from_here(net::HttpRequest const& request, std::string_view host_name);

}  // namespace postroom::lab
