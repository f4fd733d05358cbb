#include "oauth/json-fields.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <charconv>
#include <cmath>

namespace postroom::oauth {

Result<json::object> parse_object(std::string_view body, std::string_view what)
{
    auto const start = trim(body);
    if (start.empty()) return failure(Trouble::protocol, fmt::format("{} is empty", what));
    if (start.front() == '<')
        return failure(
            Trouble::protocol,
            fmt::format("{} is a web page, not JSON; a proxy in between, or a wrong authority? It begins: {}", what,
                        printable(start, 120)));
    boost::system::error_code error;
    auto value = json::parse(json::string_view(body.data(), body.size()), error);
    // Not quoted: an answer that was cut off may begin with a token.
    if (error)
        return failure(Trouble::protocol,
                       fmt::format("{} is not JSON ({}); it has {} octets", what, error.message(), body.size()));
    auto* const object = value.if_object();
    if (!object) return failure(Trouble::protocol, fmt::format("{} is JSON, but no object", what));
    return std::move(*object);
}

std::string text_member(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(json::string_view(name.data(), name.size()));
    auto const* const text = value ? value->if_string() : nullptr;
    return text ? std::string(text->data(), text->size()) : std::string();
}

std::optional<std::int64_t> number_member(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(json::string_view(name.data(), name.size()));
    if (!value) return std::nullopt;
    constexpr std::int64_t most = 1LL << 52;
    if (auto const* const number = value->if_int64()) {
        if (*number > most || *number < -most) return std::nullopt;
        return *number;
    }
    if (auto const* const number = value->if_double()) {
        if (!std::isfinite(*number) || std::abs(*number) > static_cast<double>(most)) return std::nullopt;
        return static_cast<std::int64_t>(*number);
    }
    if (auto const* const digits = value->if_string()) {
        std::int64_t number = 0;
        auto const* const end = digits->data() + digits->size();
        auto const [stop, error] = std::from_chars(digits->data(), end, number);
        if (error != std::errc{} || stop != end || number > most || number < -most) return std::nullopt;
        return number;
    }
    return std::nullopt;
}

}  // namespace postroom::oauth
