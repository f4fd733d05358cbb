// Unique ids that are another mail's by now. A mail that stays on its server is known by its id, and some servers count
// their mail anew when one of it goes: the next one would have an id that is known, and never be retrieved. Its size
// tells that it is another one; its header tells for sure.
#pragma once

#include "pop3/session.hpp"
#include "retriever/after-actions.hpp"
#include "retriever/pop3-headers.hpp"
#include "retriever/pop3-listing.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace postroom::retriever {

class Pop3Reuse {
public:
    Pop3Reuse(MailboxRun& run, Pop3Headers& headers) : run_(run), headers_(headers) {}

    /// Has the ledger forget the ids of mails that are no more what is listed by them. To be called before the list is
    /// compared with the ledger.
    net::awaitable<void> give_back(pop3::Session& session, Pop3Listing const& listing);
    /// Mails of this session that are known from now on: their numbers in it, and the ledger's.
    void came(std::vector<std::pair<std::uint32_t, std::uint32_t>> const& mails);
    /// The session's sizes are needed no more.
    void forget_sizes() { sizes_ = {}; }

private:
    struct Known {
        store::NamedMail mail;
        std::uint32_t number = 0;
        std::uint64_t octets = 0;  ///< as the server states them now
    };
    /// By the ledger's number, ascending: of a hundred thousand mails they take 1.6 MB.
    using Octets = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

    /// Nothing where the server says no sizes.
    net::awaitable<std::optional<std::vector<Known>>> listed_and_known(pop3::Session& session,
                                                                       Pop3Listing const& listing);
    net::awaitable<Octets> as_filed();
    [[nodiscard]] std::optional<std::uint64_t> octets_before(std::uint32_t uid) const;
    [[nodiscard]] std::optional<std::uint64_t> octets_now(std::uint32_t number) const;
    /// Nothing where that can't be told.
    net::awaitable<std::optional<bool>> is_the_same(pop3::Session& session, Known const& known);

    MailboxRun& run_;
    Pop3Headers& headers_;
    std::vector<pop3::Size> sizes_;  // of this session, by number
    std::optional<Octets> before_;   // at the last look
};

}  // namespace postroom::retriever
