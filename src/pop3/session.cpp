#include "pop3/session.hpp"

#include "base/text.hpp"
#include "pop3/codec/multi-line.hpp"
#include "sasl/exchange.hpp"

#include <algorithm>
#include <charconv>

namespace postroom::pop3 {

namespace {

constexpr std::size_t most_capabilities = 64 * 1024;

std::vector<std::string_view> lines_of(std::string_view text)
{
    auto lines = split(text, '\n');
    for (auto& line : lines)
        if (line.ends_with('\r')) line.remove_suffix(1);
    std::erase_if(lines, [](std::string_view line) { return line.empty(); });
    return lines;
}

}  // namespace

Session::Session(std::unique_ptr<net::Transport> transport, SessionLimits limits)
    : transport_(std::move(transport)), limits_(limits)
{
}

awaitable<void> Session::fill()
{
    bool const open = co_await transport_->read_more(inbox_);
    if (!open) throw net::Broken(Trouble::closed, "the server closed the connection without a word");
}

awaitable<Reply> Session::receive()
{
    for (;;) {
        auto line = take_line(inbox_, limits_.line);
        if (!line) throw net::Broken(line.error());
        if (*line) {
            auto reply = parse_reply(**line);
            if (!reply) throw net::Broken(reply.error());
            co_return std::move(*reply);
        }
        co_await fill();
    }
}

awaitable<void> Session::send(std::string line, Duration limit)
{
    Wire const wire(std::move(line));
    transport_->expire_after(limit);
    co_await transport_->write(wire);
}

awaitable<Reply> Session::command(std::string line, Duration limit)
{
    co_await send(std::move(line), limit);
    auto reply = co_await receive();
    if (reply.status == Reply::Status::challenge)
        throw net::Broken(Trouble::protocol, "the server asked for more where nothing was due: " + reply.words());
    co_return reply;
}

awaitable<std::string> Session::receive_lines(std::size_t most)
{
    DotReader reader;
    std::string text;
    for (;;) {
        inbox_.erase(0, reader.feed(inbox_, text));
        if (reader.ended()) co_return text;
        if (text.size() > most)
            throw net::Broken(Trouble::limit, "the server's answer has no end; Postroom reads at most " +
                                                  std::to_string(most) + " octets of it");
        co_await fill();
    }
}

awaitable<Reply> Session::greet()
{
    transport_->expire_after(limits_.greeting);
    co_return co_await receive();
}

awaitable<Reply> Session::ask_capabilities()
{
    auto reply = co_await command("CAPA\r\n", limits_.command);
    capabilities_.clear();
    if (!reply.ok()) co_return reply;
    auto const text = co_await receive_lines(most_capabilities);
    for (auto const line : lines_of(text)) capabilities_.insert(to_upper(line));
    co_return reply;
}

bool Session::has(std::string_view capability) const
{
    // "EXPIRE 60" is EXPIRE.
    auto const at = capabilities_.lower_bound(capability);
    return at != capabilities_.end() && at->starts_with(capability) &&
           (at->size() == capability.size() || (*at)[capability.size()] == ' ');
}

bool Session::has_auth(std::string_view mechanism) const
{
    return std::ranges::any_of(capabilities_, [&](std::string const& line) {
        auto const words = split(line, ' ');
        return words.front() == "SASL" && std::ranges::find(words, mechanism) != words.end();
    });
}

awaitable<Reply> Session::start_tls()
{
    auto reply = co_await command("STLS\r\n", limits_.command);
    if (!reply.ok()) co_return reply;
    if (!inbox_.empty())
        throw net::Broken(Trouble::protocol,
                          "the server said more ahead of TLS, which somebody on the way may have put in; refused");
    co_await transport_->start_tls();
    co_await ask_capabilities();
    co_return reply;
}

awaitable<SignIn> Session::authenticate(sasl::Mechanism& mechanism)
{
    sasl::Exchange exchange(mechanism);
    co_await send("AUTH " + std::string(mechanism.name()) + "\r\n", limits_.sign_in);
    auto reply = co_await receive();
    while (reply.status == Reply::Status::challenge) {
        auto const line = exchange.answer(reply.text);
        if (!line) throw net::Broken(Trouble::protocol, line.error().message);
        co_await transport_->write(*line);
        reply = co_await receive();
    }
    if (exchange.cancelled() && reply.ok()) throw net::Broken(Trouble::protocol, exchange.cancelled()->message);
    co_return SignIn{.reply = std::move(reply), .challenge = mechanism.refusal()};
}

awaitable<SignIn> Session::login(std::string user, Secret password)
{
    auto reply = co_await command("USER " + user + "\r\n", limits_.sign_in);
    if (!reply.ok()) co_return SignIn{.reply = std::move(reply)};
    Wire line;
    line.text("PASS ").secret(password.expose()).text("\r\n");
    transport_->expire_after(limits_.sign_in);
    co_await transport_->write(line);
    reply = co_await receive();
    if (reply.status == Reply::Status::challenge)
        throw net::Broken(Trouble::protocol, "the server asked for more where nothing was due: " + reply.words());
    co_return SignIn{.reply = std::move(reply)};
}

awaitable<Answer<Mailbox>> Session::status()
{
    auto reply = co_await command("STAT\r\n", limits_.command);
    if (!reply.ok()) co_return std::unexpected(std::move(reply));
    Mailbox mailbox;
    char const* const end = reply.text.data() + reply.text.size();
    auto const [after, mails] = std::from_chars(reply.text.data(), end, mailbox.mails);
    if (mails != std::errc() || after == end || *after != ' ' ||
        std::from_chars(after + 1, end, mailbox.octets).ec != std::errc())
        throw net::Broken(Trouble::protocol, "no answer to STAT: " + reply.words());
    co_return mailbox;
}

awaitable<Answer<UniqueIds>> Session::unique_ids()
{
    return listing("UIDL\r\n");
}

awaitable<Answer<std::vector<Size>>> Session::sizes()
{
    auto listed = co_await listing("LIST\r\n");
    if (!listed) co_return std::unexpected(std::move(listed.error()));
    std::vector<Size> sizes;
    for (auto const& mail : listed->mails) {
        Size size{.number = mail.number};
        char const* const end = mail.said.data() + mail.said.size();
        if (std::from_chars(mail.said.data(), end, size.octets).ec == std::errc()) sizes.push_back(size);
    }
    co_return sizes;
}

awaitable<Answer<UniqueIds>> Session::listing(std::string asked)
{
    auto reply = co_await command(std::move(asked), limits_.listing);
    if (!reply.ok()) co_return std::unexpected(std::move(reply));
    UniqueIds all;
    DotReader reader;
    std::string text;
    for (;;) {
        inbox_.erase(0, reader.feed(inbox_, text));
        for (;;) {
            auto const line = take_line(text, limits_.line);
            if (!line) throw net::Broken(line.error());
            if (!*line) break;
            if (auto listed = parse_listed(**line))
                all.mails.push_back(std::move(*listed));
            else
                ++all.unreadable;
        }
        if (reader.ended()) co_return all;
        if (all.mails.size() + all.unreadable > limits_.listed)
            throw net::Broken(Trouble::limit, "the mailbox has more than " + std::to_string(limits_.listed) +
                                                  " mails; Postroom compares no more over POP3");
        co_await fill();
    }
}

awaitable<void> Session::receive_mail(std::uint32_t number, MailSink& sink)
{
    co_await sink.begin(number);
    DotReader reader;
    std::string bytes;
    for (;;) {
        inbox_.erase(0, reader.feed(inbox_, bytes));
        if (!bytes.empty()) {
            transport_->expire_after(limits_.sink);
            co_await sink.chunk(bytes);
            bytes.clear();
        }
        if (reader.ended()) break;
        transport_->expire_after(limits_.transfer);
        co_await fill();
    }
    co_await sink.end();
}

awaitable<Retrieved> Session::retrieve(std::vector<std::uint32_t> numbers, MailSink& sink, std::size_t window)
{
    if (!has("PIPELINING")) window = 1;
    Retrieved all;
    std::size_t asked = 0;
    for (std::size_t answered = 0; answered < numbers.size(); ++answered) {
        std::string lines;
        // Half a window at a time, so that commands share packets.
        if (asked - answered <= window / 2)
            while (asked < numbers.size() && asked - answered < window)
                lines += "RETR " + std::to_string(numbers[asked++]) + "\r\n";
        transport_->expire_after(limits_.transfer);
        if (!lines.empty()) co_await send(std::move(lines), limits_.transfer);
        auto reply = co_await receive();
        if (reply.ok()) {
            co_await receive_mail(numbers[answered], sink);
            ++all.delivered;
            continue;
        }
        (reply.passes() ? all.put_off : all.refused).push_back(numbers[answered]);
        if (!all.refusal) all.refusal = std::move(reply);
    }
    co_return all;
}

awaitable<Answer<std::string>> Session::top(std::uint32_t number, unsigned lines, std::size_t most)
{
    auto reply =
        co_await command("TOP " + std::to_string(number) + ' ' + std::to_string(lines) + "\r\n", limits_.transfer);
    if (!reply.ok()) co_return std::unexpected(std::move(reply));
    co_return co_await receive_lines(most);
}

awaitable<Reply> Session::remove(std::vector<std::uint32_t> numbers, std::size_t window)
{
    if (!has("PIPELINING")) window = 1;
    Reply outcome{.status = Reply::Status::ok};
    for (std::size_t at = 0; at < numbers.size();) {
        auto const end = std::min(numbers.size(), at + window);
        std::string lines;
        for (auto next = at; next < end; ++next) lines += "DELE " + std::to_string(numbers[next]) + "\r\n";
        co_await send(std::move(lines), limits_.command);
        for (; at < end; ++at) {
            auto reply = co_await receive();
            if (outcome.ok()) outcome = std::move(reply);
        }
    }
    co_return outcome;
}

awaitable<Reply> Session::reset()
{
    return command("RSET\r\n", limits_.command);
}

awaitable<Reply> Session::noop()
{
    return command("NOOP\r\n", limits_.command);
}

awaitable<Reply> Session::quit()
{
    auto reply = co_await command("QUIT\r\n", limits_.quit);
    transport_->close();
    co_return reply;
}

}  // namespace postroom::pop3
