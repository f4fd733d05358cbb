// An access token for a conversation with nothing stored: from a file, a command, or a code that is entered in a
// browser.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/https.hpp"

#include <string>
#include <vector>

namespace postroom::cli {

/// The file's first line; "-" is standard input. Throws Exit.
[[nodiscard]] Secret token_in(std::string const& file);
/// The first line that the command prints, which has nothing to read. Throws Exit.
[[nodiscard]] Secret token_from(std::string const& command);

struct DeviceCodeAsked {
    std::string authority, client_id;
    std::vector<std::string> scopes;
};
/// Says on stderr what to enter where, and waits for it. Meanwhile AADSTS numbers that are typed are explained: the
/// provider's page shows some refusals to whoever sits before it only. Errors: the provider's refusal, and
/// Trouble::timed_out. Throws net::Broken.
[[nodiscard]] net::awaitable<Result<Secret>> token_by_device_code(net::Https& https, DeviceCodeAsked asked);

}  // namespace postroom::cli
