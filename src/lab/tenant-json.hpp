// Users, mailboxes, applications, faults and settings as JSON: what the API takes and shows, and what a tenant file
// holds.
#pragma once

#include "lab/state.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace postroom::lab {

// Each adds, or changes what is there; fields that are missing keep their value. Errors: Trouble::invalid, naming the
// field, also for one that is not known; Trouble::not_found; Trouble::limit.
[[nodiscard]] Result<void> apply_user(State& state, boost::json::object const& object);
[[nodiscard]] Result<void> apply_mailbox(State& state, boost::json::object const& object);
[[nodiscard]] Result<void> apply_application(State& state, boost::json::object const& object);
[[nodiscard]] Result<void> apply_fault(State& state, boost::json::object const& object);
[[nodiscard]] Result<void> apply_settings(State& state, boost::json::object const& object);
/// {"users": […], "mailboxes": […], "applications": […], "faults": […], "settings": {…}}
[[nodiscard]] Result<void> apply_tenant(State& state, boost::json::object const& object);

[[nodiscard]] boost::json::object to_json(User const& user);
[[nodiscard]] boost::json::object to_json(Mailbox const& mailbox);
[[nodiscard]] boost::json::object to_json(Application const& application);
[[nodiscard]] boost::json::object to_json(ActiveFault const& fault);
[[nodiscard]] boost::json::object to_json(FaultRow const& row);
[[nodiscard]] boost::json::object to_json(Settings const& settings);
[[nodiscard]] boost::json::object to_json(Counters const& counters);

/// What a new lab holds: contoso.test with sales@, support@ and alex@, and the application "Postroom".
void fill_default_tenant(State& state, std::vector<std::string> const& redirect_uris);

}  // namespace postroom::lab
