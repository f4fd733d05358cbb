#include "dispatcher/sent-items.hpp"

#include "imap/folders.hpp"

#include <utility>

namespace postroom::dispatcher {

net::awaitable<std::expected<bool, std::string>> look_for(imap::Session& session, std::string message_id)
{
    imap::SearchFor what;
    what.message_id = "<" + message_id + ">";
    auto const found = co_await session.search(what);
    if (!found) co_return std::unexpected(found.error().words());
    co_return !found->empty();
}

net::awaitable<std::expected<SentItems, std::string>> open_sent_items(Ground ground, model::Account account,
                                                                      std::optional<model::Mailbox> mailbox,
                                                                      std::string sent_folder)
{
    auto signed_in = co_await grants::sign_in_imap(ground.roads, std::move(account), std::move(mailbox));
    if (!signed_in) co_return std::unexpected(signed_in.error().message);
    auto session = std::move(signed_in->session);
    auto const folders = co_await session->list();
    if (!folders) co_return std::unexpected(folders.error().words());
    auto const space = co_await session->personal_namespace();
    auto const* const sent =
        sent_folder.empty() ? imap::with_use(*folders, "\\Sent") : imap::meant_by(*folders, sent_folder, space);
    if (sent == nullptr)
        co_return std::unexpected(
            "the mailbox has no folder that is known as Sent Items, and the account names no other");
    auto const opened = co_await session->examine(sent->name);
    if (!opened) co_return std::unexpected(opened.error().words());
    co_return SentItems{std::move(session), sent->name};
}

}  // namespace postroom::dispatcher
