// One protocol's way to retrieve a mailbox; MailboxRun is what both have in common.
#pragma once

#include "net/transport.hpp"

namespace postroom::retriever {

class Retrieval {
public:
    virtual ~Retrieval() = default;

    /// From the sign-in to the end of the session, and to the time for the next one. Throws net::Broken and
    /// store::Failure.
    [[nodiscard]] virtual net::awaitable<void> visit() = 0;
    /// Ends a wait for the server.
    virtual void nudge() = 0;
    /// Ends the session, if there is one, at once.
    virtual void close() = 0;
};

}  // namespace postroom::retriever
