// How far a look at a mailbox is, in words: count, bytes, rate and time left.
#pragma once

#include "base/clock.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace postroom::cli {

struct RetrievalProgress {
    std::int64_t wanted = 0;  ///< mails
    std::int64_t come = 0;
    std::int64_t bytes = 0;
    Instant begun{};

    /// Of a mailbox as the API shows it; nothing between looks.
    [[nodiscard]] static std::optional<RetrievalProgress> of(boost::json::object const& mailbox);
    /// Of several mailboxes together.
    RetrievalProgress& operator+=(RetrievalProgress const& other);
    /// With a bar of so many characters, or none. The time left is told once a second of experience is there.
    [[nodiscard]] std::string words(Instant now, int bar) const;
};

}  // namespace postroom::cli
