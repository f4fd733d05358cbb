// Fetching from a server that refuses to give some mail: one that it can't give holds up none behind it.
#pragma once

#include "imap/session.hpp"

#include <optional>
#include <vector>

namespace postroom::retriever {

/// As Session::fetch(); after a refusal it is asked for the rest.
struct FetchedPast {
    std::size_t delivered = 0;
    std::vector<imap::Uid> missing;        ///< the server said OK and gave no body
    std::vector<imap::Uid> refused;        ///< each of them, by itself
    std::vector<imap::Uid> left;           ///< not asked for any more
    std::optional<imap::Reply> refusal{};  ///< the first

    void add(FetchedPast more);
};

/// Each mail by itself. After `most_in_a_row` refusals in a row it is not the mails: then the rest is left, as it is
/// where the server names a time to wait.
[[nodiscard]] imap::awaitable<FetchedPast> fetch_each(imap::Session& session, std::vector<imap::Uid> uids,
                                                      imap::BodySink& sink, std::size_t most_in_a_row = 3);

/// Many at once, and only those of a command that was refused each by itself.
[[nodiscard]] imap::awaitable<FetchedPast> fetch_past_refusals(imap::Session& session, std::vector<imap::Uid> uids,
                                                               imap::BodySink& sink);

/// As Session::fetch_info(), without the mails that it is refused for. The refusal where it is refused for many.
[[nodiscard]] imap::awaitable<imap::Answer<std::vector<imap::MailInfo>>> info_past_refusals(
    imap::Session& session, std::vector<imap::Uid> uids);

}  // namespace postroom::retriever
