#include "retriever/after-actions.hpp"

#include "base/text.hpp"
#include "imap/folders.hpp"
#include "model/mailbox.hpp"

#include <fmt/format.h>

namespace postroom::retriever {

namespace {

using Uids = std::vector<imap::Uid>;

// After so many refusals in a row it is not the mails.
constexpr std::size_t most_refusals = 3;

struct Outcome {
    std::string refusal{};  // empty where it was done
    bool copied = false;
};

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

imap::awaitable<Outcome> move_once(imap::Session& session, Uids uids, std::string folder)
{
    Outcome outcome;
    if (session.has("MOVE")) {
        auto const moved = co_await session.move(std::move(uids), std::move(folder));
        if (!moved) outcome.refusal = moved.error().words();
        co_return outcome;
    }
    auto const copied = co_await session.copy(uids, std::move(folder));
    if (!copied) {
        outcome.refusal = copied.error().words();
        co_return outcome;
    }
    outcome.refusal = co_await remove(session, std::move(uids));
    outcome.copied = !outcome.refusal.empty();
    co_return outcome;
}

// Finds the folder that is wanted, in another spelling too, or makes it. Empty where it is there now.
imap::awaitable<std::string> find_or_make(imap::Session& session, Destination& to)
{
    if (!imap::is_use(to.wanted)) {
        auto const made = co_await session.create(to.name);
        if (made.ok()) co_return std::string();
    }
    auto const folders = co_await session.list();
    if (!folders) co_return "the folders can't be listed: " + folders.error().words();
    if (imap::is_use(to.wanted)) {
        auto const* const found = imap::with_use(*folders, to.wanted);
        if (found) to.name = found->name;
        co_return found ? std::string() : "the server has no folder that is marked or known as such";
    }
    auto const space = co_await session.personal_namespace();
    if (auto const* const found = imap::meant_by(*folders, to.wanted, space)) {
        to.name = found->name;
        co_return std::string();
    }
    to.name = imap::spelled(to.wanted, space);
    auto const made = co_await session.create(to.name);
    co_return made.ok() ? std::string() : "making it was refused: " + made.words();
}

imap::awaitable<Outcome> move(imap::Session& session, Uids uids, Destination& to)
{
    // What can't be deleted after it was copied would be copied again at every look.
    if (!session.has("MOVE") && !session.has("UIDPLUS")) co_return Outcome{std::string(no_uid_expunge)};
    auto const refused = [&](std::string_view why) {
        return Outcome{fmt::format("moving to the folder {} was refused: {}", to.wanted, why)};
    };
    auto const into_itself = [&] {
        return to.name == to.read_folder || (equal_ignoring_case(to.name, "INBOX") && to.read_folder == "INBOX");
    };
    constexpr std::string_view itself = "it is the folder that is read, and the mail would come again";

    bool const known = !to.name.empty();
    if (!known && imap::is_use(to.wanted)) {
        auto const missing = co_await find_or_make(session, to);
        if (!missing.empty()) co_return refused(missing);
    }
    if (to.name.empty()) to.name = to.wanted;
    if (into_itself()) co_return refused(itself);
    auto outcome = co_await move_once(session, uids, to.name);
    if (outcome.refusal.empty() || outcome.copied) co_return outcome;
    // Once mail went there the folder is there. [TRYCREATE] is not said by every server (Exchange has no such code):
    // make it and see.
    if (known) co_return refused(outcome.refusal);
    auto const first = outcome.refusal;
    auto const missing = co_await find_or_make(session, to);
    if (missing.empty() && into_itself()) co_return refused(itself);
    if (missing.empty()) outcome = co_await move_once(session, std::move(uids), to.name);
    if (outcome.refusal.empty() || outcome.copied) co_return outcome;
    to.name.clear();
    co_return refused(missing.empty() ? outcome.refusal : first + "; " + missing);
}

imap::awaitable<Outcome> act(imap::Session& session, model::AfterAction action, Uids uids, Destination& to)
{
    Outcome outcome;
    if (action == model::AfterAction::mark_seen)
        outcome.refusal = co_await mark_seen(session, std::move(uids));
    else if (action == model::AfterAction::remove)
        outcome.refusal = co_await remove(session, std::move(uids));
    else
        outcome = co_await move(session, std::move(uids), to);
    co_return outcome;
}

// Together, and where that is refused one by one.
imap::awaitable<void> carry_out(imap::Session& session, model::AfterAction action, std::vector<model::Place> places,
                                Destination& to, std::vector<Done>& done)
{
    Uids uids;
    for (auto const& place : places) uids.push_back(place.uid);
    auto outcome = co_await act(session, action, uids, to);
    // What was copied together is not copied again.
    bool const copied = outcome.copied;
    if (copied) action = model::AfterAction::remove;
    auto in_a_row = outcome.refusal.empty() || uids.size() == 1 ? most_refusals : 0;
    for (auto const& place : places) {
        if (in_a_row < most_refusals) {
            Uids one{place.uid};
            outcome = co_await act(session, action, std::move(one), to);
            in_a_row = outcome.refusal.empty() ? 0 : in_a_row + 1;
        }
        bool const refused = !outcome.refusal.empty();
        done.push_back({place, outcome.refusal, refused && (copied || outcome.copied)});
    }
}

}  // namespace

imap::awaitable<std::vector<Done>> carry_out(imap::Session& session, std::vector<model::LedgerRow> due, Destination& to)
{
    std::vector<Done> done;
    for (auto const action : {model::AfterAction::mark_seen, model::AfterAction::move, model::AfterAction::remove}) {
        std::vector<model::Place> places;
        for (auto const& row : due)
            if (row.due == action) places.push_back(row.place);
        if (!places.empty()) co_await carry_out(session, action, std::move(places), to, done);
    }
    co_return done;
}

}  // namespace postroom::retriever
