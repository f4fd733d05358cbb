// What trouble with a server means for a mailbox: of which kind it is, how long to wait, and whether it counts as
// trouble at all. Pure.
#pragma once

#include "base/backoff.hpp"
#include "base/result.hpp"
#include "model/account.hpp"
#include "model/mailbox.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::retriever {

/// What the watchdog's words have in common.
inline constexpr std::string_view watchdog_words = "made no progress";

struct Verdict {
    Duration wait{};
    bool counts =
        true;  ///< false: a normal end, such as that of a token; connect again without lengthening the backoff
};

/// `failures`: how many there were in a row, this one included. `random` is in [0, 1). `looked`: the session that ended
/// had brought a look; one that ends before that is never a normal end, however the server calls it.
[[nodiscard]] Verdict judge(Error const& error, unsigned failures, double random, bool looked);

/// By the server's words where they say more than how the conversation ended. None: another server took the mailbox
/// over.
[[nodiscard]] model::MailTrouble trouble_of(Error const& error);

/// "Request is throttled. Suggested Backoff Time: 299961 milliseconds" (imapflow, imapsync): the server's own wish, at
/// most ten minutes of it.
[[nodiscard]] std::optional<Duration> suggested_backoff(std::string_view words);

/// The connection ended as it would where one mail that was under way is more than the server, or somebody on the way,
/// can take.
[[nodiscard]] bool may_be_a_mails_doing(Error const& error);
/// Why a mail was given up, in words.
[[nodiscard]] std::string broke_each_time(int times, Error const& last);
[[nodiscard]] std::string refused_mail(std::string_view words);
inline constexpr std::string_view no_data = "the server lists this mail and gives no data for it";
inline constexpr std::string_view no_mail =
    "the server gives text of its own in place of this mail, which it can't convert";

/// What made all mail look new, where the account was given another server since it was retrieved from `left`.
[[nodiscard]] std::string other_server(std::string_view left, model::Account const& account);
/// The end of a question to people about mail that looks new: what they can do.
[[nodiscard]] std::string how_to_decide(model::Mailbox const& mailbox);

}  // namespace postroom::retriever
