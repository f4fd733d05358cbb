#include "dispatcher/line.hpp"

#include "dispatcher/account-run.hpp"
#include "store/mailboxes.hpp"

#include <utility>

namespace postroom::dispatcher {

net::awaitable<Result<void>> Line::open(std::optional<model::Mailbox> mailbox)
{
    auto signed_in = co_await grants::sign_in_smtp(ground_.roads, account_, std::move(mailbox));
    if (!signed_in) co_return std::unexpected(signed_in.error());
    session_ = std::move(signed_in->session);
    co_return Result<void>();
}

net::awaitable<Result<void>> Line::change_to(model::MailboxId id)
{
    if (session_ && open_for_ == id) co_return Result<void>();
    co_await quit();
    auto read = [id](store::Connection& c) { return store::mailbox(c, id); };
    auto mailbox = co_await ground_.store->read(std::move(read));
    if (!mailbox) co_return failure(Trouble::not_found, "the mailbox is not there any more");
    auto const opened = co_await open(std::move(mailbox));
    open_for_ = id;
    co_return opened;
}

net::awaitable<void> Line::quit()
{
    if (session_) co_await session_->quit();
    session_.reset();
}

net::awaitable<void> hang_up(std::shared_ptr<Line> line)
{
    co_await line->quit();
}

}  // namespace postroom::dispatcher
