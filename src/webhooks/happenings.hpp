// What webhooks are told of the changes in the store.
#pragma once

#include "store/connection.hpp"

namespace postroom::webhooks {

/// Reads the next changes, and queues what they mean for whoever wants it, in the same transaction as how far it read:
/// each happening is told at least once, whoever stops meanwhile. True where there may be more.
bool take_in_changes(store::Connection& c);

}  // namespace postroom::webhooks
