// What a submission server's answers mean for a mail. Pure.
#pragma once

#include "base/clock.hpp"
#include "model/outbound.hpp"
#include "smtp/session.hpp"

#include <string>

namespace postroom::dispatcher {

enum class Fate {
    go_on,  ///< stream the message
    sent,
    later,    ///< a definite temporary refusal
    failed,   ///< a definite permanent refusal
    account,  ///< the account's trouble, not the mail's: the queue waits
};

struct Ruling {
    Fate fate = Fate::go_on;
    std::string words;  ///< the server's, with whom they are about
};

/// After MAIL, RCPT and DATA. A recipient that is refused for now holds back the whole mail: what was accepted for some
/// can't be sent again to the others alone without telling them apart. One that is refused for good is told of, and the
/// rest go on.
[[nodiscard]] Ruling rule_on_offer(smtp::Offered const& offered, model::Outbound const& mail);
/// After the final dot.
[[nodiscard]] Ruling rule_on_end(smtp::Reply const& reply);

/// How long to wait before try number `tries` + 1; `random` is in [0, 1).
[[nodiscard]] Duration wait_before_retry(int tries, double random);
/// A mail that is refused for now for this long goes back to its agent.
inline constexpr Duration patience{48 * 3'600'000};

}  // namespace postroom::dispatcher
