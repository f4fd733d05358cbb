// Text in whatever charset a mail says, or fails to say, as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace postroom::mime {

/// Always valid UTF-8 without NULs and other control characters but \n and \t; line ends are \n. A charset that is
/// unknown, or that the bytes contradict, gives way to UTF-8 where they are that, and else to windows-1252.
[[nodiscard]] std::string to_utf8(std::string_view bytes, std::string_view charset);

/// A header value with bytes that should not be there (8 bit, or ISO-2022-JP unencoded), as UTF-8 in one line.
/// `charset` is what the mail's words declare: programs that leave a header bare have it in the same charset.
[[nodiscard]] std::string header_to_utf8(std::string_view raw, std::string_view charset = {});

/// What HTML says of its own charset, in a meta element near its beginning; empty where it says nothing.
[[nodiscard]] std::string charset_in_html(std::string_view html);

}  // namespace postroom::mime
