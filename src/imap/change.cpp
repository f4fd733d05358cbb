// What changes a mailbox: flags, expunging, moving, copying, appending, creating.
#include "imap/codec/date.hpp"
#include "imap/codec/folder-name.hpp"
#include "imap/session.hpp"

#include <algorithm>

namespace postroom::imap {

namespace {

Reply not_offered(std::string_view capability, std::string_view consequence)
{
    return {.status = Status::bad,
            .code = {},
            .text = "nothing was sent: the server does not offer " + std::string(capability) + ", and " +
                    std::string(consequence)};
}

constexpr std::size_t append_piece = 64 * 1024;

Reply not_sent(Error const& error)
{
    return {.status = Status::bad, .code = {}, .text = error.message};
}

}  // namespace

awaitable<Reply> Session::store(std::vector<Uid> uids, std::string what, std::vector<std::string> flags)
{
    Reply reply{.status = Status::ok};
    Collect const collect = [](Response& response) { return std::holds_alternative<Fetch>(response); };
    auto const sets = to_uid_sets(std::move(uids));
    for (auto const& set : sets) {
        Command command("UID STORE");
        command.word(set.text).word(what).word(flags_in_brackets(flags));
        reply = co_await run(std::move(command), limits_.command, collect);
        if (!reply.ok()) break;
    }
    co_return reply;
}

awaitable<Reply> Session::add_flags(std::vector<Uid> uids, std::vector<std::string> flags)
{
    return store(std::move(uids), "+FLAGS.SILENT", std::move(flags));
}

awaitable<Reply> Session::remove_flags(std::vector<Uid> uids, std::vector<std::string> flags)
{
    return store(std::move(uids), "-FLAGS.SILENT", std::move(flags));
}

awaitable<Reply> Session::expunge(std::vector<Uid> uids)
{
    if (!has("UIDPLUS")) co_return not_offered("UIDPLUS", "a plain EXPUNGE would delete others' mail too");
    Reply reply{.status = Status::ok};
    Collect const collect = [this](Response& response) {
        if (!std::holds_alternative<Expunge>(response)) return false;
        if (selected_ && selected_->exists > 0) --selected_->exists;
        return true;
    };
    auto const sets = to_uid_sets(std::move(uids));
    for (auto const& set : sets) {
        Command command("UID EXPUNGE");
        command.word(set.text);
        reply = co_await run(std::move(command), limits_.command, collect);
        if (!reply.ok()) break;
    }
    co_return reply;
}

awaitable<Answer<std::vector<CopyUid>>> Session::copy_or_move(std::string verb, std::vector<Uid> uids,
                                                              std::string folder)
{
    auto const name = to_modified_utf7(folder);
    if (!name) co_return std::unexpected(not_sent(name.error()));
    std::vector<CopyUid> copied;
    // RFC 6851 section 4.3: for MOVE the code comes untagged, ahead of the EXPUNGEs.
    Collect const collect = [&](Response& response) {
        if (std::holds_alternative<Expunge>(response)) {
            if (selected_ && selected_->exists > 0) --selected_->exists;
            return true;
        }
        auto const* condition = std::get_if<Condition>(&response);
        if (!condition || condition->kind != Condition::Kind::ok) return false;
        auto told = copyuid(condition->code);
        if (told) copied.push_back(std::move(*told));
        return told.has_value();
    };
    auto const sets = to_uid_sets(std::move(uids));
    for (auto const& set : sets) {
        Command command("UID " + verb);
        command.word(set.text).string(*name);
        auto const reply = co_await run(std::move(command), limits_.search, collect);
        if (!reply.ok()) co_return std::unexpected(reply);
        if (auto told = copyuid(reply.code)) copied.push_back(std::move(*told));
    }
    co_return copied;
}

awaitable<Answer<std::vector<CopyUid>>> Session::move(std::vector<Uid> uids, std::string folder)
{
    if (!has("MOVE")) co_return std::unexpected(not_offered("MOVE", "mail can be copied and then deleted instead"));
    co_return co_await copy_or_move("MOVE", std::move(uids), std::move(folder));
}

awaitable<Answer<std::vector<CopyUid>>> Session::copy(std::vector<Uid> uids, std::string folder)
{
    return copy_or_move("COPY", std::move(uids), std::move(folder));
}

awaitable<void> Session::write_all_of(BodySource& source)
{
    for (auto left = source.size(); left > 0;) {
        auto const bytes = co_await source.next();
        if (bytes.empty() || bytes.size() > left)
            throw net::Broken(Trouble::internal, "a mail to append has another size than it says");
        left -= bytes.size();
        for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min(append_piece, rest.size()))) {
            Wire const piece(std::string(rest.substr(0, append_piece)));
            transport_->expire_after(limits_.transfer);
            co_await transport_->write(piece);
        }
    }
}

awaitable<Answer<std::optional<AppendUid>>> Session::append(std::string folder, std::vector<std::string> flags,
                                                            std::optional<Instant> date, BodySource& source)
{
    auto const name = to_modified_utf7(folder);
    if (!name) co_return std::unexpected(not_sent(name.error()));
    auto const tag = next_tag();
    Command command("APPEND");
    command.string(*name);
    if (!flags.empty()) command.word(flags_in_brackets(flags));
    if (date) command.string(to_date_time(*date));
    // Always a literal that waits, so that a server can refuse a large mail before it is sent.
    command.word('{' + std::to_string(source.size()) + '}');
    auto const parts = command.encode(tag, 0);
    transport_->expire_after(limits_.transfer);
    co_await transport_->write(parts.front());
    for (;;) {
        auto response = co_await receive(Deadline::renewed, limits_.transfer);
        if (std::holds_alternative<Continue>(response)) break;
        if (auto* tagged = std::get_if<Tagged>(&response))
            co_return std::unexpected(answer_to(tag, std::move(*tagged)));
        absorb(response);
    }
    try {
        co_await write_all_of(source);
    } catch (...) {
        transport_->close();  // the server waits for the rest
        throw;
    }
    Wire const end("\r\n");
    co_await transport_->write(end);
    auto const reply = co_await finish(tag, {}, Deadline::renewed, limits_.transfer);
    if (!reply.ok()) co_return std::unexpected(reply);
    co_return appenduid(reply.code);
}

awaitable<Reply> Session::create(std::string folder)
{
    auto const name = to_modified_utf7(folder);
    if (!name) co_return not_sent(name.error());
    Command command("CREATE");
    command.string(*name);
    co_return co_await run(std::move(command), limits_.command);
}

}  // namespace postroom::imap
