// Which departments somebody sees. What belongs to another one is, for them, not there.
#pragma once

#include "model/user.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace postroom::model {

struct Sight {
    std::optional<std::vector<DepartmentId>> departments;  ///< nothing: all of them

    [[nodiscard]] bool all() const { return !departments; }
    [[nodiscard]] bool sees(DepartmentId department) const
    {
        return all() || std::ranges::find(*departments, department) != departments->end();
    }
};

/// System administrators see all, and so do auditors unless they were given departments; everybody else sees their own.
[[nodiscard]] inline Sight sight_of(User const& user)
{
    bool const all =
        user.role == Role::system_administrator || (user.role == Role::auditor && user.departments.empty());
    return all ? Sight{} : Sight{user.departments};
}

}  // namespace postroom::model
