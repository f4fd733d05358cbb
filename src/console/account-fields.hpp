// What people say of an account, read alike where one is added, changed and converted: by whose right its mailboxes are
// opened, and where its servers are.
#pragma once

#include "console/request.hpp"
#include "model/account.hpp"
#include "oauth/clouds.hpp"
#include "store/connection.hpp"
#include "vault/vault.hpp"

#include <optional>
#include <string>

namespace postroom::console {

/// Servers, and whom they are told that we are, as far as a request says so.
struct ServersGiven {
    std::optional<std::string> imap_host, pop3_host, smtp_host;
    std::optional<bool> retrieval_starttls, submission_implicit_tls;
    std::optional<model::SignInAs> retrieve_as, submit_as;

    [[nodiscard]] bool any() const;
};

/// A Problem for what is wrong by itself, and where the caller may not name servers: tokens and passwords are sent to
/// them.
[[nodiscard]] ServersGiven servers_given(Members const& members, Request const& request);

/// Puts them into the account: what was given; else `cloud`'s own, where there is one and it has some; else as they
/// are. A Problem where there are none then, or a host is of another protocol than the account's. Returns what was
/// given, for the audit trail.
json::object put_servers(model::Account& account, ServersGiven const& given,
                         std::optional<oauth::Cloud> const& cloud = std::nullopt);

/// Who signs in, as far as a request says so.
struct AccessGiven {
    model::Access access = model::Access::delegated;
    std::optional<std::string> application, user;
    Secret password;
};

[[nodiscard]] AccessGiven access_given(Members const& members, model::Access otherwise);

/// Puts it into the account, with a password sealed for its place, and where the access is another one than before,
/// whom servers are told that we are as it needs it; returns the cloud of its application, unless it was in that cloud
/// before. A Problem where something is missing or does not go together. Only a system administrator may have mailboxes
/// opened by an application's own permissions, which know no departments.
std::optional<oauth::Cloud> put_access(store::Connection& c, Request const& request, vault::Vault const& vault,
                                       model::Account& account, AccessGiven const& given);

}  // namespace postroom::console
