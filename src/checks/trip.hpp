// A marked mail of a mailbox to itself: submitted, retrieved by the retriever as any other, found where sent mail is
// kept, and removed.
#pragma once

#include "checks/conversation.hpp"

#include <memory>
#include <string>
#include <vector>

namespace postroom::checks {

struct Trip {
    std::shared_ptr<Conversation const> sent;  ///< what comes after a step that did not hold was not tried
    bool came = false;                         ///< it was retrieved, and triage knew it
    Duration until_filed{};                    ///< since the submission was begun; where it came
    Duration until_told{};
    bool in_mailbox = false;           ///< it was found there, or where it is moved to
    std::string mailbox_trouble;       ///< why that could not be looked at; empty where it could
    std::string sent_user;             ///< whose Sent Items were looked at
    std::string sent_folder;           ///< the server's name for them; empty where there is none
    bool appended = false;             ///< Postroom itself puts copies there, of answers alone
    bool copied = false;               ///< the copy is there
    std::string sent_trouble;          ///< why that could not be looked at; empty where it could
    std::vector<std::string> removed;  ///< from which folders
};

}  // namespace postroom::checks
