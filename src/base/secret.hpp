// Bytes that must never be seen: tokens, passwords, client secrets.
#pragma once

#include <string>
#include <string_view>

namespace postroom {

/// Holds a secret and wipes it when it goes. There is no formatter and no stream operator, on purpose: whoever needs
/// the bytes says expose(), and that word is what a reviewer looks for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string bytes);
    Secret(Secret const& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret other) noexcept;
    ~Secret();

    [[nodiscard]] std::string_view expose() const { return bytes_; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    /// Takes as long for unequal secrets of one length as for equal ones.
    friend bool operator==(Secret const& a, Secret const& b);

private:
    std::string bytes_;
};

/// Overwrites the bytes in a way that the compiler may not leave out, then clears.
void wipe(std::string& bytes) noexcept;

}  // namespace postroom
