// What a POP3 server lists, beside what the ledger knows of the mailbox. Pure.
#pragma once

#include "pop3/session.hpp"
#include "store/messages.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::retriever {

/// The list of one session: message numbers are good in it only, unique ids for as long as a mail is there.
class Pop3Listing {
public:
    /// As UIDL gave it, in any order. Where an id is given to several mails at once (RFC 1939 lets a server do that
    /// with equal ones), the second is "ID 2" here, and so on: a blank is in no id. Throws net::Broken
    /// (Trouble::protocol) where a number is listed twice: nobody could say then which mail is meant.
    explicit Pop3Listing(std::vector<pop3::Listed> listed);

    struct Difference {
        std::vector<pop3::Listed> unknown;   ///< the ledger has not got them; in the order of the server's numbers
        std::vector<store::NamedMail> gone;  ///< the server does not list them (any more)
    };
    [[nodiscard]] Difference less(std::vector<store::NamedMail> known) const;

    /// The number of the mail with this id in this session; 0 where there is none.
    [[nodiscard]] std::uint32_t number_of(std::string_view unique_id) const;
    [[nodiscard]] std::size_t size() const { return by_id_.size(); }

private:
    std::vector<pop3::Listed> by_id_;
};

}  // namespace postroom::retriever
