// Retrieving over POP3: sign in, compare, file, delete, QUIT; and again after the mailbox's poll interval, since POP3
// tells nobody of new mail.
#pragma once

#include "pop3/session.hpp"
#include "retriever/holdouts.hpp"
#include "retriever/mailbox-run.hpp"
#include "retriever/pop3-deletion.hpp"
#include "retriever/pop3-headers.hpp"
#include "retriever/pop3-listing.hpp"
#include "retriever/pop3-reuse.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postroom::retriever {

class Pop3Retrieval final : public Retrieval {
public:
    explicit Pop3Retrieval(MailboxRun& run);

    net::awaitable<void> visit() override;
    void nudge() override {}
    void close() override;

private:
    using Mails = std::vector<pop3::Listed>;

    net::awaitable<Pop3Listing::Difference> less_known(Pop3Listing const& listing);
    /// What a person has to decide first, in words; nothing where mail can be retrieved.
    net::awaitable<std::optional<std::string>> judge_unexpected(pop3::Session& session, Pop3Listing const& listing,
                                                                Pop3Listing::Difference const& difference);
    net::awaitable<std::size_t> from_before(pop3::Session& session, Mails const& mails, std::size_t enough);
    net::awaitable<void> decision_carried_out();
    net::awaitable<void> note_gone(pop3::Session& session, Pop3Listing const& listing,
                                   std::vector<store::NamedMail> missing);
    net::awaitable<Mails> skip_old(pop3::Session& session, Mails mails);
    net::awaitable<std::size_t> fetch(pop3::Session& session, Mails mails);
    net::awaitable<void> judge_refusal(pop3::Session& session, pop3::Retrieved const& retrieved,
                                       std::vector<std::string> refused);
    /// A row with the next UID, which is a number of ours.
    [[nodiscard]] model::LedgerRow next_row(std::string unique_id, model::LedgerState state);

    MailboxRun& run_;
    pop3::Session* session_ = nullptr;  // while there is one to close
    std::uint32_t last_uid_ = 0;        // the highest that was given; read anew with every visit
    std::uint32_t earlier_ = 0;         // the highest that an earlier visit gave
    std::set<std::uint32_t> missing_;   // UIDs of known mails that the last look's list had not
    Pop3Headers headers_;
    Pop3Reuse reuse_;
    Pop3Deletion deletion_;
    Holdouts holdouts_;
    std::string left_;  // another server, of which the mailbox was until now
};

}  // namespace postroom::retriever
