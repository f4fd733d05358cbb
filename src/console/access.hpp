// Who may do what, judged in this one place: what a route takes, which roles have it, and the scope of an access token
// that goes with it. The words are those of x-access in api/openapi.yaml.
#pragma once

#include "model/user.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::console {

/// What a route takes. None of them includes another: a token that is to read and to write has both scopes.
enum class Access : std::uint8_t {
    anyone,    ///< no sign-in at all
    see_self,  ///< who is signed in, and with which tokens
    self,      ///< one's own password, sessions and tokens
    see_desk,  ///< cases and answers
    desk,
    see_department,  ///< accounts, mailboxes
    department,
    see_system,  ///< users, settings, applications, the audit trail
    system,
    see_metrics,  ///< figures of the whole partition, and nothing else
};

namespace detail {

struct Row {
    Access access;
    std::string_view word;
    std::array<bool, 4> roles;  // in the order of model::Role
};
// An auditor sees all of it and changes nothing.
inline constexpr std::array<Row, 10> rows{{
    // ........................................... system, department, agent, auditor
    {Access::anyone, "anyone", {true, true, true, true}},
    {Access::see_self, "self:read", {true, true, true, true}},
    {Access::self, "self:write", {true, true, true, true}},
    {Access::see_desk, "cases:read", {true, true, true, true}},
    {Access::desk, "cases:write", {true, true, true, false}},
    {Access::see_department, "accounts:read", {true, true, false, true}},
    {Access::department, "accounts:write", {true, true, false, false}},
    {Access::see_system, "system:read", {true, false, false, true}},
    {Access::system, "system:write", {true, false, false, false}},
    {Access::see_metrics, "metrics:read", {true, false, false, true}},
}};

}  // namespace detail

/// The scope's word.
[[nodiscard]] constexpr std::string_view to_string(Access access)
{
    return detail::rows[std::size_t(access)].word;
}

[[nodiscard]] constexpr bool allows(Access access, model::Role role)
{
    return detail::rows[std::size_t(access)].roles[std::size_t(role)];
}

/// What is of the whole partition speaks of every department: it is not for an auditor of some.
[[nodiscard]] constexpr bool allows(Access access, model::Role role, bool all_departments)
{
    return allows(access, role) && (all_departments || (access != Access::see_system && access != Access::see_metrics));
}

/// Scopes are those of an access token, or nothing where none was used. A token may what both its user's role and its
/// scopes allow.
[[nodiscard]] inline bool in_scope(Access access, std::optional<std::vector<std::string>> const& scopes)
{
    return !scopes || access == Access::anyone || std::ranges::find(*scopes, to_string(access)) != scopes->end();
}

/// All that a token's scope may be.
[[nodiscard]] inline std::vector<Access> scopes()
{
    std::vector<Access> all;
    for (auto const& row : detail::rows)
        if (row.access != Access::anyone) all.push_back(row.access);
    return all;
}

}  // namespace postroom::console
