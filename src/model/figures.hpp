// What is counted of a mailbox's retrieval, for people and for metrics.
#pragma once

#include "model/mailbox.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace postroom::model {

struct Figures {
    std::int64_t retrieved = 0;    ///< mails whose bytes came whole, whatever became of them
    std::int64_t filed = 0;        ///< anew
    std::int64_t duplicates = 0;   ///< by their bytes filed before
    std::int64_t skipped = 0;      ///< older than the baseline
    std::int64_t refused = 0;      ///< listed by the server and not given
    std::int64_t octets = 0;       ///< of what was retrieved
    std::int64_t connections = 0;  ///< that were signed in and brought a look

    friend bool operator==(Figures const&, Figures const&) = default;
    Figures& operator+=(Figures const& more)
    {
        retrieved += more.retrieved;
        filed += more.filed;
        duplicates += more.duplicates;
        skipped += more.skipped;
        refused += more.refused;
        octets += more.octets;
        connections += more.connections;
        return *this;
    }
};

/// What a look is at: all 0 between looks, and in those that take less than a second.
struct LookProgress {
    std::int64_t wanted = 0;  ///< mails that are new
    std::int64_t come = 0;
    std::int64_t octets = 0;
    Instant begun{};
};

struct MailFailure {
    MailTrouble trouble = MailTrouble::none;
    std::int64_t times = 0;
    std::int64_t times_since = 0;  ///< the server began that retrieves it
    Instant last{};
    std::string words{};  ///< the last ones
};

struct MailboxFigures {
    Instant since{};  ///< when the server that retrieves it began; the epoch where none did
    Figures all;
    Figures since_start;
    LookProgress progress;
    std::vector<MailFailure> failures{};  ///< the most frequent first
};

/// A mail that its server lists and does not give.
struct UnreadableMail {
    UnreadableMailId id;
    MailboxId mailbox;
    std::string folder;
    std::uint32_t uid_validity = 0;
    std::uint32_t uid = 0;
    std::int64_t size = 0;  ///< as the server states it; 0 where it does not
    std::optional<Instant> received{};
    int tries = 0;
    std::string reason{};
    Instant noted{};
};

}  // namespace postroom::model
