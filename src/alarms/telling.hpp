// What people are written about a call. Pure, and in English: whoever reads an alarm is not known.
#pragma once

#include "model/alarm.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::alarms {

struct Mail {
    std::string subject;
    std::string text;
};
/// `external_url` is where the console is; links are left out where it is empty.
[[nodiscard]] Mail tell(model::AlarmCall const& call, model::Telling what, std::string_view external_url, Instant now);

/// What a webhook is told: {"cause", "title", "words", …}, as JSON.
[[nodiscard]] std::string told_as_json(model::AlarmCall const& call, model::Telling what);

/// The addresses of the setting alarm-recipients: with commas or blanks between.
[[nodiscard]] std::vector<std::string> recipients_of(std::string_view setting);

}  // namespace postroom::alarms
