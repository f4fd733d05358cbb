#include "oauth/device-flow.hpp"

#include "oauth/authority.hpp"
#include "oauth/json-fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace postroom::oauth {

namespace {

// RFC 8628 section 3.2: 5 s where nothing is said. What is absurd is not believed.
constexpr std::int64_t usual_interval_s = 5;
constexpr std::int64_t longest_interval_s = 60;
constexpr std::int64_t longest_life_s = 3'600;
constexpr std::size_t longest_user_code = 64;

// A terminal shows it and a person types it: no escape sequence, and nothing that a keyboard lacks.
bool can_be_typed(std::string_view code)
{
    return code.size() <= longest_user_code &&
           std::ranges::all_of(code, [](unsigned char each) { return each > 0x20 && each < 0x7f; });
}

}  // namespace

std::expected<DeviceCode, ProviderError> read_device_answer(unsigned status,
                                                            std::map<std::string, std::string> const& headers,
                                                            std::string_view body)
{
    auto const refused = [&](std::string_view why) {
        // A refusal has the token endpoint's shape; an answer of another shape is told as that one tells it.
        auto read = read_token_answer(status, headers, body);
        if (!read && status != 200) return std::unexpected(std::move(read.error()));
        ProviderError error;
        error.status = status;
        error.description = why;
        return std::unexpected(std::move(error));
    };
    auto const object = parse_object(body, "the device endpoint's answer");
    if (status != 200 || !object) return refused("the device endpoint's answer is no JSON object");
    DeviceCode code;
    code.device_code = Secret(text_member(*object, "device_code"));
    code.user_code = text_member(*object, "user_code");
    code.verification_url = text_member(*object, "verification_uri");
    // Early servers, Entra's among them, wrote it so (draft-ietf-oauth-device-flow-07).
    if (code.verification_url.empty()) code.verification_url = text_member(*object, "verification_url");
    code.complete_url = text_member(*object, "verification_uri_complete");
    if (code.device_code.empty() || code.user_code.empty() || code.verification_url.empty())
        return refused("the device endpoint's answer lacks device_code, user_code or verification_uri");
    if (!can_be_typed(code.user_code))
        return refused("the device endpoint's answer has a user_code that nobody can type");
    if (!is_callable(code.verification_url))
        return refused("the device endpoint's answer has a verification_uri that is no https URL");
    if (!is_callable(code.complete_url)) code.complete_url.clear();
    code.expires_in = std::chrono::seconds(
        std::clamp<std::int64_t>(number_member(*object, "expires_in").value_or(900), 30, longest_life_s));
    code.interval = std::chrono::seconds(
        std::clamp<std::int64_t>(number_member(*object, "interval").value_or(usual_interval_s), 1, longest_interval_s));
    return code;
}

net::awaitable<std::expected<DeviceCode, ProviderError>> begin_device_flow(net::Https& https, Provider const& provider,
                                                                           Client const& client,
                                                                           std::vector<std::string> scopes)
{
    if (provider.device_code.empty()) {
        ProviderError error;
        error.description = "this identity provider has no device code flow; authorize in a browser instead";
        co_return std::unexpected(std::move(error));
    }
    net::HttpsCall request;
    request.method = "POST";
    request.url = provider.device_code;
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.headers.emplace_back("Accept", "application/json");
    add_field(request.body, "scope", fmt::format("{}", fmt::join(scopes, " ")));
    prove_client(request, provider, client);
    SentSecrets const sent(request, client);
    auto answer = co_await https.call(std::move(request));
    auto read = read_device_answer(answer.status, answer.headers, answer.body);
    wipe(answer.body);
    if (!read) sent.hide_in(read.error());
    co_return read;
}

net::awaitable<std::expected<TokenAnswer, ProviderError>> poll_device(net::Https& https, Provider const& provider,
                                                                      Client const& client, Secret device_code)
{
    Wire form;
    add_field(form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    add_secret_field(form, "device_code", device_code.expose());
    auto answer = co_await ask_for_tokens(https, provider, client, std::move(form));
    co_return answer;
}

std::optional<Duration> wait_after(ProviderError const& error, Duration interval)
{
    if (error.error == "authorization_pending") return interval;
    if (error.error == "slow_down") return interval + std::chrono::seconds(5);
    constexpr Duration longest = std::chrono::seconds(longest_interval_s);
    if (error.is_transient()) return std::max(interval, std::min(error.retry_after.value_or(Duration(0)), longest));
    return std::nullopt;
}

}  // namespace postroom::oauth
