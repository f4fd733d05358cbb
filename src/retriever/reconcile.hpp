// Compares a mailbox's server with its ledger. It changes nothing on the server; what the server does not list any more
// is gone in the ledger from then on.
#pragma once

#include "grants/sign-in.hpp"
#include "model/reconciliation.hpp"
#include "retriever/pop3-listing.hpp"
#include "store/ledger.hpp"
#include "store/store.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace postroom::retriever {

/// What one comparison rests on, and how it is broken off.
struct Reconciling {
    store::Store* store;
    grants::Roads roads;
    Clock const* clock = &system_clock();
    Duration pause{3'000};          ///< before the second look, where there is anything to be sure of
    std::function<void()> close{};  ///< set while there is a session: ends it at once
    bool stopped = false;

    void stop()
    {
        stopped = true;
        if (close) close();
    }
};

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

/// Looks twice where the sides differ, since the retriever works meanwhile. What neither list has, where each was
/// whole, is noted as gone; and as there, once the server lists it again. With `bytes` all mail that is on both sides
/// is retrieved once more, and its size and digest are compared with what was filed. Throws store::Failure. Errors: as
/// signing in; what the server refused; what the network did; Trouble::closed where it was stopped.
[[nodiscard]] net::awaitable<Result<model::Reconciliation>> reconcile(std::shared_ptr<Reconciling> ground,
                                                                      model::Account account, model::Mailbox mailbox,
                                                                      bool bytes);

}  // namespace postroom::retriever
