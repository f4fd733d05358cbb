// Every item by its name: a file each. items.cpp says in which order they come.
#pragma once

#include "checks/item.hpp"

namespace postroom::checks {

namespace item {

[[nodiscard]] Item minimum_version();
[[nodiscard]] Item external_url();
[[nodiscard]] Item external_url_login();
[[nodiscard]] Item dns();
[[nodiscard]] Item proxy();
[[nodiscard]] Item url_office365();
[[nodiscard]] Item port_443();
[[nodiscard]] Item port_587();
[[nodiscard]] Item port_993();
[[nodiscard]] Item port_995();
[[nodiscard]] Item tls_path();
[[nodiscard]] Item url_login();
[[nodiscard]] Item clock();
[[nodiscard]] Item own_links();
[[nodiscard]] Item application_exists();
[[nodiscard]] Item redirect_url();
[[nodiscard]] Item client_credential();
[[nodiscard]] Item authority();
[[nodiscard]] Item basic_authentication();
[[nodiscard]] Item grant_present();
[[nodiscard]] Item grant_owner();
[[nodiscard]] Item permissions();
[[nodiscard]] Item grant_refresh();
[[nodiscard]] Item grant_claims();
[[nodiscard]] Item grant_forecast();
[[nodiscard]] Item token_lifetime();
[[nodiscard]] Item application_only();
[[nodiscard]] Item mailbox_access();
[[nodiscard]] Item inbound_enabled();
[[nodiscard]] Item licence();
[[nodiscard]] Item smtp_enabled();
[[nodiscard]] Item send_as();
[[nodiscard]] Item mailbox_full();
[[nodiscard]] Item quota();
[[nodiscard]] Item inbound_imap();
[[nodiscard]] Item inbound_pop3();
[[nodiscard]] Item outbound_smtp();
[[nodiscard]] Item calendar_retrieval();
[[nodiscard]] Item round_trip();
[[nodiscard]] Item sent_copy();
[[nodiscard]] Item alarm_notification();

}  // namespace item

}  // namespace postroom::checks
