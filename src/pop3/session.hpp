// One POP3 conversation (RFC 1939). A refusal is a Reply; the end of the connection and nonsense throw net::Broken with
// the server's own words, and the session is then over. Nothing here retries.
//
//     pop3::Session session(std::move(transport));
//     auto const greeted = co_await session.greet();
//     auto const signed_in = co_await session.authenticate(*mechanism);
//     auto const ids = co_await session.unique_ids();
//     …
//     auto const gone = co_await session.quit();   // only its +OK makes deletions count
#pragma once

#include "net/transport.hpp"
#include "pop3/codec/reply.hpp"
#include "sasl/mechanism.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::pop3 {

using net::awaitable;

/// What a command gave, or how it was refused.
template <class T>
using Answer = std::expected<T, Reply>;

/// How long each thing may take, and in octets how much may come.
struct SessionLimits {
    Duration greeting{30'000};
    Duration command{60'000};
    Duration sign_in{60'000};
    Duration listing{180'000};   ///< UIDL over a large mailbox
    Duration transfer{120'000};  ///< silence within RETR and TOP: whatever arrives renews it
    Duration sink{600'000};      ///< what a sink does with what one read brought
    Duration quit{60'000};       ///< the server deletes only now
    std::size_t line = 4'096;
    std::size_t listed = 1'000'000;  ///< mails in a mailbox
};

/// How AUTH ended.
struct SignIn {
    Reply reply;
    std::string challenge{};  ///< what the server said in its error challenge, decoded

    [[nodiscard]] bool ok() const { return reply.ok(); }
};

struct Mailbox {
    std::uint32_t mails = 0;
    std::uint64_t octets = 0;  ///< an estimate on Exchange
};

/// Where bodies go: begin, chunk…, end for each mail. The session reads no further until what it called has returned.
/// What a sink throws goes through to the caller, and the session must not be used again.
class MailSink {
public:
    virtual ~MailSink() = default;
    virtual awaitable<void> begin(std::uint32_t number) = 0;
    /// Never empty; valid until it returns.
    virtual awaitable<void> chunk(std::string_view bytes) = 0;
    virtual awaitable<void> end() = 0;
};

struct UniqueIds {
    std::vector<Listed> mails;   ///< in the server's order
    std::size_t unreadable = 0;  ///< lines that are none: a mail each, which can't be named
};

struct Size {
    std::uint32_t number = 0;
    std::uint64_t octets = 0;  ///< an estimate on Exchange

    friend bool operator==(Size const&, Size const&) = default;
};

struct Retrieved {
    std::size_t delivered = 0;
    std::vector<std::uint32_t> refused{};  ///< the server said -ERR to these
    std::vector<std::uint32_t> put_off{};  ///< to these too, by words that say it passes
    std::optional<Reply> refusal{};        ///< the first of either
};

class Session {
public:
    explicit Session(std::unique_ptr<net::Transport> transport, SessionLimits limits = {});

    /// The +OK, or the refusal.
    awaitable<Reply> greet();
    /// CAPA. Servers without it give an -ERR, and are taken to have nothing.
    awaitable<Reply> ask_capabilities();
    [[nodiscard]] bool has(std::string_view capability) const;
    /// A SASL mechanism that CAPA named.
    [[nodiscard]] bool has_auth(std::string_view mechanism) const;

    /// STLS, the handshake, then the capabilities again; or the refusal. Throws Broken (Trouble::protocol) where the
    /// server said anything ahead of TLS: somebody else may have said it.
    awaitable<Reply> start_tls();

    /// AUTH in two lines: the initial response follows the server's "+", since Exchange refuses it on the command line
    /// and a token makes that line longer than RFC 5034 allows.
    awaitable<SignIn> authenticate(sasl::Mechanism& mechanism);

    /// USER and PASS (RFC 1939 section 7), for servers without a mechanism for passwords. `user` has no line break.
    awaitable<SignIn> login(std::string user, Secret password);

    awaitable<Answer<Mailbox>> status();
    awaitable<Answer<UniqueIds>> unique_ids();
    /// LIST, in the server's order. What is no size is left out.
    awaitable<Answer<std::vector<Size>>> sizes();

    /// Pipelined where the server has PIPELINING (RFC 2449), up to `window` commands ahead.
    awaitable<Retrieved> retrieve(std::vector<std::uint32_t> numbers, MailSink& sink, std::size_t window = 20);
    /// The header and `lines` of the body. Errors beyond the refusal: throws Broken (Trouble::limit) above `most`.
    awaitable<Answer<std::string>> top(std::uint32_t number, unsigned lines, std::size_t most = 256 * 1024);
    /// Marks them; pipelined likewise. The first refusal, or the last +OK. They go with quit()'s +OK, not before.
    awaitable<Reply> remove(std::vector<std::uint32_t> numbers, std::size_t window = 100);
    /// Takes the marks back.
    awaitable<Reply> reset();
    awaitable<Reply> noop();

    /// QUIT, then the end. -ERR: some of what was marked was not removed. Throws Broken where no answer came: nobody
    /// knows, and the next UIDL tells.
    awaitable<Reply> quit();
    /// Ends it without QUIT: what was marked stays.
    void close() noexcept { transport_->close(); }

    [[nodiscard]] std::string const& peer() const { return transport_->peer(); }

private:
    awaitable<void> fill();
    awaitable<Reply> receive();
    awaitable<void> send(std::string line, Duration limit);
    awaitable<Reply> command(std::string line, Duration limit);
    awaitable<std::string> receive_lines(std::size_t most);
    awaitable<Answer<UniqueIds>> listing(std::string asked);
    awaitable<void> receive_mail(std::uint32_t number, MailSink& sink);

    std::unique_ptr<net::Transport> transport_;
    SessionLimits limits_;
    std::string inbox_;
    std::set<std::string, std::less<>> capabilities_;
};

}  // namespace postroom::pop3
