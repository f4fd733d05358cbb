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
    bool copied = false;  ///< of what was refused: the copy is made, and nothing but deleting is left to do
};

/// Where mail is moved to, within one session.
struct Destination {
    std::string wanted;       ///< a name as people write it, or a use such as \Archive (imap/folders.hpp)
    std::string read_folder;  ///< the one that is open: mail moved into it would come again and again
    std::string name{};       ///< as the server spells it, once that was found out
};

/// Does what is due to mail of the open folder. Only UID EXPUNGE deletes, so that nobody else's mail goes along. Where
/// a server refuses several mails together, each is tried by itself, so that one of them holds up no other.
[[nodiscard]] imap::awaitable<std::vector<Done>> carry_out(imap::Session& session, std::vector<model::LedgerRow> due,
                                                           Destination& to);

}  // namespace postroom::retriever
