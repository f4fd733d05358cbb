#include "net/tls-session.hpp"

#include "base/text.hpp"
#include "net/tls-verify.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace postroom::net {

namespace {

// SSL_set_fd()'s own BIO uses write(), which raises SIGPIPE when the peer is gone. This one is the same with
// MSG_NOSIGNAL, so that no library code touches the process's signals.
int descriptor_of(BIO* bio)
{
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int bio_write(BIO* bio, char const* bytes, int size)
{
    BIO_clear_retry_flags(bio);
    auto const put = ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (put < 0 && would_block(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(put);
}

int bio_read(BIO* bio, char* into, int size)
{
    BIO_clear_retry_flags(bio);
    auto const got = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(size), 0);
    if (got < 0 && would_block(errno)) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*)
{
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return 0;
}

int bio_create(BIO* bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD const* socket_method()
{
    static BIO_METHOD const* const method = [] {
        auto* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_ctrl(made, bio_control);
        BIO_meth_set_create(made, bio_create);
        return made;
    }();
    return method;
}

bool is_address(std::string const& name)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

struct Name {
    std::string common, organization;
};

Name name_of(X509_NAME* name)
{
    auto const part = [&](int which) {
        char text[256] = "";
        X509_NAME_get_text_by_NID(name, which, text, sizeof text);
        return printable(text, 128);
    };
    return {part(NID_commonName), part(NID_organizationName)};
}

std::string to_text(Name const& name)
{
    bool const both = !name.organization.empty() && !name.common.empty();
    return name.organization + (both ? ", " : "") + name.common;
}

Instant instant_of(ASN1_TIME const* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return Instant(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

TlsSession::TlsSession(std::shared_ptr<TlsContext> context, int descriptor, Side side, std::string const& name,
                       std::string peer)
    : context_(std::move(context)), peer_(std::move(peer)), ssl_(SSL_new(context_->get()))
{
    BIO* const bio = ssl_ ? BIO_new(socket_method()) : nullptr;
    if (!bio) {
        SSL_free(ssl_);
        throw Broken(Trouble::internal, "OpenSSL gives no TLS connection: out of memory?");
    }
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
    SSL_set_bio(ssl_, bio, bio);
    report_refusal_to(ssl_, &refusal_);
    if (side == Side::server) {
        SSL_set_accept_state(ssl_);
        return;
    }
    SSL_set_connect_state(ssl_);
    auto plain = name;
    if (plain.ends_with('.')) plain.pop_back();
    expect_name(ssl_, plain);
    if (!is_address(plain)) SSL_set_tlsext_host_name(ssl_, plain.c_str());  // RFC 6066 section 3: names only
}

TlsSession::~TlsSession()
{
    SSL_free(ssl_);
}

Step TlsSession::handshake()
{
    ERR_clear_error();
    errno = 0;
    auto const step = outcome(SSL_do_handshake(ssl_), "the TLS handshake");
    if (step == Step::closed) {
        failed_ = true;
        throw Broken(Trouble::closed, peer_ + " closed the connection during the TLS handshake");
    }
    if (step == Step::done) established_ = true;
    return step;
}

Step TlsSession::read(char* into, std::size_t size, std::size_t& got)
{
    ERR_clear_error();
    errno = 0;
    return outcome(SSL_read_ex(ssl_, into, size, &got), "reading");
}

Step TlsSession::write(std::string_view bytes, std::size_t& put)
{
    ERR_clear_error();
    errno = 0;
    return outcome(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &put), "writing");
}

Step TlsSession::peek()
{
    ERR_clear_error();
    errno = 0;
    char byte;
    std::size_t got = 0;
    auto const step = outcome(SSL_peek_ex(ssl_, &byte, 1, &got), "reading");
    return step == Step::closed ? Step::done : step;
}

bool TlsSession::has_pending() const
{
    return SSL_has_pending(ssl_) == 1;
}

void TlsSession::close_notify() noexcept
{
    if (!established_ || failed_) return;
    failed_ = true;  // once is enough
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

Step TlsSession::outcome(int returned, std::string_view doing)
{
    if (returned > 0) return Step::done;
    int const system_error = errno;
    switch (SSL_get_error(ssl_, returned)) {
        case SSL_ERROR_WANT_READ: return Step::want_read;
        case SSL_ERROR_WANT_WRITE: return Step::want_write;
        case SSL_ERROR_ZERO_RETURN: return Step::closed;
        case SSL_ERROR_SYSCALL:
            failed_ = true;
            if (system_error == 0) break;
            throw Broken(Trouble::closed,
                         fmt::format("{} broke the connection: {}", peer_, std::strerror(system_error)));
        default: break;
    }
    failed_ = true;
    auto const code = ERR_peek_error();
    int const why = ERR_GET_REASON(code);
    if (code == 0 || why == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        throw Broken(Trouble::closed, established_ ? peer_ + " cut the TLS connection off, without a close_notify"
                                                   : peer_ + " closed the connection during the TLS handshake");
    if (!refusal_.empty()) throw Broken(Trouble::tls, fmt::format("{} is not trusted: {}", peer_, refusal_));
    if (why == SSL_R_WRONG_VERSION_NUMBER && !established_)
        throw Broken(Trouble::tls,
                     peer_ + " does not answer in TLS; is this a port where TLS starts later (STARTTLS)?");
    if (why == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || why == SSL_R_UNSUPPORTED_PROTOCOL)
        throw Broken(Trouble::tls, peer_ + " does not speak TLS 1.2 or later");
    char const* const words = ERR_reason_error_string(code);
    throw Broken(Trouble::tls, fmt::format("TLS with {} failed during {}: {}", peer_, doing,
                                           words ? words : fmt::format("OpenSSL error {:x}", code)));
}

std::string TlsSession::describe() const
{
    std::string text = fmt::format("{}, {}", SSL_get_version(ssl_), SSL_get_cipher_name(ssl_));
    if (auto* const certificate = SSL_get0_peer_certificate(ssl_)) {
        char name[256] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
        if (*name) text += ", certificate of " + printable(name, 128);
    }
    return text;
}

std::string TlsSession::protocol() const
{
    return SSL_get_version(ssl_);
}

std::vector<Certificate> TlsSession::chain() const
{
    std::vector<Certificate> all;
    auto const* const chain = SSL_get_peer_cert_chain(ssl_);  // a client's: its server's own is the first
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        auto* const each = sk_X509_value(chain, i);
        auto const subject = name_of(X509_get_subject_name(each));
        all.push_back({.subject = subject.common.empty() ? subject.organization : subject.common,
                       .issuer = to_text(name_of(X509_get_issuer_name(each))),
                       .begins = instant_of(X509_get0_notBefore(each)),
                       .ends = instant_of(X509_get0_notAfter(each))});
    }
    return all;
}

}  // namespace postroom::net
