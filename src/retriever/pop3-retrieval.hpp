// Retrieving over POP3: sign in, compare, file, delete, QUIT; and again after the mailbox's poll interval, since POP3
// tells nobody of new mail.
#pragma once

#include "pop3/session.hpp"
#include "retriever/mailbox-run.hpp"
#include "retriever/pop3-listing.hpp"

#include <map>
#include <string>
#include <vector>

namespace postroom::retriever {

class Pop3Retrieval final : public Retrieval {
public:
    explicit Pop3Retrieval(MailboxRun& run) : run_(run) {}

    net::awaitable<void> visit() override;
    void nudge() override {}
    void close() override;

private:
    using Mails = std::vector<pop3::Listed>;

    net::awaitable<Mails> unknown_mails(Pop3Listing const& listing);
    net::awaitable<Mails> skip_old(pop3::Session& session, Mails mails);
    net::awaitable<std::size_t> fetch(pop3::Session& session, Mails mails);
    net::awaitable<void> note_refused(pop3::Session& session, std::vector<std::string> const& refused,
                                      pop3::Reply refusal);
    net::awaitable<void> remove_and_quit(pop3::Session& session, Pop3Listing const& listing);
    net::awaitable<std::vector<Done>> mark(pop3::Session& session, std::vector<model::LedgerRow> const& due,
                                           Pop3Listing const& listing);
    /// A row with the next UID, which is a number of ours.
    [[nodiscard]] model::LedgerRow next_row(std::string unique_id, model::LedgerState state);

    MailboxRun& run_;
    pop3::Session* session_ = nullptr;     // while there is one to close
    std::uint32_t last_uid_ = 0;           // the highest that was given; read anew with every visit
    std::map<std::string, int> refused_;   // how many looks each unique id was refused in
    std::map<std::string, int> broke_in_;  // how many sessions ended while it was given
    bool more_due_ = false;                // than one visit deletes
};

}  // namespace postroom::retriever
