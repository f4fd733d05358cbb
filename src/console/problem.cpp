#include "console/problem.hpp"

#include "base/text.hpp"
#include "console/responses.hpp"

#include <boost/json/object.hpp>

namespace postroom::console {

using net::http::status;

net::http::status Problem::status() const
{
    if (status_ != status::unknown) return status_;
    switch (kind_) {
        case Trouble::invalid: return status::bad_request;
        case Trouble::refused: return status::conflict;
        case Trouble::not_found: return status::not_found;
        case Trouble::conflict: return status::conflict;
        case Trouble::forbidden: return status::forbidden;
        case Trouble::unreachable:
        case Trouble::closed:
        case Trouble::tls:
        case Trouble::protocol: return status::bad_gateway;
        case Trouble::timed_out: return status::gateway_timeout;
        case Trouble::limit: return status::payload_too_large;
        case Trouble::store: return status::service_unavailable;
        case Trouble::internal: return status::internal_server_error;
    }
    return status::internal_server_error;
}

net::HttpResponse to_response(Problem const& problem)
{
    auto const code = problem.status();
    auto const title = net::http::obsolete_reason(code);
    boost::json::object body;
    body["type"] = "postroom:" + std::string(to_string(problem.kind()));
    body["title"] = std::string(title.data(), title.size());
    body["status"] = static_cast<unsigned>(code);
    body["detail"] = to_valid_utf8(problem.what());
    if (!problem.field().empty()) body["field"] = to_valid_utf8(problem.field());
    return json_response(code, body, "application/problem+json");
}

}  // namespace postroom::console
