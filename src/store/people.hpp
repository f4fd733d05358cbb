// Departments, users, and what signs them in: sessions, one-time links, access tokens. Of each of these three the store
// keeps a digest of the secret, and the secret nowhere.
#pragma once

#include "model/department.hpp"
#include "model/sight.hpp"
#include "model/user.hpp"
#include "store/connection.hpp"

namespace postroom::store {

void add_department(Connection& c, model::Department const& department);
[[nodiscard]] std::vector<model::Department> departments(Connection& c, model::Sight const& sight = {});
[[nodiscard]] std::optional<model::Department> department_named(Connection& c, std::string_view name);

void add_user(Connection& c, model::User const& user);
[[nodiscard]] std::vector<model::User> users(Connection& c);
[[nodiscard]] std::optional<model::User> user_named(Connection& c, std::string_view name);
[[nodiscard]] std::optional<model::User> user(Connection& c, model::UserId id);
void set_password_hash(Connection& c, model::UserId user, std::string_view hash);
/// Role and departments, as given.
void change_user(Connection& c, model::User const& user);
/// Their sessions, link and tokens go with them.
void remove_user(Connection& c, model::UserId user);
/// System administrators besides this user who have a password. Until the transaction ends no other one can change who
/// is a system administrator, so that two who remove each other don't both succeed.
[[nodiscard]] std::int64_t other_system_administrators(Connection& c, model::UserId user);

/// `host` is the name by which the console was reached; empty: not known.
void add_session(Connection& c, std::string_view token_digest, model::UserId user, Instant ends,
                 std::string_view host = {});
[[nodiscard]] std::optional<model::User> session_user(Connection& c, std::string_view token_digest, Instant now);
void end_session(Connection& c, std::string_view token_digest);
/// All of them, or all but that of `spared`. How many there were.
std::int64_t end_sessions_of(Connection& c, model::UserId user, std::string_view spared_digest = {});

/// Replaces the user's link, where there is one.
void put_link(Connection& c, model::UserLink const& link, std::string_view digest);
/// Those that have not ended.
[[nodiscard]] std::vector<model::UserLink> links(Connection& c, Instant now);
void remove_link(Connection& c, model::UserId user);
/// Nothing where it was used, replaced, or has ended.
[[nodiscard]] std::optional<model::UserLink> link_with(Connection& c, std::string_view digest, Instant now);
/// False: somebody else was first.
[[nodiscard]] bool use_link(Connection& c, std::string_view digest);

void add_access_token(Connection& c, model::AccessToken const& token, std::string_view digest);
/// Newest first, those that ended or were revoked as well; of this user, or of all.
[[nodiscard]] std::vector<model::AccessToken> access_tokens(Connection& c, std::optional<model::UserId> user);
[[nodiscard]] std::optional<model::AccessToken> access_token(Connection& c, model::AccessTokenId id);
[[nodiscard]] std::optional<model::AccessToken> access_token_with(Connection& c, std::string_view digest);
void note_use(Connection& c, model::AccessTokenId id, Instant now);
/// False: it was revoked before.
bool revoke_access_token(Connection& c, model::AccessTokenId id, Instant now);

}  // namespace postroom::store
