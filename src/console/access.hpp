// Who may do what: the sets of roles that the table of routes names.
#pragma once

#include "model/user.hpp"

#include <cstdint>

namespace postroom::console {

/// A set of roles; `anyone` needs no sign-in at all.
enum class Access : std::uint8_t {
    anyone = 0,
    system = 1U << unsigned(model::Role::system_administrator),
    department = system | 1U << unsigned(model::Role::department_administrator),  ///< accounts, mailboxes
    desk = department | 1U << unsigned(model::Role::agent),                       ///< cases and answers
    // An auditor sees all of it and changes nothing.
    see_system = system | 1U << unsigned(model::Role::auditor),
    see_department = department | 1U << unsigned(model::Role::auditor),
    see_desk = desk | 1U << unsigned(model::Role::auditor),
};

[[nodiscard]] constexpr bool allows(Access access, model::Role role)
{
    return access == Access::anyone || (unsigned(access) >> unsigned(role) & 1U) != 0;
}

}  // namespace postroom::console
