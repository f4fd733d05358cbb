// Encoded words (RFC 2047): decoded, or made harmless for GMime.
#pragma once

#include <string>
#include <string_view>

namespace postroom::mime {

/// The same header value with each run of encoded words as one word, in UTF-8 and base64. GMime 3.2 drops what follows
/// the padding of one base64 word in the next of its charset, and mail programs cut between the bytes of a character:
/// each word is decoded by itself here, and the bytes of a run in one charset are read together.
[[nodiscard]] std::string with_joined_words(std::string_view value);

/// A value without structure, such as a subject: its words decoded. What is no word stays as it is.
[[nodiscard]] std::string decoded_words(std::string_view value);

}  // namespace postroom::mime
