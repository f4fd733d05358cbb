// Identities: UUID version 7 (RFC 9562), so that they sort by the time they were made and differ across servers.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace postroom {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(Uuid const&, Uuid const&) = default;
    [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
};

/// A new UUIDv7. Two made by one process never compare in the wrong order, even within a millisecond.
[[nodiscard]] Uuid make_uuid(Clock const& clock = system_clock());
/// 018f4e9e-7c1a-7abc-8def-0123456789ab
[[nodiscard]] std::string to_string(Uuid const& id);
/// Errors: Trouble::invalid.
[[nodiscard]] Result<Uuid> parse_uuid(std::string_view text);

/// An identity that can't be taken for that of another kind of thing: Id<struct AccountTag>.
template <class Tag>
struct Id {
    Uuid value{};

    [[nodiscard]] static Id make(Clock const& clock = system_clock()) { return {make_uuid(clock)}; }
    [[nodiscard]] bool is_nil() const { return value.is_nil(); }
    friend auto operator<=>(Id const&, Id const&) = default;
};

template <class Tag>
[[nodiscard]] std::string to_string(Id<Tag> const& id)
{
    return to_string(id.value);
}

}  // namespace postroom

template <>
struct std::hash<postroom::Uuid> {
    std::size_t operator()(postroom::Uuid const& id) const noexcept
    {
        // The last eight bytes are random.
        std::size_t h = 0;
        for (std::size_t i = 8; i < 16; ++i) h = h << 8 | id.bytes[i];
        return h;
    }
};
template <class Tag>
struct std::hash<postroom::Id<Tag>> {
    std::size_t operator()(postroom::Id<Tag> const& id) const noexcept { return std::hash<postroom::Uuid>{}(id.value); }
};
