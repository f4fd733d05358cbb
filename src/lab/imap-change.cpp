// IMAP's commands that change mails: STORE, EXPUNGE, COPY, MOVE; and UID before any of them.
#include "base/text.hpp"
#include "lab/imap-session.hpp"

#include <algorithm>

namespace postroom::lab {

namespace {

std::string to_set(std::vector<std::uint32_t> const& numbers)
{
    std::string text;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        if (!text.empty()) text += ',';
        text += std::to_string(numbers[i]);
        if (last > i) text += ':' + std::to_string(numbers[last]);
        i = last + 1;
    }
    return text;
}

constexpr std::string_view wrong_set = "The specified message set is invalid.";  // Exchange Online, MailKit #1652

}  // namespace

net::awaitable<void> ImapSession::uid(Words& words)
{
    auto const name = to_upper(words.atom());
    words.space();
    if (name == "FETCH") {
        co_await do_fetch(words, true);
    } else if (name == "SEARCH") {
        do_search(words, true);
    } else if (name == "STORE") {
        do_store(words, true);
    } else if (name == "COPY" || name == "MOVE") {
        do_copy(words, true, name == "MOVE");
    } else if (name == "EXPUNGE") {
        auto const set = words.sequence_set();
        if (!set || !words.done()) {
            bad("Command Argument Error. 11");
        } else if (!writable_) {
            no("Mailbox is read-only.");  // invented
        } else {
            if (remove_deleted(&*set)) ok("EXPUNGE completed.");
        }
    } else {
        bad("Command Error. 10");
    }
}

net::awaitable<void> ImapSession::fetch(Words& words)
{
    co_await do_fetch(words, false);
}

net::awaitable<void> ImapSession::search(Words& words)
{
    do_search(words, false);
    co_return;
}

net::awaitable<void> ImapSession::store(Words& words)
{
    do_store(words, false);
    co_return;
}

net::awaitable<void> ImapSession::copy(Words& words)
{
    do_copy(words, false, false);
    co_return;
}

net::awaitable<void> ImapSession::move(Words& words)
{
    do_copy(words, false, true);
    co_return;
}

net::awaitable<void> ImapSession::expunge(Words&)
{
    if (!writable_) {
        no("Mailbox is read-only.");  // invented
        co_return;
    }
    if (remove_deleted(nullptr)) ok("EXPUNGE completed.");
}

bool ImapSession::remove_deleted(SequenceSet const* only)
{
    std::vector<std::uint32_t> gone;
    for (auto const& message : folder_->messages) {
        if ((message.flags & flag::deleted) == 0) continue;
        bool const named = only == nullptr || std::ranges::any_of(*only, [&](auto const& range) {
                               auto const low = std::min(range.first, range.second),
                                          high = std::max(range.first, range.second);
                               return (message.uid >= low && message.uid <= high) ||
                                      (high == star && !view_.empty() && message.uid == view_.back());
                           });
        if (named && sequence_of(message.uid) > 0) gone.push_back(message.uid);
    }
    if (refuses_changes(gone)) return false;
    for (auto const uid : gone) folder_->remove(uid);
    sync(true);
    if (!gone.empty()) user_->mailbox->changed();
    return true;
}

void ImapSession::do_store(Words& words, bool by_uid)
{
    auto const set = words.sequence_set();
    words.space();
    auto const how = to_upper(words.atom());
    words.space();
    bool const silent = how.ends_with(".SILENT");
    auto const item = std::string_view(how).substr(0, how.find('.'));
    if (!set || (item != "FLAGS" && item != "+FLAGS" && item != "-FLAGS")) return bad("Command Argument Error. 11");
    if (!writable_) return no("Mailbox is read-only.");  // invented
    std::uint8_t bits = 0;
    bool const listed = words.open();
    while (!words.close() && !words.done()) {
        auto const bit = flag_from_text(words.atom());
        if (!bit) return bad("Command Argument Error. 11");  // Exchange Online, for a keyword of the user's own
        bits |= *bit;
        if (!words.space() && !listed) break;
    }
    if (!words.done()) return bad("Command Argument Error. 11");
    auto const uids = resolve(*set, by_uid);
    if (!uids) return no(wrong_set);
    if (refuses_changes(*uids)) return;
    sync(false);
    for (auto const uid : *uids) {
        auto* const message = folder_->find(uid);
        if (message == nullptr) continue;
        auto const before = message->flags;
        auto const after = item[0] == '+' ? before | bits : item[0] == '-' ? before & ~bits : bits;
        folder_->set_flags(*message, static_cast<std::uint8_t>(after));
        if (silent) continue;
        say("* " + std::to_string(sequence_of(uid)) + " FETCH (FLAGS (" + flags_to_text(message->flags) + ')' +
            (by_uid ? " UID " + std::to_string(uid) : "") + ')');
    }
    seen_changes_ = folder_->changes;  // what we did ourselves is told already
    user_->mailbox->changed();
    ok("STORE completed.");
}

void ImapSession::do_copy(Words& words, bool by_uid, bool remove)
{
    auto const set = words.sequence_set();
    words.space();
    auto const name = words.astring();
    if (!set || !name || !words.done()) return bad("Command Argument Error. 11");
    auto const to = user_->mailbox->folder(*name);
    if (!to) return no("[TRYCREATE] " + printable(*name, 128) + " doesn't exist.");  // the words are invented
    auto const uids = resolve(*set, by_uid);
    if (!uids) return no(wrong_set);
    if (remove && !writable_) return no("Mailbox is read-only.");  // invented
    if (refuses_changes(*uids)) return;
    std::vector<std::uint32_t> from, made;
    for (auto const uid : *uids) {
        auto const* const message = folder_->find(uid);
        if (message == nullptr) continue;
        auto const copied = *message;  // append() may move the folder's messages
        from.push_back(uid);
        made.push_back(to->append(copied.raw, copied.internal_date, copied.flags).uid);
    }
    auto const code =
        made.empty() ? std::string()
                     : "[COPYUID " + std::to_string(to->uid_validity) + ' ' + to_set(from) + ' ' + to_set(made) + "] ";
    if (remove) {
        if (!code.empty()) say("* OK " + code);  // RFC 6851 section 4.3
        for (auto const uid : from) folder_->remove(uid);
    }
    sync(true);
    user_->mailbox->changed();
    ok(remove ? "MOVE completed." : code + "COPY completed.");
}

}  // namespace postroom::lab
