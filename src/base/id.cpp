#include "base/id.hpp"

#include "base/text.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace postroom {

Uuid make_uuid(Clock const& clock)
{
    // RFC 9562, section 6.2, method 1: a counter in rand_a keeps ids of one millisecond in order.
    static std::mutex mutex;
    static std::int64_t last_millis = 0;
    static std::uint16_t counter = 0;

    // Asked of the system for many ids at once.
    static std::array<std::uint8_t, 64 * sizeof(Uuid)> ahead{};
    static std::size_t used = ahead.size();

    std::int64_t millis = clock.now().time_since_epoch().count();
    std::uint16_t sequence = 0;
    Uuid id;
    {
        std::lock_guard const lock(mutex);
        if (millis > last_millis) {
            last_millis = millis;
            counter = static_cast<std::uint16_t>(randombytes_uniform(0x400));
        } else if (++counter > 0xfff) {
            ++last_millis;
            counter = 0;
        }
        millis = last_millis;
        sequence = counter;
        if (used == ahead.size()) {
            randombytes_buf(ahead.data(), ahead.size());
            used = 0;
        }
        std::copy_n(ahead.begin() + used, id.bytes.size(), id.bytes.begin());
        used += id.bytes.size();
    }
    for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | sequence >> 8);
    id.bytes[7] = static_cast<std::uint8_t>(sequence);
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

std::string to_string(Uuid const& id)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[id.bytes[i] >> 4];
        text += digits[id.bytes[i] & 15];
    }
    return text;
}

Result<Uuid> parse_uuid(std::string_view text)
{
    auto const value = [](char c) -> int {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    Uuid id;
    std::size_t nibble = 0;
    bool ok = text.size() == 36;
    for (std::size_t i = 0; ok && i < text.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            ok = text[i] == '-';
            continue;
        }
        int const v = value(text[i]);
        ok = v >= 0;
        if (ok) id.bytes[nibble / 2] = static_cast<std::uint8_t>(id.bytes[nibble / 2] << 4 | v);
        ++nibble;
    }
    if (!ok) return failure(Trouble::invalid, "\"" + printable(text, 64) + "\" is not an id");
    return id;
}

}  // namespace postroom
