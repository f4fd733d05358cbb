// The device authorization grant (RFC 8628): a terminal shows a code, a browser anywhere else enters it.
#pragma once

#include "oauth/token-call.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::oauth {

struct DeviceCode {
    Secret device_code;
    std::string user_code;         ///< for people to type; printable ASCII without blanks
    std::string verification_url;  ///< where to type it; https
    std::string complete_url;      ///< the same with the code in it; empty where the provider gives none
    Duration expires_in{};
    Duration interval{};  ///< between two polls, at least
};

/// Total, as read_token_answer().
[[nodiscard]] std::expected<DeviceCode, ProviderError> read_device_answer(
    unsigned status, std::map<std::string, std::string> const& headers, std::string_view body);

/// Errors: the provider's refusal; one of ours where it has no device endpoint. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<DeviceCode, ProviderError>> begin_device_flow(
    net::Https& https, Provider const& provider, Client const& client, std::vector<std::string> scopes);

/// Asks once whether the code was entered. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<TokenAnswer, ProviderError>> poll_device(net::Https& https,
                                                                                    Provider const& provider,
                                                                                    Client const& client,
                                                                                    Secret device_code);

/// How long to wait before the next poll; nothing where the answer is final (section 3.5: slow_down adds 5 s to every
/// wait that follows).
[[nodiscard]] std::optional<Duration> wait_after(ProviderError const& error, Duration interval);

}  // namespace postroom::oauth
