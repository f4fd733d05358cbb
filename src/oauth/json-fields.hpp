// Reading what a provider sent: every member may be absent or of another type than it should be.
#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::oauth {

namespace json = boost::json;

/// Errors: Trouble::protocol, saying what it is instead (`what` names it: "the token endpoint's answer").
[[nodiscard]] Result<json::object> parse_object(std::string_view body, std::string_view what);
/// "" where it is absent or no string.
[[nodiscard]] std::string text_member(json::object const& object, std::string_view name);
/// A number, or a string of digits (Entra v1 sends strings); nothing otherwise, or where it is absurd.
[[nodiscard]] std::optional<std::int64_t> number_member(json::object const& object, std::string_view name);

}  // namespace postroom::oauth
