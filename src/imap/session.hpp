// One IMAP conversation (RFC 3501, IMAP4rev1 only). A refusal is a value; BYE, the end of the connection and nonsense
// throw net::Broken with the server's own words, and the session is then over. Nothing here retries.
//
//     imap::Session session(std::move(transport));
//     co_await session.greet();
//     auto const signed_in = co_await session.authenticate(*mechanism);
//     if (!signed_in.ok()) … signed_in.words() …
//     auto const inbox = co_await session.select("INBOX");
#pragma once

#include "imap/codec/command.hpp"
#include "imap/codec/framer.hpp"
#include "imap/codec/response.hpp"
#include "net/transport.hpp"
#include "sasl/mechanism.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::imap {

using net::awaitable;

/// How a command ended.
struct Reply {
    Status status = Status::bad;
    Code code;
    std::string text;
    std::string challenge{};  ///< AUTHENTICATE: what the server said in its error challenge, decoded

    [[nodiscard]] bool ok() const { return status == Status::ok; }
    /// "NO [CODE] text", printable: the server's own words.
    [[nodiscard]] std::string words() const;
};

/// What a command gave, or how it was refused.
template <class T>
using Answer = std::expected<T, Reply>;

/// How long each thing may take, from the command to its answer.
struct SessionLimits {
    Duration greeting{30'000};
    Duration command{60'000};  ///< most commands
    Duration sign_in{60'000};
    Duration search{180'000};    ///< SEARCH, LIST and COPY, over large folders
    Duration transfer{120'000};  ///< silence within FETCH and APPEND: whatever arrives renews it
    Duration sink{600'000};      ///< what a sink does with what one read brought
    Duration logout{5'000};
    FramerLimits framer{};
};

struct Selected {
    std::uint32_t uid_validity = 0;
    std::optional<Uid> uid_next;
    std::uint32_t exists = 0;
    bool read_only = false;
    std::vector<std::string> permanent_flags;
};

struct Folder {
    std::string name;                     ///< UTF-8, for people
    std::string wire_name;                ///< as the server spells it; what select() and the others take is `name`
    std::vector<std::string> attributes;  ///< \Noselect, \Sent …
    std::optional<char> delimiter;

    [[nodiscard]] bool has(std::string_view attribute) const;
};

/// Of the personal namespace (RFC 2342): where somebody's own folders are. Exchange has ("" "/").
struct Namespace {
    std::string prefix;
    std::optional<char> delimiter;
};

/// All that are set must hold; none set: every mail.
struct SearchFor {
    std::optional<Uid> from_uid;   ///< this one and all above. Servers may add their highest UID, though it is lower
    std::optional<UidRange> uids;  ///< instead of from_uid
    std::optional<Instant> since;  ///< arrived on this day or later, days as the *server* counts them
    std::string message_id;        ///< with its angle brackets
};

/// What FETCH said of a mail besides its bytes.
struct MailInfo {
    Uid uid = 0;
    std::optional<Instant> internal_date;
    std::optional<std::uint64_t> stated_size;  ///< RFC822.SIZE; an estimate on Exchange
    std::vector<std::string> flags;
    std::uint64_t body_size = 0;  ///< what was handed to the sink; 0 where no body was asked for
};

/// Where bodies go. Attributes may follow the body on the wire, so what is known of a mail comes with end(). For each
/// mail: begin, chunk…, then end or discard. The session reads no further until what it called has returned. What a
/// sink throws goes through to the caller, and the session must not be used again.
class BodySink {
public:
    virtual ~BodySink() = default;
    /// `size`: how many bytes will come.
    virtual awaitable<void> begin(std::uint64_t size) = 0;
    /// Never empty; valid until it returns.
    virtual awaitable<void> chunk(std::string_view bytes) = 0;
    virtual awaitable<void> end(MailInfo info) = 0;
    /// What was begun is nothing that was asked for, or was handed over before: forget it.
    virtual awaitable<void> discard() = 0;
};

/// Where the bytes of a mail come from that is appended: CRLF is its affair. What it throws goes through to the caller,
/// and the connection is closed.
class BodySource {
public:
    virtual ~BodySource() = default;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// The next bytes, never none, until there were size() of them.
    [[nodiscard]] virtual awaitable<std::string> next() = 0;
};

/// How much is asked for ahead of what has come.
struct FetchWindow {
    std::size_t commands = 4;            ///< UID FETCH commands in flight
    std::size_t mails_per_command = 25;  ///< smaller where a slow server is expected
};

struct Fetched {
    std::size_t delivered = 0;
    std::vector<Uid> missing;        ///< the server said OK and gave no body (none, NIL, or an empty one)
    std::vector<Uid> unasked;        ///< not fetched, because of `refusal`; to be asked for another time
    std::optional<Reply> refusal{};  ///< the first; nothing more was asked for after it
};

/// Why idle() returned. BYE and the end of the connection throw.
enum class IdleEnd { changed, timeout, nudged };

class Session {
public:
    explicit Session(std::unique_ptr<net::Transport> transport, SessionLimits limits = {});
    ~Session();
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    /// Reads the greeting and asks for the capabilities where it does not hold them. Throws on BYE.
    awaitable<void> greet();
    /// What the greeting said.
    [[nodiscard]] std::string const& greeting() const { return greeting_; }
    /// PREAUTH, or signed in since.
    [[nodiscard]] bool signed_in() const { return signed_in_; }

    /// As last told; asked again by authenticate().
    [[nodiscard]] bool has(std::string_view capability) const;
    [[nodiscard]] std::set<std::string, std::less<>> const& capabilities() const { return capabilities_; }

    /// ID (RFC 2971), where the server knows it. The server's answer is not kept.
    awaitable<void> identify(std::string name, std::string version);

    /// STARTTLS (RFC 3501 section 6.2.1), the handshake, then the capabilities anew; or the refusal. Throws Broken
    /// (Trouble::protocol) where the server said anything ahead of TLS, or called us signed in: somebody else may have
    /// said it.
    awaitable<Reply> start_tls();

    /// With the initial response on the command line where SASL-IR is offered. After OK the capabilities are asked
    /// again; a refusal of *that* is returned, since Exchange tells only there that the mailbox can't be opened ("User
    /// is authenticated but not connected.").
    awaitable<Reply> authenticate(sasl::Mechanism& mechanism);
    /// The LOGIN command (RFC 3501 section 6.2.3), for servers without a mechanism for passwords; otherwise as
    /// authenticate().
    awaitable<Reply> login(std::string user, Secret password);

    /// `folder` is UTF-8, here and below.
    awaitable<Answer<Selected>> select(std::string folder);
    awaitable<Answer<Selected>> examine(std::string folder);
    /// The folder that is open, kept current by whatever the server says; nothing before select().
    [[nodiscard]] std::optional<Selected> const& selected() const { return selected_; }
    /// Grows with every EXISTS, and every EXPUNGE that is not our own doing. Compare it with what it was before a
    /// search, ahead of idle(), which tells only of what changes from then on.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

    /// Ascending. Numbers outside `what.uids` or below `what.from_uid` are dropped.
    awaitable<Answer<std::vector<Uid>>> search(SearchFor what);
    /// Ascending: all that are in none of the ranges. The server compares, so that a folder of which all is known costs
    /// some hundred bytes however many mails it holds.
    awaitable<Answer<std::vector<Uid>>> search_others(UidRanges const& known);

    awaitable<Answer<std::vector<Folder>>> list();
    /// Without a prefix and a delimiter where the server does not tell.
    awaitable<Namespace> personal_namespace();

    /// Bodies (BODY.PEEK[]), streamed. A UID that gives no data is reported, never asked for again.
    awaitable<Fetched> fetch(std::vector<Uid> uids, BodySink& sink, FetchWindow window = {});
    /// Everything but the bodies. UIDs that gave no data are not in the answer.
    awaitable<Answer<std::vector<MailInfo>>> fetch_info(std::vector<Uid> uids);

    /// UID STORE +FLAGS.SILENT. Of several commands (a long set is split) the first refusal is returned, here and
    /// below.
    awaitable<Reply> add_flags(std::vector<Uid> uids, std::vector<std::string> flags);
    awaitable<Reply> remove_flags(std::vector<Uid> uids, std::vector<std::string> flags);
    /// UID EXPUNGE. Without UIDPLUS nothing is sent and the reply is BAD: a plain EXPUNGE would delete others' mail.
    awaitable<Reply> expunge(std::vector<Uid> uids);
    /// UID MOVE. Without MOVE nothing is sent and the refusal is BAD. One entry a command that told where mail went.
    awaitable<Answer<std::vector<CopyUid>>> move(std::vector<Uid> uids, std::string folder);
    awaitable<Answer<std::vector<CopyUid>>> copy(std::vector<Uid> uids, std::string folder);

    /// The source is asked for its bytes once the server has agreed to take as many, and for no more than what is being
    /// written.
    awaitable<Answer<std::optional<AppendUid>>> append(std::string folder, std::vector<std::string> flags,
                                                       std::optional<Instant> date, BodySource& source);
    awaitable<Reply> create(std::string folder);
    awaitable<Reply> noop();

    /// Waits until the folder changes, `limit` has passed or nudge() is called. No buffer and no secret is held
    /// meanwhile. Exchange wants it renewed within 10 minutes.
    awaitable<Answer<IdleEnd>> idle(Duration limit);
    /// From the connection's own thread.
    void nudge() { transport_->nudge(); }

    /// LOGOUT, then the end. Never throws: what is left unsaid is lost with the connection anyway.
    awaitable<void> logout();
    void close() noexcept { transport_->close(); }

    [[nodiscard]] std::string const& peer() const { return transport_->peer(); }

private:
    struct InFlight;
    /// What a command does with an untagged response that is meant for it: true where it was.
    using Collect = std::function<bool(Response&)>;
    enum class Deadline { fixed, renewed };

    awaitable<void> fill(Deadline deadline, Duration limit);
    awaitable<Response> receive(Deadline deadline = Deadline::fixed, Duration limit = {});
    std::optional<Piece> take_piece();
    awaitable<void> write_all_of(BodySource& source);
    void absorb(Response const& response);
    void absorb(Condition const& condition);
    void learn(std::vector<std::string> const& capabilities);
    [[noreturn]] void fail_closed() const;

    awaitable<Reply> signed_in(Reply reply);
    std::string next_tag();
    [[nodiscard]] static Reply answer_to(std::string_view tag, Tagged tagged);
    awaitable<Reply> run(Command command, Duration limit, Collect collect = {}, Deadline deadline = Deadline::fixed);
    awaitable<Reply> finish(std::string tag, Collect collect, Deadline deadline, Duration limit);
    awaitable<Reply> search(Command command, UidRange within, std::vector<Uid>& found);
    awaitable<Answer<Selected>> open(std::string verb, std::string folder);
    awaitable<Reply> store(std::vector<Uid> uids, std::string what, std::vector<std::string> flags);
    awaitable<Answer<std::vector<CopyUid>>> copy_or_move(std::string verb, std::vector<Uid> uids, std::string folder);
    awaitable<bool> deliver(Fetch fetch, bool begun, std::vector<InFlight>& flight, BodySink& sink);

    std::unique_ptr<net::Transport> transport_;
    SessionLimits limits_;
    Framer framer_;
    std::string greeting_;
    std::string last_words_;  // an untagged NO, BAD or oddity, if that was the last thing said
    std::set<std::string, std::less<>> capabilities_;
    std::optional<Selected> selected_;
    std::uint64_t changes_ = 0;
    std::uint64_t last_tag_ = 0;
    bool signed_in_ = false;
    bool leaving_ = false;  // BYE is what we want
};

}  // namespace postroom::imap
