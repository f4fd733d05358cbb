#include "net/tls-shared.hpp"

#include <openssl/ssl.h>

#include <algorithm>

namespace postroom::net {

namespace {

// The verified chain is a second list of the same, with the anchor above; nobody reads it after the handshake.
int verify(X509_STORE_CTX* store, void* shared)
{
    if (X509_verify_cert(store) != 1) return 0;
    static_cast<SharedCertificates*>(shared)->share(X509_STORE_CTX_get0_untrusted(store));
    X509_STORE_CTX_set0_verified_chain(store, nullptr);
    return 1;
}

}  // namespace

void SharedCertificates::Free::operator()(X509* certificate) const
{
    X509_free(certificate);
}

void SharedCertificates::share(STACK_OF(X509) * chain)
{
    std::lock_guard const lock(mutex_);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        auto* const fresh = sk_X509_value(chain, i);
        auto const same = [&](auto const& known) { return X509_cmp(known.get(), fresh) == 0; };
        auto const known = std::ranges::find_if(known_, same);
        if (known == known_.end()) {
            if (known_.size() == most) known_.erase(known_.begin());
            X509_up_ref(fresh);
            known_.emplace_back(fresh);
        } else if (known->get() != fresh) {
            X509_up_ref(known->get());
            sk_X509_set(chain, i, known->get());
            X509_free(fresh);
        }
    }
}

std::size_t SharedCertificates::size() const
{
    std::lock_guard const lock(mutex_);
    return known_.size();
}

void share_certificates(SSL_CTX* context, SharedCertificates& shared)
{
    SSL_CTX_set_cert_verify_callback(context, verify, &shared);
}

}  // namespace postroom::net
