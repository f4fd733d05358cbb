// POP3 before the Inbox is open: capabilities and sign-in.
#include "base/text.hpp"
#include "lab/pop3-session.hpp"

namespace postroom::lab {

namespace {

constexpr std::string_view refusal = "Authentication failure: unknown user name or bad password.";
constexpr std::size_t most_token_line = 256 * 1024;

}  // namespace

void Pop3Session::capabilities()
{
    // Exchange Online within TLS; there is no PIPELINING.
    for (auto const line : {"+OK", "TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER", "."}) say(line);
}

net::awaitable<void> Pop3Session::auth(std::string_view rest)
{
    auto const mechanism = to_upper(rest.substr(0, rest.find(' ')));
    // In two lines only (Microsoft's OAuth page for POP; jakarta mail #461).
    if (rest.size() > mechanism.size()) {
        ++state_->counters.pop3_refusals;
        error("Protocol error. 14");
        co_return;
    }
    if (mechanism != "XOAUTH2" && mechanism != "PLAIN") {
        error("Protocol error. 19");  // which of its numbers belongs here: invented
        co_return;
    }
    say("+ ");
    co_await flush();
    auto const line = co_await reader_.line(most_token_line);
    if (!line) {
        over_ = true;
        co_return;
    }
    if (mechanism == "XOAUTH2") {
        sign_in(*line);
        co_return;
    }
    ++state_->counters.pop3_refusals;
    error(refusal);
}

void Pop3Session::sign_in(std::string_view base64)
{
    auto const refuse = [this] {
        ++state_->counters.pop3_refusals;
        error(refusal);
    };
    auto const message = read_xoauth2(base64);
    // Exchange Online takes no longer one over POP3 (MailKit #1948).
    auto const most = static_cast<std::size_t>(state_->settings.pop3_token_limit);
    if (!message || (most > 0 && message->token.size() > most)) return refuse();
    auto user = accept_token(*state_, *message, pop3_permission);
    if (!user) return refuse();
    auto const& mailbox = *user->mailbox;
    auto const take = [&](Fault which) { return state_->faults.take(which, {mailbox.address, user->upn}).has_value(); };
    // With which words a mailbox is refused whose POP3 is off, or that the user may not open, is not known: invented.
    bool const off = !mailbox.pop_enabled || !mailbox.licensed || mailbox.alias || take(Fault::pop3_disabled);
    if (off || !mailbox.may_open(user->upn) || take(Fault::pop3_sign_in_refused)) return refuse();
    if (is_refused("AUTH", mailbox.address)) return;
    user_ = std::move(user);
    open_inbox();
    say("+OK User successfully authenticated.");
}

void Pop3Session::open_inbox()
{
    inbox_ = user_->mailbox->folder("INBOX");
    for (auto const& message : inbox_->messages) list_.push_back({message.uid, message.raw});
}

}  // namespace postroom::lab
