#include "lab/certificates.hpp"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>

namespace postroom::lab {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

constexpr long day = 24L * 60 * 60;

void extend(X509* certificate, X509* issuer, int what, std::string const& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    if (extension == nullptr) return;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// `issuer` and `issuer_key` are null for the root, which signs itself. `names` is empty for an authority.
Certificate make(EVP_PKEY* key, std::string const& common_name, X509* issuer, EVP_PKEY* issuer_key, long days,
                 std::string const& names, long begins = -1)
{
    Certificate made(X509_new(), X509_free);
    auto* const certificate = made.get();
    X509_set_version(certificate, X509_VERSION_3);
    BIGNUM* serial = BN_new();
    BN_rand(serial, 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
    BN_free(serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), begins * day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * day);
    auto* const subject = X509_get_subject_name(certificate);
    auto const add = [&](char const* field, std::string const& value) {
        X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(value.data()),
                                   static_cast<int>(value.size()), -1, 0);
    };
    add("O", "Postroom lab");
    add("CN", common_name);
    X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, key);
    auto* const above = issuer == nullptr ? certificate : issuer;
    extend(certificate, above, NID_subject_key_identifier, "hash");
    extend(certificate, above, NID_authority_key_identifier, "keyid:always");
    if (names.empty()) {
        extend(certificate, above, NID_basic_constraints,
               issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0");
        extend(certificate, above, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        extend(certificate, above, NID_basic_constraints, "critical,CA:FALSE");
        extend(certificate, above, NID_key_usage, "critical,digitalSignature");
        extend(certificate, above, NID_ext_key_usage, "serverAuth");
        extend(certificate, above, NID_subject_alt_name, names);
    }
    // What a public authority puts in, so that the chain is about as long as a real one. Nobody looks there.
    if (issuer != nullptr) {
        extend(certificate, above, NID_crl_distribution_points, "URI:http://crl.lab.invalid/lab.crl");
        extend(certificate, above, NID_info_access,
               "OCSP;URI:http://ocsp.lab.invalid,caIssuers;URI:http://authority.lab.invalid/lab.crt");
    }
    X509_sign(certificate, issuer_key == nullptr ? key : issuer_key, EVP_sha256());
    return made;
}

template <class Write>
std::string to_pem(Write write)
{
    Memory const memory(BIO_new(BIO_s_mem()), BIO_free_all);
    write(memory.get());
    char* bytes = nullptr;
    auto const size = BIO_get_mem_data(memory.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string to_pem(Certificate const& certificate)
{
    return to_pem([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
}

bool still_good(Certificates const& files, std::string const& host_name)
{
    for (auto const* const each : {&files.anchor_file, &files.key_file, &files.untrusted_file, &files.expired_file,
                                   &files.another_name_file, &files.ends_soon_file, &files.middlebox_file})
        if (::access(each->c_str(), R_OK) != 0) return false;
    Memory const file(BIO_new_file(files.chain_file.c_str(), "r"), BIO_free_all);
    if (!file) return false;
    Certificate const leaf(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
    if (!leaf) return false;
    auto in_a_month = std::time(nullptr) + 30 * day;
    return X509_cmp_time(X509_get0_notAfter(leaf.get()), &in_a_month) > 0 &&
           X509_check_host(leaf.get(), host_name.c_str(), host_name.size(), 0, nullptr) == 1;
}

}  // namespace

Result<void> write_private(std::string const& path, std::string const& content)
{
    auto const fresh = path + ".new";
    ::unlink(fresh.c_str());
    int const file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = file >= 0;
    for (std::size_t at = 0; good && at < content.size();) {
        auto const count = ::write(file, content.data() + at, content.size() - at);
        good = count > 0;
        if (good) at += static_cast<std::size_t>(count);
    }
    if (file >= 0) good = ::close(file) == 0 && good;
    if (!good || ::rename(fresh.c_str(), path.c_str()) != 0)
        return failure(Trouble::internal, path + " can't be written: " + std::strerror(errno));
    return {};
}

Result<Certificates> load_or_make_certificates(std::string const& directory, std::string const& host_name)
{
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return failure(Trouble::internal, directory + " can't be made: " + error.message());
    Certificates files{.anchor_file = directory + "/ca.pem",
                       .chain_file = directory + "/server.pem",
                       .key_file = directory + "/server-key.pem",
                       .untrusted_file = directory + "/server-untrusted.pem",
                       .expired_file = directory + "/server-expired.pem",
                       .another_name_file = directory + "/server-another-name.pem",
                       .ends_soon_file = directory + "/server-ends-soon.pem",
                       .middlebox_file = directory + "/server-middlebox.pem"};
    if (still_good(files, host_name)) return files;

    Key const root_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    Key const middle_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    Key const leaf_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (!root_key || !middle_key || !leaf_key) return failure(Trouble::internal, "OpenSSL makes no EC keys");
    auto const root = make(root_key.get(), "Postroom lab root", nullptr, nullptr, 3'650, "");
    auto const middle =
        make(middle_key.get(), "Postroom lab, in Microsoft's place", root.get(), root_key.get(), 3'650, "");
    std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
    if (host_name != "localhost") names += ",DNS:" + host_name;
    // Whom the lab's proxy leads here.
    for (auto const* const host :
         {"outlook.office365.com", "smtp.office365.com", "login.microsoftonline.com", "graph.microsoft.com"})
        names += std::string(",DNS:") + host;
    // A large provider's certificate names many hosts.
    for (int i = 1; i <= 16; ++i) names += ",DNS:*.mail" + std::to_string(i) + ".lab.invalid";
    auto const leaf = make(leaf_key.get(), host_name, middle.get(), middle_key.get(), 825, names);

    auto const expired = make(leaf_key.get(), host_name, middle.get(), middle_key.get(), -1, names, -90);
    auto const another_name =
        make(leaf_key.get(), "another.lab.invalid", middle.get(), middle_key.get(), 825, "DNS:another.lab.invalid");
    auto const ends_soon = make(leaf_key.get(), host_name, middle.get(), middle_key.get(), 5, names);
    Key const other_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    auto const other_root = make(other_key.get(), "Inspecting middlebox", nullptr, nullptr, 3'650, "");
    auto const untrusted = make(leaf_key.get(), host_name, other_root.get(), other_key.get(), 825, names);
    auto const inspecting = make(other_key.get(), "Inspecting middlebox", root.get(), root_key.get(), 3'650, "");
    auto const middlebox = make(leaf_key.get(), host_name, inspecting.get(), other_key.get(), 825, names);

    auto const key_text =
        to_pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, leaf_key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    // The chain goes last: whoever is interrupted before it makes all of them anew.
    if (auto const done = write_private(files.key_file, key_text); !done) return std::unexpected(done.error());
    if (auto const done = write_private(files.anchor_file, to_pem(root)); !done) return std::unexpected(done.error());
    ::chmod(files.anchor_file.c_str(), 0644);
    for (auto const& [file, certificate] :
         {std::pair(&files.untrusted_file, &untrusted), std::pair(&files.expired_file, &expired),
          std::pair(&files.another_name_file, &another_name), std::pair(&files.ends_soon_file, &ends_soon)})
        if (auto const done = write_private(*file, to_pem(*certificate) + to_pem(middle)); !done)
            return std::unexpected(done.error());
    if (auto const done = write_private(files.middlebox_file, to_pem(middlebox) + to_pem(inspecting)); !done)
        return std::unexpected(done.error());
    if (auto const done = write_private(files.chain_file, to_pem(leaf) + to_pem(middle)); !done)
        return std::unexpected(done.error());
    return files;
}

}  // namespace postroom::lab
