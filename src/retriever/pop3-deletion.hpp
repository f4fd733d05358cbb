// Deleting what was filed from a maildrop: marked, and gone with QUIT's +OK.
#pragma once

#include "pop3/session.hpp"
#include "retriever/after-actions.hpp"
#include "retriever/pop3-headers.hpp"
#include "retriever/pop3-listing.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postroom::retriever {

class Pop3Deletion {
public:
    Pop3Deletion(MailboxRun& run, Pop3Headers& headers) : run_(run), headers_(headers) {}

    /// Ends the session. `earlier`: the highest UID that an earlier session gave; what has one above was retrieved in
    /// this one.
    net::awaitable<void> carry_out_and_quit(pop3::Session& session, Pop3Listing const& listing, std::uint32_t earlier);
    /// Than one session deletes.
    [[nodiscard]] bool more_due() const { return more_due_; }
    /// About what fails; empty where nothing does.
    [[nodiscard]] std::string const& remark() const { return remark_; }

private:
    /// Those of `due` that the server still has, as they were filed.
    net::awaitable<std::vector<model::LedgerRow>> confirm(pop3::Session& session, std::vector<model::LedgerRow> due,
                                                          Pop3Listing const& listing, std::uint32_t earlier);
    net::awaitable<std::vector<Done>> mark(pop3::Session& session, std::vector<model::LedgerRow> const& due,
                                           Pop3Listing const& listing);

    MailboxRun& run_;
    Pop3Headers& headers_;
    bool more_due_ = false;
    bool failing_ = true;                           // something is due, or the alarm about that may be raised
    std::chrono::steady_clock::time_point told_{};  // of what is due
    std::string remark_;
};

}  // namespace postroom::retriever
