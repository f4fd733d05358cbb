// The least there is to a TLS connection: a blocking socket, OpenSSL, and a buffer of what came. For the limits that
// Postroom is measured against; they share nothing with its own connections.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bare {

/// Loopback only.
class Tls {
public:
    Tls(std::uint16_t port, std::string const& anchor) : context_(SSL_CTX_new(TLS_client_method()))
    {
        if (SSL_CTX_load_verify_locations(context_, anchor.c_str(), nullptr) != 1)
            throw std::runtime_error("can't read the anchor " + anchor);
        SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
        socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
            throw std::runtime_error("nobody listens on port " + std::to_string(port));
        int const yes = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    ~Tls()
    {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        ::close(socket_);
    }
    Tls(Tls const&) = delete;
    Tls& operator=(Tls const&) = delete;

    void handshake()
    {
        ssl_ = SSL_new(context_);
        SSL_set_fd(ssl_, socket_);
        SSL_set1_host(ssl_, "localhost");
        if (SSL_connect(ssl_) != 1) throw std::runtime_error("no TLS");
    }

    void write(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const put = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                  : static_cast<int>(::write(socket_, bytes.data(), bytes.size()));
            if (put <= 0) throw std::runtime_error("the server has gone");
            bytes.remove_prefix(static_cast<std::size_t>(put));
        }
    }

    /// Without CRLF; valid until the next read.
    std::string_view line()
    {
        for (std::size_t from = at_;;) {
            auto const end = buffer_.find("\r\n", from);
            if (end != std::string::npos) {
                auto const found = std::string_view(buffer_).substr(at_, end - at_);
                at_ = end + 2;
                return found;
            }
            from = std::max(at_, buffer_.size() - (buffer_.empty() ? 0 : 1));
            from -= fill();
        }
    }

    /// Hands `size` octets to `take`, in pieces.
    template <class Take>
    void octets(std::size_t size, Take take)
    {
        while (size > 0) {
            if (at_ == buffer_.size()) fill();
            auto const piece = std::string_view(buffer_).substr(at_, size);
            take(piece);
            at_ += piece.size();
            size -= piece.size();
        }
    }

private:
    /// How far what was kept has moved.
    std::size_t fill()
    {
        auto const moved = at_;
        buffer_.erase(0, at_);
        at_ = 0;
        auto const kept = buffer_.size();
        buffer_.resize(kept + 64 * 1024);
        auto const got = ssl_ ? SSL_read(ssl_, buffer_.data() + kept, 64 * 1024)
                              : static_cast<int>(::read(socket_, buffer_.data() + kept, 64 * 1024));
        if (got <= 0) throw std::runtime_error("the server has gone");
        buffer_.resize(kept + static_cast<std::size_t>(got));
        return moved;
    }

    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
    int socket_ = -1;
    std::string buffer_;
    std::size_t at_ = 0;
};

/// The initial response of XOAUTH2, in base64.
inline std::string xoauth2(std::string const& user, std::string const& token)
{
    auto const text = "user=" + user + "\1auth=Bearer " + token + "\1\1";
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    auto const size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<unsigned char const*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

inline std::string file(std::string const& name)
{
    std::ifstream in(name, std::ios::binary);
    if (!in) throw std::runtime_error("can't read " + name);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Stopwatch {
public:
    [[nodiscard]] double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    }

private:
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace bare
