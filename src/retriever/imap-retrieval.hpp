// Retrieving over IMAP: sign in, compare, file, after-actions, wait in IDLE.
#pragma once

#include "imap/session.hpp"
#include "retriever/mailbox-run.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postroom::retriever {

class ImapRetrieval final : public Retrieval {
public:
    explicit ImapRetrieval(MailboxRun& run) : run_(run) {}

    net::awaitable<void> visit() override;
    void nudge() override;
    void close() override;

private:
    /// What a person has to decide first, in words; nothing where mail can be retrieved.
    net::awaitable<std::optional<std::string>> open_folder(imap::Session& session);
    net::awaitable<std::optional<std::string>> judge_unexpected(imap::Session& session);
    net::awaitable<void> compare(imap::Session& session, std::uint64_t& seen_changes);
    net::awaitable<std::vector<imap::Uid>> unknown_uids(imap::Session& session);
    net::awaitable<std::vector<imap::Uid>> skip_old(imap::Session& session, std::vector<imap::Uid> uids);
    net::awaitable<std::size_t> fetch(imap::Session& session, std::vector<imap::Uid> uids);
    net::awaitable<void> note_missing(std::vector<imap::Uid> const& missing);
    net::awaitable<void> after_actions(imap::Session& session);
    net::awaitable<void> wait_for_mail(imap::Session& session, Instant token_ends, std::uint64_t seen_changes);
    [[nodiscard]] model::LedgerRow row(imap::Uid uid, model::LedgerState state) const;

    MailboxRun& run_;
    imap::Session* session_ = nullptr;  // while there is one to nudge
    std::uint32_t uid_validity_ = 0;
    std::map<imap::Uid, int> gave_nothing_;  // how many looks each was listed in and gave no data
    int in_vain_ = 0;                        // looks in a row that a change called for and that found nothing
    bool one_by_one_ = false;                // the server refused to give some mail
};

}  // namespace postroom::retriever
