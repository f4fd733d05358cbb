// What is written down of mails on their way out, by the session that sends them.
#pragma once

#include "dispatcher/dispatcher.hpp"
#include "dispatcher/ruling.hpp"
#include "model/outbound.hpp"
#include "net/transport.hpp"

#include <functional>
#include <string>
#include <vector>

namespace postroom::dispatcher {

using Writing = std::function<void(store::Connection&)>;

/// What became of something is known here alone until it is noted: a store that stands still is asked again until it
/// answers, or for some seconds more once this server stops; one that refuses, some times. Throws store::Failure.
[[nodiscard]] net::awaitable<void> note(Ground ground, Writing work);

/// One mail settled by a definite answer: what is written of it, and what the log is told once it is.
struct Settlement {
    Writing write;
    std::string told;
    bool sent = false;

    void tell() const;
};
[[nodiscard]] Settlement settlement_of(Ground const& ground, model::Outbound mail, Ruling ruling,
                                       std::string provider_id = {}, bool copy_due = false);
/// Noted, then told.
[[nodiscard]] net::awaitable<void> settle(Ground ground, Settlement settlement);

/// Those of the mails that are still claimed go back, due after `wait`; the others are left alone.
[[nodiscard]] net::awaitable<void> give_back(Ground ground, std::vector<model::Outbound> mails, std::string why,
                                             Duration wait = Duration(0));
/// Claimed, or committing; their ends have not left, so there is nothing to doubt. Not counted as a try.
[[nodiscard]] net::awaitable<void> hold_back(Ground ground, std::vector<model::Outbound> mails, std::string why);
/// One that is committing, or perhaps is: the store broke off before it said so, or the connection broke. Counted.
[[nodiscard]] net::awaitable<void> give_back_unended(Ground ground, model::Outbound mail, std::string why);

/// When recipients are tried again that were refused while others were accepted: at once where they were only too many.
[[nodiscard]] Instant next_try_of(Ground const& ground, model::Outbound const& mail,
                                  std::vector<store::Excepted> const& excepted);
/// claimed → committing. False: the claim was lost.
[[nodiscard]] net::awaitable<bool> commit_to(Ground ground, model::Outbound mail, std::vector<store::Excepted> excepted,
                                             Instant next_try);
/// The same of one that is committing already, to fewer than it was to go to.
[[nodiscard]] net::awaitable<bool> except_from(Ground ground, model::Outbound mail,
                                               std::vector<store::Excepted> excepted);

}  // namespace postroom::dispatcher
