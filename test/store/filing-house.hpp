// A house over both stores in which mail is filed: a message and its row in the ledger.
#pragma once

#include "both-stores.hpp"
#include "store/ledger.hpp"
#include "store/messages.hpp"

namespace postroom::store {

class FilingHouse : public OnBothStores {
protected:
    House house = furnish();

    model::Message file(std::uint32_t uid, std::uint64_t digest)
    {
        return write([&](Connection& c) {
            model::Message message{.id = model::MessageId::make(), .mailbox = house.mailbox.id};
            message.body = add_body(c, "octets", digest);
            message.size = 6;
            message.digest = digest_of(digest);
            message.fingerprint = digest_of(digest + 1000);
            message.filed = clock.now();
            add_message(c, message);
            add_to_ledger(c, row(uid, message.id), clock.now());
            return message;
        });
    }
    model::LedgerRow row(std::uint32_t uid, std::optional<model::MessageId> message = {})
    {
        return {.place = {house.mailbox.id, "INBOX", 7, uid}, .message = message, .due = model::AfterAction::move};
    }
};

}  // namespace postroom::store
