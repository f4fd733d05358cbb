// Certificates made while the tests run: an authority, and what it issues. Nothing of them outlives the folder.
#pragma once

#include "support/scratch-folder.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace postroom::test {

struct OpensslFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, OpensslFree>;
using Certificate = std::unique_ptr<X509, OpensslFree>;

struct Files {
    std::string certificate;
    std::string key;
};

class Authority {
public:
    explicit Authority(ScratchFolder const& folder, std::string name = "Test Authority")
        : folder_(folder), name_(std::move(name)), key_(EVP_EC_gen("P-256"))
    {
        certificate_ = make(name_, "", key_.get(), -1, 365, nullptr);
        save_certificate(file(), certificate_.get());
    }

    /// The PEM file of the authority's own certificate: an anchor.
    [[nodiscard]] std::string file() const { return folder_ / (name_ + ".pem"); }

    /// `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". Days count from now and may be negative.
    Files issue(std::string const& common_name, std::string const& names, int from_days = -1, int until_days = 30)
    {
        Key const key(EVP_EC_gen("P-256"));
        auto const certificate = make(common_name, names, key.get(), from_days, until_days, certificate_.get());
        Files files{folder_ / (common_name + std::to_string(++issued_) + ".pem"),
                    folder_ / (common_name + std::to_string(issued_) + ".key")};
        save_certificate(files.certificate, certificate.get());
        FILE* const out = std::fopen(files.key.c_str(), "w");
        PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(out);
        return files;
    }

private:
    Certificate make(std::string const& common_name, std::string const& names, EVP_PKEY* key, int from_days,
                     int until_days, X509* issuer)
    {
        Certificate certificate(X509_new());
        X509_set_version(certificate.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_days * 86'400L);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until_days * 86'400L);
        X509_set_pubkey(certificate.get(), key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<unsigned char const*>(common_name.c_str()), -1, -1, 0);
        X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer ? issuer : certificate.get()));
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer ? issuer : certificate.get(), certificate.get(), nullptr, nullptr, 0);
        auto const extend = [&](int which, std::string const& value) {
            auto* const extension = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
            if (!extension) throw std::runtime_error("no such extension: " + value);
            X509_add_ext(certificate.get(), extension, -1);
            X509_EXTENSION_free(extension);
        };
        extend(NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
        if (!issuer) extend(NID_key_usage, "critical,keyCertSign,cRLSign");
        if (!names.empty()) extend(NID_subject_alt_name, names);
        X509_sign(certificate.get(), issuer ? key_.get() : key, EVP_sha256());
        return certificate;
    }

    static void save_certificate(std::string const& path, X509* certificate)
    {
        FILE* const out = std::fopen(path.c_str(), "w");
        PEM_write_X509(out, certificate);
        std::fclose(out);
    }

    ScratchFolder const& folder_;
    std::string name_;
    Key key_;
    Certificate certificate_;
    long serial_ = 0;
    int issued_ = 0;
};

}  // namespace postroom::test
