// What one server of the installation does for another: it names itself in a job's kind, so that nobody else takes it.
#pragma once

#include "checks/conversation.hpp"
#include "checks/item.hpp"
#include "store/coordination.hpp"
#include "vault/vault.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace postroom::checks {

/// Of jobs that only this server takes.
[[nodiscard]] std::string kind_for(std::string_view server);

struct LiveServer {
    std::string name;
    Side side = Side::services;  ///< what must hold there
};
/// Those that gave a sign of life within the last minute and did not stop, by name.
[[nodiscard]] std::vector<LiveServer> live_servers(store::Connection& c);
/// The one that is called so, or whose machine is where it has only one. Errors: Trouble::not_found, with those there
/// are.
[[nodiscard]] Result<LiveServer> live_server(store::Connection& c, std::string_view name);

/// A conversation with a mail server that is to be held, with nothing stored about it.
struct Connecting {
    Purpose purpose = Purpose::imap;
    Endpoint server;
    bool implicit_tls = true;
    std::string user;  ///< with a token
    std::string folder = "INBOX";
    Duration limit{15'000};
    bool transcript = false;                    ///< what is said is kept, masked
    std::optional<model::AccountId> account{};  ///< whose token it is, instead of one that was given
    std::optional<model::MailboxId> mailbox{};  ///< of that account
    std::string account_name{};
};
/// Where the account's token may be shown for that purpose: at its own server, or the provider's own. `asked`: or
/// nowhere. Errors: Trouble::invalid.
[[nodiscard]] Result<Place> place_for_token(model::Account const& account,
                                            std::optional<model::Application> const& application, Purpose purpose,
                                            std::optional<Endpoint> const& asked);
/// For that server to do. The token lies sealed in the job until it is taken out to be used.
model::JobId begin_connection(store::Connection& c, vault::Vault const& vault, Connecting const& connecting,
                              Secret const* token, std::string_view server);
/// Of such a job; nothing of any other.
[[nodiscard]] std::optional<Connecting> connecting_of(store::Job const& job);
/// Takes it out. Nothing where there was none. Errors: Trouble::not_found where it was taken out before, and as
/// Vault::unseal().
[[nodiscard]] Result<std::optional<Secret>> take_token(store::Connection& c, vault::Vault const& vault,
                                                       store::Job const& job);

/// What was said, and of what was refused, the causes that it may mean, by id.
[[nodiscard]] boost::json::object to_json(Conversation const& talk);

}  // namespace postroom::checks
