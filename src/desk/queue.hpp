// Whose a case is. A department's open cases that nobody has are its queue: agents pick from it, are assigned from it,
// and transfer what is somebody else's. Everything here runs inside the caller's transaction; what a person did wrong
// comes back as Error.
#pragma once

#include "base/result.hpp"
#include "model/case.hpp"
#include "model/user.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace postroom::desk {

/// Whether a case of this department may be theirs: they see it, and may answer.
[[nodiscard]] bool may_have(model::User const& user, model::DepartmentId department);

/// Errors: Trouble::not_found; Trouble::conflict where it is closed, or somebody's already.
[[nodiscard]] Result<void> pick(store::Connection& c, model::CaseId a_case, model::User const& user, Instant now);
/// Picks what has waited longest in the department's queue. Nothing where the queue is empty. Error: Trouble::invalid
/// where nothing of the department may be theirs.
[[nodiscard]] Result<std::optional<model::CaseId>> pick_next(store::Connection& c, model::DepartmentId department,
                                                             model::User const& user, Instant now);
/// Gives it to `to`, whoever has it now, or to nobody: back into the queue. Errors: as pick(), and Trouble::invalid
/// where it can't be theirs.
[[nodiscard]] Result<void> assign(store::Connection& c, model::CaseId a_case, std::optional<model::User> const& to,
                                  std::string_view who, Instant now);
/// Into another department's queue; answered from `mailbox`, which may be nothing where that department has only one.
/// Errors: Trouble::not_found; Trouble::conflict where it is closed, or there already; Trouble::invalid.
[[nodiscard]] Result<void> transfer(store::Connection& c, model::CaseId a_case, model::DepartmentId to,
                                    std::optional<model::MailboxId> mailbox, std::string_view who, Instant now);
/// What is theirs, and may not be any more, goes back into its department's queue: `user` as they are from now on;
/// nothing of them stays where they are `gone`.
void give_back(store::Connection& c, model::User const& user, bool gone, std::string_view who, Instant now);

}  // namespace postroom::desk
