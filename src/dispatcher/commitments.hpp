// Mails of one session that are committing before their turn has come: by the same transaction that settles the mail
// before them, while the server works on that one or the next. So the end of a mail waits for nothing.
#pragma once

#include "dispatcher/notes.hpp"
#include "dispatcher/settling.hpp"

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace postroom::dispatcher {

/// On the loop.
class Commitments {
public:
    /// One transaction: the settlement, and claimed → committing for each of the mails that is still ours. Where the
    /// store fails nothing is committed to, and the settlement is noted by itself. Goes on where nobody waits for it.
    void begin(Ground const& ground, Notes& notes, Settlement settlement, std::vector<model::Outbound> mails);

    /// It was begun with, and was not dropped since.
    [[nodiscard]] bool has(model::OutboundId id) const { return waiting_.contains(id); }
    /// Whether the mail is committing, durably; false where the claim was lost. Throws store::Failure where it perhaps
    /// is.
    [[nodiscard]] net::awaitable<bool> of(model::OutboundId id);
    /// Its end leaves now, or it is settled otherwise.
    void drop(model::OutboundId id) { waiting_.erase(id); }

private:
    struct Joint;
    static net::awaitable<void> commit(Ground ground, std::shared_ptr<Joint> joint, Settlement settlement,
                                       std::vector<model::Outbound> mails);

    std::unordered_map<model::OutboundId, std::shared_ptr<Joint>> waiting_;
};

}  // namespace postroom::dispatcher
