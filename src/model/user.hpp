// Who may sign in to the console, and the tokens with which other software comes in for them.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postroom::model {

enum class Role { system_administrator, department_administrator, agent, auditor };

struct User {
    UserId id;
    std::string name;
    std::string password_hash;  ///< argon2id, in libsodium's own form; empty until one was chosen through a link
    Role role = Role::agent;
    Instant created{};
    std::vector<DepartmentId> departments{};
    std::int64_t version = 1;  ///< of what people edit
};

/// A one-time link with which a user chooses a password. The store knows a digest of its secret.
struct UserLink {
    UserId user;
    Instant ends{};
};

struct AccessToken {
    AccessTokenId id;
    UserId user;
    std::string name;
    std::vector<std::string> scopes;
    Instant created{};
    std::optional<Instant> ends{};
    std::optional<Instant> last_used{};  ///< to the hour
    std::optional<Instant> revoked{};

    [[nodiscard]] bool holds(Instant now) const { return !revoked && (!ends || *ends > now); }
};

[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] Result<Role> parse_role(std::string_view text);

}  // namespace postroom::model
