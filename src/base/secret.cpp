#include "base/secret.hpp"

#include <sodium.h>

#include <utility>

namespace postroom {

void wipe(std::string& bytes) noexcept
{
    // The whole capacity, since a shorter value may have been assigned over a longer one.
    bytes.resize(bytes.capacity());
    sodium_memzero(bytes.data(), bytes.size());
    bytes.clear();
}

Secret::Secret(std::string bytes) : bytes_(bytes)
{
    wipe(bytes);
}

Secret::Secret(Secret const& other) = default;

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_))
{
    // A short string is copied by the move, and its bytes stay behind.
    wipe(other.bytes_);
}

Secret& Secret::operator=(Secret other) noexcept
{
    bytes_.swap(other.bytes_);
    return *this;
}

Secret::~Secret()
{
    wipe(bytes_);
}

bool operator==(Secret const& a, Secret const& b)
{
    return a.size() == b.size() && sodium_memcmp(a.bytes_.data(), b.bytes_.data(), a.size()) == 0;
}

}  // namespace postroom
