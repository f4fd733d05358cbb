// A mail of ours from a mailbox to itself. Whether a mailbox may be sent from shows only when a mail is sent; this one
// is marked, so that it is known again when it comes, and becomes no case.
#pragma once

#include "mime/compose.hpp"

#include <string_view>

namespace postroom::mime {

/// `key` is the partition's case-token-key, of any length, and not empty. Errors: as compose().
/// By `message_id`, without < >, or one of its own.
[[nodiscard]] Result<Composed> test_mail(std::string_view address, std::string_view key, Instant now,
                                         std::string_view message_id = {});

/// Bears a mark that was made with `key` for its From address. Nobody without the key can mark a mail so.
[[nodiscard]] bool is_test_mail(Mail const& mail, std::string_view key);

}  // namespace postroom::mime
