// IMAP before a folder is open: capabilities, sign-in, ID.
#include "base/text.hpp"
#include "lab/imap-session.hpp"

namespace postroom::lab {

namespace {

// Exchange Online, observed 2019 to 2026 (classic) and on 2026-09-09 (MailKit #2016).
constexpr std::string_view classic_before =
    "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+";
constexpr std::string_view classic_after =
    "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES "
    "CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+";
constexpr std::string_view proxy_before =
    "IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+";
constexpr std::string_view proxy_after =
    "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT ENABLE IMAP4rev2 CLIENTACCESSRULES "
    "CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE BACKENDAUTHENTICATE-IR CHILDREN IDLE NAMESPACE LITERAL+";

constexpr std::size_t most_token_line = 256 * 1024;

}  // namespace

net::awaitable<void> ImapSession::capability(Words&)
{
    bool const classic = state_->settings.imap_front_end == 0;
    auto const list = user_ ? (classic ? classic_after : proxy_after) : (classic ? classic_before : proxy_before);
    say("* CAPABILITY " + std::string(list));
    ok("CAPABILITY completed.");
    co_return;
}

net::awaitable<void> ImapSession::authenticate(Words& words)
{
    auto const mechanism = words.atom();
    if (user_) {
        bad("Command received in Invalid state.");
        co_return;
    }
    words.space();
    std::string said(words.rest());
    if (said.empty()) {
        say("+ ");
        co_await flush();
        auto const line = co_await reader_.line(most_token_line);
        if (!line) {
            over_ = true;
            co_return;
        }
        said = *line;
    }
    auto const refuse = [this] {
        ++state_->counters.imap_refusals;
        no("AUTHENTICATE failed.");  // Exchange Online, Microsoft's OAuth page; no JSON challenge was ever seen
    };
    auto const message = equal_ignoring_case(mechanism, "XOAUTH2") ? read_xoauth2(said) : std::nullopt;
    auto user = message ? accept_token(*state_, *message, imap_permission) : std::nullopt;
    if (!user) {
        refuse();
        co_return;
    }
    auto const address = user->mailbox->address;
    if (state_->faults.take(Fault::imap_sign_in_refused, {address, user->upn})) {
        refuse();
        co_return;
    }
    if (is_refused("AUTHENTICATE", address)) co_return;
    user_ = std::move(user);
    auto& mailbox = *user_->mailbox;
    // All of these look the same to the client (Exchange Online, MailKit #1494; too many connections: php-imap #464).
    connected_ = mailbox.imap_enabled && mailbox.licensed && !mailbox.alias && mailbox.may_open(user_->upn) &&
                 mailbox.imap_connections < static_cast<unsigned>(state_->settings.imap_connections) &&
                 !fault(Fault::imap_not_connected);
    if (connected_) {
        watching_ = true;
        mailbox.watchers.insert(connection_.get());
        ++mailbox.imap_connections;
    }
    ok("AUTHENTICATE completed.");
}

net::awaitable<void> ImapSession::login(Words&)
{
    ++state_->counters.imap_refusals;
    if (user_)
        bad("Command received in Invalid state.");
    else
        no("LOGIN failed.");  // Exchange Online: passwords are refused, whatever they are
    co_return;
}

net::awaitable<void> ImapSession::id(Words&)
{
    say(R"(* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20"))");  // invented: versions differ
    ok("ID completed");                                                                // invented
    co_return;
}

net::awaitable<void> ImapSession::enable(Words&)
{
    if (state_->settings.imap_front_end == 0) {
        bad("Command Error. 10");
        co_return;
    }
    say("* ENABLED IMAP4rev2");  // invented: it is advertised (MailKit #2016), and no capture shows the answer
    ok("ENABLE completed.");
}

net::awaitable<void> ImapSession::noop(Words&)
{
    sync(true);
    ok("NOOP completed.");
    co_return;
}

net::awaitable<void> ImapSession::logout(Words&)
{
    bye("Microsoft Exchange Server IMAP4 server signing off.");  // Exchange Server's words; for the cloud invented
    ok("LOGOUT completed.");
    co_return;
}

}  // namespace postroom::lab
