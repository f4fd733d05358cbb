// IMAP's commands about folders, APPEND and IDLE among them.
#include "base/text.hpp"
#include "lab/imap-session.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace postroom::lab {

namespace {

// RFC 3501 section 6.3.8: "*" matches anything, "%" anything without the delimiter.
bool matches(std::string_view pattern, std::string_view name)
{
    std::size_t steps = 0;
    auto const go = [&](auto const& self, std::string_view p, std::string_view n) -> bool {
        if (++steps > 2'000) return false;  // as deep as the recursion may go, too
        while (!p.empty() && p[0] != '*' && p[0] != '%') {
            if (n.empty() || p[0] != n[0]) return false;
            p.remove_prefix(1);
            n.remove_prefix(1);
        }
        if (p.empty()) return n.empty();
        for (std::size_t i = 0; i <= n.size(); ++i) {
            if (self(self, p.substr(1), n.substr(i))) return true;
            if (i < n.size() && p[0] == '%' && n[i] == '/') return false;
        }
        return false;
    };
    return go(go, pattern, name);
}

// "17-Jul-1996 02:44:25 -0700"
std::optional<Instant> read_date_time(std::string_view text)
{
    std::tm parts{};
    int zone = 0;
    char sign = '+';
    char month[4]{};
    std::string const line(trim(text));
    if (std::sscanf(line.c_str(), "%2d-%3s-%4d %2d:%2d:%2d %c%4d", &parts.tm_mday, month, &parts.tm_year,
                    &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &sign, &zone) != 8)
        return std::nullopt;
    static constexpr std::string_view months = "janfebmaraprmayjunjulaugsepoctnovdec";
    auto const at = months.find(to_lower(month));
    if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
    parts.tm_mon = static_cast<int>(at / 3);
    parts.tm_year -= 1900;
    auto const seconds = ::timegm(&parts) - (sign == '-' ? -1 : 1) * (zone / 100 * 3600 + zone % 100 * 60);
    return Instant(std::chrono::seconds(seconds));
}

}  // namespace

net::awaitable<void> ImapSession::name_space(Words&)
{
    say(R"(* NAMESPACE (("" "/")) NIL NIL)");  // Exchange Online
    ok("NAMESPACE completed.");
    co_return;
}

void ImapSession::list_folders(Words& words, std::string_view name)
{
    auto const reference = words.astring();
    bool const apart = words.space();
    auto const pattern = words.astring();
    if (!reference || !apart || !pattern || !words.done()) {
        bad("Command Argument Error. 12");  // Exchange Online, for LIST … RETURN
        return;
    }
    auto const head = "* " + std::string(name) + ' ';
    if (pattern->empty()) {
        say(head + R"((\Noselect) "/" "")");
    } else {
        for (auto const& folder : user_->mailbox->folders) {
            bool const inbox = folder->name == "INBOX";
            if (!matches(*reference + *pattern, folder->name) && !(inbox && matches(to_upper(*pattern), "INBOX")))
                continue;
            bool const has_children = std::ranges::any_of(user_->mailbox->folders, [&](auto const& other) {
                return other->name.starts_with(folder->name + '/');
            });
            // Exchange quotes only what has to be (a sample of Exchange Online has INBOX bare); no special use.
            bool const bare = folder->name.find_first_of(" (){%*\"\\") == std::string::npos;
            say(head + (inbox ? "(\\Marked " : "(") + (has_children ? "\\HasChildren" : "\\HasNoChildren") +
                ") \"/\" " + (bare ? folder->name : quote(folder->name)));
        }
    }
    ok(std::string(name) + " completed.");
}

net::awaitable<void> ImapSession::list(Words& words)
{
    list_folders(words, "LIST");
    co_return;
}

net::awaitable<void> ImapSession::lsub(Words& words)
{
    if (state_->settings.imap_front_end == 0)
        list_folders(words, "LSUB");
    else
        bad("Command Error. 10");  // the new front end knows no LSUB in some builds (imapflow 1.6)
    co_return;
}

net::awaitable<void> ImapSession::subscribe(Words& words)
{
    auto const name = words.astring();
    if (name && user_->mailbox->folder(*name))
        ok("SUBSCRIBE completed.");
    else
        no("Mailbox does not exist.");  // invented
    co_return;
}

net::awaitable<void> ImapSession::status(Words& words)
{
    auto const name = words.astring();
    words.space();
    if (!name || !words.open()) {
        bad("Command Argument Error. 11");
        co_return;
    }
    auto const folder = user_->mailbox->folder(*name);
    if (!folder) {
        no("Mailbox does not exist.");  // invented
        co_return;
    }
    std::string answer;
    while (!words.close()) {
        auto const item = to_upper(words.atom());
        std::uint64_t number = 0;
        if (item == "MESSAGES") {
            number = folder->messages.size();
        } else if (item == "UIDNEXT") {
            number = folder->uid_next;
        } else if (item == "UIDVALIDITY") {
            number = folder->uid_validity;
        } else if (item == "UNSEEN") {
            number = static_cast<std::uint64_t>(
                std::ranges::count_if(folder->messages, [](auto const& m) { return (m.flags & flag::seen) == 0; }));
        } else if (item != "RECENT") {
            bad("Command Argument Error. 11");
            co_return;
        }
        answer += (answer.empty() ? "" : " ") + item + ' ' + std::to_string(number);
        words.space();
    }
    say("* STATUS " + quote(folder->name) + " (" + answer + ')');
    ok("STATUS completed.");
}

void ImapSession::open_folder(Words& words, bool writable)
{
    folder_ = nullptr;
    view_.clear();
    auto const name = words.astring();
    if (!name || !words.done()) {
        bad("Command Argument Error. 11");
        return;
    }
    folder_ = user_->mailbox->folder(*name);
    if (!folder_) {
        no(printable(*name, 128) + " doesn't exist.");  // Exchange Server's words; for the cloud invented
        return;
    }
    writable_ = writable;
    hidden_.clear();
    seen_next_ = 0;
    seen_removals_ = folder_->removals;
    seen_changes_ = folder_->changes;
    auto const mark = out_.size();
    sync(false);
    out_.resize(mark);
    // The lines, and their order, of Exchange Online's answer to SELECT.
    say("* " + std::to_string(view_.size()) + " EXISTS");
    say("* 0 RECENT");
    say(R"(* FLAGS (\Seen \Answered \Flagged \Deleted \Draft $MDNSent))");
    say(R"(* OK [PERMANENTFLAGS (\Seen \Answered \Flagged \Deleted \Draft $MDNSent)] Permanent flags)");
    auto const unseen =
        std::ranges::find_if(folder_->messages, [](auto const& m) { return (m.flags & flag::seen) == 0; });
    if (unseen != folder_->messages.end() && sequence_of(unseen->uid) > 0)
        say("* OK [UNSEEN " + std::to_string(sequence_of(unseen->uid)) + "] Is the first unseen message");
    say("* OK [UIDVALIDITY " + std::to_string(folder_->uid_validity) + "] UIDVALIDITY value");
    say("* OK [UIDNEXT " + std::to_string(folder_->uid_next) + "] The next unique identifier value");
    ok(writable ? "[READ-WRITE] SELECT completed." : "[READ-ONLY] EXAMINE completed.");
}

net::awaitable<void> ImapSession::select(Words& words)
{
    open_folder(words, true);
    co_return;
}

net::awaitable<void> ImapSession::examine(Words& words)
{
    open_folder(words, false);
    co_return;
}

net::awaitable<void> ImapSession::create(Words& words)
{
    auto const name = words.astring();
    auto& folders = user_->mailbox->folders;
    // Names are in modified UTF-7, so nothing else than printable ASCII can be in one.
    bool const proper = name && !name->empty() && name->size() <= 250 &&
                        std::ranges::all_of(*name, [](char c) { return c >= 0x20 && c < 0x7F; });
    if (!proper || !words.done()) {
        bad("Command Argument Error. 11");
    } else if (equal_ignoring_case(*name, "Files")) {
        no("Folder name is reserved");  // Exchange Online, imapsync FAQ
    } else if (user_->mailbox->folder(*name) || folders.size() >= 1'000) {
        no("Mailbox already exists.");  // invented
    } else {
        auto made = std::make_shared<Folder>();
        made->name = name->ends_with('/') ? name->substr(0, name->size() - 1) : *name;
        made->uid_validity = state_->next_uid_validity++;
        folders.push_back(std::move(made));
        ok("CREATE completed.");
    }
    co_return;
}

net::awaitable<void> ImapSession::append(Words& words)
{
    auto const name = words.astring();
    words.space();
    std::uint8_t flags = 0;
    if (words.open()) {
        while (!words.close()) {
            auto const bit = flag_from_text(words.atom());
            if (!bit) {
                bad("Command Argument Error. 11");  // Exchange Online, for a keyword of the user's own
                co_return;
            }
            flags |= *bit;
            words.space();
        }
        words.space();
    }
    auto date = state_->clock.now();
    if (words.rest().starts_with('"')) {
        auto const text = words.astring();
        auto const read = text ? read_date_time(*text) : std::nullopt;
        if (!read) {
            bad("Command Argument Error. 11");
            co_return;
        }
        date = *read;
        words.space();
    }
    auto raw = words.rest().starts_with('{') ? words.astring() : std::nullopt;
    if (!name || !raw || !words.done()) {
        bad("Command Argument Error. 11");
        co_return;
    }
    auto const folder = user_->mailbox->folder(*name);
    if (!folder) {
        no("[TRYCREATE] " + printable(*name, 128) +
           " doesn't exist.");  // RFC 3501 section 6.3.11; the words are invented
        co_return;
    }
    auto const body = state_->bodies.keep(std::move(*raw));
    if (raw->size() > most_message_bytes || !body) {
        no("Maximum size of appendable message has been exceeded");  // Exchange Online
        co_return;
    }
    auto const uid = folder->append(*body, date, flags).uid;
    user_->mailbox->changed();
    sync(true);
    ok("[APPENDUID " + std::to_string(folder->uid_validity) + ' ' + std::to_string(uid) + "] APPEND completed.");
}

net::awaitable<void> ImapSession::idle(Words&)
{
    say("+ IDLE accepted, awaiting DONE command.");  // Exchange Online
    auto const until = system_clock().now() + Duration{30 * 60'000};
    for (;;) {
        if (token_is_over()) co_return;
        sync(true);
        co_await flush();
        if (reader_.has_line() || !reader_.empty()) break;
        // Until the token runs out by the lab's clock; whoever moves that clock, or a switch, nudges.
        auto const token_left = user_->expires - state_->clock.now();
        auto const left = std::min<Duration>(token_left, until - system_clock().now());
        if (system_clock().now() >= until) {
            bye("Connection is closed. 13");  // Exchange Online
            co_return;
        }
        auto const woken = co_await connection_->wait(std::max<Duration>(left, Duration{1}));
        if (woken == net::Woken::readable) break;
    }
    connection_->expire_after(Duration{60'000});
    auto const line = co_await reader_.line(64);
    if (!line) {
        over_ = true;
        co_return;
    }
    if (equal_ignoring_case(trim(*line), "DONE"))
        ok("IDLE completed.");  // Exchange Online
    else
        bad("Command Error. 10");
}

net::awaitable<void> ImapSession::close_folder(Words&)
{
    if (writable_) {
        auto const mark = out_.size();
        (void)remove_deleted(nullptr);
        out_.resize(mark);  // RFC 3501 section 6.4.2: CLOSE tells of no removals
    }
    folder_ = nullptr;
    view_.clear();
    ok("CLOSE completed.");
    co_return;
}

net::awaitable<void> ImapSession::unselect(Words&)
{
    folder_ = nullptr;
    view_.clear();
    ok("UNSELECT completed.");
    co_return;
}

}  // namespace postroom::lab
