// MAIL, RCPT, DATA, BDAT, and what Exchange Online says after the last byte.
#include "base/text.hpp"
#include "lab/delivery.hpp"
#include "lab/smtp-session.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace postroom::lab {

namespace {

constexpr std::size_t most_recipients = 500;  // Exchange Online's default for a message

// "FROM:<a@b> SIZE=12": the path, and what follows it. Nothing where it is not that.
struct Path {
    std::string address;
    std::vector<std::string> parameters;
};

std::optional<Path> read_path(std::string_view text, std::string_view prefix)
{
    if (!starts_ignoring_case(text, prefix)) return std::nullopt;
    text = trim(text.substr(prefix.size()));
    if (!text.starts_with('<')) return std::nullopt;
    auto const end = text.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    Path path{std::string(text.substr(1, end - 1)), {}};
    for (auto const each : split(trim(text.substr(end + 1)), ' '))
        if (!each.empty()) path.parameters.push_back(to_upper(each));
    bool const proper = path.address.empty() || path.address.find('@') != std::string::npos;
    bool const printable_only =
        std::ranges::all_of(path.address, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
    if (!proper || !printable_only || path.address.size() > 320) return std::nullopt;
    return path;
}

std::string message_id_of(std::string_view raw)
{
    auto const value = field(raw, "Message-ID");
    if (!value || value->size() > 998) return {};
    return *value;
}

}  // namespace

std::optional<std::string> SmtpSession::fault(Fault which)
{
    if (!user_) return std::nullopt;
    return state_->faults.take(which, {user_->mailbox->address, user_->upn});
}

bool SmtpSession::is_refused_at(std::string_view stage, std::string_view address)
{
    if (auto const said = state_->faults.take_answer(Fault::smtp_refused, stage, address)) {
        say(*said + ' ' + reference());
        return true;
    }
    if (state_->faults.see(Fault::smtp_temporary, {address}) != stage) return false;
    (void)state_->faults.take(Fault::smtp_temporary, {address});
    say("451 4.7.0 Temporary server error. Please try again later. PRX4 " + reference());  // MailKit #566
    return true;
}

void SmtpSession::reset()
{
    sender_.reset();
    recipients_.clear();
    raw_ = std::string();
    too_big_ = false;
}

void SmtpSession::mail(std::string_view rest)
{
    if (role_ == SmtpRole::submission && !user_)
        return say("530 5.7.57 Client not authenticated to send mail. " + reference());  // Exchange Online
    if (client_name_.empty() || sender_) return say("503 5.5.2 Send hello first");       // invented
    auto const path = read_path(rest, "FROM:");
    if (!path) return say("501 5.5.4 Invalid arguments");  // invented
    if (user_ && is_refused_at("mail", user_->mailbox->address)) return;
    for (auto const& parameter : path->parameters) {
        if (parameter.starts_with("SIZE=") &&
            to_number(std::string_view(parameter).substr(5), 0) > static_cast<std::int64_t>(most_message_bytes))
            return say("552 5.3.4 Message size exceeds fixed maximum message size");  // Exchange Server's words
    }
    sender_ = path->address;
    say("250 2.1.0 Sender OK");  // Exchange Online
}

void SmtpSession::rcpt(std::string_view rest)
{
    if (!sender_) return say("503 5.5.2 Need mail command");  // invented
    auto const path = read_path(rest, "TO:");
    if (!path || path->address.empty()) return say("501 5.5.4 Invalid arguments");  // invented
    if (user_ && is_refused_at("rcpt", user_->mailbox->address)) return;
    if (recipients_.size() >= most_recipients) return say("452 4.5.3 Too many recipients");  // unverified: invented
    if (role_ == SmtpRole::inbound && !state_->tenant.mailbox(path->address))
        return say(
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup");  // invented
    recipients_.push_back(path->address);
    say("250 2.1.5 Recipient OK");  // Exchange Online
}

net::awaitable<void> SmtpSession::data()
{
    if (recipients_.empty()) {
        say("503 5.5.2 Need rcpt command");  // invented
        co_return;
    }
    say("354 Start mail input; end with <CRLF>.<CRLF>");  // Exchange Online
    co_await flush();
    connection_->expire_after(Duration{10 * 60'000});
    bool const whole = co_await reader_.dot_stuffed(most_message_bytes, raw_);
    if (!whole) {
        over_ = true;
        co_return;
    }
    too_big_ = reader_.too_long();
    co_await accept();
}

net::awaitable<void> SmtpSession::bdat(std::string_view rest)
{
    auto const words = split(rest, ' ');
    auto const size = to_number(words.front(), -1);
    bool const last = words.size() > 1 && equal_ignoring_case(words[1], "LAST");
    if (size < 0 || size > static_cast<std::int64_t>(most_message_bytes)) {
        say("501 5.5.4 Invalid arguments");  // invented
        over_ = true;                        // how much follows is unknown
        co_return;
    }
    bool const in_turn = !recipients_.empty();
    too_big_ = too_big_ || raw_.size() + static_cast<std::size_t>(size) > most_message_bytes;
    std::string dropped;
    auto& into = in_turn && !too_big_ ? raw_ : dropped;
    connection_->expire_after(Duration{10 * 60'000});
    bool const whole = co_await reader_.bytes(static_cast<std::size_t>(size), into);
    if (!whole) {
        over_ = true;
    } else if (!in_turn) {
        say("503 5.5.2 Need rcpt command");  // invented
    } else if (last) {
        co_await accept();
    } else {
        say("250 2.0.0 " + std::to_string(size) + " bytes received");  // invented
    }
}

net::awaitable<void> SmtpSession::accept()
{
    if (too_big_)
        say("552 5.3.4 Message size exceeds fixed maximum message size");  // Exchange Server's words
    else if (role_ == SmtpRole::inbound)
        accept_inbound();
    else
        co_await accept_submission();
    reset();
}

void SmtpSession::accept_inbound()
{
    auto const trace = trace_header(*state_, *sender_, connection_->peer(), client_name_);
    auto const id = message_id_of(raw_);
    auto const done = deliver_from_outside(*state_, recipients_, trace + raw_);
    if (done)
        say("250 2.6.0 " + id + " Queued mail for delivery");  // invented
    else
        say("452 4.3.1 Insufficient system resources");  // invented: the lab's memory has a bound
}

std::optional<std::string> SmtpSession::sender_not_allowed() const
{
    auto const from = field(raw_, "From");
    auto senders = from ? addresses(*from) : std::vector<std::string>();
    if (!sender_->empty()) senders.push_back(*sender_);
    for (auto const& sender : senders) {
        auto const mailbox = state_->tenant.mailbox(sender);
        bool const own = equal_ignoring_case(sender, user_->mailbox->address);
        if (!own && (!mailbox || !mailbox->may_send_as(user_->upn))) return sender;
    }
    return std::nullopt;
}

// What exceeds the limit a minute is delayed and carried over, not refused (Microsoft, SMTP submission improvements).
net::awaitable<void> SmtpSession::keep_pace()
{
    auto const most = state_->settings.smtp_messages_a_minute;
    auto& sent = user_->mailbox->submitted;
    while (most > 0) {
        auto const now = state_->clock.now();
        std::erase_if(sent, [&](Instant at) { return at + std::chrono::minutes(1) <= now; });
        if (sent.size() < static_cast<std::size_t>(most)) break;
        auto const wait = sent.front() + std::chrono::minutes(1) - now;
        connection_->expire_after(wait + std::chrono::minutes(1));
        auto const executor = co_await boost::asio::this_coro::executor;
        // The lab's clock may be moved meanwhile.
        boost::asio::steady_timer timer(executor, std::min<Duration>(wait, std::chrono::milliseconds(200)));
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
    if (most > 0) sent.push_back(state_->clock.now());
}

net::awaitable<void> SmtpSession::accept_submission()
{
    auto const hostname = " [Hostname=" + state_->host_name + ']';
    auto& mailbox = *user_->mailbox;
    if (fault(Fault::smtp_lost_before_accepting)) {
        over_ = true;
        co_return;
    }
    if (is_refused_at("data", mailbox.address)) co_return;
    bool const too_many = position_ > static_cast<unsigned>(state_->settings.smtp_connections) &&
                          mailbox.smtp_connections > static_cast<unsigned>(state_->settings.smtp_connections);
    if (fault(Fault::smtp_connections) || too_many) {
        say("432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more "
            "information." +
            hostname);  // Exchange Online, fastapi-mail #75
        co_return;
    }
    if (header_of(raw_).size() > 256 * 1024) {
        say("552 5.3.4 Header size exceeds fixed maximum size");  // Exchange Online limits, MailKit #904
        co_return;
    }
    auto denied = sender_not_allowed();
    if (!denied && fault(Fault::smtp_send_as_denied)) denied = *sender_;
    if (denied) {
        // Exchange Online since 2022 (gophish #2900); 554 5.2.0 before.
        say("554 5.2.252 SendAsDenied; " + user_->mailbox->address + " not allowed to send as " + *denied +
            "; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process "
            "message due to a permanent exception with message [BeginDiagnosticData]Cannot submit message. "
            "0.35250:0A00A280[EndDiagnosticData]" +
            hostname);
        co_return;
    }
    if (fault(Fault::smtp_mailbox_full)) {
        // Microsoft, SMTP submission improvements.
        say("554 5.2.2 mailbox full; "
            "STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process "
            "message due to a permanent exception" +
            hostname);
        co_return;
    }
    co_await keep_pace();
    auto id = message_id_of(raw_);
    if (id.empty()) {
        // The server makes one where there is none.
        id = '<' + to_upper(to_hex(random_bytes(12))) + '@' + state_->host_name + '>';
        raw_ = "Message-ID: " + id + "\r\n" + raw_;
    }
    auto const trace = trace_header(*state_, *sender_, connection_->peer(), client_name_);
    auto const done = deliver_submission(*state_, mailbox, *sender_, recipients_, std::move(raw_), trace, id);
    if (!done)
        say("452 4.3.1 Insufficient system resources");  // invented: the lab's memory has a bound
    else if (fault(Fault::smtp_lost_after_accepting))
        over_ = true;
    else
        say("250 2.0.0 OK " + id + hostname);  // Exchange Online: the client's own Message-ID comes back
}

}  // namespace postroom::lab
