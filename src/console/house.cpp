#include "console/house.hpp"

#include <boost/json/serialize.hpp>

namespace postroom::console {

void note(store::Connection& c, Caller const& caller, std::string_view what, std::string_view on, json::object detail,
          Instant now)
{
    if (!caller.token.empty()) detail["token"] = caller.token;
    store::audit(c, {now, caller.name, std::string(what), std::string(on), json::serialize(detail)});
}

}  // namespace postroom::console
