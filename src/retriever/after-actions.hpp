// What is done on the server to mail that was filed: seen, moved, deleted.
#pragma once

#include "imap/session.hpp"
#include "model/message.hpp"

#include <string>
#include <vector>

namespace postroom::retriever {

struct Done {
    model::Place place;
    std::string refusal;  ///< empty: it was done, or the mail is not there any more
};

/// Does what is due to mail of the open folder. Only UID EXPUNGE deletes, so that nobody else's mail goes along.
[[nodiscard]] imap::awaitable<std::vector<Done>> carry_out(imap::Session& session, std::vector<model::LedgerRow> due,
                                                           std::string folder);

}  // namespace postroom::retriever
