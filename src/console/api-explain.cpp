// GET /api/v1/explain: what a server's words mean.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"

namespace postroom::console {

Answer explain_text(House&, Request const& request)
{
    request.only_parameters({"text"});
    auto const said = request.http.parameter("text").value_or("");
    if (trim(said).empty())
        throw Problem(Trouble::invalid, tr("there is nothing to explain: give what a server said, or a number"),
                      "text");
    co_return json_response(net::http::status::ok, to_json(model::explain(said), said, request.language()));
}

}  // namespace postroom::console
