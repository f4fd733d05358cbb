// Fetching from a server that refuses to give some mail.
#pragma once

#include "imap/session.hpp"

#include <vector>

namespace postroom::retriever {

/// As Session::fetch(), each mail by itself, and past those that are refused: one that the server can't give holds up
/// none behind it. After some refusals in a row it is not the mails: then the rest is left alone. `refusal` is the
/// first, `unasked` everything that was refused or left.
[[nodiscard]] imap::awaitable<imap::Fetched> fetch_each(imap::Session& session, std::vector<imap::Uid> uids,
                                                        imap::BodySink& sink);

}  // namespace postroom::retriever
