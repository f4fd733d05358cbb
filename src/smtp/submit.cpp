// One mail: the envelope, the message, and the dot that can't be taken back.
#include "smtp/session.hpp"

#include <algorithm>

namespace postroom::smtp {

namespace {

constexpr std::size_t most_in_flight = 100;  // recipients asked for before their replies are read

}  // namespace

std::size_t Offered::accepted() const
{
    return static_cast<std::size_t>(std::ranges::count_if(recipients, &Reply::positive));
}

awaitable<Result<Offered>> Session::offer(Envelope const& envelope)
{
    if (envelope.to.empty()) co_return failure(Trouble::invalid, "the message has no recipient");
    auto const mail = mail_from(envelope, extensions_);
    if (!mail) co_return std::unexpected(mail.error());
    std::vector<std::string> recipients;
    for (auto const& recipient : envelope.to) {
        auto line = rcpt_to(recipient, envelope, extensions_);
        if (!line) co_return std::unexpected(line.error());
        recipients.push_back(std::move(*line));
    }

    stuffer_ = {};
    Offered offered;
    if (!extensions_.pipelining) {
        offered.mail = co_await command(*mail, limits_.command);
        if (!offered.mail.positive()) co_return offered;
        for (auto const& line : recipients) {
            auto reply = co_await command(line, limits_.command);
            offered.recipients.push_back(std::move(reply));
            if (gone_) co_return offered;
        }
        if (offered.accepted() > 0) offered.data = co_await command("DATA\r\n", limits_.command);
        co_return offered;
    }

    // RFC 2920 section 3.1: DATA may end the group. The group is cut now and then, since a server that has too many
    // replies to write, and a client that has too many commands, would wait for each other.
    std::size_t sent = 0;
    bool first = true;
    while (sent < recipients.size()) {
        Wire group;
        if (first) group.text(*mail);
        auto const until = std::min(recipients.size(), sent + most_in_flight);
        for (std::size_t i = sent; i < until; ++i) group.text(recipients[i]);
        if (until == recipients.size()) group.text("DATA\r\n");
        if (gone_) throw net::Broken(Trouble::closed, "the server has ended this session");
        transport_->expire_after(limits_.command);
        co_await transport_->write(group);
        if (first) offered.mail = co_await receive();
        first = false;
        for (; sent < until && !gone_; ++sent) {
            auto reply = co_await receive();
            offered.recipients.push_back(std::move(reply));
        }
        if (gone_) co_return offered;  // what follows a 421 is the end of the connection
    }
    offered.data = co_await receive();
    if (offered.data.code == 354 && offered.accepted() == 0) {
        // Section 3.1 again: the server must then be given an empty message, which it refuses.
        Wire const nothing(".\r\n");
        co_await transport_->write(nothing);
        offered.data = co_await receive();
    }
    co_return offered;
}

awaitable<void> Session::stream(std::string_view piece)
{
    constexpr std::size_t most = 256 * 1024;
    for (; !piece.empty(); piece.remove_prefix(std::min(most, piece.size()))) {
        Wire const wire(stuffer_.feed(piece.substr(0, most)));
        if (wire.empty()) continue;  // a CR, whose LF may follow
        transport_->expire_after(limits_.transfer);
        co_await transport_->write(wire);
    }
}

awaitable<Reply> Session::finish()
{
    ++finished_;
    return command(stuffer_.finish(), limits_.final_reply);
}

void Session::abandon() noexcept
{
    gone_ = true;
    transport_->close();
}

}  // namespace postroom::smtp
