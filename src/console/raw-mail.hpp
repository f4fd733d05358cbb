// The bytes of a mail as they were filed, chunk by chunk, so that none has to fit in memory.
#pragma once

#include "console/house.hpp"

namespace postroom::console {

[[nodiscard]] net::HttpResponse raw_mail(House& house, model::BodyId body, std::string const& file_name);

}  // namespace postroom::console
