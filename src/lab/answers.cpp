#include "lab/answers.hpp"

#include "base/text.hpp"

#include <boost/json/serialize.hpp>

namespace postroom::lab {

std::string value_of(std::multimap<std::string, std::string> const& form, std::string const& name)
{
    auto const found = form.find(name);
    return found == form.end() ? std::string() : found->second;
}

std::string_view bearer(net::HttpRequest const& request)
{
    auto const header = request.header("authorization");
    return starts_ignoring_case(header, "Bearer ") ? trim(header.substr(7)) : std::string_view();
}

std::string string_at(boost::json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

net::HttpResponse json_response(boost::json::object const& body, net::http::status status)
{
    return {status,
            {{"content-type", "application/json; charset=utf-8"}, {"cache-control", "no-store"}},
            boost::json::serialize(body),
            {}};
}

net::HttpResponse html_response(std::string body, net::http::status status)
{
    return {status,
            {{"content-type", "text/html; charset=utf-8"}, {"cache-control", "no-store"}, {"x-frame-options", "DENY"}},
            std::move(body),
            {}};
}

}  // namespace postroom::lab
