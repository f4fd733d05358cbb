#include "grants/sign-in.hpp"

#include "base/text.hpp"
#include "base/version.hpp"
#include "sasl/mechanism.hpp"

#include <fmt/format.h>

namespace postroom::grants {

namespace {

// A refusal, and whether another token could change it.
struct Refused {
    Error error;
    bool of_the_token = false;
};
template <class Session>
using Tried = std::expected<SignedIn<Session>, Refused>;

Refused trouble(net::Broken const& broken)
{
    return {broken.error(), false};
}

net::awaitable<std::unique_ptr<net::Transport>> connect(Roads const& roads, model::Account const& account,
                                                        Endpoint const& server, net::Security security,
                                                        std::string_view protocol)
{
    net::Dial how;
    how.server = server;
    how.security = security;
    how.tls = roads.tls;
    how.proxy = roads.proxy;
    if (account.transcript && !roads.transcripts.empty()) {
        auto const name = fmt::format("{}/{}-{}-{}.txt", roads.transcripts, to_string(account.id), protocol,
                                      to_string(make_uuid(*roads.clock)));
        auto file = net::transcript_to_file(name, *roads.clock);
        // A transcript that can't be written is no reason to let mail wait.
        if (file) how.transcript = *file;
    }
    co_return co_await net::dial(*roads.resolver, std::move(how));
}

// `user` by value: what the caller chooses between may be gone before this begins.
net::awaitable<Tried<imap::Session>> try_imap(Roads const& roads, model::Account const& account, std::string user,
                                              AccessToken const& token)
{
    auto transport = co_await connect(roads, account, account.retrieval_server, net::Security::implicit_tls, "imap");
    auto session = std::make_unique<imap::Session>(std::move(transport));
    co_await session->greet();
    auto mechanism = sasl::xoauth2(user, token.token);
    if (!mechanism) co_return std::unexpected(Refused{mechanism.error(), false});
    auto const reply = co_await session->authenticate(**mechanism);
    mechanism->reset();
    if (!reply.ok()) {
        auto words =
            fmt::format("{} refused the sign-in as {}: {}", to_string(account.retrieval_server), user, reply.words());
        if (!reply.challenge.empty()) words += " " + printable(reply.challenge);
        // A NO to AUTHENTICATE is about the token; "User is authenticated but not connected." (MailKit #1494) is a BAD
        // and about rights, switches or throttling: a new token changes none of these.
        bool const throttled = reply.text.find("Backoff") != std::string::npos;
        bool const of_the_token = reply.status == imap::Status::no && !session->signed_in() && !throttled;
        co_return std::unexpected(Refused{{Trouble::refused, std::move(words)}, of_the_token});
    }
    co_await session->identify("Postroom", std::string(version));
    co_return SignedIn<imap::Session>{std::move(session), token.ends, token.user_name};
}

net::awaitable<Tried<pop3::Session>> try_pop3(Roads const& roads, model::Account const& account, std::string user,
                                              AccessToken const& token)
{
    auto transport = co_await connect(roads, account, account.retrieval_server, net::Security::implicit_tls, "pop3");
    auto session = std::make_unique<pop3::Session>(std::move(transport));
    auto const refused = [&](pop3::Reply const& reply, std::string const& what) {
        return Refused{{Trouble::refused,
                        fmt::format("{} refused {}: {}", to_string(account.retrieval_server), what, reply.words())}};
    };
    auto const greeting = co_await session->greet();
    if (!greeting.ok()) co_return std::unexpected(refused(greeting, "the connection"));
    auto mechanism = sasl::xoauth2(user, token.token);
    if (!mechanism) co_return std::unexpected(Refused{mechanism.error(), false});
    auto const signed_in = co_await session->authenticate(**mechanism);
    mechanism->reset();
    if (!signed_in.ok()) {
        auto failure = refused(signed_in.reply, "the sign-in as " + user);
        if (!signed_in.challenge.empty()) failure.error.message += " " + printable(signed_in.challenge);
        // [SYS/TEMP], [IN-USE] and their like (RFC 2449 section 8, RFC 3206), and Exchange's "Server Unavailable. 21",
        // are about the server or the mailbox.
        auto const& reply = signed_in.reply;
        bool const elsewhere = !reply.code.empty() && reply.code != "AUTH";
        failure.of_the_token = !elsewhere && reply.text.find("Server Unavailable") == std::string::npos;
        co_return std::unexpected(std::move(failure));
    }
    co_await session->ask_capabilities();
    co_return SignedIn<pop3::Session>{std::move(session), token.ends, token.user_name};
}

net::awaitable<Tried<smtp::Session>> try_smtp(Roads const& roads, model::Account const& account,
                                              std::string const& user, AccessToken const& token)
{
    bool const implicit = account.submission_implicit_tls;
    auto const security = implicit ? net::Security::implicit_tls : net::Security::starttls;
    auto transport = co_await connect(roads, account, account.submission_server, security, "smtp");
    auto session = std::make_unique<smtp::Session>(std::move(transport));
    auto const refused = [&](smtp::Reply const& reply, std::string_view what) {
        return std::unexpected(
            Refused{{Trouble::refused,
                     fmt::format("{} refused {}: {}", to_string(account.submission_server), what, reply.words())},
                    false});
    };
    auto const greeting = co_await session->greet();
    if (!greeting.positive()) co_return refused(greeting, "the connection");
    auto const hello = co_await session->hello(roads.host_name);
    if (!hello.positive()) co_return refused(hello, "EHLO");
    if (!implicit) {
        auto const secured = co_await session->start_tls();
        if (!secured.positive()) co_return refused(secured, "STARTTLS, without which no token is sent");
    }
    auto mechanism = sasl::xoauth2(user, token.token);
    if (!mechanism) co_return std::unexpected(Refused{mechanism.error(), false});
    auto const signed_in = co_await session->authenticate(**mechanism);
    mechanism->reset();
    if (!signed_in.ok()) {
        auto failure = refused(signed_in.reply, "the sign-in as " + user);
        auto const& enhanced = signed_in.reply.enhanced;
        // 5.7.3 is about the token or the user; the 5.7.139 family is about switches and policies.
        bool const policy = enhanced && enhanced->subject == 7 && enhanced->detail == 139;
        failure.error().of_the_token = signed_in.reply.permanent() && !policy;
        co_return failure;
    }
    co_return SignedIn<smtp::Session>{std::move(session), token.ends, token.user_name};
}

// Tries with the token there is; where the server refuses the token, with one more.
template <class Session, class Try>
net::awaitable<Result<SignedIn<Session>>> with_token(Roads roads, model::AccountId account, Try attempt)
{
    auto token = co_await roads.tokens->access(account);
    for (bool replaced = false;; replaced = true) {
        if (!token) co_return std::unexpected(token.error());
        Tried<Session> tried = std::unexpected(Refused{});
        try {
            tried = co_await attempt(*token);
        } catch (net::Broken const& broken) {
            tried = std::unexpected(trouble(broken));
        }
        if (tried) co_return std::move(*tried);
        if (replaced || !tried.error().of_the_token) co_return std::unexpected(std::move(tried.error().error));
        auto refused = std::move(*token);
        token = co_await roads.tokens->replace(account, std::move(refused));
        // The server's words say more than a provider that can't be reached at the moment.
        if (!token && token.error().kind != Trouble::refused) co_return std::unexpected(tried.error().error);
    }
}

}  // namespace

net::awaitable<Result<SignedIn<imap::Session>>> sign_in_imap(Roads roads, model::Account account, std::string user)
{
    auto attempt = [&](AccessToken const& token) {
        return try_imap(roads, account, user.empty() ? token.user_name : user, token);
    };
    co_return co_await with_token<imap::Session>(roads, account.id, attempt);
}

net::awaitable<Result<SignedIn<pop3::Session>>> sign_in_pop3(Roads roads, model::Account account, std::string user)
{
    auto attempt = [&](AccessToken const& token) {
        return try_pop3(roads, account, user.empty() ? token.user_name : user, token);
    };
    co_return co_await with_token<pop3::Session>(roads, account.id, attempt);
}

net::awaitable<Result<SignedIn<smtp::Session>>> sign_in_smtp(Roads roads, model::Account account)
{
    auto attempt = [&](AccessToken const& token) { return try_smtp(roads, account, token.user_name, token); };
    co_return co_await with_token<smtp::Session>(roads, account.id, attempt);
}

}  // namespace postroom::grants
