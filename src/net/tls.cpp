#include "net/tls.hpp"

#include "net/tls-shared.hpp"
#include "net/tls-verify.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace postroom::net {

namespace {

std::string reason()
{
    auto const code = ERR_peek_error();
    char const* const words = ERR_reason_error_string(code);
    std::string text = words ? words : fmt::format("OpenSSL error {:x}", code);
    ERR_clear_error();
    return text;
}

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

std::unique_ptr<SSL_CTX, Free> make(SSL_METHOD const* method)
{
    std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(method));
    if (!context) return context;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // One recv() takes a record's head and body together; without it each costs a call of its own.
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context, std::vector<std::string> anchors)
    : certificates_(std::make_unique<SharedCertificates>()), context_(context), anchors_(std::move(anchors))
{
    share_certificates(context_, *certificates_);
}

TlsContext::~TlsContext()
{
    SSL_CTX_free(context_);
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(std::vector<std::string> const& anchors)
{
    auto context = make(TLS_client_method());
    if (!context) return failure(Trouble::tls, "OpenSSL gives no TLS client: " + reason());
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
        return failure(Trouble::tls, "the system's trust anchors can't be read: " + reason());
    for (auto const& file : anchors)
        if (SSL_CTX_load_verify_file(context.get(), file.c_str()) != 1)
            return failure(Trouble::tls, fmt::format("{}: no trust anchor can be read from it: {}", file, reason()));
    // What an administrator adds is trusted as it is, be it a root, an intermediate or a server's own certificate.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
    verify_peer(context.get());
    return std::shared_ptr<TlsContext>(new TlsContext(context.release(), anchors));
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(std::string const& certificate_file, std::string const& key_file)
{
    auto context = make(TLS_server_method());
    if (!context) return failure(Trouble::tls, "OpenSSL gives no TLS server: " + reason());
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1)
        return failure(Trouble::tls,
                       fmt::format("{}: no certificate can be read from it: {}", certificate_file, reason()));
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        return failure(Trouble::tls, fmt::format("{}: no key can be read from it: {}", key_file, reason()));
    if (SSL_CTX_check_private_key(context.get()) != 1)
        return failure(Trouble::tls,
                       fmt::format("{} is not the key of the certificate in {}", key_file, certificate_file));
    // No session is ever resumed, so no ticket is given.
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    return std::shared_ptr<TlsContext>(new TlsContext(context.release(), {}));
}

}  // namespace postroom::net
