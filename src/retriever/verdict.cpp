#include "retriever/verdict.hpp"

#include <charconv>

namespace postroom::retriever {

std::optional<Duration> suggested_backoff(std::string_view words)
{
    static constexpr std::string_view phrase = "Suggested Backoff Time: ";
    auto const at = words.find(phrase);
    if (at == std::string_view::npos) return std::nullopt;
    auto const number = words.substr(at + phrase.size());
    std::int64_t millis = 0;
    auto const [stop, error] = std::from_chars(number.data(), number.data() + number.size(), millis);
    if (error != std::errc{} || millis < 0) return std::nullopt;
    return Duration(std::min<std::int64_t>(millis, 600'000));
}

Verdict judge(Error const& error, unsigned failures, double random, bool looked)
{
    if (auto const wish = suggested_backoff(error.message)) return {*wish, true};
    // "BYE Session invalidated - AccessTokenExpired" ends many sessions a day (imapflow) and says nothing but "sign in
    // anew". Said to a session that has just begun, it would be said again at once.
    if (looked && error.message.find("AccessTokenExpired") != std::string::npos) return {Duration(0), false};
    static constexpr Backoff network{Duration(1'000), Duration(120'000)};
    static constexpr Backoff refusal{Duration(5'000), Duration(300'000)};
    bool const said_no = error.kind == Trouble::refused || error.kind == Trouble::tls;
    return {(said_no ? refusal : network).before(failures, random), true};
}

}  // namespace postroom::retriever
