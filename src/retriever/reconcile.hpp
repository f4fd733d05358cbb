// Compares a mailbox's server with its ledger. It changes nothing on the server; what the server does not list any more
// is gone in the ledger from then on.
#pragma once

#include "grants/sign-in.hpp"
#include "model/reconciliation.hpp"
#include "store/store.hpp"

#include <functional>
#include <memory>

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

/// Looks twice where the sides differ, since the retriever works meanwhile. What neither list has, where each was
/// whole, is noted as gone; and as there, once the server lists it again. With `bytes` all mail that is on both sides
/// is retrieved once more, and its size and digest are compared with what was filed. Throws store::Failure. Errors: as
/// signing in; what the server refused; what the network did; Trouble::closed where it was stopped.
[[nodiscard]] net::awaitable<Result<model::Reconciliation>> reconcile(std::shared_ptr<Reconciling> ground,
                                                                      model::Account account, model::Mailbox mailbox,
                                                                      bool bytes);

}  // namespace postroom::retriever
