// The dialogue's everyday part: greeting, EHLO, STARTTLS, AUTH. Sending a mail is in submit.cpp.
#include "smtp/session.hpp"

#include "sasl/exchange.hpp"

namespace postroom::smtp {

namespace {

constexpr std::size_t longest_line = 512;  // RFC 5321 section 4.5.3.1.4, CRLF included

}  // namespace

Session::Session(std::unique_ptr<net::Transport> transport, SessionLimits limits)
    : transport_(std::move(transport)), limits_(limits), reader_(limits.replies)
{
}

awaitable<Reply> Session::receive()
{
    for (;;) {
        auto next = reader_.next();
        if (!next) throw net::Broken(next.error());
        if (*next) {
            if ((*next)->code == 421) gone_ = true;
            co_return std::move(**next);
        }
        bool const open = co_await transport_->read_more(reader_.inbox());
        if (!open) {
            gone_ = true;
            throw net::Broken(Trouble::closed, "the server closed the connection without a word");
        }
    }
}

awaitable<Reply> Session::command(std::string line, Duration limit)
{
    if (gone_) throw net::Broken(Trouble::closed, "the server has ended this session");
    Wire const wire(std::move(line));
    transport_->expire_after(limit);
    co_await transport_->write(wire);
    co_return co_await receive();
}

awaitable<Reply> Session::greet()
{
    transport_->expire_after(limits_.greeting);
    co_return co_await receive();
}

awaitable<Reply> Session::hello(std::string name)
{
    // A name that could break out of the line is not one: RFC 5321 section 4.1.4 takes an address literal instead.
    name_ = check_address("x@" + name, false) ? std::move(name) : "[127.0.0.1]";
    extensions_ = {};
    auto reply = co_await command("EHLO " + name_ + "\r\n", limits_.command);
    if (reply.positive()) {
        extensions_ = parse_extensions(reply.lines);
        if (!limits_.chunks) extensions_.chunking = false;
    } else if (reply.code == 500 || reply.code == 501 || reply.code == 502 || reply.code == 504) {
        reply = co_await command("HELO " + name_ + "\r\n", limits_.command);
    }
    co_return reply;
}

awaitable<Reply> Session::start_tls()
{
    auto const reply = co_await command("STARTTLS\r\n", limits_.command);
    if (!reply.positive()) co_return reply;
    if (!reader_.empty())
        throw net::Broken(Trouble::protocol,
                          "the server said more ahead of TLS, which somebody on the way may have put in; refused");
    co_await transport_->start_tls();
    secure_ = true;
    co_return co_await hello(name_);
}

awaitable<SignIn> Session::authenticate(sasl::Mechanism& mechanism)
{
    if (gone_) throw net::Broken(Trouble::closed, "the server has ended this session");
    sasl::Exchange exchange(mechanism);
    Wire first;
    first.text("AUTH ").text(mechanism.name());
    auto const room = longest_line - first.bytes().size() - 1 - 2;
    if (auto const initial = exchange.take_initial(room)) first.text(" ").secret(initial->expose());
    first.text("\r\n");
    transport_->expire_after(limits_.sign_in);
    co_await transport_->write(first);

    auto reply = co_await receive();
    while (reply.code == 334) {
        auto const line = exchange.answer(reply.lines.back());
        if (!line) throw net::Broken(Trouble::protocol, line.error().message);
        co_await transport_->write(*line);
        reply = co_await receive();
    }
    if (exchange.cancelled() && reply.positive()) throw net::Broken(Trouble::protocol, exchange.cancelled()->message);
    co_return SignIn{.reply = std::move(reply), .challenge = mechanism.refusal()};
}

awaitable<Reply> Session::reset()
{
    return command("RSET\r\n", limits_.command);
}

awaitable<Reply> Session::noop()
{
    return command("NOOP\r\n", limits_.command);
}

awaitable<void> Session::quit()
{
    try {
        co_await command("QUIT\r\n", limits_.quit);
    } catch (net::Broken const&) {
        // The server may go without a word; so do we.
    }
    gone_ = true;
    transport_->close();
}

}  // namespace postroom::smtp
