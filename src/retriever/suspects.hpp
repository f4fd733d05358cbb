// Mail that ends the connection each time that it is fetched: which one of those under way is it? Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace postroom::retriever {

/// Where a connection ends among many mails that were asked for, each of them may be to blame. So all others are
/// fetched first, then these one by one; whatever comes is cleared, and what the connection ends at alone, some times,
/// is given up. A server that goes away for everybody blames nobody: it is asked whether it is there before each of
/// them.
class Suspects {
public:
    /// What names a mail from one session to the next: its UID in decimal, over POP3 its unique id.
    using Names = std::vector<std::string>;
    static constexpr int most_breaks = 3;
    /// As imap::FetchWindow has, and more than pop3::Session: those behind them were not asked for yet.
    static constexpr std::size_t under_way = 100;

    struct Plan {
        Names together;
        Names alone;  ///< the least suspect first
    };
    [[nodiscard]] Plan plan(Names names) const;
    /// The connection ended while these were fetched together, of which `came` came.
    void broke(Names const& together, Names const& came);
    /// The connection ended while this one was fetched alone. True where it is to be given up.
    [[nodiscard]] bool broke_at(std::string const& name) { return ++breaks_[name] >= most_breaks; }
    /// How often it did.
    [[nodiscard]] int breaks(std::string const& name) const;
    void cleared(std::string const& name) { breaks_.erase(name); }
    void clear() { breaks_.clear(); }
    [[nodiscard]] bool empty() const { return breaks_.empty(); }

private:
    std::map<std::string, int> breaks_;
};

}  // namespace postroom::retriever
