// Lines and counted bytes from a connection, for the lab's mail servers. It knows neither protocol.
#pragma once

#include "net/listen.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::lab {

class LineReader {
public:
    explicit LineReader(net::Accepted& connection) : connection_(connection) {}

    /// Without its CRLF (or bare LF). Nothing where the peer closed, or where the line has more than `limit` octets;
    /// too_long() tells. Throws net::Broken.
    net::awaitable<std::optional<std::string>> line(std::size_t limit);
    [[nodiscard]] bool too_long() const { return too_long_; }

    /// Appends exactly `count` octets. False where the peer closed first. Throws net::Broken.
    net::awaitable<bool> bytes(std::size_t count, std::string& into);

    /// Mail after DATA (RFC 5321 section 4.5.2) up to the line with the single dot, unstuffed, with CRLF. What exceeds
    /// `limit` is read and dropped, and too_long() tells. False where the peer closed first. Throws net::Broken.
    net::awaitable<bool> dot_stuffed(std::size_t limit, std::string& into);

    /// A whole line has arrived already.
    [[nodiscard]] bool has_line() const { return buffer_.find('\n', at_) != std::string::npos; }
    /// Octets that have arrived and nobody has taken.
    [[nodiscard]] bool empty() const { return at_ == buffer_.size(); }
    /// For STARTTLS: whatever was said ahead of TLS is forgotten (RFC 3207 section 4.2).
    void drop();

private:
    void take(std::size_t count);

    net::Accepted& connection_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool too_long_ = false;
};

}  // namespace postroom::lab
