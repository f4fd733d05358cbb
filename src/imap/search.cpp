// SEARCH, by UID only, LIST and NAMESPACE.
#include "base/text.hpp"
#include "imap/codec/date.hpp"
#include "imap/codec/folder-name.hpp"
#include "imap/session.hpp"

#include <algorithm>

namespace postroom::imap {

namespace {

void sort_once(std::vector<Uid>& uids)
{
    std::ranges::sort(uids);
    auto const doubles = std::ranges::unique(uids);
    uids.erase(doubles.begin(), doubles.end());
}

// Of more ranges the commands would be longer than the answer to ALL.
constexpr std::size_t most_ranges_to_say = 2'000;

// (("INBOX." ".")) NIL NIL: what stands ahead of the others' and the shared ones (RFC 2342 section 5).
Namespace read_namespace(std::string_view text)
{
    Namespace space;
    if (!text.starts_with("((\"")) return space;
    text.remove_prefix(3);
    auto const end = text.find('"');
    if (end == std::string_view::npos) return space;
    auto const delimiter = text.substr(end + 1);
    if (delimiter.size() >= 4 && delimiter.starts_with(" \"") && delimiter[3] == '"') space.delimiter = delimiter[2];
    space.prefix = from_modified_utf7(text.substr(0, end));
    return space;
}

}  // namespace

awaitable<Answer<std::vector<Uid>>> Session::search(SearchFor what)
{
    Command command("UID SEARCH");
    UidRange range{1, UINT32_MAX};
    bool any = false;
    if (what.uids) {
        range = *what.uids;
        command.word("UID " + std::to_string(range.first) + ':' + std::to_string(range.last));
        any = true;
    } else if (what.from_uid) {
        range.first = std::max(1U, *what.from_uid);
        command.word("UID " + std::to_string(range.first) + ":*");
        any = true;
    }
    if (what.since) {
        command.word("SINCE " + to_date(*what.since));
        any = true;
    }
    if (!what.message_id.empty()) {
        command.word("HEADER Message-ID").string(what.message_id);
        any = true;
    }
    if (!any) command.word("ALL");

    std::vector<Uid> uids;
    auto const reply = co_await search(std::move(command), range, uids);
    if (!reply.ok()) co_return std::unexpected(reply);
    sort_once(uids);
    co_return uids;
}

awaitable<Reply> Session::search(Command command, UidRange within, std::vector<Uid>& found)
{
    Collect const collect = [&](Response& response) {
        auto const* some = std::get_if<Search>(&response);
        if (!some) return false;
        for (auto const uid : some->numbers)
            if (uid >= within.first && uid <= within.last) found.push_back(uid);
        return true;
    };
    co_return co_await run(std::move(command), limits_.search, collect, Deadline::renewed);
}

awaitable<Answer<std::vector<Uid>>> Session::search_others(UidRanges const& known)
{
    std::vector<std::string> searches{"ALL"};
    if (known.ranges().size() <= most_ranges_to_say) searches = to_search_of_others(known, longest_command_line - 300);
    std::vector<Uid> uids;
    UidRange const all{1, UINT32_MAX};
    for (auto const& what : searches) {
        Command command("UID SEARCH");
        command.word(what);
        auto const reply = co_await search(std::move(command), all, uids);
        if (!reply.ok()) co_return std::unexpected(reply);
    }
    sort_once(uids);
    // Also where the server was asked for no others, or does not know NOT.
    co_return known.without(uids);
}

awaitable<Answer<std::vector<Folder>>> Session::list()
{
    Command command("LIST");
    command.string("").string("*");
    // RFC 6154 section 2; Exchange has neither, and answers BAD to RETURN.
    if (has("SPECIAL-USE") && has("LIST-EXTENDED")) command.word("RETURN (SPECIAL-USE)");
    std::vector<Folder> folders;
    Collect const collect = [&](Response& response) {
        auto* found = std::get_if<List>(&response);
        if (!found) return false;
        folders.push_back({.name = from_modified_utf7(found->name),
                           .wire_name = std::move(found->name),
                           .attributes = std::move(found->attributes),
                           .delimiter = found->delimiter});
        return true;
    };
    auto const reply = co_await run(std::move(command), limits_.search, collect, Deadline::renewed);
    if (!reply.ok()) co_return std::unexpected(reply);
    co_return folders;
}

awaitable<Namespace> Session::personal_namespace()
{
    Namespace space;
    if (!has("NAMESPACE")) co_return space;
    Collect const collect = [&](Response& response) {
        auto const* other = std::get_if<Other>(&response);
        if (!other || other->name != "NAMESPACE") return false;
        space = read_namespace(other->text);
        return true;
    };
    Command command("NAMESPACE");
    auto const reply = co_await run(std::move(command), limits_.command, collect);
    if (!reply.ok()) co_return Namespace{};
    co_return space;
}

}  // namespace postroom::imap
