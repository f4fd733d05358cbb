// The partition's settings: words and their values. Which words there are is in settings.cpp's table.
#pragma once

#include "store/connection.hpp"

#include <map>
#include <span>

namespace postroom::store {

struct Setting {
    std::string_view name;
    std::string_view default_value;
    std::string_view meaning;
};
/// external-url, doubt-delays ("30s,2m,10m"), doubt-policy (ask | resend | …), case-token-key (made at the first start)
/// and so on.
[[nodiscard]] std::span<Setting const> known_settings();

/// The value, or its default. Throws Failure (Trouble::not_found) for a word that is not known.
[[nodiscard]] std::string setting(Connection& c, std::string_view name);
[[nodiscard]] std::map<std::string, std::string> settings(Connection& c);
/// How often each was changed by people; those that never were are not among them.
[[nodiscard]] std::map<std::string, std::int64_t> setting_versions(Connection& c);
void set_setting(Connection& c, std::string_view name, std::string_view value);

}  // namespace postroom::store
