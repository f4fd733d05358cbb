#include "mime/encoded-words.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace postroom::mime {

namespace {

// Words have 75 octets (section 2), and some programs write a whole subject into one. A bound keeps a header full of
// beginnings without an end from costing its square.
constexpr std::size_t word_limit = 4096;

struct Word {
    std::string charset;
    bool base64 = false;
    std::string_view content;
    std::size_t size = 0;  // of its source
};

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// RFC 2047 section 4.2
std::string decode_q(std::string_view text)
{
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const coded =
            text[i] == '=' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        if (coded) {
            bytes += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            bytes += text[i] == '_' ? ' ' : text[i];
        }
    }
    return bytes;
}

// Padded, not padded, or cut: what whole bytes it has. Characters that are none of the alphabet are passed over.
std::string decode_b(std::string_view text)
{
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (char const c : text) {
        auto const value = alphabet.find(c);
        if (value == std::string_view::npos) continue;
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xFF);
    }
    return bytes;
}

// =?charset*language?encoding?text?= at the start of `text`. Blanks in the text are not allowed, and written.
std::optional<Word> word_at(std::string_view text)
{
    if (!text.starts_with("=?")) return std::nullopt;
    text = text.substr(0, word_limit);
    auto const charset_end = text.find('?', 2);
    if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
        return std::nullopt;
    auto const charset = text.substr(2, charset_end - 2);
    char const encoding = text[charset_end + 1];
    auto const begin = charset_end + 3;
    auto const end = text.find("?=", begin);
    if (end == std::string_view::npos || charset.find_first_of(" \t=") != std::string_view::npos) return std::nullopt;
    auto const content = text.substr(begin, end - begin);
    Word word{.charset = to_lower(charset.substr(0, charset.find('*'))), .content = content, .size = end + 2};
    word.base64 = encoding == 'B' || encoding == 'b';
    if (!word.base64 && encoding != 'Q' && encoding != 'q') return std::nullopt;
    return word;
}

// The words of a run, decoded as they come.
class Run {
public:
    void add(Word const& word)
    {
        if (word.charset != charset_) {
            finish();
            charset_ = word.charset;
        }
        if (!word.base64) {
            flush();
            bytes_ += decode_q(word.content);
            return;
        }
        base64_ += word.content;
        if (base64_.ends_with('=') || base64_.size() % 4 == 0) flush();  // else it was cut within a group of four
    }
    std::string take()
    {
        finish();
        return std::move(text_);
    }

private:
    void flush() { bytes_ += decode_b(std::exchange(base64_, {})); }
    void finish()
    {
        flush();
        text_ += to_utf8(std::exchange(bytes_, {}), charset_);
    }

    std::string charset_, base64_, bytes_, text_;
};

}  // namespace

namespace {

// `put` gets each run of words, decoded; what is between them stays.
template <class Put>
std::string with_runs(std::string_view value, Put put)
{
    std::string out;
    while (!value.empty()) {
        auto word = word_at(value);
        if (!word) {
            auto const next = value.find("=?", 1);
            out += value.substr(0, next);
            value.remove_prefix(std::min(next, value.size()));
            continue;
        }
        Run run;
        while (word) {
            run.add(*word);
            value.remove_prefix(word->size);
            // The blanks between two words are none (section 6.2).
            auto const blanks = std::min(value.find_first_not_of(" \t\r\n"), value.size());
            word = word_at(value.substr(blanks));
            if (word) value.remove_prefix(blanks);
        }
        out += put(run.take());
    }
    return out;
}

}  // namespace

std::string with_joined_words(std::string_view value)
{
    if (value.find("=?") == std::string_view::npos) return std::string(value);
    return with_runs(value, [](std::string const& text) { return "=?utf-8?B?" + to_base64(text) + "?="; });
}

std::string decoded_words(std::string_view value)
{
    return with_runs(value, [](std::string text) { return text; });
}

}  // namespace postroom::mime
