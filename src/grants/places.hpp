// Where each secret belongs: what the vault binds it to.
#pragma once

#include "model/alarm.hpp"
#include "model/ids.hpp"
#include "model/webhook.hpp"
#include "store/sealed.hpp"

#include <string>

namespace postroom::grants {

/// Called by an application's first secret, which was its only one once.
[[nodiscard]] inline std::string place_of_credential(model::CredentialId id)
{
    return "application/" + to_string(id) + "/client-secret";
}
[[nodiscard]] inline std::string place_of_password(model::AccountId id)
{
    return "account/" + to_string(id) + "/password";
}
[[nodiscard]] inline std::string place_of_refresh_token(model::AccountId id)
{
    return "account/" + to_string(id) + "/refresh-token";
}
[[nodiscard]] inline std::string place_of_access_token(model::AccountId id)
{
    return "account/" + to_string(id) + "/access-token";
}
[[nodiscard]] inline std::string place_of_verifier(model::AuthorizationId id)
{
    return "authorization/" + to_string(id) + "/verifier";
}

[[nodiscard]] inline std::string place_of_device_code(model::AuthorizationId id)
{
    return "authorization/" + to_string(id) + "/device-code";
}
[[nodiscard]] inline std::string place_of_candidate_refresh_token(model::AuthorizationId id)
{
    return "authorization/" + to_string(id) + "/refresh-token";
}
[[nodiscard]] inline std::string place_of_candidate_access_token(model::AuthorizationId id)
{
    return "authorization/" + to_string(id) + "/access-token";
}
[[nodiscard]] inline std::string place_of_route_password(model::AlarmRouteId id)
{
    return "alarm-route/" + to_string(id) + "/password";
}
[[nodiscard]] inline std::string place_of_webhook_secret(model::WebhookId id)
{
    return "webhook/" + to_string(id) + "/secret";
}

/// The same for a row of any sealed column, as the schema lists them. Throws store::Failure (Trouble::internal) for a
/// column that has no place.
[[nodiscard]] std::string place_of(store::SealedColumn const& column, Uuid const& row);

}  // namespace postroom::grants
