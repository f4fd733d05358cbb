// What reading a received mail told beside its words, as the JSON that its activity keeps and the API gives: the schema
// Reading of api/openapi.yaml.
#pragma once

#include "mime/read.hpp"

#include <string>

namespace postroom::desk {

/// Its member "version": counts changes after which an older one has to be read otherwise.
inline constexpr int reading_version = 1;

[[nodiscard]] std::string reading_of(mime::Mail const& mail);

}  // namespace postroom::desk
