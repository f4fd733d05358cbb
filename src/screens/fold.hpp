// Text made comparable: what looks alike to people, or to the programs that open a file, compares alike.
#pragma once

#include <string>
#include <string_view>

namespace postroom::screens {

/// NFKC_Casefold (Unicode, section 3.13): without case, without full-width and other dressed-up letters, without
/// characters that nobody sees. What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string folded(std::string_view text);

/// The same, each run of white space as one blank, none at either end: for phrases, which mails break into lines.
[[nodiscard]] std::string folded_words(std::string_view text);

/// A domain as the wire has it, in lower case (UTS 46: bücher.example is xn--bcher-kva.example), without a dot at its
/// end. What is no domain is folded().
[[nodiscard]] std::string folded_domain(std::string_view domain);

/// A file's name: folded, without control characters, without blanks around it, and without the dots at its end that
/// Windows drops.
[[nodiscard]] std::string folded_name(std::string_view name);

}  // namespace postroom::screens
