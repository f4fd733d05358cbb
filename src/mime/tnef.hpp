// winmail.dat: what Outlook and Exchange wrap a mail's words and attachments into for each other (MS-OXTNEF).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::mime {

struct TnefFile {
    std::string name;        ///< UTF-8; may be empty, or hostile like any file name in a mail
    std::string type;        ///< media type in lower case
    std::string content_id;  ///< without < >; may be empty
    std::string_view bytes;  ///< of the caller's
};
struct Tnef {
    std::string text, html;       ///< UTF-8, each may be empty
    std::string rtf;              ///< where there are only these words
    std::vector<TnefFile> files;  ///< an embedded message is one of them, of type application/ms-tnef
};

inline constexpr std::size_t tnef_files_limit = 500;
inline constexpr std::size_t tnef_words_limit = 4 * 1024 * 1024;

/// What can be read up to the first thing that can't. Nothing where the bytes do not begin as TNEF does. `bytes` must
/// outlive what it gives.
[[nodiscard]] std::optional<Tnef> read_tnef(std::string_view bytes);

}  // namespace postroom::mime
