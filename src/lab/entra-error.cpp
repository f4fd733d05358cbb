#include "lab/entra-error.hpp"

#include "base/text.hpp"
#include "lab/faults.hpp"
#include "lab/tenant.hpp"

#include <algorithm>
#include <array>

namespace postroom::lab {

namespace {

struct ErrorValue {
    std::string_view error;
    std::initializer_list<unsigned> codes;
};

// The error values of numbers, as bodies in issues and Microsoft's samples have them, and otherwise as the meaning of
// the number in Microsoft's list says ("Microsoft Entra authentication and authorization error codes"). Those of no row
// are invalid_grant.
auto const& error_values()
{
    static std::array<ErrorValue, 8> const all{{
        {"invalid_client",
         {50011, 50012, 650052, 650056, 70002, 700024, 700025, 700026, 700027, 700030, 700211, 700229, 5002730, 7000114,
          7000215, 7000218, 7000222}},
        {"unauthorized_client", {70001, 90099, 700011, 700016, 7000112, 7000229}},
        {"interaction_required", {16000, 50097, 50127, 50129, 50135, 50158, 50177, 50178, 53004, 53010, 90072, 700020}},
        {"invalid_scope", {28002, 70011, 700022, 700023}},
        {"invalid_resource", {50001, 500011}},
        {"invalid_request", {50027, 50194, 90004, 90009, 90010, 90014,  90019,  90027,  90038,  90051,
                             90056, 90100, 90102, 90121, 90130, 900144, 900432, 900561, 901002, 9001023}},
        {"invalid_tenant", {90002}},
        {"unsupported_grant_type", {70003}},
    }};
    return all;
}

std::string_view error_value(unsigned code)
{
    for (auto const& row : error_values())
        if (std::ranges::find(row.codes, code) != row.codes.end()) return row.error;
    return "invalid_grant";
}

}  // namespace

WordedError word(EntraError const& error, Instant now)
{
    auto stamp = to_rfc3339(now);  // 2026-01-09T02:02:12.000Z → 2026-01-09 02:02:12Z
    stamp[10] = ' ';
    stamp = stamp.substr(0, 19) + 'Z';
    WordedError worded{{}, stable_guid(random_bytes(16)), stable_guid(random_bytes(16)), stamp};
    worded.text = "AADSTS" + std::to_string(error.code) + ": " + error.words;
    return worded;
}

EntraError refusal_with(std::string_view value)
{
    auto const space = value.find(' ');
    auto const code = static_cast<unsigned>(to_number(value.substr(0, space), 0));
    auto const error = space == value.npos ? error_value(code) : value.substr(space + 1);
    return {error == "invalid_client" ? 401U : 400U, std::string(error), code, "The request is refused."};
}

EntraError missing(std::string_view parameter)
{
    return {400, "invalid_request", 900144,
            "The request body must contain the following parameter: '" + std::string(parameter) + "'."};
}

EntraError unknown_tenant(std::string_view tenant)
{
    return {400, "invalid_tenant", 90002,
            "Tenant '" + printable(tenant, 64) +
                "' not found. Check to make sure you have the correct tenant ID and are signing into the "
                "correct cloud."};
}

EntraError admin_consent_required()
{
    return {400, "consent_required", 90094, "Administrator consent is required."};
}

EntraError unknown_application(std::string_view client_id)
{
    return {400, "unauthorized_client", 700016,
            "Application with identifier '" + printable(client_id, 64) +
                "' was not found in the directory 'Contoso'. This can happen if the application has not "
                "been installed by the administrator of the tenant or consented to by any user in the "
                "tenant. You may have sent your authentication request to the wrong tenant."};
}

}  // namespace postroom::lab
