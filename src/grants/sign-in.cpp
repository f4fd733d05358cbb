#include "grants/sign-in.hpp"

#include "base/text.hpp"
#include "grants/holds.hpp"
#include "grants/one-sign-in.hpp"

#include <fmt/format.h>

namespace postroom::grants {

namespace {

Result<std::string> user(model::Account const& account, std::optional<model::Mailbox> const& mailbox,
                         model::SignInAs who, std::string const& owner)
{
    if (mailbox && mailbox->account != account.id)
        return failure(Trouble::invalid,
                       fmt::format("{} is no mailbox of the account {}", mailbox->address, account.name));
    bool const application = account.access == model::Access::application;
    if (application && !mailbox)
        return failure(Trouble::invalid,
                       fmt::format("the account {} opens its mailboxes by the application's own permissions, and "
                                   "which one is not said: no user signs in",
                                   account.name));
    return mailbox && (application || who == model::SignInAs::mailbox) ? mailbox->address : owner;
}

template <class Session, class Attempt>
net::awaitable<Tried<Session>> once(Attempt const& attempt, Proof proof)
{
    Tried<Session> tried = std::unexpected(Refused{});
    try {
        tried = co_await attempt(std::move(proof));
    } catch (net::Broken const& broken) {
        tried = std::unexpected(Refused{.error = broken.error()});
    }
    co_return tried;
}

template <class Session, class Attempt>
net::awaitable<Result<SignedIn<Session>>> with_password(Roads roads, Login login, Attempt attempt)
{
    auto password = password_of(roads, login.account);
    if (!password) co_return std::unexpected(password.error());
    auto const may = co_await may_show_password(roads, login);
    if (!may) co_return std::unexpected(may.error());
    auto tried = co_await once<Session>(attempt, std::move(*password));
    if (tried) {
        co_await note_let_in(roads, login);
        co_return std::move(*tried);
    }
    if (tried.error().of_the_token) co_await note_refused(roads, login, tried.error().error.message);
    co_return std::unexpected(std::move(tried.error().error));
}

// Tries with the token there is; where the server refuses the token, with one more. A password is tried once.
template <class Session, class Attempt>
net::awaitable<Result<SignedIn<Session>>> with_proof(Roads roads, Login login, Attempt attempt)
{
    if (login.account.access == model::Access::password)
        co_return co_await with_password<Session>(std::move(roads), std::move(login), attempt);
    bool const retrieves = login.server == store::MailServer::retrieval;
    auto token = co_await roads.tokens->access(login.account.id);
    for (bool replaced = false;; replaced = true) {
        if (!token) co_return std::unexpected(token.error());
        auto tried = co_await once<Session>(attempt, proof_of(*token));
        if (tried) {
            if (retrieves) co_await note_let_in(roads, login);
            co_return std::move(*tried);
        }
        auto const& refusal = tried.error();
        bool in_vain = replaced;
        if (!replaced && refusal.of_the_token) {
            auto refused = std::move(*token);
            token = co_await roads.tokens->replace(login.account.id, std::move(refused));
            if (token) continue;
            // The server's words say more than a provider that can't be reached at the moment.
            if (token.error().kind == Trouble::refused) co_return std::unexpected(token.error());
            in_vain = token.error().kind == Trouble::limit;
        }
        // What replaces a token is refused as well.
        if (in_vain && refusal.of_the_token && retrieves) co_await note_refused(roads, login, refusal.error.message);
        co_return std::unexpected(refusal.error);
    }
}

// By whose name the account's server knows it, as far as that is known before there is a token.
std::string login_name(Result<std::string> const& name, model::Account const& account)
{
    return name ? to_lower(*name) : to_lower(account.user);
}

template <class Session>
net::awaitable<Tried<Session>> unnamed(Error why)
{
    co_return std::unexpected(Refused{.error = std::move(why)});
}

}  // namespace

Result<std::string> retrieval_user(model::Account const& account, std::optional<model::Mailbox> const& mailbox,
                                   std::string const& owner)
{
    return user(account, mailbox, account.retrieve_as, owner);
}

Result<std::string> submission_user(model::Account const& account, std::optional<model::Mailbox> const& mailbox,
                                    std::string const& owner)
{
    return user(account, mailbox, account.submit_as, owner);
}

bool submits_as_mailbox(model::Account const& account)
{
    return account.access == model::Access::application || account.submit_as == model::SignInAs::mailbox;
}

net::awaitable<Result<SignedIn<imap::Session>>> sign_in_imap(Roads roads, model::Account account,
                                                             std::optional<model::Mailbox> mailbox)
{
    auto attempt = [&](Proof proof) {
        auto name = retrieval_user(account, mailbox, proof.owner);
        return name ? try_imap(roads, account, std::move(*name), std::move(proof))
                    : unnamed<imap::Session>(name.error());
    };
    Login login{account, store::MailServer::retrieval,
                login_name(retrieval_user(account, mailbox, account.user), account)};
    if (mailbox) login.mailbox = mailbox->id;
    co_return co_await with_proof<imap::Session>(roads, std::move(login), attempt);
}

net::awaitable<Result<SignedIn<pop3::Session>>> sign_in_pop3(Roads roads, model::Account account,
                                                             std::optional<model::Mailbox> mailbox)
{
    auto attempt = [&](Proof proof) {
        auto name = retrieval_user(account, mailbox, proof.owner);
        return name ? try_pop3(roads, account, std::move(*name), std::move(proof))
                    : unnamed<pop3::Session>(name.error());
    };
    Login login{account, store::MailServer::retrieval,
                login_name(retrieval_user(account, mailbox, account.user), account)};
    if (mailbox) login.mailbox = mailbox->id;
    co_return co_await with_proof<pop3::Session>(roads, std::move(login), attempt);
}

net::awaitable<Result<SignedIn<smtp::Session>>> sign_in_smtp(Roads roads, model::Account account,
                                                             std::optional<model::Mailbox> mailbox)
{
    auto attempt = [&](Proof proof) {
        auto name = submission_user(account, mailbox, proof.owner);
        return name ? try_smtp(roads, account, std::move(*name), std::move(proof))
                    : unnamed<smtp::Session>(name.error());
    };
    Login login{account, store::MailServer::submission,
                login_name(submission_user(account, mailbox, account.user), account)};
    if (mailbox) login.mailbox = mailbox->id;
    co_return co_await with_proof<smtp::Session>(roads, std::move(login), attempt);
}

}  // namespace postroom::grants
