// Certificates that connections have in common. A peer's chain stays with its connection for as long as that lives, and
// ten thousand mailboxes of one server would hold it ten thousand times, parsed.
#pragma once

#include <openssl/x509_vfy.h>

#include <memory>
#include <mutex>
#include <vector>

namespace postroom::net {

/// The certificates seen last, each once. Any thread.
class SharedCertificates {
public:
    /// Beyond it the one that was put in first is forgotten; connections that hold it keep it.
    static constexpr std::size_t most = 64;

    /// Puts in place of each certificate of the chain the same one of an earlier connection.
    void share(STACK_OF(X509) * chain);
    [[nodiscard]] std::size_t size() const;

private:
    struct Free {
        void operator()(X509* certificate) const;
    };
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<X509, Free>> known_;
};

/// Has every connection of the context verify its peer as OpenSSL does, and keep `shared`'s certificates of it. The
/// context must not outlive them.
void share_certificates(SSL_CTX* context, SharedCertificates& shared);

}  // namespace postroom::net
