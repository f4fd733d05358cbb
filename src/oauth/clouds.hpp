// Microsoft's clouds as records: what differs between them is data, not code.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::oauth {

struct Cloud {
    std::string name;               ///< as an application names it
    std::string login_host;         ///< empty for custom: the application gives the authority
    std::string resource_prefix;    ///< of the mail scopes, with its slash
    std::string application_scope;  ///< what an application asks for as itself, without a user
    std::string imap_host;          ///< POP3's, too; empty for custom
    std::string smtp_host;          ///< empty for custom
};

/// worldwide (with GCC), gcc-high, dod, china, custom.
[[nodiscard]] std::span<Cloud const> clouds();
/// Errors: Trouble::invalid, with the names that there are.
[[nodiscard]] Result<Cloud> cloud_named(std::string_view name);

enum class Retrieval { imap, pop3 };
/// What an account's grant is asked for: retrieval, SMTP, a refresh token, and who signed in.
[[nodiscard]] std::vector<std::string> mail_scopes(Cloud const& cloud, Retrieval retrieval = Retrieval::imap);

}  // namespace postroom::oauth
