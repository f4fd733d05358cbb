// STARTTLS and AUTH, with every refusal that Exchange Online gives.
#include "base/text.hpp"
#include "lab/smtp-session.hpp"

namespace postroom::lab {

std::string SmtpSession::reference() const
{
    return '[' + state_->host_name + ' ' + to_rfc3339(state_->clock.now()) + ' ' + session_id_ + ']';
}

net::awaitable<void> SmtpSession::start_tls()
{
    say("220 2.0.0 SMTP server ready");  // Exchange Online
    reader_.drop();
    co_await flush();
    connection_->expire_after(Duration{30'000});
    co_await connection_->accept_tls();
    tls_ = true;
    reset();
    client_name_.clear();
}

net::awaitable<std::optional<std::string>> SmtpSession::challenge(std::string_view text)
{
    say("334 " + std::string(text));
    co_await flush();
    connection_->expire_after(Duration{60'000});
    // A token has no maximum length; this bound is the lab's. (invented)
    auto line = co_await reader_.line(256 * 1024);
    if (!line) over_ = true;
    co_return line;
}

net::awaitable<void> SmtpSession::auth(std::string rest)
{
    auto const space = rest.find(' ');
    auto const mechanism = to_upper(std::string_view(rest).substr(0, space));
    auto initial = space == std::string::npos ? std::string() : rest.substr(space + 1);
    if (!tls_ || (mechanism != "XOAUTH2" && mechanism != "LOGIN")) {
        say("504 5.7.4 Unrecognized authentication type " + reference());  // Exchange Online
        co_return;
    }
    if (user_ || sender_) {
        say("503 5.5.1 Bad sequence of commands");  // invented
        co_return;
    }
    if (mechanism == "LOGIN") {
        co_await auth_login(std::move(initial));
        co_return;
    }
    if (initial.empty()) {
        auto const line = co_await challenge("");
        if (!line) co_return;
        initial = *line;
    }
    sign_in(initial);
}

net::awaitable<void> SmtpSession::auth_login(std::string user_name)
{
    if (user_name.empty()) {
        auto const line = co_await challenge("VXNlcm5hbWU6");
        if (!line) co_return;
    }
    auto const password = co_await challenge("UGFzc3dvcmQ6");
    if (!password) co_return;
    ++state_->counters.smtp_refusals;
    // Exchange Online, in many logs.
    say("535 5.7.139 Authentication unsuccessful, basic authentication is disabled. " + reference());
}

void SmtpSession::sign_in(std::string_view base64)
{
    auto const refuse = [this](std::string_view why) {
        ++state_->counters.smtp_refusals;
        say("535 " + std::string(why) + ' ' + reference());
    };
    // Microsoft's OAuth page; "*" in place of a token is answered so, too, and not with 501 (observed).
    constexpr std::string_view unsuccessful = "5.7.3 Authentication unsuccessful";
    auto const said = read_xoauth2(base64);
    auto user = said ? accept_token(*state_, *said, smtp_permission) : std::nullopt;
    if (!user) return refuse(unsuccessful);
    auto const& mailbox = *user->mailbox;
    auto const take = [&](Fault which) { return state_->faults.take(which, {mailbox.address, user->upn}).has_value(); };
    if (take(Fault::smtp_sign_in_refused)) return refuse(unsuccessful);
    if (is_refused_at("auth", mailbox.address)) return;
    // The delegate signs in as himself, whichever mailbox he sends from (measured: nextcloud/mail #13668).
    bool const own = mailbox.address == user->upn;
    bool const application = user->upn.find('@') == std::string::npos;
    if (application && !mailbox.may_open(user->upn)) return refuse(unsuccessful);
    if (!own && !application && (state_->settings.smtp_shared_user == 0 || !mailbox.may_open(user->upn)))
        return refuse(unsuccessful);
    // Exchange Online, email-oauth2-proxy #193: this switch stops OAuth, too.
    constexpr std::string_view disabled =
        "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the ";
    constexpr std::string_view visit = ". Visit https://aka.ms/smtp_auth_disabled for more information.";
    bool const mailbox_off = mailbox.smtp_auth_disabled.value_or(false) || take(Fault::smtp_disabled_mailbox);
    bool const tenant_off =
        (!mailbox.smtp_auth_disabled && state_->tenant.smtp_auth_disabled) || take(Fault::smtp_disabled_tenant);
    if (mailbox_off || tenant_off)
        return refuse(std::string(disabled) + (mailbox_off ? "Mailbox" : "Tenant") + std::string(visit));
    user_ = std::move(user);
    position_ = ++user_->mailbox->smtp_connections;
    say("235 2.7.0 Authentication successful");  // Exchange Online
}

}  // namespace postroom::lab
