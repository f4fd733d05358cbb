#include "console/problem.hpp"

#include "base/text.hpp"
#include "console/responses.hpp"

#include <boost/json/object.hpp>

#include <array>

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

namespace {

// RFC 9110's phrases.
Words title_of(status code)
{
    static constexpr std::array titles{
        std::pair(status::bad_request, mark_in("status", "Bad Request")),
        std::pair(status::unauthorized, mark_in("status", "Unauthorized")),
        std::pair(status::forbidden, mark_in("status", "Forbidden")),
        std::pair(status::not_found, mark_in("status", "Not Found")),
        std::pair(status::method_not_allowed, mark_in("status", "Method Not Allowed")),
        std::pair(status::conflict, mark_in("status", "Conflict")),
        std::pair(status::precondition_failed, mark_in("status", "Precondition Failed")),
        std::pair(status::precondition_required, mark_in("status", "Precondition Required")),
        std::pair(status::payload_too_large, mark_in("status", "Payload Too Large")),
        std::pair(status::unsupported_media_type, mark_in("status", "Unsupported Media Type")),
        std::pair(status::misdirected_request, mark_in("status", "Misdirected Request")),
        std::pair(status::too_many_requests, mark_in("status", "Too Many Requests")),
        std::pair(status::internal_server_error, mark_in("status", "Internal Server Error")),
        std::pair(status::bad_gateway, mark_in("status", "Bad Gateway")),
        std::pair(status::service_unavailable, mark_in("status", "Service Unavailable")),
        std::pair(status::gateway_timeout, mark_in("status", "Gateway Timeout")),
    };
    for (auto const& [each, title] : titles)
        if (each == code) return {"status", title};
    auto const phrase = net::http::obsolete_reason(code);
    return std::string(phrase.data(), phrase.size());
}

}  // namespace

net::HttpResponse to_response(Problem const& problem, words::Language const& language)
{
    auto const code = problem.status();
    boost::json::object body;
    body["type"] =
        "postroom:" + std::string(code == status::precondition_failed ? "changed" : to_string(problem.kind()));
    body["title"] = language.say(title_of(code));
    body["status"] = static_cast<unsigned>(code);
    body["detail"] = to_valid_utf8(language.say(problem.words()));
    if (!problem.field().empty()) body["field"] = to_valid_utf8(problem.field());
    for (auto const& [name, value] : problem.more()) body[name] = to_valid_utf8(value);
    return json_response(code, body, "application/problem+json");
}

}  // namespace postroom::console
