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

    begin_message();
    Offered offered{.chunks = chunks_};
    if (!extensions_.pipelining) {
        offered.mail = co_await command(*mail, limits_.command);
        if (!offered.mail.positive()) co_return offered;
        for (auto const& line : recipients) {
            auto reply = co_await command(line, limits_.command);
            offered.recipients.push_back(std::move(reply));
            if (gone_) co_return offered;
        }
        if (offered.accepted() > 0 && !chunks_) offered.data = co_await command("DATA\r\n", limits_.command);
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
        if (until == recipients.size() && !chunks_) group.text("DATA\r\n");
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
    if (chunks_) co_return offered;
    offered.data = co_await receive();
    if (offered.data.code == 354 && offered.accepted() == 0) {
        // Section 3.1 again: the server must then be given an empty message, which it refuses.
        Wire const nothing(".\r\n");
        co_await transport_->write(nothing);
        offered.data = co_await receive();
    }
    co_return offered;
}

void Session::begin_message()
{
    chunks_ = extensions_.chunking;
    stuffer_ = chunks_ ? DotStuffer::for_chunks() : DotStuffer();
    held_back_.clear();
    chunks_unanswered_ = 0;
}

awaitable<void> Session::stream(std::string_view piece)
{
    constexpr std::size_t most = 256 * 1024;
    for (; !piece.empty(); piece.remove_prefix(std::min(most, piece.size()))) {
        auto octets = stuffer_.feed(piece.substr(0, most));
        if (octets.empty()) continue;  // a CR, whose LF may follow
        Wire wire;
        if (chunks_) {
            octets.insert(0, held_back_);
            auto const kept = std::min<std::size_t>(octets.size(), 2);
            held_back_ = octets.substr(octets.size() - kept);
            octets.resize(octets.size() - kept);
            if (octets.empty()) continue;
            wire.text("BDAT " + std::to_string(octets.size()) + "\r\n");
            ++chunks_unanswered_;
        }
        wire.text(octets);
        transport_->expire_after(limits_.transfer);
        co_await transport_->write(wire);
    }
}

awaitable<std::optional<Reply>> Session::streamed()
{
    std::optional<Reply> refusal;
    for (; chunks_unanswered_ > 0 && !gone_; --chunks_unanswered_) {
        transport_->expire_after(limits_.command);
        auto reply = co_await receive();
        if (!reply.positive() && !refusal) refusal = std::move(reply);
    }
    co_return refusal;
}

awaitable<Reply> Session::finish(Envelope const* next, std::string_view rest)
{
    if (gone_) throw net::Broken(Trouble::closed, "the server has ended this session");
    Wire wire;
    if (chunks_) {
        held_back_ += stuffer_.feed(rest);
        held_back_ += stuffer_.last_line_end();
        wire.text("BDAT " + std::to_string(held_back_.size()) + " LAST\r\n").text(held_back_);
        held_back_.clear();
    } else {
        wire.text(stuffer_.feed(rest)).text(stuffer_.finish());
    }
    recipients_ahead_ = 0;
    if (next != nullptr) {
        // Each is sound: may_follow() asked.
        wire.text(mail_from(*next, extensions_).value());
        for (auto const& recipient : next->to) wire.text(rcpt_to(recipient, *next, extensions_).value());
        if (!extensions_.chunking) wire.text("DATA\r\n");
        recipients_ahead_ = next->to.size();
    }
    ++finished_;
    transport_->expire_after(limits_.final_reply);
    co_await transport_->write(wire);
    co_return co_await receive();
}

bool Session::may_follow(Envelope const& next) const
{
    if (!extensions_.pipelining || next.to.empty() || next.to.size() > most_in_flight || gone_) return false;
    if (!mail_from(next, extensions_)) return false;
    return std::ranges::all_of(next.to,
                               [&](Recipient const& each) { return rcpt_to(each, next, extensions_).has_value(); });
}

awaitable<Offered> Session::offered()
{
    begin_message();
    Offered offered{.chunks = chunks_};
    transport_->expire_after(limits_.command);
    offered.mail = co_await receive();
    for (std::size_t i = 0; i < recipients_ahead_ && !gone_; ++i) {
        auto reply = co_await receive();
        offered.recipients.push_back(std::move(reply));
    }
    if (chunks_ || gone_) co_return offered;
    offered.data = co_await receive();
    if (offered.data.code == 354 && offered.accepted() == 0) {
        Wire const nothing(".\r\n");
        co_await transport_->write(nothing);
        offered.data = co_await receive();
    }
    co_return offered;
}

void Session::abandon() noexcept
{
    gone_ = true;
    transport_->close();
}

}  // namespace postroom::smtp
