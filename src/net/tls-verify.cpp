#include "net/tls-verify.hpp"

#include "base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <vector>

namespace postroom::net {

namespace {

int connection_slot()
{
    static int const slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

int context_slot()
{
    static int const slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

std::string one_line(X509_NAME const* name)
{
    std::unique_ptr<BIO, decltype(&BIO_free)> const out(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &data);
    return printable({data, static_cast<std::size_t>(size)}, 256);
}

std::string when(ASN1_TIME const* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                       parts.tm_hour, parts.tm_min);
}

std::vector<std::string> names_of(X509* certificate)
{
    constexpr std::size_t most = 20;
    std::vector<std::string> names;
    std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> const list(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        GENERAL_NAMES_free);
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        if (names.size() == most) {
            names.emplace_back("…");
            break;
        }
        auto const* const name = sk_GENERAL_NAME_value(list.get(), i);
        if (name->type == GEN_DNS) {
            auto const* const text = name->d.dNSName;
            names.push_back(printable({reinterpret_cast<char const*>(ASN1_STRING_get0_data(text)),
                                       static_cast<std::size_t>(ASN1_STRING_length(text))},
                                      128));
        } else if (name->type == GEN_IPADD) {
            auto const* const address = name->d.iPAddress;
            char shown[INET6_ADDRSTRLEN] = "";
            int const family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
            if (inet_ntop(family, ASN1_STRING_get0_data(address), shown, sizeof shown)) names.emplace_back(shown);
        }
    }
    return names;
}

std::string explain(X509_STORE_CTX* store)
{
    int const error = X509_STORE_CTX_get_error(store);
    auto* const chain = X509_STORE_CTX_get0_chain(store);
    if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        auto* const param = X509_STORE_CTX_get0_param(store);
        std::string wanted;
        if (auto const* const host = X509_VERIFY_PARAM_get0_host(param, 0)) {
            wanted = host;
        } else if (auto* const address = X509_VERIFY_PARAM_get1_ip_asc(param)) {
            wanted = address;
            OPENSSL_free(address);
        }
        auto const names = names_of(X509_STORE_CTX_get0_cert(store));
        return fmt::format("the certificate is not for {}: it names {}", wanted,
                           names.empty() ? "no host at all" : fmt::format("{}", fmt::join(names, ", ")));
    }
    std::string text = fmt::format("the certificate does not verify: {} (at depth {})",
                                   X509_verify_cert_error_string(error), X509_STORE_CTX_get_error_depth(store));
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        auto* const certificate = sk_X509_value(chain, i);
        text += fmt::format("; {}: {}, issued by {}, valid from {} until {}", i,
                            one_line(X509_get_subject_name(certificate)), one_line(X509_get_issuer_name(certificate)),
                            when(X509_get0_notBefore(certificate)), when(X509_get0_notAfter(certificate)));
    }
    return text;
}

int on_certificate(int accepted, X509_STORE_CTX* store)
{
    if (accepted) return 1;
    auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* report = static_cast<std::string*>(SSL_get_ex_data(ssl, connection_slot()));
    if (!report) report = static_cast<std::string*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_slot()));
    if (report && report->empty()) *report = explain(store);
    return 0;
}

void expect(X509_VERIFY_PARAM* param, std::string const& name)
{
    // A subject's common name has been no host name since RFC 6125; RFC 9525 forbids to look at it.
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1) return;
    X509_VERIFY_PARAM_set1_host(param, name.data(), name.size());
}

}  // namespace

void verify_peer(ssl_ctx_st* context)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_certificate);
}

void report_refusal_to(ssl_st* connection, std::string* report)
{
    SSL_set_ex_data(connection, connection_slot(), report);
}

void report_refusal_to(ssl_ctx_st* context, std::string* report)
{
    SSL_CTX_set_ex_data(context, context_slot(), report);
}

void expect_name(ssl_st* connection, std::string const& name)
{
    expect(SSL_get0_param(connection), name);
}

void expect_name(ssl_ctx_st* context, std::string const& name)
{
    expect(SSL_CTX_get0_param(context), name);
}

}  // namespace postroom::net
