// AUTHENTICATE (RFC 3501 section 6.2.2, RFC 4959), and what a server knows of itself afterwards.
#include "imap/session.hpp"
#include "sasl/exchange.hpp"

namespace postroom::imap {

awaitable<Reply> Session::authenticate(sasl::Mechanism& mechanism)
{
    auto const tag = next_tag();
    Command command("AUTHENTICATE " + std::string(mechanism.name()));
    sasl::Exchange exchange(mechanism);
    if (has("SASL-IR"))
        if (auto const initial = exchange.take_initial(std::string::npos)) command.secret(initial->expose());
    auto const parts = command.encode(tag, false);
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
    if (!reply->ok()) co_return *reply;

    signed_in_ = true;
    Command ask("CAPABILITY");
    auto known = co_await run(std::move(ask), limits_.command);
    if (!known.ok()) co_return known;
    co_return *reply;
}

}  // namespace postroom::imap
