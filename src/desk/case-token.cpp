#include "desk/case-token.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <charconv>

namespace postroom::desk {

namespace {

// Crockford's base 32: no letter that is mistaken for a digit, no U.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t check_size = 6;    // 30 bits: one in a thousand million guesses
constexpr std::size_t number_size = 18;  // digits of a number that fits

std::string check_value(std::int64_t number, std::string_view key)
{
    // libsodium's keys have 16 to 64 bytes; the setting may have any length.
    std::array<unsigned char, crypto_generichash_KEYBYTES> hashed{};
    crypto_generichash(hashed.data(), hashed.size(), reinterpret_cast<unsigned char const*>(key.data()), key.size(),
                       nullptr, 0);
    auto const text = fmt::format("case-token/{}", number);
    std::array<unsigned char, crypto_generichash_BYTES> hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<unsigned char const*>(text.data()), text.size(),
                       hashed.data(), hashed.size());
    std::string value;
    for (std::size_t i = 0; i < check_size; ++i) value += alphabet[hash[i] & 31];
    return value;
}

// As Crockford reads it; 0 for what is none of his characters.
char as_meant(char c)
{
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (c == 'O') return '0';
    if (c == 'I' || c == 'L') return '1';
    return alphabet.find(c) == std::string_view::npos ? '\0' : c;
}

void skip_blanks(std::string_view& text)
{
    for (;;) {
        if (!text.empty() &&
            (text.front() == ' ' || text.front() == '\t' || text.front() == '\r' || text.front() == '\n'))
            text.remove_prefix(1);
        else if (text.starts_with("\xC2\xA0"))  // a no-break space
            text.remove_prefix(2);
        else
            return;
    }
}

// "[Case 1234-K7QX2M]" at the start of `text`, genuine.
std::optional<std::int64_t> genuine_token(std::string_view text, std::string_view key)
{
    if (!text.starts_with('[')) return std::nullopt;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!starts_ignoring_case(text, "case")) return std::nullopt;
    text.remove_prefix(4);
    skip_blanks(text);
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + std::min(text.size(), number_size), number);
    if (error != std::errc() || number <= 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    skip_blanks(text);
    if (!text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    std::string value;
    while (value.size() < check_size) {
        skip_blanks(text);
        char const c = text.empty() ? '\0' : as_meant(text.front());
        if (c == '\0') return std::nullopt;
        value += c;
        text.remove_prefix(1);
    }
    skip_blanks(text);
    auto const right = check_value(number, key);
    if (!text.starts_with(']') || sodium_memcmp(value.data(), right.data(), check_size) != 0) return std::nullopt;
    return number;
}

// Hashing is what costs; a subject that is all tokens is not worth it.
constexpr int tokens_looked_at = 20;

}  // namespace

std::string case_token(std::int64_t number, std::string_view key)
{
    return fmt::format("[Case {}-{}]", number, check_value(number, key));
}

std::optional<std::int64_t> find_case_token(std::string_view subject, std::string_view key)
{
    if (key.empty()) return std::nullopt;
    int looked_at = 0;
    for (auto at = subject.find('['); at != std::string_view::npos; at = subject.find('[', at + 1)) {
        if (++looked_at > tokens_looked_at) return std::nullopt;
        if (auto const number = genuine_token(subject.substr(at), key)) return number;
    }
    return std::nullopt;
}

std::string add_case_token(std::string_view subject, std::int64_t number, std::string_view key)
{
    if (key.empty()) return std::string(subject);
    for (auto at = subject.find('['); at != std::string_view::npos; at = subject.find('[', at + 1))
        if (genuine_token(subject.substr(at), key) == number) return std::string(subject);
    auto const words = trim(subject);
    return words.empty() ? case_token(number, key) : fmt::format("{} {}", words, case_token(number, key));
}

}  // namespace postroom::desk
