// A mail on its way out, and the attempts to send it.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postroom::model {

/// queued → claimed → committing → sent | failed | in_doubt; back to queued only from `claimed`, or after a definite
/// temporary refusal. queued → cancelled by a person.
enum class OutboundState {
    queued,
    claimed,     ///< a dispatcher has it; a lease that runs out gives it back
    committing,  ///< the final dot may have left; never given back
    sent,
    failed,     ///< definitely refused; back to the agent
    in_doubt,   ///< the dot left and no answer came: Sent Items, or a person, decides
    cancelled,  ///< taken back before anybody had begun to send it
};

struct Outbound {
    OutboundId id;
    ActivityId activity;
    int part = 1;  ///< of its activity's: recipients beyond what the server takes at once are another part
    MailboxId mailbox;
    AccountId account;
    BodyId body;
    std::int64_t size = 0;
    std::string message_id;           ///< without < >
    std::string provider_message_id;  ///< as the server gave it back; may be empty
    std::string sender;               ///< MAIL FROM
    std::vector<std::string> recipients;
    OutboundState state = OutboundState::queued;
    std::int64_t attempt = 0;  ///< the number of the last attempt; only grows; the fencing number
    int tries = 0;             ///< attempts that ended with a temporary refusal
    int doubt_looks = 0;       ///< how often Sent Items was searched
    Instant next_try{};
    std::string reason;  ///< the server's words and ours
    Instant created{};
    Instant updated{};
};

[[nodiscard]] std::string_view to_string(OutboundState state);
[[nodiscard]] Result<OutboundState> parse_outbound_state(std::string_view text);

}  // namespace postroom::model
