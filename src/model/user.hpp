// Who may sign in to the console.
#pragma once

#include "model/ids.hpp"

#include <string>

namespace postroom::model {

enum class Role { system_administrator, department_administrator, agent, auditor };

struct User {
    UserId id;
    std::string name;
    std::string password_hash;  ///< argon2id, in libsodium's own form
    Role role = Role::agent;
    Instant created{};
};

[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] Result<Role> parse_role(std::string_view text);

}  // namespace postroom::model
