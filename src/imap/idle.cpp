// IDLE (RFC 2177): the connection waits for the server's word, with nothing held but the connection itself.
#include "imap/session.hpp"

#include <chrono>

namespace postroom::imap {

awaitable<Answer<IdleEnd>> Session::idle(Duration limit)
{
    using steady = std::chrono::steady_clock;
    auto const end = steady::now() + limit;
    auto const before = changes_;
    auto const tag = next_tag();
    {
        Wire const command(tag + " IDLE\r\n");
        transport_->expire_after(limits_.command);
        co_await transport_->write(command);
    }
    // EXISTS may come ahead of the "+".
    for (bool accepted = false; !accepted;) {
        auto response = co_await receive();
        accepted = std::holds_alternative<Continue>(response);
        if (auto* tagged = std::get_if<Tagged>(&response))
            co_return std::unexpected(answer_to(tag, std::move(*tagged)));
        absorb(response);
    }

    auto why = IdleEnd::changed;
    while (changes_ == before) {
        auto const piece = take_piece();
        if (piece) {
            auto response = parse(std::get<Frame>(*piece));
            if (auto const* malformed = std::get_if<Malformed>(&response))
                throw net::Broken(Trouble::protocol, malformed->why);
            // The server may end it by itself, as Exchange does where the token has run out.
            if (auto* tagged = std::get_if<Tagged>(&response)) {
                auto reply = answer_to(tag, std::move(*tagged));
                if (!reply.ok()) co_return std::unexpected(std::move(reply));
                co_return IdleEnd::changed;
            }
            absorb(response);
            continue;
        }
        framer_.shrink();
        auto const left = std::chrono::ceil<Duration>(end - steady::now());
        if (left <= Duration::zero()) {
            why = IdleEnd::timeout;
            break;
        }
        transport_->expire_after(left + limits_.command);
        auto const woken = co_await transport_->wait(left);
        if (woken == net::Woken::timeout) why = IdleEnd::timeout;
        if (woken == net::Woken::nudged) why = IdleEnd::nudged;
        if (woken != net::Woken::readable) break;
        co_await fill(Deadline::renewed, limits_.command);
    }

    {
        Wire const done("DONE\r\n");
        transport_->expire_after(limits_.command);
        co_await transport_->write(done);
    }
    auto const reply = co_await finish(tag, {}, Deadline::fixed, {});
    framer_.shrink();
    if (!reply.ok()) co_return std::unexpected(reply);
    if (changes_ != before) why = IdleEnd::changed;
    co_return why;
}

}  // namespace postroom::imap
