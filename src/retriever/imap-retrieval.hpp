// Retrieving over IMAP: sign in, compare, file, after-actions, wait in IDLE.
#pragma once

#include "imap/session.hpp"
#include "retriever/fetch-each.hpp"
#include "retriever/holdouts.hpp"
#include "retriever/mailbox-run.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace postroom::retriever {

/// How much of the folder a look asks for.
enum class Breadth {
    newest,   ///< what lies above the highest UID that is known
    others,   ///< the server leaves out what is known
    listing,  ///< everything, compared here: whatever the server makes of a comparison
};

class ImapRetrieval final : public Retrieval {
public:
    explicit ImapRetrieval(MailboxRun& run);

    net::awaitable<void> visit() override;
    void nudge() override;
    void close() override;

private:
    /// What a person has to decide first, in words; nothing where mail can be retrieved.
    net::awaitable<std::optional<std::string>> open_folder(imap::Session& session);
    net::awaitable<std::optional<std::string>> judge_unexpected(imap::Session& session, std::string what);
    net::awaitable<void> compare(imap::Session& session, std::uint64_t& seen_changes);
    [[nodiscard]] bool dates_are_asked() const;
    [[nodiscard]] Breadth breadth(bool asked) const;
    net::awaitable<std::vector<imap::Uid>> unknown_uids(imap::Session& session, Breadth breadth);
    net::awaitable<void> read_ledger();
    net::awaitable<std::vector<imap::Uid>> skip_old(imap::Session& session, std::vector<imap::Uid> uids);
    net::awaitable<std::size_t> fetch(imap::Session& session, std::vector<imap::Uid> uids);
    net::awaitable<void> judge_refusal(imap::Session& session, FetchedPast const& fetched);
    /// What people should know of it; empty where nothing was refused.
    net::awaitable<std::string> after_actions(imap::Session& session, bool asked);
    net::awaitable<void> wait_for_mail(imap::Session& session, Instant token_ends, std::uint64_t seen_changes);
    [[nodiscard]] model::LedgerRow row(imap::Uid uid, model::LedgerState state) const;
    void knows(std::vector<imap::Uid> const& uids);

    using Steady = std::chrono::steady_clock;

    MailboxRun& run_;
    imap::Session* session_ = nullptr;  // while there is one to nudge
    std::string folder_;                // as the server has it
    std::uint32_t uid_validity_ = 0;
    std::string after_folder_;              // as the server spells it, once mail went there
    std::optional<imap::UidRanges> known_;  // what the ledger knows of the folder; nothing: to be read
    imap::Uid highest_ = 0;                 // of those
    Steady::time_point ledger_read_{};
    std::optional<Steady::time_point> compared_;  // the whole folder, in this session
    Holdouts holdouts_;
    bool left_ = false;                              // some mail was not asked for in this look
    std::optional<Steady::time_point> actions_due_;  // nothing is due before, but what a look files
    bool failing_ = true;                            // something is due, or the alarm about that may be raised
    std::string remark_;                             // about what fails
    bool idle_refused_ = false;                      // by this session: it is polled
    int in_vain_ = 0;                                // looks in a row that a change called for and that found nothing
    int dates_broke_ = 0;                            // sessions in a row that ended while dates were asked for
};

}  // namespace postroom::retriever
