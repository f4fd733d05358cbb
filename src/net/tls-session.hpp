// One side of a TLS connection as a state machine over a non-blocking socket: every call does what it can at once and
// says what it waits for. net/stream.cpp does the waiting.
#pragma once

#include "base/clock.hpp"
#include "net/broken.hpp"
#include "net/tls.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;

namespace postroom::net {

/// One certificate of a chain, for people.
struct Certificate {
    std::string subject;  ///< its common name, or its organization where it has none
    std::string issuer;   ///< "DigiCert Inc, DigiCert TLS RSA SHA256 2020 CA1"
    Instant begins{}, ends{};

    friend bool operator==(Certificate const&, Certificate const&) = default;
};

/// What came of one try. `closed`: the peer ended its side in an orderly way.
enum class Step { done, want_read, want_write, closed };
enum class Side { client, server };

class TlsSession {
public:
    /// `name` is what a client asks for (SNI) and what the certificate must name: a host name or a literal address.
    /// `peer` is for the messages. The descriptor stays the caller's. Throws Broken.
    TlsSession(std::shared_ptr<TlsContext> context, int descriptor, Side side, std::string const& name,
               std::string peer);
    ~TlsSession();
    TlsSession(TlsSession const&) = delete;
    TlsSession& operator=(TlsSession const&) = delete;

    // Each throws Broken: tls where the handshake or a record fails, closed where the peer vanished.
    [[nodiscard]] Step handshake();
    /// `got` bytes were put at `into`.
    [[nodiscard]] Step read(char* into, std::size_t size, std::size_t& got);
    [[nodiscard]] Step write(std::string_view bytes, std::size_t& put);
    /// done: read() would give something, were it only the end.
    [[nodiscard]] Step peek();
    /// Bytes were taken from the socket that no read() has given yet; the socket may never become readable for them.
    [[nodiscard]] bool has_pending() const;
    /// Says goodbye if that is possible without waiting.
    void close_notify() noexcept;

    /// "TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of localhost"
    [[nodiscard]] std::string describe() const;
    /// "TLSv1.3"
    [[nodiscard]] std::string protocol() const;
    /// As the peer sent them, its own first.
    [[nodiscard]] std::vector<Certificate> chain() const;

private:
    [[nodiscard]] Step outcome(int returned, std::string_view doing);

    std::shared_ptr<TlsContext> context_;
    std::string peer_;
    std::string refusal_;  // why the certificate was not accepted; filled during the handshake
    ssl_st* ssl_;
    bool established_ = false;
    bool failed_ = false;
};

}  // namespace postroom::net
