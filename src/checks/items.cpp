#include "checks/items.hpp"

#include <algorithm>
#include <array>

namespace postroom::checks {

std::span<Item const> items()
{
    // Each after its grounds.
    static std::array const all{
        item::minimum_version(),
        item::external_url(),
        item::external_url_login(),
        item::dns(),
        item::proxy(),
        item::url_office365(),
        item::port_443(),
        item::port_587(),
        item::port_993(),
        item::port_995(),
        item::tls_path(),
        item::url_login(),
        item::clock(),
        item::own_links(),
        item::application_exists(),
        item::redirect_url(),
        item::client_credential(),
        item::authority(),
        item::basic_authentication(),
        item::grant_present(),
        item::grant_owner(),
        item::permissions(),
        item::grant_refresh(),
        item::grant_claims(),
        item::grant_forecast(),
        item::token_lifetime(),
        item::application_only(),
        item::mailbox_access(),
        item::inbound_enabled(),
        item::licence(),
        item::smtp_enabled(),
        item::send_as(),
        item::mailbox_full(),
        item::quota(),
        item::inbound_imap(),
        item::inbound_pop3(),
        item::outbound_smtp(),
        item::calendar_retrieval(),
        item::round_trip(),
        item::sent_copy(),
        item::alarm_notification(),
    };
    return all;
}

Item const* find_item(std::string_view id)
{
    auto const found = std::ranges::find(items(), id, &Item::id);
    return found == items().end() ? nullptr : &*found;
}

}  // namespace postroom::checks
