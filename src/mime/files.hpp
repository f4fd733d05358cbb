// The files of a mail, one after the other: whatever a person could save, with its bytes.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace postroom::mime {

struct File {
    int number = 0;    ///< among the mail's parts
    std::string type;  ///< media type in lower case, without parameters
    std::string name;  ///< without any folder; may be empty
    std::int64_t size = 0;
    std::string bytes;  ///< decoded, the first of them
};

/// Calls `each` with every part that is no words of the mail and no wrapper that was opened (winmail.dat, signed
/// S/MIME), until it returns false. `keep` octets of each are kept, and one at a time is in memory. An embedded message
/// is a file. Goes no further than the bounds of read.hpp. Errors: as read().
[[nodiscard]] Result<void> each_file(std::string_view bytes, std::size_t keep,
                                     std::function<bool(File const&)> const& each);

}  // namespace postroom::mime
