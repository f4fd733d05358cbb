// User names that a mail server refused: one for all mailboxes, workers and servers of the installation, because
// whoever comes again and again with a wrong password is locked out.
#pragma once

#include "model/account.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// The alarm that is raised while an account has a hold.
inline constexpr std::string_view sign_in_alarm = "sign-in";

enum class MailServer { retrieval, submission };

struct SignInHold {
    model::AccountId account;
    MailServer server = MailServer::retrieval;
    std::string user_name;
    unsigned refusals = 0;  ///< in a row
    Instant next_try{};
    std::string reason;
};
[[nodiscard]] std::optional<SignInHold> sign_in_hold(Connection& c, model::AccountId account, MailServer server,
                                                     std::string_view user_name);
/// The next try is whoever's is first here: others wait until `until`. False where it is not due yet, or somebody
/// else's.
[[nodiscard]] bool take_try(Connection& c, SignInHold const& hold, Instant now, Instant until);
/// Adds or replaces it.
void hold_sign_in(Connection& c, SignInHold const& hold);
/// True where the account has none left; then its alarm ends.
bool release_sign_in(Connection& c, model::AccountId account, MailServer server, std::string_view user_name);
void release_sign_ins(Connection& c, model::AccountId account);
[[nodiscard]] std::vector<SignInHold> sign_in_holds(Connection& c, model::AccountId account);
/// Its workers may sign in: it is ready, or nothing is wrong with it but what a mail server refused, which is tried
/// again.
[[nodiscard]] bool may_be_tried(Connection& c, model::Account const& account);

}  // namespace postroom::store
