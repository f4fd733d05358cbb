// What a received mail says of itself beside its words, for people at a terminal.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>

namespace postroom::cli {

/// A line for each thing told; `reading` is the API's (its schema Reading).
[[nodiscard]] std::string told_by_reading(boost::json::object const& reading);
/// A line for each recipient of a mail of ours that something is known of (its schema RecipientOutcome).
[[nodiscard]] std::string told_by_outcomes(boost::json::array const& outcomes);

}  // namespace postroom::cli
