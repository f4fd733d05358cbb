// Finds where an IMAP response ends (RFC 3501 section 2.2.2): bytes in, whole responses out, literals included. The
// bytes of a mail are handed out in pieces, so that no mail is ever held as one string.
#pragma once

#include "imap/codec/response.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace postroom::imap {

/// In bytes. What exceeds them is an error: no server decides how much we hold.
struct FramerLimits {
    std::size_t response = 256 * 1024;          ///< one response, held literals included
    std::size_t search = 16 * 1024 * 1024;      ///< `* SEARCH …`: a line, even for a million mails
    std::uint64_t body = 512ULL * 1024 * 1024;  ///< one streamed literal
};

/// The literal of a FETCH's BODY[] begins.
struct BodyBegin {
    std::uint64_t size = 0;
};
/// Part of it, never empty; valid until the framer is used again.
struct BodyPart {
    std::string_view bytes;
};
using Piece = std::variant<Frame, BodyBegin, BodyPart>;

class Framer {
public:
    explicit Framer(FramerLimits limits = {}) : limits_(limits) {}

    /// With it, body literals come as BodyBegin and BodyParts ahead of the Frame that they belong to; without it they
    /// are held like any other literal. To be set between responses.
    void stream_bodies(bool on) { stream_ = on; }

    void feed(std::string_view bytes) { inbox().append(bytes); }
    /// Where to append what arrived, without a copy.
    [[nodiscard]] std::string& inbox();

    /// Nothing: feed more. Errors, after which the framer is of no use: Trouble::limit for a line without end,
    /// or a literal beyond the bounds.
    [[nodiscard]] Result<std::optional<Piece>> next();

    /// Nothing was begun, and nothing is left over.
    [[nodiscard]] bool empty() const;
    /// Gives memory back; for sessions that idle.
    void shrink();

private:
    [[nodiscard]] bool is_body_literal(std::string_view head) const;
    [[nodiscard]] std::size_t limit(std::string_view line) const;

    FramerLimits limits_;
    bool stream_ = false;
    std::string buffer_;
    std::size_t taken_ = 0;           // of buffer_, already used
    std::size_t scanned_ = 0;         // of buffer_, without a line's end
    Frame frame_;                     // the response as far as it is known
    std::uint64_t literal_left_ = 0;  // to be held
    std::uint64_t body_left_ = 0;     // to be handed out
};

}  // namespace postroom::imap
