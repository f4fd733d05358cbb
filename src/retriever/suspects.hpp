// Mail that ends the connection each time that it is fetched: which one of those under way is it? Pure.
#pragma once

#include "imap/session.hpp"

#include <map>
#include <vector>

namespace postroom::retriever {

/// Where a connection ends among many mails that were asked for, each of them may be to blame. So all others are
/// fetched first, then these one by one; whatever comes is cleared, and what the connection ends at alone, some times,
/// is given up. A server that goes away for everybody blames nobody: it is asked whether it is there before each of
/// them.
class Suspects {
public:
    using Uids = std::vector<imap::Uid>;
    static constexpr int most_breaks = 3;

    struct Plan {
        Uids together;
        Uids alone;  ///< the least suspect first
    };
    [[nodiscard]] Plan plan(Uids uids) const;
    /// The connection ended while these were fetched together, of which `came` came.
    void broke(Uids const& together, Uids const& came);
    /// The connection ended while this one was fetched alone. True where it is to be given up.
    [[nodiscard]] bool broke_at(imap::Uid uid);
    /// How often it did.
    [[nodiscard]] int breaks(imap::Uid uid) const;
    void cleared(imap::Uid uid) { breaks_.erase(uid); }
    void clear() { breaks_.clear(); }
    [[nodiscard]] bool empty() const { return breaks_.empty(); }

private:
    std::map<imap::Uid, int> breaks_;
};

}  // namespace postroom::retriever
