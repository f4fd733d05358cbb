// What a check found out, and whose it is to remedy.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace postroom::model {

/// Who can remedy a cause.
enum class Responsible {
    postroom,  ///< who administers Postroom
    entra,     ///< who administers the identity provider's tenant
    exchange,  ///< who administers the mailboxes
    network,
    microsoft,  ///< nobody here: wait, or open a support case
};

enum class Outcome { holds, fails, warns, could_not_be_told };

struct Finding {
    Outcome outcome = Outcome::could_not_be_told;
    std::string cause;     ///< the id of a Cause (causes.hpp); empty where it holds
    std::string evidence;  ///< what was asked and what came back, without secrets
    std::string remedy;    ///< empty where it holds
    Responsible owner = Responsible::postroom;
};

[[nodiscard]] std::string_view to_string(Responsible owner);
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] Result<Responsible> parse_responsible(std::string_view text);
[[nodiscard]] Result<Outcome> parse_outcome(std::string_view text);
/// As people read it: "Exchange administrator".
[[nodiscard]] Words in_words(Responsible owner);

}  // namespace postroom::model
