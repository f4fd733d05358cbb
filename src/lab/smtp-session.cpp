#include "lab/smtp-session.hpp"

#include "base/text.hpp"
#include "lab/delivery.hpp"

namespace postroom::lab {

net::awaitable<void> serve_smtp(SharedState state, std::unique_ptr<net::Accepted> connection, SmtpRole role)
{
    SmtpSession session(std::move(state), std::move(connection), role);
    co_await session.run();
}

SmtpSession::SmtpSession(SharedState state, std::unique_ptr<net::Accepted> connection, SmtpRole role)
    : state_(std::move(state)),
      connection_(std::move(connection)),
      reader_(*connection_),
      role_(role),
      session_id_(to_upper(to_hex(random_bytes(8))))
{
    ++state_->counters.smtp_sessions;
}

SmtpSession::~SmtpSession()
{
    if (user_) --user_->mailbox->smtp_connections;
}

void SmtpSession::say(std::string_view reply)
{
    out_ += reply;
    out_ += "\r\n";
}

net::awaitable<void> SmtpSession::flush()
{
    if (out_.empty()) co_return;
    Wire const wire(std::exchange(out_, std::string()));
    connection_->expire_after(Duration{60'000});
    co_await connection_->write(wire);
}

net::awaitable<std::optional<std::string>> SmtpSession::read_line()
{
    // Replies to pipelined commands go out together (RFC 2920 section 3.2).
    if (!reader_.has_line()) co_await flush();
    connection_->expire_after(Duration{5 * 60'000});
    auto line = co_await reader_.line(static_cast<std::size_t>(state_->settings.smtp_command_line));
    if (!line) {
        if (reader_.too_long()) say("500 5.5.2 Line too long");  // invented
        over_ = true;
    }
    co_return line;
}

net::awaitable<void> SmtpSession::run()
{
    // Exchange Online, observed 2022 (MailKit #1770); the bracket since about 2023.
    say("220 " + state_->host_name + " Microsoft ESMTP MAIL Service ready at " + mail_date(state_->clock.now()) + " [" +
        session_id_ + ']');
    while (!over_) {
        auto line = co_await read_line();
        if (!line) break;
        co_await answer(std::move(*line));
    }
    co_await flush();
}

void SmtpSession::hello(std::string_view name, bool extended)
{
    reset();
    client_name_ = printable(name, 255);
    auto const peer = connection_->peer();
    auto const greeting = state_->host_name + " Hello [" + peer.substr(0, peer.rfind(':')) + ']';
    if (!extended) {
        say("250 " + greeting);
        return;
    }
    // The list of Exchange Online, in its order (MailKit #1770, email-oauth2-proxy #95).
    say("250-" + greeting);
    say("250-SIZE " + std::to_string(most_message_bytes));
    say("250-PIPELINING");
    say("250-DSN");
    say("250-ENHANCEDSTATUSCODES");
    if (role_ == SmtpRole::submission) say(tls_ ? "250-AUTH LOGIN XOAUTH2" : "250-STARTTLS");
    say("250-8BITMIME");
    say("250-BINARYMIME");
    say("250-CHUNKING");
    say("250 SMTPUTF8");
}

net::awaitable<void> SmtpSession::answer(std::string line)
{
    auto const space = line.find(' ');
    auto const verb = to_upper(std::string_view(line).substr(0, space));
    auto const rest = space == std::string::npos ? std::string() : std::string(trim(line.substr(space + 1)));
    if (verb == "EHLO" || verb == "HELO") {
        hello(rest, verb == "EHLO");
    } else if (verb == "STARTTLS" && role_ == SmtpRole::submission && !tls_) {
        co_await start_tls();
    } else if (verb == "AUTH" && role_ == SmtpRole::submission) {
        co_await auth(rest);
    } else if (verb == "MAIL") {
        mail(rest);
    } else if (verb == "RCPT") {
        rcpt(rest);
    } else if (verb == "DATA") {
        co_await data();
    } else if (verb == "BDAT") {
        co_await bdat(rest);
    } else if (verb == "RSET") {
        reset();
        say("250 2.0.0 Resetting");  // Exchange Online
    } else if (verb == "NOOP") {
        say("250 2.0.0 OK");  // invented
    } else if (verb == "QUIT") {
        say("221 2.0.0 Service closing transmission channel");  // Exchange Online
        over_ = true;
    } else {
        say("500 5.3.3 Unrecognized command 'unknown' " + reference());  // Exchange Online
        if (++bad_commands_ >= 10) {
            say("421 4.7.0 Too many errors on this connection, closing transmission channel");  // invented
            over_ = true;
        }
    }
}

}  // namespace postroom::lab
