// Microsoft Graph, as far as whoever checks mail accounts asks it: users, licences, identity applications and what was
// consented to. It is read only, and told from the same tenant that the mail servers serve.
#pragma once

#include "lab/state.hpp"
#include "net/http-server.hpp"

namespace postroom::lab {

/// Nothing where the path is not Graph's (/v1.0/…).
[[nodiscard]] std::optional<net::HttpResponse> answer_graph(State& state, net::HttpRequest const& request);

}  // namespace postroom::lab
