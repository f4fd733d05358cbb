// AUTHENTICATE (RFC 3501 section 6.2.2, RFC 4959), and what a server knows of itself afterwards.
#include "base/text.hpp"
#include "imap/session.hpp"

namespace postroom::imap {

awaitable<Reply> Session::authenticate(sasl::Mechanism& mechanism)
{
    auto const tag = next_tag();
    Command command("AUTHENTICATE " + std::string(mechanism.name()));
    auto initial = mechanism.initial();
    if (initial && has("SASL-IR")) {
        Secret const encoded(to_base64(initial->expose()));
        command.secret(encoded.empty() ? "=" : encoded.expose());  // RFC 4959: "=" is an empty one
        initial.reset();
    }
    auto const parts = command.encode(tag, false);
    transport_->expire_after(limits_.sign_in);
    co_await transport_->write(parts.front());

    std::optional<Error> cancelled;
    std::optional<Reply> reply;
    while (!reply) {
        auto response = co_await receive();
        if (auto* tagged = std::get_if<Tagged>(&response)) {
            reply = answer_to(tag, std::move(*tagged));
        } else if (auto const* asked = std::get_if<Continue>(&response)) {
            Wire line;
            if (cancelled) throw net::Broken(Trouble::protocol, cancelled->message);
            if (initial) {
                Secret const encoded(to_base64(initial->expose()));
                line.secret(encoded.expose());
                initial.reset();
            } else {
                // A challenge that is no base64 is shown to people as it is.
                auto const answer = mechanism.answer(from_base64(asked->text).value_or(asked->text));
                if (answer) {
                    Secret const encoded(to_base64(answer->expose()));
                    line.secret(encoded.expose());
                } else {
                    cancelled = answer.error();
                    line.text("*");
                }
            }
            line.text("\r\n");
            co_await transport_->write(line);
        } else {
            absorb(response);
        }
    }
    reply->challenge = mechanism.refusal();
    if (cancelled) {
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
