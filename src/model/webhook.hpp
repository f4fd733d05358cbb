// Other software that is told what happens, and what it is told.
#pragma once

#include "base/clock.hpp"
#include "model/application.hpp"
#include "model/ids.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::model {

using WebhookId = Id<struct WebhookTag>;
using DeliveryId = Id<struct DeliveryTag>;

/// What it can be told of.
inline constexpr std::array<std::string_view, 8> webhook_events{"mail-filed",    "case-opened",  "reply-sent",
                                                                "reply-failed",  "alarm-begins", "alarm-spreads",
                                                                "alarm-reminds", "alarm-ends"};
/// And this one whether it asks for it or not, when a person wants to see whether it arrives.
inline constexpr std::string_view webhook_test = "test";

struct Webhook {
    WebhookId id;
    std::string name;
    std::string url;
    std::vector<std::string> events;
    Sealed secret;  ///< what its deliveries are signed with
    bool enabled = true;
    Instant created{};
    std::int64_t version = 1;
};

enum class DeliveryState { waiting, delivered, given_up };
[[nodiscard]] std::string_view to_string(DeliveryState state);
[[nodiscard]] Result<DeliveryState> parse_delivery_state(std::string_view text);

struct Delivery {
    DeliveryId id;  ///< the same with every try, so that whoever gets it knows a repeat
    WebhookId webhook;
    std::string event;
    std::string subject;  ///< what it is about: an event is told once a subject
    std::string payload;  ///< the body, as JSON
    DeliveryState state = DeliveryState::waiting;
    int tries = 0;
    Instant next_try{};
    unsigned status = 0;  ///< the last answer's; 0: there was none
    std::string reason{};
    Instant created{};
    std::optional<Instant> ended{};
};

/// Nothing where `url` may be called: https, or http to this machine itself. Errors: Trouble::invalid, with why.
[[nodiscard]] Result<void> check_webhook_url(std::string_view url);

}  // namespace postroom::model
