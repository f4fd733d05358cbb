// The limit for dispatch: mails pushed through one or several submission connections, each with its next envelope in
// the same write as the end of the mail before (RFC 2920), and nothing noted down anywhere.
//
//     bench-bare-send PORT ANCHOR USER TOKEN-FILE CONNECTIONS SENDER RECIPIENT FILE…
#include "bare-tls.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <thread>
#include <vector>

namespace {

struct Given {
    std::uint16_t port;
    std::string anchor, user, token, sender, recipient;
};

void expect(bare::Tls& server, std::string_view code)
{
    for (;;) {
        auto const line = server.line();
        if (!line.starts_with(code)) throw std::runtime_error(std::string(line));
        if (line.size() < 4 || line[3] != '-') return;
    }
}

std::string stuffed(std::string const& mail)
{
    std::string out;
    for (std::size_t at = 0; at < mail.size();) {
        auto end = mail.find('\n', at);
        end = end == std::string::npos ? mail.size() : end + 1;
        if (mail[at] == '.') out += '.';
        out.append(mail, at, end - at);
        at = end;
    }
    return out + ".\r\n";
}

void send(Given const& given, std::vector<std::string> const& mails)
{
    bare::Tls server(given.port, given.anchor);
    expect(server, "220");
    server.write("EHLO localhost\r\n");
    expect(server, "250");
    server.write("STARTTLS\r\n");
    expect(server, "220");
    server.handshake();
    server.write("EHLO localhost\r\n");
    expect(server, "250");
    server.write("AUTH XOAUTH2 " + bare::xoauth2(given.user, given.token) + "\r\n");
    expect(server, "235");

    auto const envelope = fmt::format("MAIL FROM:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n", given.sender, given.recipient);
    if (!mails.empty()) server.write(envelope);
    for (std::size_t i = 0; i < mails.size(); ++i) {
        expect(server, "250");
        expect(server, "250");
        expect(server, "354");
        server.write(i + 1 < mails.size() ? mails[i] + envelope : mails[i]);
        expect(server, "250");
    }
    server.write("QUIT\r\n");
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 9) {
        std::fputs("usage: bench-bare-send PORT ANCHOR USER TOKEN-FILE CONNECTIONS SENDER RECIPIENT FILE...\n", stderr);
        return 2;
    }
    try {
        Given const given{
            static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], argv[3], bare::file(argv[4]), argv[6], argv[7]};
        std::vector<std::vector<std::string>> shares(static_cast<std::size_t>(std::max(1, std::atoi(argv[5]))));
        for (int i = 8; i < argc; ++i)
            shares[static_cast<std::size_t>(i) % shares.size()].push_back(stuffed(bare::file(argv[i])));

        bare::Stopwatch const watch;
        std::vector<std::string> troubles(shares.size());
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < shares.size(); ++i)
                threads.emplace_back([&, i] {
                    try {
                        send(given, shares[i]);
                    } catch (std::exception const& e) {
                        troubles[i] = e.what();
                    }
                });
        }
        auto const seconds = watch.seconds();
        for (auto const& trouble : troubles)
            if (!trouble.empty()) throw std::runtime_error(trouble);
        fmt::print("{{\"mails\": {}, \"seconds\": {:.6f}}}\n", argc - 8, seconds);
    } catch (std::exception const& e) {
        fmt::print(stderr, "bench-bare-send: {}\n", e.what());
        return 1;
    }
}
