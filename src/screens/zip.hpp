// What a ZIP archive lists, without unpacking anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::screens {

struct ZipListing {
    std::vector<std::string> names;  ///< UTF-8, with their folders, as the archive has them
    bool locked = false;             ///< an entry is encrypted
    bool cut = false;                ///< there is more than was looked at, or it could not be told
};

inline constexpr std::size_t zip_names_limit = 2000;
inline constexpr std::size_t zip_name_limit = 1000;  ///< octets

/// By the central directory where it is in `bytes`, else by the entries one after the other. Nothing where the bytes
/// do not begin as an archive does.
[[nodiscard]] std::optional<ZipListing> list_zip(std::string_view bytes);

}  // namespace postroom::screens
