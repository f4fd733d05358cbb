// What the console asks of the workers. It knows none of them: whoever wires the servers together says how. Each may be
// called on the console's thread, and returns at once.
#pragma once

#include "base/result.hpp"
#include "net/transport.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace postroom::console {

/// What one look into a mailbox came to.
struct Looked {
    std::string mailbox;  ///< its address
    bool ok = false;
    std::int64_t filed = 0;
    std::string reason;  ///< why not; empty where it went well
};

struct Hooks {
    std::function<void()> mail_queued = [] {};          ///< there is something to dispatch
    std::function<void()> triage_due = [] {};           ///< a mail left the exception queue
    std::function<void()> accounts_changed = [] {};     ///< an account, a mailbox or a grant came or went
    std::function<void()> authorization_begun = [] {};  ///< somebody seeks a grant: watch over it
    std::function<void()> reconciliation_due = [] {};   ///< a mailbox is to be compared with its server
    std::function<void()> check_due = [] {};            ///< a run of the check list was asked for
    bool one_server = false;                            ///< this process is application and services server alike
    /// Compares these mailboxes, or all, with their servers now; done within five minutes.
    std::function<net::awaitable<Result<std::vector<Looked>>>(std::optional<std::vector<std::string>> addresses)>
        retrieve_once;
};

}  // namespace postroom::console
