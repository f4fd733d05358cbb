// What a server lists beside what the ledger says: which mail is on one side only? Pure.
#pragma once

#include "retriever/pop3-listing.hpp"
#include "store/ledger.hpp"

#include <cstdint>
#include <vector>

namespace postroom::retriever {

/// On one side only, by what names a mail: its UID, over POP3 its unique id. Each sorted.
struct Sides {
    using Names = std::vector<store::NamedMail>;
    Names only_on_server, only_in_ledger;
    Names back;  ///< listed, though the ledger says that it went
};
/// Of a folder that lists `listed`, ascending.
[[nodiscard]] Sides sides_of(std::vector<std::uint32_t> const& listed, std::vector<store::KnownMail> const& known);
[[nodiscard]] Sides sides_of(Pop3Listing const& listing, std::vector<store::KnownMail> const& known);
/// What both looks say: mail that came, or was dealt with, between the server's answer and the ledger's is on neither.
[[nodiscard]] Sides in_both(Sides const& a, Sides const& b);

}  // namespace postroom::retriever
