#include "lab/pop3-session.hpp"

#include "base/text.hpp"

namespace postroom::lab {

namespace {

// Exchange Server's defaults (Set-PopSettings); those of Exchange Online are not known.
constexpr Duration before_sign_in{60'000};
constexpr Duration between_commands{30 * 60'000};
constexpr Duration to_write{10 * 60'000};
constexpr std::size_t most_line = 512;  // MS-STANXPOP3

}  // namespace

net::awaitable<void> serve_pop3(SharedState state, std::unique_ptr<net::Accepted> connection)
{
    Pop3Session session(std::move(state), std::move(connection));
    co_await session.run();
}

Pop3Session::Pop3Session(SharedState state, std::unique_ptr<net::Accepted> connection)
    : state_(std::move(state)), connection_(std::move(connection)), reader_(*connection_)
{
    ++state_->counters.pop3_sessions;
}

void Pop3Session::say(std::string_view line)
{
    out_ += line;
    out_ += "\r\n";
}

void Pop3Session::error(std::string_view words)
{
    say("-ERR " + std::string(words));
    if (++bad_commands_ >= 10) over_ = true;  // invented
}

net::awaitable<void> Pop3Session::flush()
{
    if (out_.empty()) co_return;
    Wire const wire(std::exchange(out_, std::string()));
    connection_->expire_after(to_write);
    co_await connection_->write(wire);
}

std::optional<std::string> Pop3Session::fault(Fault which)
{
    if (!user_) return state_->faults.take(which, {});
    return state_->faults.take(which, {user_->mailbox->address, user_->upn});
}

net::awaitable<void> Pop3Session::run()
{
    // Exchange Online; what stands in brackets is the server's name in UTF-16LE and base64.
    std::string name;
    for (char const c : state_->host_name) (name += c) += '\0';
    say("+OK The Microsoft Exchange POP3 service is ready. [" + to_base64(name) + ']');
    co_await flush();
    while (!over_) {
        connection_->expire_after(user_ ? between_commands : before_sign_in);
        auto const line = co_await reader_.line(most_line);
        if (!line) {
            if (reader_.too_long()) say("-ERR Protocol error. 14");  // of these words: invented
            break;
        }
        // How POP3 tells of a token that has run out is not known: the connection ends. (invented)
        if (user_ && state_->clock.now() >= user_->expires) break;
        co_await answer(*line);
        co_await flush();
    }
    co_await flush();
}

bool Pop3Session::is_refused(std::string_view command, std::string_view address)
{
    auto const said = state_->faults.take_answer(Fault::pop3_refused, command, address);
    if (said) say(*said);
    return said.has_value();
}

net::awaitable<void> Pop3Session::answer(std::string_view command)
{
    auto const space = command.find(' ');
    auto const verb = to_upper(command.substr(0, space));
    auto const rest = space == std::string_view::npos ? std::string_view() : trim(command.substr(space + 1));
    static constexpr std::string_view wrong_state = "Command is not valid in this state.";
    if (verb == "CAPA") {
        capabilities();
    } else if (verb == "QUIT") {
        quit();
    } else if (verb == "AUTH" || verb == "USER" || verb == "PASS") {
        if (user_) {
            error(wrong_state);
        } else if (verb == "AUTH") {
            co_await auth(rest);
        } else if (verb == "USER") {
            named_user_ = rest;
            say("+OK");
        } else if (named_user_.empty()) {
            error(wrong_state);
        } else {
            // Exchange Online refuses every password.
            ++state_->counters.pop3_refusals;
            error("Logon failure: unknown user name or bad password.");
        }
    } else if (!user_) {
        error(wrong_state);
    } else if (fault(Fault::pop3_unavailable)) {
        error("Server Unavailable. 21");
    } else if (is_refused(verb, user_->mailbox->address)) {
        co_return;
    } else if (verb == "STAT") {
        status();
    } else if (verb == "LIST" || verb == "UIDL") {
        list(rest, verb == "UIDL");
    } else if (verb == "RETR") {
        co_await retrieve(rest);
    } else if (verb == "TOP") {
        top(rest);
    } else if (verb == "DELE") {
        remove(rest);
    } else if (verb == "RSET") {
        reset();
    } else if (verb == "NOOP") {
        say("+OK");
    } else {
        error("Protocol error. 19");  // which of its numbers belongs here: invented
    }
}

}  // namespace postroom::lab
