// What a submission server's answers mean for a mail: by the catalogue of causes where that knows them, by their codes
// where it doesn't. Pure.
#pragma once

#include "base/clock.hpp"
#include "model/outbound.hpp"
#include "smtp/session.hpp"
#include "store/outbound.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::dispatcher {

enum class Fate {
    go_on,  ///< stream the message
    sent,
    later,    ///< a definite temporary refusal
    failed,   ///< a definite permanent refusal
    account,  ///< the account's trouble, not the mail's: the queue waits
};

/// The server wants less of the account or mailbox, and says so.
enum class Slow {
    no,
    fewer,  ///< connections at once: 432 4.3.2 (Exchange Online, three a mailbox)
    pause,  ///< too much at once: 4.7.500 to 4.7.699, 4.4.2 of a submission rate
    rest,   ///< too much in a day: the recipients of a mailbox, or of an organization
};
/// Of what a server said, at a sign-in or to a mail.
[[nodiscard]] Slow slow_of(std::string_view words);

struct Ruling {
    Fate fate = Fate::go_on;
    std::string words;  ///< the server's, with whom they are about
    Slow slow = Slow::no;
    std::vector<store::Excepted> excepted{};  ///< of go_on: who is not among those that it goes to
};

/// After MAIL, RCPT and DATA. Recipients who are refused, for good or for now, are told apart from those who are
/// accepted, to whom the mail goes; where nobody is accepted, one that is refused for now holds it back.
[[nodiscard]] Ruling rule_on_offer(smtp::Offered const& offered, model::Outbound const& mail);
/// After the final dot.
[[nodiscard]] Ruling rule_on_end(smtp::Reply const& reply);

/// How long to wait before try number `tries` + 1; `random` is in [0, 1).
[[nodiscard]] Duration wait_before_retry(int tries, double random);

}  // namespace postroom::dispatcher
