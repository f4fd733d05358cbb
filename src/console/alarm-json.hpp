// Alarms, how people were told of them, and other software that is told, as the API says them.
#pragma once

#include "model/webhook.hpp"
#include "store/alarms.hpp"
#include "words/language.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace postroom::console {

namespace json = boost::json;

[[nodiscard]] json::object to_json(model::AlarmCall const& call, words::Language const& language);
/// `account` is the name of the route's, where it has one.
[[nodiscard]] json::object to_json(model::AlarmRoute const& route, std::string const& account);
[[nodiscard]] json::object to_json(model::Notification const& notification);
[[nodiscard]] json::object to_json(model::Webhook const& webhook);
[[nodiscard]] json::object to_json(model::Delivery const& delivery);

}  // namespace postroom::console
