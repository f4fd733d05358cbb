// Mail servers of the test's own on loopback, which take whom they are told to take.
#pragma once

#include "base/text.hpp"
#include "net/listen.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::test {

/// By whom signs in; what is not in a map is taken.
struct MailRules {
    std::string imap_capabilities = "IMAP4rev1 AUTH=XOAUTH2 SASL-IR";
    std::string smtp_mechanisms = "XOAUTH2 PLAIN";
    std::string pop3_capabilities = "SASL XOAUTH2 PLAIN";
    std::string pop3_greeting = "+OK ready";
    std::string before_tls;                             ///< IMAP: put in behind the answer to STARTTLS
    std::map<std::string, std::string> imap_refuses;    ///< "NO AUTHENTICATE failed."
    std::map<std::string, std::string> imap_shuts_out;  ///< after the sign-in: "BAD User is authenticated …"
    std::map<std::string, std::string> folder_refuses;
    std::map<std::string, std::string> pop3_refuses;
    std::map<std::string, std::string> smtp_refuses;  ///< "535 5.7.3 …"
    std::map<std::string, std::string> after_data;    ///< by sender
    bool silent = false;                              ///< accepts, and says nothing
};

class MailServers {
public:
    MailServers(boost::asio::any_io_executor executor, std::shared_ptr<net::TlsContext> tls)
        : executor_(std::move(executor)), tls_(std::move(tls))
    {
        imap = open(true, &MailServers::serve_imap);
        imap_starttls = open(false, &MailServers::serve_imap_starttls);
        pop3 = open(true, &MailServers::serve_pop3);
        pop3_starttls = open(false, &MailServers::serve_pop3_starttls);
        smtp = open(false, &MailServers::serve_smtp);
    }

    MailRules rules;
    std::vector<std::string> imap_users, pop3_users, smtp_users;  ///< as said, in order
    std::vector<std::string> proofs;                              ///< tokens and passwords, as said
    std::vector<std::string> mails;                               ///< as accepted
    std::size_t most_at_once = 0;
    std::shared_ptr<std::size_t> at_once = std::make_shared<std::size_t>(0);
    std::unique_ptr<net::Listener> imap, imap_starttls, pop3, pop3_starttls, smtp;

private:
    using Connection = std::unique_ptr<net::Accepted>;
    using Serve = net::awaitable<void> (MailServers::*)(Connection);

    struct Line {
        net::Accepted& connection;
        std::string buffer{};
        net::awaitable<std::optional<std::string>> next()
        {
            for (;;) {
                if (auto const end = buffer.find("\r\n"); end != std::string::npos) {
                    auto line = buffer.substr(0, end);
                    buffer.erase(0, end + 2);
                    co_return line;
                }
                bool const open = co_await connection.read_more(buffer);
                if (!open) co_return std::nullopt;
            }
        }
    };
    struct Said {
        std::string user, proof;
    };

    std::unique_ptr<net::Listener> open(bool tls_at_once, Serve serve)
    {
        auto counted = [this, serve](Connection connection) -> net::awaitable<void> {
            // A connection may end with the loop, after this.
            struct Leave {
                std::shared_ptr<std::size_t> count;
                ~Leave() { --*count; }
            } const leave{at_once};
            most_at_once = std::max(most_at_once, ++*at_once);
            if (rules.silent) {
                boost::asio::steady_timer timer(executor_, std::chrono::seconds(30));
                co_await timer.async_wait(boost::asio::use_awaitable);
            }
            connection->expire_after(Duration(20'000));
            co_await (this->*serve)(std::move(connection));
        };
        return net::Listener::open(executor_, {.at = Endpoint{"127.0.0.1", 0}, .tls = tls_, .tls_at_once = tls_at_once},
                                   counted)
            .value();
    }
    static net::awaitable<void> say(net::Accepted& connection, std::string line)
    {
        Wire const wire(std::move(line += "\r\n"));
        co_await connection.write(wire);
    }
    static std::string rule(std::map<std::string, std::string> const& map, std::string const& who)
    {
        auto const found = map.find(who);
        return found == map.end() ? "" : found->second;
    }
    // user=…^Aauth=Bearer …^A^A, or NUL user NUL password.
    static Said read_initial(std::string_view base64)
    {
        auto const text = from_base64(base64).value_or("");
        if (text.starts_with("user=")) {
            auto const end = text.find('\x01');
            auto const token = text.find("Bearer ") + 7;
            return {text.substr(5, end - 5), text.substr(token, text.size() - token - 2)};
        }
        auto const parts = split(text, '\0');
        if (parts.size() != 3) return {};
        return {std::string(parts[1]), std::string(parts[2])};
    }
    Said note(std::vector<std::string>& users, Said said)
    {
        users.push_back(said.user);
        proofs.push_back(said.proof);
        return said;
    }

    net::awaitable<void> serve_imap(Connection connection) { return imap_session(std::move(connection), false); }
    net::awaitable<void> serve_imap_starttls(Connection connection)
    {
        return imap_session(std::move(connection), true);
    }
    net::awaitable<void> imap_session(Connection connection, bool starttls)
    {
        Line lines{*connection};
        std::string user;
        co_await say(*connection, "* OK ready");
        for (;;) {
            auto const line = co_await lines.next();
            if (!line) co_return;
            auto const words = split(*line, ' ');
            std::string const tag(words[0]), verb(words[1]);
            auto answer = tag + " OK done";
            auto const shut = rule(rules.imap_shuts_out, user);
            if (verb == "STARTTLS") {
                auto go = tag + " OK go" + (rules.before_tls.empty() ? "" : "\r\n" + rules.before_tls);
                co_await say(*connection, std::move(go));
                co_await connection->accept_tls();
                starttls = false;
                continue;
            }
            if (starttls && verb != "CAPABILITY") co_return;  // nothing is said in the clear
            if (verb == "AUTHENTICATE" || verb == "LOGIN") {
                Said said;
                if (verb == "LOGIN") {
                    auto const quoted = split(*line, '"');
                    said = {std::string(quoted[1]), std::string(quoted[3])};
                } else if (words[2] == "LOGIN") {
                    co_await say(*connection, "+ VXNlcm5hbWU6");
                    auto const name = co_await lines.next();
                    co_await say(*connection, "+ UGFzc3dvcmQ6");
                    auto const password = co_await lines.next();
                    said = {from_base64(*name).value(), from_base64(*password).value()};
                } else {
                    said = read_initial(words.back());
                }
                said = note(imap_users, std::move(said));
                auto const refusal = rule(rules.imap_refuses, said.user);
                if (refusal.empty()) user = said.user;
                if (!refusal.empty()) answer = tag + ' ' + refusal;
            } else if (!shut.empty()) {
                answer = tag + ' ' + shut;
            } else if (verb == "CAPABILITY") {
                answer = "* CAPABILITY " + (starttls ? "IMAP4rev1 STARTTLS LOGINDISABLED" : rules.imap_capabilities) +
                         "\r\n" + answer;
            } else if (verb == "SELECT") {
                auto const refusal = rule(rules.folder_refuses, user);
                answer = refusal.empty() ? "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n" + tag + " OK [READ-WRITE] open"
                                         : tag + ' ' + refusal;
            }
            co_await say(*connection, std::move(answer));
        }
    }

    net::awaitable<void> serve_pop3(Connection connection) { return pop3_session(std::move(connection), false); }
    net::awaitable<void> serve_pop3_starttls(Connection connection)
    {
        return pop3_session(std::move(connection), true);
    }
    net::awaitable<void> pop3_session(Connection connection, bool starttls)
    {
        Line lines{*connection};
        Said said;
        co_await say(*connection, rules.pop3_greeting);
        for (;;) {
            auto const line = co_await lines.next();
            if (!line) co_return;
            auto const words = split(*line, ' ');
            std::string answer = "+OK";
            bool signs_in = false;
            if (words[0] == "STLS") {
                co_await say(*connection, "+OK go");
                co_await connection->accept_tls();
                starttls = false;
                continue;
            }
            if (starttls) co_return;
            if (words[0] == "CAPA") answer = "+OK\r\n" + rules.pop3_capabilities + "\r\n.";
            if (words[0] == "STAT") answer = "+OK 0 0";
            if (words[0] == "USER") said.user = words[1];
            if (words[0] == "PASS") {
                said.proof = line->substr(5);
                signs_in = true;
            }
            if (words[0] == "AUTH") {
                co_await say(*connection, "+ ");
                auto const initial = co_await lines.next();
                said = read_initial(*initial);
                signs_in = true;
            }
            if (signs_in) {
                said = note(pop3_users, said);
                auto const refusal = rule(rules.pop3_refuses, said.user);
                if (!refusal.empty()) answer = refusal;
            }
            co_await say(*connection, std::move(answer));
        }
    }

    net::awaitable<void> serve_smtp(Connection connection)
    {
        Line lines{*connection};
        bool tls = false, data = false;
        std::string sender, mail;
        co_await say(*connection, "220 ready");
        for (;;) {
            auto const line = co_await lines.next();
            if (!line) co_return;
            if (data) {
                if (*line != ".") {
                    mail += *line + "\r\n";
                    continue;
                }
                data = false;
                auto answer = rule(rules.after_data, sender);
                if (answer.empty()) mails.push_back(mail);
                if (answer.empty()) answer = "250 2.0.0 OK taken";
                co_await say(*connection, std::move(answer));
                continue;
            }
            auto const words = split(*line, ' ');
            std::string answer = "250 2.0.0 OK";
            if (words[0] == "EHLO") answer = "250-here\r\n250 " + (tls ? "AUTH " + rules.smtp_mechanisms : "STARTTLS");
            if (words[0] == "STARTTLS") {
                co_await say(*connection, "220 go");
                co_await connection->accept_tls();
                tls = true;
                continue;
            }
            if (words[0] == "AUTH") {
                if (!tls) co_return;
                Said said;
                if (words[1] == "LOGIN") {
                    co_await say(*connection, "334 VXNlcm5hbWU6");
                    auto const name = co_await lines.next();
                    co_await say(*connection, "334 UGFzc3dvcmQ6");
                    auto const password = co_await lines.next();
                    said = {from_base64(*name).value(), from_base64(*password).value()};
                } else {
                    said = read_initial(words.back());
                }
                said = note(smtp_users, std::move(said));
                auto const refusal = rule(rules.smtp_refuses, said.user);
                answer = refusal.empty() ? "235 2.7.0 in" : refusal;
            }
            if (words[0] == "MAIL") {
                auto const open = line->find('<');
                sender = line->substr(open + 1, line->find('>') - open - 1);
            }
            if (words[0] == "DATA") {
                data = true;
                mail.clear();
                answer = "354 go";
            }
            co_await say(*connection, std::move(answer));
        }
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<net::TlsContext> tls_;
};

}  // namespace postroom::test
