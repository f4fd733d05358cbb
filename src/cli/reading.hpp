// What a received mail says of itself beside its words, for people at a terminal.
#pragma once

#include <boost/json/object.hpp>

#include <string>

namespace postroom::cli {

/// A line for each thing told; `reading` is the API's (its schema Reading).
[[nodiscard]] std::string told_by_reading(boost::json::object const& reading);

}  // namespace postroom::cli
