// A case's history: every step that is no mail is an event in it.
#pragma once

#include "model/case.hpp"
#include "store/connection.hpp"

#include <string>
#include <string_view>

namespace postroom::desk {

/// `who` is a user's name, or empty where nobody did it.
void add_event(store::Connection& c, model::CaseId a_case, std::string_view who, std::string text, Instant now);

}  // namespace postroom::desk
