#include "console/etag.hpp"

#include "base/text.hpp"
#include "store/coordination.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

bool fits(std::string_view condition, std::string_view current)
{
    if (trim(condition) == "*") return true;
    // Ours hold no comma; W/"…" never fits (RFC 9110 section 8.8.3.2).
    for (auto const each : split(condition, ','))
        if (trim(each) == current) return true;
    return false;
}

}  // namespace

std::string etag(std::int64_t version, Uuid const& of)
{
    auto const text = to_string(of);
    return fmt::format("\"{}-{}\"", version, text.substr(text.size() - 8));  // of its random part
}

std::string etag(std::int64_t version)
{
    return fmt::format("\"{}\"", version);
}

void check_match(store::Connection& c, Request const& request, std::string const& current, std::string_view what,
                 std::string_view on, Instant changed)
{
    auto const condition = request.http.header("if-match");
    if (condition.empty() || fits(condition, current)) return;
    auto last = store::last_audit(c, what, on);
    if (last && last->at < changed) last.reset();
    Problem problem(net::http::status::precondition_failed,
                    last ? tr("{} changed it on {}, after you had seen it: look at it again, and change it then",
                              last->who, to_rfc3339(last->at))
                         : tr("it was changed after you had seen it: look at it again, and change it then"));
    problem.add("etag", current);
    if (last) problem.add("changed_by", last->who);
    if (last) problem.add("changed_at", to_rfc3339(last->at));
    throw problem;
}

net::HttpResponse edited_response(json::object const& body)
{
    auto response = json_response(net::http::status::ok, body);
    response.headers.emplace_back("ETag", std::string(body.at("etag").as_string()));
    return response;
}

}  // namespace postroom::console
