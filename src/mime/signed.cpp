#include "mime/signed.hpp"

#include <openssl/cms.h>
#include <openssl/err.h>

#include <memory>

namespace postroom::mime {

namespace {

struct FreeCms {
    void operator()(CMS_ContentInfo* cms) const { CMS_ContentInfo_free(cms); }
};

bool begins_a_line(std::string_view text, std::string_view words)
{
    auto const at = text.find(words);
    return at != std::string_view::npos && (at == 0 || text[at - 1] == '\n');
}

}  // namespace

std::string_view to_string(Protection protection)
{
    switch (protection) {
        case Protection::none: return "none";
        case Protection::smime_signed: return "smime_signed";
        case Protection::pgp_signed: return "pgp_signed";
        case Protection::smime_encrypted: return "smime_encrypted";
        case Protection::pgp_encrypted: return "pgp_encrypted";
    }
    return "none";
}

std::optional<Cms> read_cms(std::string_view der)
{
    auto const* at = reinterpret_cast<unsigned char const*>(der.data());
    std::unique_ptr<CMS_ContentInfo, FreeCms> const cms(
        d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
    if (!cms) {
        ERR_clear_error();
        return std::nullopt;
    }
    switch (OBJ_obj2nid(CMS_get0_type(cms.get()))) {
        case NID_pkcs7_signed: {
            Cms found{.protection = Protection::smime_signed};
            auto** const content = CMS_get0_content(cms.get());
            if (content != nullptr && *content != nullptr)
                found.content.assign(reinterpret_cast<char const*>(ASN1_STRING_get0_data(*content)),
                                     static_cast<std::size_t>(ASN1_STRING_length(*content)));
            ERR_clear_error();
            return found;
        }
        case NID_pkcs7_enveloped:
        case NID_pkcs7_encrypted:
        case NID_id_smime_ct_authEnvelopedData: return Cms{.protection = Protection::smime_encrypted};
        default: return std::nullopt;
    }
}

Protection armoured(std::string_view text)
{
    if (begins_a_line(text, "-----BEGIN PGP MESSAGE-----")) return Protection::pgp_encrypted;
    if (begins_a_line(text, "-----BEGIN PGP SIGNED MESSAGE-----")) return Protection::pgp_signed;
    return Protection::none;
}

}  // namespace postroom::mime
