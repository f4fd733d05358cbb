// The course of a call: begins, is reminded of, ends. Pure.
#pragma once

#include "model/alarm.hpp"

#include <optional>

namespace postroom::alarms {

/// What people are told now, if anything; `call` becomes as it stands afterwards. `remind` of 0: never.
///
/// It begins once it has lasted for the rule's quiet time, and has ended once it has been over for as long: what comes
/// back meanwhile goes on. Who acknowledged it is not reminded, and who silenced it is told nothing until then; but
/// where it hits far more than was told, that is news in spite of an acknowledgement.
[[nodiscard]] std::optional<model::Telling> step(model::AlarmCall& call, model::AlarmRule const& rule, Duration remind,
                                                 Instant now);

}  // namespace postroom::alarms
