// What the lab's tests speak to it with: blocking sockets, TLS by plain OpenSSL, text written by hand. None of
// Postroom's codecs, so that a test sees what is on the wire.
#pragma once

#include "base/text.hpp"
#include "lab/lab.hpp"

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace postroom::lab {

/// A connection whose reads give up after ten seconds, so that a lab that says nothing fails a test, and no more.
class Visitor {
public:
    Visitor(std::uint16_t port, std::string const& anchor_file, bool tls) : anchor_file_(anchor_file)
    {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        timeval const limit{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        if (tls) start_tls();
    }
    Visitor(Visitor const&) = delete;
    Visitor& operator=(Visitor const&) = delete;
    ~Visitor()
    {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        ::close(socket_);
    }

    void start_tls()
    {
        context_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_load_verify_locations(context_, anchor_file_.c_str(), nullptr);
        SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
        ssl_ = SSL_new(context_);
        SSL_set1_host(ssl_, "localhost");
        SSL_set_tlsext_host_name(ssl_, "localhost");
        SSL_set_fd(ssl_, socket_);
        EXPECT_EQ(SSL_connect(ssl_), 1) << "the lab's own certificate must verify";
    }

    void send(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const count = ssl_ != nullptr
                                   ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                   : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
            if (count <= 0) return;  // the lab closed; the next read says so
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    /// Without its CRLF; "(closed)" at the end.
    std::string line()
    {
        for (;;) {
            auto const newline = buffer_.find('\n');
            if (newline != std::string::npos) {
                auto found = buffer_.substr(0, newline);
                buffer_.erase(0, newline + 1);
                if (found.ends_with('\r')) found.pop_back();
                return found;
            }
            if (!more()) return "(closed)";
        }
    }

    /// All lines up to the one that begins with `tag` and a space, it included.
    std::string until(std::string_view tag)
    {
        std::string all;
        for (;;) {
            auto const each = line();
            all += each + '\n';
            if (each == "(closed)" || each.starts_with(std::string(tag) + ' ')) return all;
        }
    }

    std::string command(std::string_view text)
    {
        send(std::string(text) + "\r\n");
        return until(text.substr(0, text.find(' ')));
    }

    /// One SMTP reply, its lines joined by newlines.
    std::string reply()
    {
        std::string all;
        for (;;) {
            auto const each = line();
            all += (all.empty() ? "" : "\n") + each;
            if (each.size() < 4 || each[3] != '-') return all;
        }
    }
    std::string smtp(std::string_view text)
    {
        send(std::string(text) + "\r\n");
        return reply();
    }

    std::string pop3(std::string_view text)
    {
        send(std::string(text) + "\r\n");
        return line();
    }
    /// The lines after a +OK, each with a newline, without the dot that ends them.
    std::string lines()
    {
        for (std::string all;;) {
            auto const each = line();
            if (each == "." || each == "(closed)") return all;
            all += each + '\n';
        }
    }

    std::string rest()
    {
        while (more()) {
        }
        return std::move(buffer_);
    }

private:
    bool more()
    {
        char bytes[16'384];
        auto const count = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes)
                                           : static_cast<int>(::recv(socket_, bytes, sizeof bytes, 0));
        if (count <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(count));
        return true;
    }

    std::string anchor_file_;
    int socket_ = -1;
    SSL_CTX* context_ = nullptr;
    SSL* ssl_ = nullptr;
    std::string buffer_;
};

/// A lab of its own for each test, on ports of its own, on a thread of its own.
class LabTest : public testing::Test {
protected:
    struct Answer {
        unsigned status = 0;
        std::string head;
        std::string body;
    };

    void SetUp() override
    {
        std::signal(SIGPIPE, SIG_IGN);  // plain OpenSSL writes to connections that the lab has closed
        Options options;
        options.directory = directory();
        options.listen = {{"127.0.0.1", 0}, {"127.0.0.1", 0}, {"127.0.0.1", 0},        {"127.0.0.1", 0},
                          {"127.0.0.1", 0}, {"127.0.0.1", 0}, Endpoint{"127.0.0.1", 0}};
        auto started = Lab::start(io_.get_executor(), options);
        ASSERT_TRUE(started) << started.error().message;
        lab_ = std::move(*started);
        facts_ = lab_->facts();
        thread_ = std::thread([this] { io_.run(); });
    }
    void TearDown() override
    {
        if (!thread_.joinable()) return;
        boost::asio::post(io_, [this] { lab_->stop(); });
        work_.reset();
        io_.stop();
        thread_.join();
    }

    /// One for all tests of this program: the keys in it are made once.
    static std::string const& directory()
    {
        static std::string const path = [] {
            std::string name = std::filesystem::temp_directory_path() / "postroom-lab-XXXXXX";
            return std::string(::mkdtemp(name.data()));
        }();
        return path;
    }

    Answer http(std::string_view method, std::string const& path, std::string const& body = {},
                std::string const& headers = "Content-Type: application/json\r\n")
    {
        Visitor visitor(lab_->endpoints().https.port, facts_.anchor_file, true);
        visitor.send(std::string(method) + ' ' + path +
                     " HTTP/1.1\r\nHost: localhost:" + std::to_string(lab_->endpoints().https.port) +
                     "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
                     "\r\n" + body);
        auto const all = visitor.rest();
        auto const end = all.find("\r\n\r\n");
        if (all.size() < 12 || end == std::string::npos) return {};
        return {static_cast<unsigned>(std::stoul(all.substr(9, 3))), all.substr(0, end), all.substr(end + 4)};
    }
    Answer api(std::string const& path, boost::json::object const& body)
    {
        return http("POST", "/lab/api/" + path, boost::json::serialize(body));
    }
    boost::json::value api(std::string const& path) { return boost::json::parse(http("GET", "/lab/api/" + path).body); }
    void fault(std::string const& id, std::string const& value = {}, std::int64_t times = 0)
    {
        boost::json::object body{{"id", id}, {"times", times}};
        if (!value.empty()) body["value"] = value;
        ASSERT_EQ(api("faults", body).status, 200U);
    }
    void put_in(std::string const& raw, std::string const& mailbox = "sales@contoso.test")
    {
        ASSERT_EQ(http("POST", "/lab/api/mail?mailbox=" + mailbox, raw, "Content-Type: message/rfc822\r\n").status,
                  201U);
    }

    static std::string encode(std::string_view text)
    {
        std::string out;
        for (char const c : text) out += '%' + to_hex(std::string_view(&c, 1));
        return out;
    }
    static std::string form(std::vector<std::pair<std::string, std::string>> const& fields)
    {
        std::string out;
        for (auto const& [name, value] : fields) out += (out.empty() ? "" : "&") + name + '=' + encode(value);
        return out;
    }

    static constexpr std::string_view form_type = "Content-Type: application/x-www-form-urlencoded\r\n";
    static constexpr std::string_view callback = "http://localhost:8080/oauth/callback";
    static constexpr std::string_view mail_scopes =
        "openid profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All "
        "https://outlook.office.com/SMTP.Send";
    static constexpr std::string_view pop3_scopes =
        "openid profile offline_access https://outlook.office.com/POP.AccessAsUser.All";

    std::string authorize_path(std::vector<std::pair<std::string, std::string>> const& changes = {})
    {
        std::string digest(SHA256_DIGEST_LENGTH, '\0');
        SHA256(reinterpret_cast<unsigned char const*>(verifier_.data()), verifier_.size(),
               reinterpret_cast<unsigned char*>(digest.data()));
        std::vector<std::pair<std::string, std::string>> fields{{"client_id", facts_.client_id},
                                                                {"response_type", "code"},
                                                                {"redirect_uri", std::string(callback)},
                                                                {"scope", std::string(mail_scopes)},
                                                                {"state", "the state"},
                                                                {"nonce", "the nonce"},
                                                                {"prompt", "login"},
                                                                {"code_challenge", to_base64url(digest)},
                                                                {"code_challenge_method", "S256"}};
        for (auto const& [name, value] : changes)
            for (auto& field : fields)
                if (field.first == name) field.second = value;
        return '/' + facts_.tenant_id + "/oauth2/v2.0/authorize?" + form(fields);
    }
    Answer sign_in(std::string const& user, std::string const& password, std::string_view scopes = mail_scopes)
    {
        return http("POST", authorize_path({{"scope", std::string(scopes)}}),
                    form({{"login", user}, {"passwd", password}}), std::string(form_type));
    }
    static std::string parameter(Answer const& answer, std::string const& name)
    {
        auto begin = answer.head.find('?' + name + '=');
        if (begin == std::string::npos) begin = answer.head.find('&' + name + '=');
        if (begin == std::string::npos) return {};
        auto const from = begin + name.size() + 2;
        return answer.head.substr(from, answer.head.find_first_of("&\r", from) - from);
    }
    boost::json::object token(std::vector<std::pair<std::string, std::string>> fields, unsigned expected)
    {
        fields.emplace_back("client_id", facts_.client_id);
        if (std::ranges::none_of(fields, [](auto const& each) { return each.first == "client_secret"; }))
            fields.emplace_back("client_secret", facts_.client_secret);
        auto const answer =
            http("POST", '/' + facts_.tenant_id + "/oauth2/v2.0/token", form(fields), std::string(form_type));
        EXPECT_EQ(answer.status, expected) << answer.body;
        boost::system::error_code error;
        auto const value = boost::json::parse(answer.body, error);
        return value.is_object() ? value.get_object() : boost::json::object();
    }
    boost::json::object redeem(std::string const& code, unsigned expected = 200)
    {
        return token({{"grant_type", "authorization_code"},
                      {"code", code},
                      {"redirect_uri", std::string(callback)},
                      {"code_verifier", verifier_}},
                     expected);
    }
    boost::json::object grant(std::string const& user = "sales@contoso.test", std::string_view scopes = mail_scopes)
    {
        return redeem(parameter(sign_in(user, facts_.password, scopes), "code"));
    }
    std::string access_token(std::string const& user = "sales@contoso.test", std::string_view scopes = mail_scopes)
    {
        return std::string(grant(user, scopes)["access_token"].as_string());
    }
    static std::string xoauth2(std::string const& user, std::string const& token)
    {
        return to_base64("user=" + user +
                         "\x01"
                         "auth=Bearer " +
                         token + "\x01\x01");
    }

    std::unique_ptr<Visitor> imap(bool signed_in = true, std::string const& user = "sales@contoso.test")
    {
        auto visitor = std::make_unique<Visitor>(lab_->endpoints().imap.port, facts_.anchor_file, true);
        visitor->line();
        if (signed_in)
            EXPECT_EQ(visitor->command("a AUTHENTICATE XOAUTH2 " + xoauth2(user, access_token(user))),
                      "a OK AUTHENTICATE completed.\n");
        return visitor;
    }
    std::unique_ptr<Visitor> pop3(bool signed_in = true, std::string const& user = "sales@contoso.test")
    {
        auto visitor = std::make_unique<Visitor>(lab_->endpoints().pop3.port, facts_.anchor_file, true);
        visitor->line();
        if (signed_in) {
            EXPECT_EQ(visitor->pop3("AUTH XOAUTH2"), "+ ");
            EXPECT_EQ(visitor->pop3(xoauth2(user, access_token(user, pop3_scopes))),
                      "+OK User successfully authenticated.");
        }
        return visitor;
    }
    std::unique_ptr<Visitor> smtp(bool signed_in = true, std::string const& user = "sales@contoso.test")
    {
        auto visitor = std::make_unique<Visitor>(lab_->endpoints().smtp.port, facts_.anchor_file, false);
        visitor->reply();
        visitor->smtp("EHLO visitor.example");
        visitor->smtp("STARTTLS");
        visitor->start_tls();
        visitor->smtp("EHLO visitor.example");
        if (signed_in)
            EXPECT_EQ(visitor->smtp("AUTH XOAUTH2 " + xoauth2(user, access_token(user))),
                      "235 2.7.0 Authentication successful");
        return visitor;
    }

    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(io_);
    std::unique_ptr<Lab> lab_;
    Facts facts_;
    std::string verifier_ = std::string(50, 'v');
    std::thread thread_;
};

}  // namespace postroom::lab
