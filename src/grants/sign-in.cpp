#include "grants/sign-in.hpp"

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

// Tries with the token there is; where the server refuses the token, with one more. A password is tried once.
template <class Session, class Attempt>
net::awaitable<Result<SignedIn<Session>>> with_proof(Roads roads, model::Account account, Attempt attempt)
{
    if (account.access == model::Access::password) {
        auto password = password_of(roads, account);
        if (!password) co_return std::unexpected(password.error());
        auto tried = co_await once<Session>(attempt, std::move(*password));
        if (!tried) co_return std::unexpected(std::move(tried.error().error));
        co_return std::move(*tried);
    }
    auto token = co_await roads.tokens->access(account.id);
    for (bool replaced = false;; replaced = true) {
        if (!token) co_return std::unexpected(token.error());
        auto tried = co_await once<Session>(attempt, proof_of(*token));
        if (tried) co_return std::move(*tried);
        if (replaced || !tried.error().of_the_token) co_return std::unexpected(std::move(tried.error().error));
        auto refused = std::move(*token);
        token = co_await roads.tokens->replace(account.id, std::move(refused));
        // The server's words say more than a provider that can't be reached at the moment.
        if (!token && token.error().kind != Trouble::refused) co_return std::unexpected(tried.error().error);
    }
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
    co_return co_await with_proof<imap::Session>(roads, account, attempt);
}

net::awaitable<Result<SignedIn<pop3::Session>>> sign_in_pop3(Roads roads, model::Account account,
                                                             std::optional<model::Mailbox> mailbox)
{
    auto attempt = [&](Proof proof) {
        auto name = retrieval_user(account, mailbox, proof.owner);
        return name ? try_pop3(roads, account, std::move(*name), std::move(proof))
                    : unnamed<pop3::Session>(name.error());
    };
    co_return co_await with_proof<pop3::Session>(roads, account, attempt);
}

net::awaitable<Result<SignedIn<smtp::Session>>> sign_in_smtp(Roads roads, model::Account account,
                                                             std::optional<model::Mailbox> mailbox)
{
    auto attempt = [&](Proof proof) {
        auto name = submission_user(account, mailbox, proof.owner);
        return name ? try_smtp(roads, account, std::move(*name), std::move(proof))
                    : unnamed<smtp::Session>(name.error());
    };
    co_return co_await with_proof<smtp::Session>(roads, account, attempt);
}

}  // namespace postroom::grants
