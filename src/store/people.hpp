// Departments, users and the sessions they have in the console.
#pragma once

#include "model/department.hpp"
#include "model/user.hpp"
#include "store/connection.hpp"

namespace postroom::store {

void add_department(Connection& c, model::Department const& department);
[[nodiscard]] std::vector<model::Department> departments(Connection& c);
[[nodiscard]] std::optional<model::Department> department_named(Connection& c, std::string_view name);

void add_user(Connection& c, model::User const& user);
[[nodiscard]] std::vector<model::User> users(Connection& c);
[[nodiscard]] std::optional<model::User> user_named(Connection& c, std::string_view name);
void set_password_hash(Connection& c, model::UserId user, std::string_view hash);

/// A session is found by the digest of its token, which is kept nowhere.
void add_session(Connection& c, std::string_view token_digest, model::UserId user, Instant ends);
[[nodiscard]] std::optional<model::User> session_user(Connection& c, std::string_view token_digest, Instant now);
void end_session(Connection& c, std::string_view token_digest);

}  // namespace postroom::store
