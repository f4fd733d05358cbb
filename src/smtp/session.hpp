// One SMTP submission session (RFC 5321, RFC 6409). A refusal is a Reply; the end of the connection and nonsense throw
// net::Broken, and the session is then over. After a 421 the server has gone too: gone() says so.
//
// A mail travels in three steps, so that its sender can write down "committing" before the one that can't be undone:
//
//     auto const offered = co_await session.offer(envelope);    // Broken here, or in stream(): it was not sent
//     co_await session.stream(bytes);                           // as often as needed
//     auto const taken = co_await session.streamed();           // where chunks are answered for (RFC 3030)
//     …the attempt is marked as committing…
//     auto const reply = co_await session.finish();             // Broken here: in doubt
//
// finish() may send the next mail's envelope in the same write; offered() then reads what the server says of that.
#pragma once

#include "net/transport.hpp"
#include "sasl/mechanism.hpp"
#include "smtp/codec/dot-stuffing.hpp"
#include "smtp/codec/envelope.hpp"
#include "smtp/codec/reply.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::smtp {

using net::awaitable;

/// How long each thing may take (RFC 5321 section 4.5.3.2 gives minutes; a submission has somebody waiting).
struct SessionLimits {
    Duration greeting{60'000};
    Duration command{120'000};
    Duration sign_in{120'000};
    Duration transfer{180'000};  ///< for one piece of a message to leave
    Duration final_reply{600'000};
    Duration quit{5'000};
    ReplyLimits replies{};
    bool chunks = true;  ///< where the server has CHUNKING; DATA otherwise
};

/// How AUTH ended.
struct SignIn {
    Reply reply;
    std::string challenge{};  ///< what the server said in its error challenge, decoded

    [[nodiscard]] bool ok() const { return reply.positive(); }
};

/// What the server says of an envelope.
struct Offered {
    Reply mail;
    std::vector<Reply> recipients{};  ///< in the envelope's order; fewer where MAIL was refused without pipelining
    Reply data{};                     ///< code 0 where DATA was not sent
    bool chunks = false;              ///< the message goes in chunks, without DATA (RFC 3030)

    /// The server waits for the message, for those recipients that it accepted: stream() and finish(), or abandon().
    [[nodiscard]] bool go_ahead() const { return data.code == 354 || (chunks && accepted() > 0); }
    [[nodiscard]] std::size_t accepted() const;
};

class Session {
public:
    explicit Session(std::unique_ptr<net::Transport> transport, SessionLimits limits = {});

    /// 220, or the refusal.
    awaitable<Reply> greet();
    /// EHLO, or HELO where the server does not know that. `name` is ours: a host name or an address literal.
    awaitable<Reply> hello(std::string name);
    /// STARTTLS, the handshake, then hello() again, whose reply is returned; or the refusal. Throws Broken
    /// (Trouble::protocol) where the server said anything ahead of TLS: somebody else may have said it.
    awaitable<Reply> start_tls();
    [[nodiscard]] bool secure() const { return secure_; }

    /// As of the last hello().
    [[nodiscard]] Extensions const& extensions() const { return extensions_; }

    /// The initial response goes on the command line only where that stays within 512 octets, CRLF included; else after
    /// the 334. (Postfix refuses a longer line with a misleading 535.)
    awaitable<SignIn> authenticate(sasl::Mechanism& mechanism);

    /// MAIL, RCPT… and DATA, but for that where the server has CHUNKING; in one go where it has PIPELINING. Errors,
    /// with nothing sent: Trouble::invalid (an address), Trouble::limit (larger than the server's SIZE).
    /// Where nobody was accepted and the server yet wants the message, it gets an empty one, and `data` is its answer.
    awaitable<Result<Offered>> offer(Envelope const& envelope);
    /// A piece of the message, split anywhere; any line ends.
    awaitable<void> stream(std::string_view piece);
    /// All was streamed. The first refusal of a chunk, which is the server's decision about the whole; else nothing.
    awaitable<std::optional<Reply>> streamed();
    /// Sends what ends the message; its reply is the server's decision. In the same write go `rest`, which was not
    /// streamed, ahead of it, and behind it the envelope of the next mail, where one is given that may_follow().
    awaitable<Reply> finish(Envelope const* next = nullptr, std::string_view rest = {});
    /// The envelope may be sent with the end of the mail before: the server has PIPELINING, takes such a mail, and it
    /// has few recipients.
    [[nodiscard]] bool may_follow(Envelope const& next) const;
    /// What the server says of the envelope that finish() sent.
    awaitable<Offered> offered();
    /// Something of the server's next reply is here already.
    [[nodiscard]] bool has_more() const { return !reader_.empty(); }
    /// The message will not be ended: closes the connection, the only way to make the server forget it.
    void abandon() noexcept;

    awaitable<Reply> reset();
    awaitable<Reply> noop();
    /// QUIT, then the end. Never throws.
    awaitable<void> quit();

    /// The server said 421, or the session was ended: nothing more can be asked.
    [[nodiscard]] bool gone() const { return gone_; }
    /// Mails that finish() was called for on this connection.
    [[nodiscard]] std::size_t finished() const { return finished_; }
    [[nodiscard]] std::string const& peer() const { return transport_->peer(); }

private:
    awaitable<Reply> receive();
    awaitable<Reply> command(std::string line, Duration limit);
    void begin_message();

    std::unique_ptr<net::Transport> transport_;
    SessionLimits limits_;
    ReplyReader reader_;
    DotStuffer stuffer_;
    bool chunks_ = false;    // of the mail that is under way
    std::string held_back_;  // the end of it, which is the last chunk: there must be one, and not empty
    std::size_t chunks_unanswered_ = 0;
    std::size_t recipients_ahead_ = 0;  // of the envelope that finish() sent
    Extensions extensions_;
    std::string name_;
    std::size_t finished_ = 0;
    bool secure_ = false;
    bool gone_ = false;
};

}  // namespace postroom::smtp
