#include "retriever/after-actions.hpp"

#include "model/mailbox.hpp"

#include <fmt/format.h>

namespace postroom::retriever {

namespace {

using Uids = std::vector<imap::Uid>;

// Empty where it was done.
imap::awaitable<std::string> mark_seen(imap::Session& session, Uids uids)
{
    auto const reply = co_await session.add_flags(std::move(uids), {"\\Seen"});
    co_return reply.ok() ? std::string() : "marking as seen was refused: " + reply.words();
}

constexpr std::string_view no_uid_expunge =
    "the server has no UID EXPUNGE (UIDPLUS), and a plain EXPUNGE could delete other mail: choose another after-action";

imap::awaitable<std::string> remove(imap::Session& session, Uids uids)
{
    if (!session.has("UIDPLUS")) co_return std::string(no_uid_expunge);
    auto const marked = co_await session.add_flags(uids, {"\\Deleted"});
    if (!marked.ok()) co_return "deleting was refused: " + marked.words();
    auto const gone = co_await session.expunge(std::move(uids));
    co_return gone.ok() ? std::string() : "deleting was refused: " + gone.words();
}

imap::awaitable<std::string> move_once(imap::Session& session, Uids uids, std::string const& folder)
{
    if (session.has("MOVE")) {
        auto const moved = co_await session.move(std::move(uids), folder);
        co_return moved ? std::string() : moved.error().words();
    }
    auto const copied = co_await session.copy(uids, folder);
    if (!copied) co_return copied.error().words();
    co_return co_await remove(session, std::move(uids));
}

imap::awaitable<std::string> move(imap::Session& session, Uids uids, std::string folder)
{
    // What can't be deleted after it was copied would be copied again at every look.
    if (!session.has("MOVE") && !session.has("UIDPLUS")) co_return std::string(no_uid_expunge);
    auto refusal = co_await move_once(session, uids, folder);
    if (refusal.empty()) co_return refusal;
    // [TRYCREATE] is not said by every server (Exchange has no such code): make the folder and see.
    auto const created = co_await session.create(folder);
    if (created.ok()) refusal = co_await move_once(session, std::move(uids), folder);
    co_return refusal.empty() ? refusal : fmt::format("moving to the folder {} was refused: {}", folder, refusal);
}

}  // namespace

imap::awaitable<std::vector<Done>> carry_out(imap::Session& session, std::vector<model::LedgerRow> due,
                                             std::string folder)
{
    std::vector<Done> done;
    for (auto const action : {model::AfterAction::mark_seen, model::AfterAction::move, model::AfterAction::remove}) {
        Uids uids;
        for (auto const& row : due)
            if (row.due == action) uids.push_back(row.place.uid);
        if (uids.empty()) continue;
        std::string refusal;
        if (action == model::AfterAction::mark_seen) refusal = co_await mark_seen(session, std::move(uids));
        if (action == model::AfterAction::move) refusal = co_await move(session, std::move(uids), folder);
        if (action == model::AfterAction::remove) refusal = co_await remove(session, std::move(uids));
        for (auto const& row : due)
            if (row.due == action) done.push_back({row.place, refusal});
    }
    co_return done;
}

}  // namespace postroom::retriever
