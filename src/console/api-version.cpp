// GET /api/v1/version, the contract itself, and what a report of the check list looks like.
#include "base/version.hpp"
#include "console/api.hpp"
#include "console/contract.hpp"
#include "console/external-url.hpp"
#include "console/responses.hpp"
#include "store/applications.hpp"
#include "store/migrations.hpp"

#include <algorithm>

namespace postroom::console {

Answer get_version(House& house, Request const& request)
{
    request.only_parameters({});
    // A provider on this machine itself is nobody's real tenant.
    auto const is_lab = [](model::Application const& application) {
        return application.cloud == "custom" && is_loopback(host_of(application.authority));
    };
    bool const lab = co_await house.store().read(
        [&](store::Connection& c) { return std::ranges::any_of(store::applications(c), is_lab); });
    json::object body{{"version", std::string(version)}, {"schema", store::migrations().back().version}, {"lab", lab}};
    co_return json_response(net::http::status::ok, body);
}

namespace {

net::HttpResponse document(std::string_view type, std::string_view text)
{
    net::HttpResponse response;
    response.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-cache"}};
    response.body = std::string(text);
    return response;
}

}  // namespace

Answer get_contract(House&, Request const&)
{
    co_return document("application/yaml", contract());
}

Answer get_check_report_schema(House&, Request const&)
{
    co_return document("application/schema+json", check_report_schema());
}

}  // namespace postroom::console
