// STARTTLS, AUTHENTICATE (RFC 3501 section 6.2, RFC 4959) and LOGIN, and what a server knows of itself afterwards.
#include "imap/session.hpp"
#include "sasl/exchange.hpp"

namespace postroom::imap {

awaitable<Reply> Session::start_tls()
{
    // PREAUTH, which leaves no room for STARTTLS, is what somebody on the way would say to keep us from it.
    if (signed_in_) throw net::Broken(Trouble::protocol, "the server says ahead of TLS that we are signed in; refused");
    Command command("STARTTLS");
    auto reply = co_await run(std::move(command), limits_.command);
    if (!reply.ok()) co_return reply;
    if (!framer_.empty())
        throw net::Broken(Trouble::protocol,
                          "the server said more ahead of TLS, which somebody on the way may have put in; refused");
    co_await transport_->start_tls();
    capabilities_.clear();
    Command ask("CAPABILITY");
    auto known = co_await run(std::move(ask), limits_.command);
    if (!known.ok()) co_return known;
    co_return reply;
}

awaitable<Reply> Session::authenticate(sasl::Mechanism& mechanism)
{
    auto const tag = next_tag();
    Command command("AUTHENTICATE " + std::string(mechanism.name()));
    sasl::Exchange exchange(mechanism);
    if (has("SASL-IR"))
        if (auto const initial = exchange.take_initial(std::string::npos)) command.secret(initial->expose());
    auto const parts = command.encode(tag, 0);
    transport_->expire_after(limits_.sign_in);
    co_await transport_->write(parts.front());

    std::optional<Reply> reply;
    while (!reply) {
        auto response = co_await receive();
        if (auto* tagged = std::get_if<Tagged>(&response)) {
            reply = answer_to(tag, std::move(*tagged));
        } else if (auto const* asked = std::get_if<Continue>(&response)) {
            auto const line = exchange.answer(asked->text);
            if (!line) throw net::Broken(Trouble::protocol, line.error().message);
            co_await transport_->write(*line);
        } else {
            absorb(response);
        }
    }
    reply->challenge = mechanism.refusal();
    if (auto const& cancelled = exchange.cancelled()) {
        if (reply->ok()) throw net::Broken(Trouble::protocol, cancelled->message);
        reply->text += " (" + cancelled->message + ')';
    }
    co_return co_await signed_in(std::move(*reply));
}

awaitable<Reply> Session::login(std::string user, Secret password)
{
    Command command("LOGIN");
    command.string(user).secret_string(password.expose());
    auto reply = co_await run(std::move(command), limits_.sign_in);
    co_return co_await signed_in(std::move(reply));
}

awaitable<Reply> Session::signed_in(Reply reply)
{
    if (!reply.ok()) co_return reply;
    signed_in_ = true;
    Command ask("CAPABILITY");
    auto known = co_await run(std::move(ask), limits_.command);
    if (!known.ok()) co_return known;
    co_return reply;
}

}  // namespace postroom::imap
