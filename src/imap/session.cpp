// The dialogue: asking, waiting, and keeping what the server says unasked. No byte is inspected here; that is the
// codec's part. Signing in is in sign-in.cpp, searching and listing in search.cpp, what changes a mailbox in
// change.cpp, fetching in fetch.cpp, waiting for mail in idle.cpp.
#include "imap/session.hpp"

#include "base/text.hpp"
#include "imap/codec/folder-name.hpp"

#include <algorithm>
#include <charconv>

namespace postroom::imap {

namespace {

std::uint32_t to_number(std::string_view digits)
{
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

}  // namespace

std::string Reply::words() const
{
    std::string all = status == Status::ok ? "OK" : status == Status::no ? "NO" : "BAD";
    if (!code.name.empty()) all += " [" + code.name + (code.argument.empty() ? "" : ' ' + code.argument) + ']';
    if (!text.empty()) all += ' ' + text;
    return printable(all);
}

bool Folder::has(std::string_view attribute) const
{
    return std::ranges::any_of(attributes, [&](auto const& a) { return equal_ignoring_case(a, attribute); });
}

Session::Session(std::unique_ptr<net::Transport> transport, SessionLimits limits)
    : transport_(std::move(transport)), limits_(limits), framer_(limits.framer)
{
}

Session::~Session() = default;

bool Session::has(std::string_view capability) const
{
    return capabilities_.contains(to_upper(capability));
}

std::optional<Piece> Session::take_piece()
{
    auto next = framer_.next();
    if (!next) throw net::Broken(next.error());
    return std::move(*next);
}

void Session::fail_closed() const
{
    std::string why = "the server closed the connection";
    if (greeting_.empty()) why += " before it greeted";
    if (!last_words_.empty()) why += "; its last words: " + printable(last_words_, 200);
    throw net::Broken(Trouble::closed, why);
}

awaitable<void> Session::fill(Deadline deadline, Duration limit)
{
    if (deadline == Deadline::renewed) transport_->expire_after(limit);
    bool const open = co_await transport_->read_more(framer_.inbox());
    if (!open) fail_closed();
}

awaitable<Response> Session::receive(Deadline deadline, Duration limit)
{
    for (;;) {
        auto const piece = take_piece();
        if (!piece) {
            co_await fill(deadline, limit);
            continue;
        }
        auto response = parse(std::get<Frame>(*piece));
        if (auto const* malformed = std::get_if<Malformed>(&response))
            throw net::Broken(Trouble::protocol, malformed->why);
        co_return response;
    }
}

void Session::learn(std::vector<std::string> const& capabilities)
{
    capabilities_.clear();
    capabilities_.insert(capabilities.begin(), capabilities.end());
}

void Session::absorb(Condition const& condition)
{
    using Kind = Condition::Kind;
    if (condition.kind == Kind::bye && !leaving_)
        throw net::Broken(Trouble::closed, "the server ended the session: " + printable(condition.text));
    if (condition.kind == Kind::no || condition.kind == Kind::bad) last_words_ = condition.text;

    auto const& code = condition.code;
    if (code.name == "CAPABILITY") {
        std::vector<std::string> names;
        for (auto const name : split(code.argument, ' '))
            if (!name.empty()) names.push_back(to_upper(name));
        learn(names);
    }
    if (!selected_) return;
    if (code.name == "UIDVALIDITY") selected_->uid_validity = to_number(code.argument);
    if (code.name == "UIDNEXT") selected_->uid_next = to_number(code.argument);
    if (code.name == "PERMANENTFLAGS")
        selected_->permanent_flags = flag_list(code.argument).value_or(std::vector<std::string>());
}

void Session::absorb(Response const& response)
{
    last_words_.clear();
    if (auto const* condition = std::get_if<Condition>(&response)) {
        absorb(*condition);
    } else if (auto const* exists = std::get_if<Exists>(&response)) {
        if (selected_) selected_->exists = exists->count;
        ++changes_;
    } else if (std::holds_alternative<Expunge>(response)) {
        if (selected_ && selected_->exists > 0) --selected_->exists;
        ++changes_;
    } else if (auto const* capability = std::get_if<Capability>(&response)) {
        learn(capability->names);
    } else if (auto const* other = std::get_if<Other>(&response)) {
        last_words_ = other->name + ' ' + other->text;
    }
}

Reply Session::answer_to(std::string_view tag, Tagged tagged)
{
    if (tagged.tag != tag)
        throw net::Broken(Trouble::protocol, "the server answered a command that was not asked: \"" +
                                                 printable(tagged.tag + ' ' + tagged.text, 120) + '"');
    return {.status = tagged.status, .code = std::move(tagged.code), .text = std::move(tagged.text)};
}

std::string Session::next_tag()
{
    return 'A' + std::to_string(++last_tag_);
}

awaitable<Reply> Session::finish(std::string tag, Collect collect, Deadline deadline, Duration limit)
{
    for (;;) {
        auto response = co_await receive(deadline, limit);
        if (auto* tagged = std::get_if<Tagged>(&response)) {
            last_words_.clear();
            co_return answer_to(tag, std::move(*tagged));
        }
        // Exchange sends a "+" though LITERAL+ needs none (MailKit #852).
        if (std::holds_alternative<Continue>(response)) continue;
        if (!collect || !collect(response)) absorb(response);
    }
}

awaitable<Reply> Session::run(Command command, Duration limit, Collect collect, Deadline deadline)
{
    auto const tag = next_tag();
    // RFC 7888 section 5: with LITERAL- only those of at most 4,096 bytes need not wait.
    std::size_t const unwaited = has("LITERAL+") ? SIZE_MAX : has("LITERAL-") ? 4'096 : 0;
    auto const parts = command.encode(tag, unwaited);
    transport_->expire_after(limit);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        while (i > 0) {
            auto response = co_await receive(deadline, limit);
            if (std::holds_alternative<Continue>(response)) break;
            if (auto* tagged = std::get_if<Tagged>(&response)) co_return answer_to(tag, std::move(*tagged));
            absorb(response);
        }
        co_await transport_->write(parts[i]);
    }
    co_return co_await finish(tag, std::move(collect), deadline, limit);
}

awaitable<void> Session::greet()
{
    transport_->expire_after(limits_.greeting);
    auto const response = co_await receive();
    auto const* condition = std::get_if<Condition>(&response);
    if (!condition || condition->kind == Condition::Kind::no || condition->kind == Condition::Kind::bad)
        throw net::Broken(Trouble::protocol, "the server's first words are no IMAP greeting" +
                                                 (condition ? ": " + printable(condition->text) : std::string()));
    absorb(response);
    greeting_ = condition->text.empty() ? "(nothing)" : condition->text;
    signed_in_ = condition->kind == Condition::Kind::preauth;
    if (!capabilities_.empty()) co_return;
    Command ask("CAPABILITY");
    co_await run(std::move(ask), limits_.command);
}

awaitable<void> Session::identify(std::string name, std::string version)
{
    if (!has("ID")) co_return;
    Command command("ID (\"name\"");
    command.string(name).word("\"version\"").string(version).close_bracket();
    co_await run(std::move(command), limits_.command);
}

awaitable<Answer<Selected>> Session::open(std::string verb, std::string folder)
{
    auto const name = to_modified_utf7(folder);
    if (!name) co_return std::unexpected(Reply{.status = Status::bad, .code = {}, .text = name.error().message});
    selected_ = Selected{.read_only = verb == "EXAMINE"};
    Command command(verb);
    command.string(*name);
    auto const reply = co_await run(std::move(command), limits_.search);
    if (!reply.ok()) {
        selected_.reset();  // RFC 3501 section 6.3.1: nothing is open then
        co_return std::unexpected(reply);
    }
    if (reply.code.name == "READ-ONLY") selected_->read_only = true;
    co_return *selected_;
}

awaitable<Answer<Selected>> Session::select(std::string folder)
{
    return open("SELECT", std::move(folder));
}

awaitable<Answer<Selected>> Session::examine(std::string folder)
{
    return open("EXAMINE", std::move(folder));
}

awaitable<Reply> Session::noop()
{
    Command command("NOOP");
    co_return co_await run(std::move(command), limits_.command);
}

awaitable<void> Session::logout()
{
    leaving_ = true;
    try {
        Command command("LOGOUT");
        co_await run(std::move(command), limits_.logout);
    } catch (net::Broken const&) {
        // The server may go without a word; so do we.
    }
    transport_->close();
}

}  // namespace postroom::imap
