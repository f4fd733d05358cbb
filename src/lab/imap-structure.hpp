// ENVELOPE, BODYSTRUCTURE and parts of a mail, as far as mail programs need them to show one (RFC 3501 section 7.4.2).
// Postroom itself asks for none of it, since Exchange's own answers are at times broken (MailKit #919).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

[[nodiscard]] std::string envelope(std::string_view raw);
/// With `extended`, parameters such as the disposition, too.
[[nodiscard]] std::string body_structure(std::string_view raw, bool extended);
/// The header and content of part 1.2.3; nothing where there is no such part.
[[nodiscard]] std::optional<std::string_view> part_of(std::string_view raw, std::vector<unsigned> const& numbers);

}  // namespace postroom::lab
