#include "desk/case-token.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
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

// What mail programs put between the characters of a subject: blanks, folds, and marks that keep a text's direction.
void skip_blanks(std::string_view& text)
{
    constexpr std::array<std::string_view, 13> others{"\xC2\xA0",                                      // no-break space
                                                      "\xE2\x80\x8B", "\xE2\x80\x8E", "\xE2\x80\x8F",  // U+200B, E, F
                                                      "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC",  // U+202A..E
                                                      "\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x81\xA6",  // U+2066..9
                                                      "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9"};
    for (;;) {
        if (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos) {
            text.remove_prefix(1);
            continue;
        }
        auto const other = std::ranges::find_if(others, [&](auto each) { return text.starts_with(each); });
        if (other == others.end()) return;
        text.remove_prefix(other->size());
    }
}

// A hyphen, as it was sent or as a program made it prettier.
bool skip_hyphen(std::string_view& text)
{
    for (std::string_view const hyphen :
         {"-", "\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x88\x92", "\xEF\xBC\x8D"})
        if (text.starts_with(hyphen)) {
            text.remove_prefix(hyphen.size());
            return true;
        }
    return false;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct Candidate {
    std::int64_t number = 0;
    std::string check;
};

// "1234-K7QX2M" at the start of `text`: whether it is genuine only the hash can say.
std::optional<Candidate> candidate(std::string_view text)
{
    Candidate found;
    auto const [end, error] =
        std::from_chars(text.data(), text.data() + std::min(text.size(), number_size), found.number);
    if (error != std::errc() || found.number <= 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    skip_blanks(text);
    if (!skip_hyphen(text)) return std::nullopt;
    while (found.check.size() < check_size) {
        skip_blanks(text);
        char const c = text.empty() ? '\0' : as_meant(text.front());
        if (c == '\0') return std::nullopt;
        found.check += c;
        text.remove_prefix(1);
    }
    // A longer word is another one.
    if (!text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0) return std::nullopt;
    return found;
}

// Hashing is what costs; a subject that is all tokens is not worth it. Nor is a number that many can be guessed for.
constexpr int tokens_looked_at = 20;

// Calls `genuine` with the number of each genuine token until it returns true.
template <class Genuine>
void each_token(std::string_view subject, std::string_view key, Genuine genuine)
{
    if (key.empty()) return;
    int looked_at = 0;
    for (std::size_t at = 0; at < subject.size(); ++at) {
        if (!is_digit(subject[at]) || (at > 0 && is_digit(subject[at - 1]))) continue;
        auto const found = candidate(subject.substr(at));
        if (!found) continue;
        if (++looked_at > tokens_looked_at) return;
        // Of one length; how many of its characters are right is nobody's to measure.
        auto const right = check_value(found->number, key);
        if (sodium_memcmp(found->check.data(), right.data(), check_size) == 0 && genuine(found->number)) return;
    }
}

}  // namespace

std::string case_token(std::int64_t number, CaseTokens const& tokens)
{
    auto token = tokens.form;
    auto const core = fmt::format("{}-{}", number, check_value(number, tokens.key));
    if (auto const at = token.find("{}"); at != std::string::npos) return token.replace(at, 2, core);
    return core;
}

std::optional<std::int64_t> find_case_token(std::string_view subject, CaseTokens const& tokens)
{
    std::optional<std::int64_t> first;
    each_token(subject, tokens.key, [&](std::int64_t number) {
        first = number;
        return true;
    });
    return first;
}

std::string add_case_token(std::string_view subject, std::int64_t number, CaseTokens const& tokens)
{
    if (tokens.key.empty()) return std::string(subject);
    bool there = false;
    each_token(subject, tokens.key, [&](std::int64_t each) { return there = each == number; });
    if (there) return std::string(subject);
    auto const words = trim(subject);
    return words.empty() ? case_token(number, tokens) : fmt::format("{} {}", words, case_token(number, tokens));
}

}  // namespace postroom::desk
