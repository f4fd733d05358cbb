#include "lab/imap-session.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace postroom::lab {

namespace {

constexpr Duration before_sign_in{60'000};
constexpr Duration between_commands{30 * 60'000};  // Exchange Server's default for sessions that have signed in
constexpr std::size_t most_token_line = 256 * 1024;

// What a line announces at its end: {12} or {12+} (RFC 3501 section 4.3, RFC 7888).
struct Announced {
    std::uint64_t size;
    bool waits;
};

std::optional<Announced> literal_at_end(std::string_view line)
{
    if (!line.ends_with('}')) return std::nullopt;
    auto const brace = line.rfind('{');
    if (brace == std::string_view::npos) return std::nullopt;
    auto digits = line.substr(brace + 1, line.size() - brace - 2);
    bool const waits = !digits.ends_with('+');
    if (!waits) digits.remove_suffix(1);
    if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    std::uint64_t size = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (error != std::errc{}) size = ~std::uint64_t{0};
    return Announced{size, waits};
}

std::string_view first_word(std::string_view text)
{
    return text.substr(0, text.find(' '));
}

}  // namespace

net::awaitable<void> serve_imap(SharedState state, std::unique_ptr<net::Accepted> connection)
{
    ImapSession session(std::move(state), std::move(connection));
    co_await session.run();
}

ImapSession::ImapSession(SharedState state, std::unique_ptr<net::Accepted> connection)
    : state_(std::move(state)), connection_(std::move(connection)), reader_(*connection_)
{
    state_->imap_transports.insert(connection_.get());
    ++state_->counters.imap_sessions;
}

ImapSession::~ImapSession()
{
    state_->imap_transports.erase(connection_.get());
    if (watching_) user_->mailbox->watchers.erase(connection_.get());
    if (watching_) --user_->mailbox->imap_connections;
}

ImapSession::Command const* ImapSession::command_named(std::string_view name)
{
    using S = ImapSession;
    static constexpr std::array<Command, 28> commands{{
        {"CAPABILITY", &S::capability, Needs::nothing},
        {"NOOP", &S::noop, Needs::nothing},
        {"ID", &S::id, Needs::nothing},
        {"LOGOUT", &S::logout, Needs::nothing},
        {"AUTHENTICATE", &S::authenticate, Needs::nothing},
        {"LOGIN", &S::login, Needs::nothing},
        {"NAMESPACE", &S::name_space, Needs::sign_in},
        {"LIST", &S::list, Needs::sign_in},
        {"LSUB", &S::lsub, Needs::sign_in},
        {"STATUS", &S::status, Needs::sign_in},
        {"SELECT", &S::select, Needs::sign_in},
        {"EXAMINE", &S::examine, Needs::sign_in},
        {"CREATE", &S::create, Needs::sign_in},
        {"SUBSCRIBE", &S::subscribe, Needs::sign_in},
        {"UNSUBSCRIBE", &S::subscribe, Needs::sign_in},
        {"APPEND", &S::append, Needs::sign_in},
        {"IDLE", &S::idle, Needs::sign_in},
        {"CHECK", &S::noop, Needs::mailbox},
        {"CLOSE", &S::close_folder, Needs::mailbox},
        {"UNSELECT", &S::unselect, Needs::mailbox},
        {"UID", &S::uid, Needs::mailbox},
        {"FETCH", &S::fetch, Needs::mailbox},
        {"SEARCH", &S::search, Needs::mailbox},
        {"STORE", &S::store, Needs::mailbox},
        {"EXPUNGE", &S::expunge, Needs::mailbox},
        {"COPY", &S::copy, Needs::mailbox},
        {"MOVE", &S::move, Needs::mailbox},
        {"ENABLE", &S::enable, Needs::sign_in},
    }};
    auto const found =
        std::ranges::find_if(commands, [&](Command const& each) { return equal_ignoring_case(each.name, name); });
    return found == commands.end() ? nullptr : &*found;
}

void ImapSession::say(std::string_view line)
{
    out_ += line;
    out_ += "\r\n";
}

void ImapSession::ok(std::string_view words)
{
    say(tag_ + " OK " + std::string(words));
}

void ImapSession::no(std::string_view words)
{
    say(tag_ + " NO " + std::string(words));
}

void ImapSession::bad(std::string_view words)
{
    say(tag_ + " BAD " + std::string(words));
    // After about ten of them Exchange Online closes the connection; with which words is not known.
    if (++bad_commands_ >= 10) bye("Connection is closed. 13");
}

void ImapSession::bye(std::string_view words)
{
    say("* BYE " + std::string(words));
    over_ = true;
}

net::awaitable<void> ImapSession::flush()
{
    if (out_.empty()) co_return;
    Wire const wire(std::exchange(out_, std::string()));
    connection_->expire_after(before_sign_in);
    co_await connection_->write(wire);
}

std::string_view ImapSession::mailbox_address() const
{
    return user_ ? std::string_view(user_->mailbox->address) : std::string_view();
}

std::optional<std::string> ImapSession::fault(Fault which)
{
    return state_->faults.take(which, {mailbox_address(), user_ ? std::string_view(user_->upn) : std::string_view()});
}

bool ImapSession::token_is_over()
{
    if (!user_ || over_) return over_;
    if (state_->clock.now() < user_->expires && !fault(Fault::imap_token_expired)) return false;
    bye("Session invalidated - AccessTokenExpired");  // Exchange Online (imapflow issues)
    return true;
}

net::awaitable<void> ImapSession::run()
{
    // Exchange Online: the classic front end (2019 to 2026), and the one that replaces it (MailKit #2016). What stands
    // in brackets is the server's name in UTF-16LE and base64.
    std::string name;
    for (char const c : state_->host_name) (name += c) += '\0';
    auto const bracket = " [" + to_base64(name) + ']';
    if (state_->settings.imap_front_end == 0)
        say("* OK The Microsoft Exchange IMAP4 service is ready." + bracket);
    else
        say("* OK Microsoft Exchange IMAP4 service ready. " + stable_guid(connection_->peer()) +
            " (tcpproxy/15.21.0406.000 BACKENDAUTHENTICATE)" + bracket);
    co_await flush();
    while (!over_) {
        connection_->expire_after(user_ ? between_commands : before_sign_in);
        auto const command = co_await read_command();
        if (!command) break;
        co_await answer(*command);
        co_await flush();
    }
    co_await flush();
}

// One line and the literals that it announces, joined as they came. Nothing where the connection is to end.
net::awaitable<std::optional<std::string>> ImapSession::read_command()
{
    std::string command;
    std::size_t const most = most_message_bytes + 64 * 1024;
    for (;;) {
        bool const begins = command.empty();
        std::size_t const limit = begins ? most_token_line : static_cast<std::size_t>(state_->settings.imap_line_limit);
        auto const line = co_await reader_.line(limit);
        if (!line) {
            // Exchange Online, seen with APPEND (MailKit #1493).
            if (reader_.too_long()) bye("command line limit exceeded");
            co_await flush();
            co_return std::nullopt;
        }
        if (begins) {
            tag_ = std::string(first_word(*line));
            auto const name = first_word(std::string_view(*line).substr(std::min(tag_.size() + 1, line->size())));
            // A token has no maximum length, so AUTHENTICATE's line has a wider bound. (invented)
            if (line->size() > static_cast<std::size_t>(state_->settings.imap_line_limit) &&
                !equal_ignoring_case(name, "AUTHENTICATE")) {
                bad("command line limit exceeded");
                co_await flush();
                if (over_) co_return std::nullopt;
                continue;
            }
        }
        command += *line;
        auto const literal = literal_at_end(*line);
        if (!literal) co_return command;
        bool const appends = user_ && command.size() > tag_.size() &&
                             starts_ignoring_case(std::string_view(command).substr(tag_.size()), " APPEND ");
        std::size_t const room = appends ? most - std::min(command.size(), most) : 64 * 1024;
        if (literal->size > room || (!appends && command.size() > room)) {
            // Exchange Online's words for APPEND; what follows a literal that was not waited for can't be told apart.
            no("Maximum size of appendable message has been exceeded");
            if (!literal->waits) over_ = true;
            co_await flush();
            if (over_) co_return std::nullopt;
            command.clear();
            continue;
        }
        if (literal->waits) {
            say("+ Ready for additional command text.");  // Exchange's words; unverified for Exchange Online: invented
            co_await flush();
        }
        command += "\r\n";
        connection_->expire_after(between_commands);
        bool const whole = co_await reader_.bytes(literal->size, command);
        if (!whole) co_return std::nullopt;
    }
}

net::awaitable<void> ImapSession::answer(std::string_view command)
{
    if (token_is_over()) co_return;
    Words words(command);
    tag_ = std::string(words.atom());
    words.space();
    auto const name = words.atom();
    auto const* const found = tag_.empty() ? nullptr : command_named(name);
    if (found == nullptr) {
        if (tag_.empty()) tag_ = "*";
        bad("Command Error. 10");  // Exchange Online
        co_return;
    }
    if (found->needs != Needs::nothing) {
        bool const ready = user_ && (found->needs == Needs::sign_in || !connected_ || folder_);
        if (!ready) {
            bad("Command received in Invalid state.");  // Exchange Online
            co_return;
        }
        if (!connected_) {
            bad("User is authenticated but not connected.");  // Exchange Online, MailKit #1494
            bye("Connection closed. 14");
            co_return;
        }
        if (auto const backoff = fault(Fault::imap_throttled)) {
            // Exchange Online, imapsync FAQ and MailKit #849.
            bad("Request is throttled. Suggested Backoff Time: " + *backoff + " milliseconds");
            bye("Connection closed. 14");
            co_return;
        }
        if (auto const how = fault(Fault::imap_unavailable)) {
            if (*how == "untagged") say("* NO Server Unavailable. 15");
            no("Server Unavailable. 15");  // Exchange Online
            co_return;
        }
        if (is_refused(name, mailbox_address())) co_return;
    }
    words.space();
    chatter();
    co_await (this->*found->run)(words);
}

void ImapSession::sync(bool removals)
{
    if (!folder_) return;
    if (removals && folder_->removals != seen_removals_) {
        seen_removals_ = folder_->removals;
        std::vector<std::uint32_t> left;
        left.reserve(view_.size());
        std::uint32_t sequence = 1;
        for (auto const uid : view_) {
            if (folder_->find(uid) == nullptr) {
                say("* " + std::to_string(sequence) + " EXPUNGE");
            } else {
                left.push_back(uid);
                ++sequence;
            }
        }
        view_ = std::move(left);
    }
    if (folder_->changes != seen_changes_) {
        for (auto const& message : folder_->messages) {
            if (message.changed <= seen_changes_ || message.uid >= seen_next_) continue;
            if (auto const sequence = sequence_of(message.uid); sequence > 0)
                say("* " + std::to_string(sequence) + " FETCH (FLAGS (" + flags_to_text(message.flags) + "))");
        }
        seen_changes_ = folder_->changes;
    }
    auto const before = view_.size();
    std::erase_if(hidden_, [&](auto const uid) {
        auto const* const message = folder_->find(uid);
        if (message != nullptr && hides(*message)) return false;
        if (message != nullptr) view_.insert(std::ranges::lower_bound(view_, uid), uid);
        return true;
    });
    if (folder_->uid_next > seen_next_ || view_.size() != before) {
        auto message = std::ranges::lower_bound(folder_->messages, seen_next_, {}, &Message::uid);
        for (; message != folder_->messages.end(); ++message)
            (hides(*message) ? hidden_ : view_).push_back(message->uid);
        seen_next_ = folder_->uid_next;
        if (view_.size() != before) {
            say("* " + std::to_string(view_.size()) + " EXISTS");
            say("* 0 RECENT");
        }
    }
}

bool ImapSession::hides(Message const& message) const
{
    auto const uids = state_->faults.see(Fault::imap_late_mail, {mailbox_address()});
    if (!uids) return false;
    return uids->empty() ? &message == &folder_->messages.back() : names_uid(*uids, message.uid);
}

void ImapSession::chatter()
{
    if (!folder_ || !fault(Fault::imap_chatter)) return;
    say("* OK [ALERT] This is {5}");
    say("* NO Nothing is wrong.");
    say(R"(* FLAGS (\Seen \Answered $Odd))");
    say("* " + std::to_string(view_.size()) + " EXISTS");
    say("* 0 RECENT");
    if (!view_.empty()) say("* 1 FETCH (X-ODD (\"(\" NIL (1 {2}\r\n)(2)) FLAGS (\\Seen))");
    say(R"(* STATUS "Sent Items" (MESSAGES 7))");
    say("* X-NOTHING");
}

bool ImapSession::is_refused(std::string_view command, std::string_view address)
{
    auto const said = state_->faults.take_answer(Fault::imap_refused, command, address);
    if (said) say(tag_ + ' ' + *said);
    return said.has_value();
}

bool ImapSession::refuses_changes(std::vector<std::uint32_t> const& uids)
{
    auto const named = state_->faults.see(Fault::imap_changes_refused, {mailbox_address()});
    if (!named || std::ranges::none_of(uids, [&](auto const uid) { return names_uid(*named, uid); })) return false;
    (void)fault(Fault::imap_changes_refused);
    no("Server Unavailable. 15");  // Exchange Online's words; that it says them here is invented
    return true;
}

std::uint32_t ImapSession::sequence_of(std::uint32_t uid) const
{
    auto const found = std::ranges::lower_bound(view_, uid);
    return found != view_.end() && *found == uid ? static_cast<std::uint32_t>(found - view_.begin()) + 1 : 0;
}

std::optional<std::vector<std::uint32_t>> ImapSession::resolve(SequenceSet const& set, bool by_uid) const
{
    std::vector<std::uint32_t> found;
    auto const last = by_uid ? (view_.empty() ? 0 : view_.back()) : static_cast<std::uint32_t>(view_.size());
    for (auto [low, high] : set) {
        if (low == star) low = last;
        if (high == star) high = last;
        if (low > high) std::swap(low, high);
        if (by_uid) {
            auto const begin = std::ranges::lower_bound(view_, low);
            auto const end = std::ranges::upper_bound(view_, high);
            found.insert(found.end(), begin, end);
        } else {
            if (low == 0 || high > last) return std::nullopt;
            found.insert(found.end(), view_.begin() + (low - 1), view_.begin() + high);
        }
        if (found.size() > 2 * view_.size() + 1'000) break;  // a set that names the same again and again
    }
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

}  // namespace postroom::lab
