#include "oauth/token-answer.hpp"

#include "base/text.hpp"
#include "oauth/json-fields.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace postroom::oauth {

namespace {

constexpr std::size_t longest_description = 4096;
constexpr std::size_t most_codes = 16;
constexpr std::int64_t longest_life = 10LL * 366 * 24 * 3600;
constexpr std::int64_t longest_pause = 24LL * 3600;

void add_code(std::vector<std::uint32_t>& codes, std::uint32_t code)
{
    if (codes.size() < most_codes && std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
}

// "AADSTS70002: Error validating credentials. AADSTS70008: The refresh token has expired": both, the last explains.
std::vector<std::uint32_t> codes_in(std::string_view text)
{
    constexpr std::string_view mark = "AADSTS";
    std::vector<std::uint32_t> codes;
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
        auto const digits = text.substr(at + mark.size());
        auto const end = std::min(digits.find_first_not_of("0123456789"), digits.size());
        std::uint32_t code = 0;
        if (end < 4 || end > 8) continue;
        std::from_chars(digits.data(), digits.data() + end, code);
        add_code(codes, code);
    }
    return codes;
}

// "…\r\nTrace ID: 4f…\r\nCorrelation ID: …\r\nTimestamp: 2026-01-09 02:02:12Z", or with spaces between.
std::string labelled(std::string_view text, std::string_view label)
{
    auto const at = text.find(label);
    if (at == text.npos) return {};
    auto const value = trim(text.substr(at + label.size()));
    bool const time = label == "Timestamp:";
    auto end = value.find_first_of(time ? std::string_view("\r\n") : std::string_view(" \r\n"));
    return std::string(trim(value.substr(0, std::min(end, std::size_t{64}))));
}

std::string without_labels(std::string_view text)
{
    return std::string(trim(text.substr(0, text.find("Trace ID:"))));
}

std::optional<Duration> retry_after(std::map<std::string, std::string> const& headers)
{
    auto const found = headers.find("retry-after");
    if (found == headers.end()) return std::nullopt;
    std::int64_t seconds = 0;
    auto const& text = found->second;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // The form with a date is left to the caller's own back-off.
    if (error != std::errc{} || stop != text.data() + text.size() || seconds < 0) return std::nullopt;
    return std::chrono::seconds(std::min(seconds, longest_pause));
}

ProviderError no_token_endpoint(unsigned status, std::string why)
{
    ProviderError error;
    error.status = status;
    error.description = std::move(why);
    return error;
}

}  // namespace

bool ProviderError::is_transient() const
{
    if (status == 429 || status >= 500) return true;
    return error == "temporarily_unavailable" || error == "server_error";
}

std::string ProviderError::message() const
{
    std::string text = wordless ? fmt::format("the identity provider refused, and did not say why (HTTP {})", status)
                       : error.empty() ? fmt::format("the identity provider gave no usable answer (HTTP {})", status)
                                       : "the identity provider refused: " + printable(error, 64);
    if (!suberror.empty()) text += fmt::format(" ({})", printable(suberror, 64));
    if (auto const words = without_labels(description); !words.empty()) text += ": " + printable(words, 600);
    std::string ids;
    auto const add = [&](std::string_view name, std::string const& value) {
        if (!value.empty()) ids += fmt::format("{}{} {}", ids.empty() ? "" : ", ", name, printable(value, 64));
    };
    add("correlation id", correlation_id);
    add("trace id", trace_id);
    add("time", timestamp);
    return ids.empty() ? text : text + " [" + ids + "]";
}

ProviderError describe_error(std::string error, std::string description)
{
    ProviderError result;
    result.error = to_valid_utf8(error).substr(0, 128);
    description = to_valid_utf8(description.substr(0, longest_description));
    result.codes = codes_in(description);
    result.trace_id = labelled(description, "Trace ID:");
    result.correlation_id = labelled(description, "Correlation ID:");
    result.timestamp = labelled(description, "Timestamp:");
    result.description = std::move(description);
    return result;
}

std::expected<TokenAnswer, ProviderError> read_token_answer(unsigned status,
                                                            std::map<std::string, std::string> const& headers,
                                                            std::string_view body)
{
    auto const refuse = [&](ProviderError error) {
        error.status = status;
        error.retry_after = retry_after(headers);
        return std::unexpected(std::move(error));
    };
    if (body.empty() && (status == 400 || status == 401)) {
        auto error = no_token_endpoint(status, "");
        error.wordless = true;
        return refuse(std::move(error));
    }
    auto const object = parse_object(body, "the token endpoint's answer");
    if (!object) return refuse(no_token_endpoint(status, object.error().message));

    if (auto const word = text_member(*object, "error"); !word.empty()) {
        auto error = describe_error(word, text_member(*object, "error_description"));
        error.suberror = text_member(*object, "suberror").substr(0, 128);
        auto const prefer = [&](std::string& into, std::string_view name) {
            if (auto value = text_member(*object, name); !value.empty()) into = value.substr(0, 64);
        };
        prefer(error.trace_id, "trace_id");
        prefer(error.correlation_id, "correlation_id");
        prefer(error.timestamp, "timestamp");
        auto const* const listed = object->if_contains("error_codes");
        if (error.codes.empty() && listed && listed->is_array())
            for (auto const& code : listed->get_array())
                if (code.is_int64() && code.get_int64() > 0 && code.get_int64() < 100'000'000)
                    add_code(error.codes, static_cast<std::uint32_t>(code.get_int64()));
        return refuse(std::move(error));
    }
    if (status != 200) return refuse(no_token_endpoint(status, "the token endpoint's answer names no error"));

    TokenAnswer answer;
    answer.access_token = Secret(text_member(*object, "access_token"));
    if (answer.access_token.empty())
        return refuse(no_token_endpoint(status, "the token endpoint's answer has no access token"));
    if (auto const type = text_member(*object, "token_type"); !equal_ignoring_case(type, "Bearer"))
        return refuse(no_token_endpoint(
            status, fmt::format("the token is of type \"{}\", and only Bearer is known", printable(type, 32))));
    if (auto const seconds = number_member(*object, "expires_in"); seconds && *seconds > 0)
        answer.expires_in = std::chrono::seconds(std::min(*seconds, longest_life));
    answer.refresh_token = Secret(text_member(*object, "refresh_token"));
    answer.id_token = text_member(*object, "id_token");
    auto const scopes = text_member(*object, "scope");
    for (auto const scope : split(scopes, ' '))
        if (!scope.empty()) answer.scopes.emplace_back(scope);
    return answer;
}

}  // namespace postroom::oauth
