// One mail by one route: an account of Postroom's own, or any other server.
#pragma once

#include "grants/sign-in.hpp"
#include "model/alarm.hpp"

#include <string>
#include <utility>
#include <vector>

namespace postroom::alarms {

/// A route, with its account as it is now.
struct Way {
    model::AlarmRoute route;
    std::optional<model::Account> account{};
    std::optional<model::Mailbox> mailbox{};  ///< of that account: an application's own permissions need to name one

    /// As people call it: "account alarms", "server relay.contoso.com:587".
    [[nodiscard]] std::string name() const;
};

struct Letter {
    model::NotificationId id;
    std::optional<model::AlarmCallId> call{};  ///< what is told of one call makes one thread
    std::vector<std::string> recipients{};
    std::string subject{};
    std::string text{};
    Instant written{};
};

/// Recipients whom the server refused, each with its words: they are another route's to reach.
using Left = std::vector<std::pair<std::string, std::string>>;

/// Errors: why nobody was reached. Never throws. Whatever the server does, its connection ends after `limit`: a server
/// that has said by then that it took the mail, has taken it.
[[nodiscard]] net::awaitable<Result<Left>> post(grants::Roads roads, Way way, Letter letter, Duration limit);

/// An account of Postroom's own sends as its user; everything else as it is told.
[[nodiscard]] std::string sender_of(Way const& way);

}  // namespace postroom::alarms
