// What Exchange gives in place of a mail that it can't convert: text of its own, which is nobody's mail.
#pragma once

#include <cstddef>
#include <string_view>

namespace postroom::retriever {

/// Of larger mails, or behind so many bytes, it is not looked for.
inline constexpr std::size_t placeholder_limit = 64 * 1024;
inline constexpr std::size_t placeholder_head = 4 * 1024;

/// `head`: the first placeholder_head bytes of a mail, or all where it is shorter. Only what was seen
/// literally (getmail's documentation, MailKit #1446), of either protocol, is taken for one, and nothing that came from
/// elsewhere: a customer may write about it.
[[nodiscard]] bool is_placeholder(std::string_view head);

}  // namespace postroom::retriever
