#include "grants/places.hpp"

#include <fmt/format.h>

#include <array>

namespace postroom::grants {

namespace {

struct Place {
    std::string_view table, column;
    std::string (*of)(Uuid const& row);
};

constexpr std::array places{
    Place{"credential", "sealed_value", [](Uuid const& row) { return place_of_credential({row}); }},
    Place{"account", "password", [](Uuid const& row) { return place_of_password({row}); }},
    Place{"account_grant", "refresh_token", [](Uuid const& row) { return place_of_refresh_token({row}); }},
    Place{"account_grant", "access_token", [](Uuid const& row) { return place_of_access_token({row}); }},
    Place{"account_authorization", "verifier", [](Uuid const& row) { return place_of_verifier({row}); }},
    Place{"account_authorization", "device_code", [](Uuid const& row) { return place_of_device_code({row}); }},
    Place{"account_authorization", "candidate_refresh_token",
          [](Uuid const& row) { return place_of_candidate_refresh_token({row}); }},
    Place{"account_authorization", "candidate_access_token",
          [](Uuid const& row) { return place_of_candidate_access_token({row}); }},
    Place{"alarm_route", "password", [](Uuid const& row) { return place_of_route_password({row}); }},
    Place{"webhook", "secret", [](Uuid const& row) { return place_of_webhook_secret({row}); }},
};

}  // namespace

std::string place_of(store::SealedColumn const& column, Uuid const& row)
{
    for (auto const& place : places)
        if (place.table == column.table && place.column == column.column) return place.of(row);
    throw store::Failure(Trouble::internal,
                         fmt::format("what is sealed in {}.{} has no place", column.table, column.column));
}

}  // namespace postroom::grants
