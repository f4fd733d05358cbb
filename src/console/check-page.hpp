// A run of the check list as one page, for handing on: a file that needs nothing from the net, and prints well.
#pragma once

#include "base/words.hpp"
#include "words/language.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace postroom::console {

/// `run` is a CheckRun as the API gives it in that language.
[[nodiscard]] std::string check_page(boost::json::object const& run, words::Language const& language);
/// "could not be told"
[[nodiscard]] Words outcome_in_words(std::string_view outcome);

}  // namespace postroom::console
