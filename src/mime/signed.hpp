// Mail that is signed or encrypted, as S/MIME or OpenPGP. Nothing is verified or decrypted here: no key is at hand.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postroom::mime {

enum class Protection { none, smime_signed, pgp_signed, smime_encrypted, pgp_encrypted };
[[nodiscard]] std::string_view to_string(Protection protection);

/// Of a CMS object (RFC 5652): what it is, and what a signature without a detached text encloses.
struct Cms {
    Protection protection = Protection::none;
    std::string content;  ///< a MIME entity; empty where there is none, or it is encrypted
};
/// Nothing where the bytes are no CMS object that signs or encrypts.
[[nodiscard]] std::optional<Cms> read_cms(std::string_view der);

/// The armour of OpenPGP in plain text (RFC 9580 section 6.2), where it begins a line.
[[nodiscard]] Protection armoured(std::string_view text);

}  // namespace postroom::mime
