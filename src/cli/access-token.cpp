#include "cli/access-token.hpp"

#include "base/text.hpp"
#include "cli/exit.hpp"
#include "cli/explanation.hpp"
#include "cli/speech.hpp"
#include "oauth/authority.hpp"
#include "oauth/device-flow.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

namespace postroom::cli {

namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

constexpr auto listen_every = std::chrono::milliseconds(200);
constexpr std::size_t longest_line = 512;

Secret first_line(std::string text)
{
    Secret const all(std::move(text));
    return Secret(std::string(trim(all.expose().substr(0, all.expose().find('\n')))));
}

// What whoever sits here types, while something else is waited for.
class Typed {
public:
    // A process in the background that reads from its terminal is stopped.
    Typed() : open_(::isatty(STDIN_FILENO) == 0 || ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) { listen(); }

    [[nodiscard]] bool open() const { return open_; }
    // A line, where one has come.
    [[nodiscard]] std::optional<std::string> line()
    {
        listen();
        auto const end = text_.find('\n');
        if (end == std::string::npos) return std::nullopt;
        auto line = std::string(trim(std::string_view(text_).substr(0, end)));
        text_.erase(0, end + 1);
        return line;
    }

private:
    void listen()
    {
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (!open_ || ::poll(&input, 1, 0) <= 0) return;
        std::array<char, longest_line> part{};
        auto const got = ::read(STDIN_FILENO, part.data(), part.size());
        if (got <= 0) {
            open_ = false;
            return;
        }
        text_.append(part.data(), static_cast<std::size_t>(got));
        if (text_.size() > longest_line) text_.erase(0, text_.size() - longest_line);
    }

    bool open_;
    std::string text_;
};

void explain_what_is_typed(Typed& typed)
{
    while (auto const line = typed.line()) {
        if (line->empty()) continue;
        std::cerr << explained(*line) << '\n' << say("Still waiting for the code to be entered …") << '\n';
    }
}

net::awaitable<void> wait(Typed& typed, Steady::time_point until)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (auto now = Steady::now(); now < until; now = Steady::now()) {
        explain_what_is_typed(typed);
        timer.expires_after(std::min<Steady::duration>(until - now, listen_every));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace

Secret token_in(std::string const& file)
{
    std::ifstream input(file);
    std::string line;
    if (file == "-")
        std::getline(std::cin, line);
    else if (!input || !std::getline(input, line))
        throw Exit(failed, say("{} can't be read, or is empty", file));
    return first_line(std::move(line));
}

Secret token_from(std::string const& command)
{
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };
    // It is the command line of whoever typed it. It reads nothing: our standard input may be a loop's list of hosts.
    auto const unread = "exec </dev/null\n" + command;
    // NOLINTNEXTLINE(cert-env33-c)
    std::unique_ptr<std::FILE, Close> const pipe(::popen(unread.c_str(), "r"));
    if (!pipe) throw Exit(failed, say("the command for the token can't be run"));
    std::string text;
    std::array<char, 4096> part{};
    while (text.size() < 64 * 1024 && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) {
        text += part.data();
        if (text.ends_with('\n')) break;
    }
    auto token = first_line(std::move(text));
    if (token.empty()) throw Exit(failed, say("the command for the token printed nothing"));
    return token;
}

net::awaitable<Result<Secret>> token_by_device_code(net::Https& https, DeviceCodeAsked asked)
{
    auto const provider = co_await oauth::discover(https, asked.authority);
    if (!provider) co_return std::unexpected(provider.error());
    oauth::Client client;
    client.id = asked.client_id;
    auto const code = co_await oauth::begin_device_flow(https, *provider, client, asked.scopes);
    if (!code) co_return failure(Trouble::refused, code.error().message());
    Typed typed;
    std::cerr << say("Open {} and enter {}", code->verification_url, code->user_code) << '\n';
    if (typed.open())
        std::cerr
            << say("Does that page show an error? Which AADSTS number do you see? Type it here, and it is explained.")
            << '\n';
    auto pause = code->interval;
    auto const end = Steady::now() + code->expires_in;
    while (Steady::now() < end) {
        co_await wait(typed, std::min(end, Steady::now() + pause));
        auto answer = co_await oauth::poll_device(https, *provider, client, code->device_code);
        if (answer) co_return std::move(answer->access_token);
        auto const next = oauth::wait_after(answer.error(), pause);
        if (!next) co_return failure(Trouble::refused, answer.error().message());
        pause = *next;
    }
    co_return failure(Trouble::timed_out, tr("nobody entered the code in time"));
}

}  // namespace postroom::cli
