// What a run of the check list found, as people and programs read it.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace postroom::cli {

/// `run` as the API gives it; `kind` is text, json, html or junit.
[[nodiscard]] std::string report(boost::json::object const& run, std::string_view kind);
/// "could not be told"
[[nodiscard]] std::string outcome_in_words(std::string_view outcome);

}  // namespace postroom::cli
