// The screens of departments, and what became of the mails that met one.
#pragma once

#include "model/department.hpp"
#include "model/message.hpp"
#include "model/screens.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// The defaults where nobody ever changed them.
[[nodiscard]] model::Screens screens(Connection& c, model::DepartmentId department);
struct ScreensVersion {
    model::DepartmentId department;
    std::int64_t version = 0;
};
/// Of all departments whose screens were ever changed: for whoever keeps them at hand.
[[nodiscard]] std::vector<ScreensVersion> screens_versions(Connection& c);

/// Counts the version up and returns it; the first time, it makes the defaults the department's own. Until the
/// transaction ends nobody else does. What follows calls it before.
[[nodiscard]] std::int64_t next_screens_version(Connection& c, model::DepartmentId department);
/// Size and default phrases.
void set_screens(Connection& c, model::Screens const& screens);
/// False where it is there already.
bool add_screen_rule(Connection& c, model::DepartmentId department, model::ScreenRuleKind kind,
                     std::string_view pattern, std::string_view who, Instant now);
/// False where there is none.
bool remove_screen_rule(Connection& c, model::DepartmentId department, model::ScreenRuleKind kind,
                        std::string_view pattern);

/// Sets a mail aside that awaits triage, because of a rule. False where it awaits triage no more.
bool hold_message(Connection& c, model::MessageId id, model::Screen screen, std::string_view rule,
                  std::string_view why);
/// Notes which screen a mail met that is shown to agents all the same.
void note_screen(Connection& c, model::MessageId id, model::Screen screen, std::string_view rule);
/// Out of the exception queue, past all screens. Throws Failure (Trouble::not_found) where no screen holds it.
void release_message(Connection& c, model::MessageId id);

}  // namespace postroom::store
