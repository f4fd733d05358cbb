// Two ends of a handshake in memory: what a client keeps of its peer's certificates.
#include "net/tls-shared.hpp"

#include "net/tls-verify.hpp"
#include "net/tls.hpp"
#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace postroom::net {
namespace {

struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Side = std::unique_ptr<SSL, Free>;

struct Pair {
    Side client;
    Side server;
    bool good = false;
    std::string refusal;
};

class SharedCertificatesTest : public testing::Test {
protected:
    SharedCertificatesTest() : authority(folder), client(TlsContext::client({authority.file()}).value()) {}

    std::shared_ptr<TlsContext> server(test::Files const& files) const
    {
        return TlsContext::server(files.certificate, files.key).value();
    }

    std::unique_ptr<Pair> connect(TlsContext const& to, std::string const& name = "localhost") const
    {
        auto pair = std::make_unique<Pair>();
        pair->client.reset(SSL_new(client->get()));
        pair->server.reset(SSL_new(to.get()));
        BIO *ours = nullptr, *theirs = nullptr;
        BIO_new_bio_pair(&ours, 0, &theirs, 0);
        SSL_set_bio(pair->client.get(), ours, ours);
        SSL_set_bio(pair->server.get(), theirs, theirs);
        SSL_set_connect_state(pair->client.get());
        SSL_set_accept_state(pair->server.get());
        report_refusal_to(pair->client.get(), &pair->refusal);
        expect_name(pair->client.get(), name);
        for (int i = 0; i < 10 && !pair->good; ++i) {
            int const at_client = SSL_do_handshake(pair->client.get());
            int const at_server = SSL_do_handshake(pair->server.get());
            pair->good = at_client == 1 && at_server == 1;
        }
        return pair;
    }

    static X509* leaf(Pair const& pair) { return SSL_get0_peer_certificate(pair.client.get()); }

    test::ScratchFolder folder;
    test::Authority authority;
    std::shared_ptr<TlsContext> client;
};

TEST_F(SharedCertificatesTest, ConnectionsToOneServerHoldOneCertificate)
{
    auto const one = server(authority.issue("localhost", "DNS:localhost"));
    auto first = connect(*one);
    auto const second = connect(*one);
    ASSERT_TRUE(first->good && second->good) << first->refusal << second->refusal;
    EXPECT_EQ(leaf(*first), leaf(*second));
    EXPECT_EQ(sk_X509_value(SSL_get_peer_cert_chain(first->client.get()), 0),
              sk_X509_value(SSL_get_peer_cert_chain(second->client.get()), 0));
    EXPECT_EQ(SSL_get0_verified_chain(second->client.get()), nullptr);
    first.reset();
    auto const third = connect(*one);
    EXPECT_EQ(leaf(*third), leaf(*second));
    EXPECT_NE(X509_get0_pubkey(leaf(*third)), nullptr);
}

// One byte of difference is another certificate, whatever it says of itself.
TEST_F(SharedCertificatesTest, AnotherCertificateOfTheSameNameIsItsOwn)
{
    auto const one = server(authority.issue("localhost", "DNS:localhost"));
    auto const other = server(authority.issue("localhost", "DNS:localhost"));
    auto const first = connect(*one);
    auto const second = connect(*other);
    ASSERT_TRUE(first->good && second->good);
    EXPECT_NE(leaf(*first), leaf(*second));
    EXPECT_NE(X509_cmp(leaf(*first), leaf(*second)), 0);
}

TEST_F(SharedCertificatesTest, OneThatIsKnownIsVerifiedAllTheSame)
{
    auto const one = server(authority.issue("localhost", "DNS:localhost"));
    ASSERT_TRUE(connect(*one)->good);
    auto const elsewhere = connect(*one, "mail.contoso.com");
    EXPECT_FALSE(elsewhere->good);
    EXPECT_THAT(elsewhere->refusal, testing::HasSubstr("not for mail.contoso.com"));
}

TEST_F(SharedCertificatesTest, KnowsNoMoreThanItsBound)
{
    SharedCertificates shared;
    auto* const chain = sk_X509_new_null();
    for (std::size_t i = 0; i < SharedCertificates::most + 10; ++i) {
        auto const files = authority.issue("host", "DNS:host");
        FILE* const in = std::fopen(files.certificate.c_str(), "r");
        sk_X509_push(chain, PEM_read_X509(in, nullptr, nullptr, nullptr));
        std::fclose(in);
    }
    shared.share(chain);
    EXPECT_EQ(shared.size(), SharedCertificates::most);
    // Those that were forgotten are the chain's alone, and are put in anew.
    shared.share(chain);
    EXPECT_EQ(shared.size(), SharedCertificates::most);
    EXPECT_EQ(sk_X509_num(chain), static_cast<int>(SharedCertificates::most) + 10);
    sk_X509_pop_free(chain, X509_free);
}

}  // namespace
}  // namespace postroom::net
