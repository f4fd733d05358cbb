// One IMAP connection, as Exchange Online's front ends answer it. The commands are spread over imap-*.cpp by what they
// are about.
#pragma once

#include "lab/imap-words.hpp"
#include "lab/line-reader.hpp"
#include "lab/mail-sign-in.hpp"
#include "lab/state.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

/// Serves one connection that is in TLS already, until it ends.
[[nodiscard]] net::awaitable<void> serve_imap(SharedState state, std::unique_ptr<net::Accepted> connection);

class ImapSession {
public:
    ImapSession(SharedState state, std::unique_ptr<net::Accepted> connection);
    ~ImapSession();
    ImapSession(ImapSession const&) = delete;
    ImapSession& operator=(ImapSession const&) = delete;

    net::awaitable<void> run();

private:
    struct Command;
    struct FetchItem;
    enum class Needs { nothing, sign_in, mailbox };
    static Command const* command_named(std::string_view name);

    // imap-session.cpp: the dialogue.
    net::awaitable<std::optional<std::string>> read_command();
    net::awaitable<void> answer(std::string_view command);
    net::awaitable<void> flush();
    void say(std::string_view line);
    void ok(std::string_view words);
    void no(std::string_view words);
    void bad(std::string_view words);
    void bye(std::string_view words);
    /// The token has run out, or a fault says so: the session is over. True then.
    bool token_is_over();
    /// Tells the client what others did to the folder (RFC 3501 section 7.4.1: removals not everywhere).
    void sync(bool removals);
    [[nodiscard]] std::optional<std::string> fault(Fault which);
    [[nodiscard]] std::string_view mailbox_address() const;

    // imap-sign-in.cpp
    net::awaitable<void> capability(Words& words);
    net::awaitable<void> authenticate(Words& words);
    net::awaitable<void> login(Words& words);
    net::awaitable<void> id(Words& words);
    net::awaitable<void> noop(Words& words);
    net::awaitable<void> enable(Words& words);
    net::awaitable<void> logout(Words& words);

    // imap-folders.cpp
    net::awaitable<void> name_space(Words& words);
    net::awaitable<void> list(Words& words);
    net::awaitable<void> lsub(Words& words);
    net::awaitable<void> status(Words& words);
    net::awaitable<void> select(Words& words);
    net::awaitable<void> examine(Words& words);
    net::awaitable<void> create(Words& words);
    net::awaitable<void> subscribe(Words& words);
    net::awaitable<void> append(Words& words);
    net::awaitable<void> idle(Words& words);
    net::awaitable<void> close_folder(Words& words);
    net::awaitable<void> unselect(Words& words);
    void open_folder(Words& words, bool writable);
    void list_folders(Words& words, std::string_view name);

    // imap-change.cpp
    net::awaitable<void> uid(Words& words);
    net::awaitable<void> store(Words& words);
    net::awaitable<void> expunge(Words& words);
    net::awaitable<void> copy(Words& words);
    net::awaitable<void> move(Words& words);
    net::awaitable<void> fetch(Words& words);
    net::awaitable<void> search(Words& words);
    void do_store(Words& words, bool by_uid);
    void do_copy(Words& words, bool by_uid, bool remove);
    /// False where a fault refused it, which is answered then.
    bool remove_deleted(SequenceSet const* only);

    // imap-fetch.cpp and imap-search.cpp
    net::awaitable<void> do_fetch(Words& words, bool by_uid);
    std::optional<std::vector<FetchItem>> read_items(Words& words) const;
    /// What one message answers; nothing where the fault says that it has no data.
    std::optional<std::string> describe(Message const& message, std::uint32_t sequence, bool by_uid,
                                        std::vector<FetchItem> const& items);
    void do_search(Words& words, bool by_uid);

    /// The UIDs that a set names, ascending; nothing where a sequence number lies beyond the view.
    [[nodiscard]] std::optional<std::vector<std::uint32_t>> resolve(SequenceSet const& set, bool by_uid) const;
    [[nodiscard]] std::uint32_t sequence_of(std::uint32_t uid) const;  ///< 0: not in the view
    /// A fault says that it is not shown yet.
    [[nodiscard]] bool hides(Message const& message) const;
    /// A fault says what nobody asked for.
    void chatter();
    /// A fault refuses changes to one of these.
    [[nodiscard]] bool refuses_changes(std::vector<std::uint32_t> const& uids);
    /// A fault answers that command in another way.
    bool is_refused(std::string_view command, std::string_view address);

    SharedState state_;
    std::unique_ptr<net::Accepted> connection_;
    LineReader reader_;
    std::string out_;
    std::string tag_;
    std::optional<MailUser> user_;
    bool connected_ = false;  ///< false after sign-in: "authenticated but not connected"
    bool watching_ = false;
    bool over_ = false;
    unsigned bad_commands_ = 0;

    std::shared_ptr<Folder> folder_;
    bool writable_ = false;
    std::vector<std::uint32_t> view_;    ///< the UIDs as the client numbers them
    std::vector<std::uint32_t> hidden_;  ///< UIDs below seen_next_ that are not shown yet
    std::uint32_t seen_next_ = 0;
    std::uint64_t seen_changes_ = 0;
    std::uint64_t seen_removals_ = 0;
};

struct ImapSession::Command {
    std::string_view name;
    net::awaitable<void> (ImapSession::*run)(Words&);
    Needs needs;
};

}  // namespace postroom::lab
