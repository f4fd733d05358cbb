// What an SMTP server says (RFC 5321 section 4.2): replies of one or many lines, with enhanced status codes (RFC 2034,
// RFC 3463) where it gives them.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::smtp {

/// 5.7.139
struct EnhancedCode {
    unsigned kind = 0;  ///< 2, 4 or 5
    unsigned subject = 0;
    unsigned detail = 0;

    friend bool operator==(EnhancedCode const&, EnhancedCode const&) = default;
};
[[nodiscard]] std::string to_string(EnhancedCode const& code);

struct Reply {
    unsigned code = 0;  ///< 200 to 599
    std::optional<EnhancedCode> enhanced{};
    std::vector<std::string> lines{};  ///< as sent, without the code; the enhanced code is still in them

    [[nodiscard]] bool positive() const { return code / 100 == 2; }
    [[nodiscard]] bool intermediate() const { return code / 100 == 3; }
    [[nodiscard]] bool transient() const { return code / 100 == 4; }
    [[nodiscard]] bool permanent() const { return code / 100 == 5; }
    /// "535 5.7.3 Authentication unsuccessful […]", lines joined by a blank, printable: the server's own words.
    [[nodiscard]] std::string words() const;

    friend bool operator==(Reply const&, Reply const&) = default;
};

/// In bytes. What exceeds them is an error.
struct ReplyLimits {
    std::size_t line = 4'096;  ///< RFC 5321 allows 512; servers tell more
    std::size_t lines = 256;
};

/// Bytes in, whole replies out. A bare LF ends a line too.
class ReplyReader {
public:
    explicit ReplyReader(ReplyLimits limits = {}) : limits_(limits) {}

    void feed(std::string_view bytes) { buffer_.append(bytes); }
    [[nodiscard]] std::string& inbox() { return buffer_; }
    /// Nothing: feed more. Errors, after which the reader is of no use: Trouble::limit, Trouble::protocol.
    [[nodiscard]] Result<std::optional<Reply>> next();
    /// Nothing was begun, and nothing is left over.
    [[nodiscard]] bool empty() const { return buffer_.empty() && !reply_; }

private:
    ReplyLimits limits_;
    std::string buffer_;
    std::size_t scanned_ = 0;
    std::optional<Reply> reply_;
};

/// The Message-ID that a server repeats in its final 250, with its angle brackets: Exchange says
/// `250 2.0.0 OK <id> [Hostname=…]`. Consumer mailboxes get a new one there, so it may differ from ours.
[[nodiscard]] std::optional<std::string> echoed_message_id(Reply const& reply);

}  // namespace postroom::smtp
