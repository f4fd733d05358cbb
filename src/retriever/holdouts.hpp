// The mail of one folder that its server lists and that does not come: it is refused, empty, or the end of every
// connection. It is asked for last and ever less often, and in the end it is given up: then the ledger says so, and it
// stands in the exception queue.
#pragma once

#include "model/message.hpp"
#include "net/transport.hpp"
#include "retriever/suspects.hpp"
#include "retriever/withheld.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::retriever {

class MailboxRun;

/// Names are UIDs in decimal, or POP3's unique ids.
class Holdouts {
public:
    using Names = std::vector<std::string>;
    /// The ledger's row for a mail that is given up.
    using RowOf = std::function<model::LedgerRow(std::string const& name)>;

    Holdouts(MailboxRun& run, RowOf row_of) : run_(run), row_of_(std::move(row_of)) {}

    /// A session begins: what the store knows of the folder. In another folder everything else is forgotten.
    void enter(std::string folder, std::uint32_t uid_validity, std::vector<store::WithheldMail> kept);
    [[nodiscard]] bool empty() const { return withheld_.empty() && suspects_.empty(); }
    /// It was asked for so recently that it is left alone.
    [[nodiscard]] bool waits(std::string_view name) const;
    /// How long until one of them is to be asked for again; not positive where one is.
    [[nodiscard]] std::optional<Duration> until_next() const;
    /// Whatever is not listed any more is forgotten.
    void keep_only(std::function<bool(std::string const&)> const& is_listed) { withheld_.keep_only(is_listed); }
    /// These came.
    void came(Names const& names);

    struct Plan {
        Names together;
        Names refused_before;  ///< each by itself, after those
        Names alone;           ///< each by itself, after those, and with a look whether the server is there
    };
    [[nodiscard]] Plan plan(Names names) const;
    void suspect(std::string const& name) { suspects_.broke({name}, {}); }

    /// Of refused mails, those of which that is new: so many, and none given, and it is the server.
    [[nodiscard]] std::size_t fresh(Names const& refused) const;
    /// They are refused by a server in trouble: that counts against none, but they come last.
    void tried(Names const& names) { withheld_.tried(names); }

    /// The connection ended while `alone` was fetched, or, where that is empty, `together`, of which `came` came.
    /// Returns what was given up, here and below.
    net::awaitable<Names> broke(Error error, std::string alone, Names together, Names came);
    /// `alone` did not end it.
    void cleared(std::string const& alone) { suspects_.cleared(alone); }
    /// One look asked for these in vain, `why` in words.
    net::awaitable<Names> count(Names names, Patience patience, std::string why);
    /// Has the store know what is to outlive the session.
    net::awaitable<void> keep();
    /// For people; empty where everything is given.
    [[nodiscard]] std::string remark() const { return withheld_.remark(); }

private:
    net::awaitable<void> give_up(std::vector<model::LedgerRow> rows);

    MailboxRun& run_;
    RowOf row_of_;
    std::string folder_;
    std::uint32_t uid_validity_ = 0;
    Withheld withheld_;
    Suspects suspects_;
};

}  // namespace postroom::retriever
