// Versions of what two people may edit at once: the entity tag that names one, and If-Match (RFC 9110 sections 8.8.3
// and 13.1.1). The tag names what people edit, and not what the workers note beside it (a mailbox's state, say), which
// would refuse an edit that nobody else touched.
#pragma once

#include "console/request.hpp"
#include "console/responses.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postroom::console {

/// With its quotes. What is removed and added again under the same name has another id, and so never the same tag.
[[nodiscard]] std::string etag(std::int64_t version, Uuid const& of);
/// Of a setting, which has no id and is never removed.
[[nodiscard]] std::string etag(std::int64_t version);

/// Problem 412 where the request has an If-Match that `current` does not fit. It says who changed it, as far as the
/// audit trail has an entry about `on` that begins with `what` ("account."). Called in the transaction that makes the
/// change, after store::next_version() took the version, whose predecessor `current` is.
/// `changed`: when it last changed, where that may have been nobody's edit (a mail that came); then nobody is named.
void check_match(store::Connection& c, Request const& request, std::string const& current, std::string_view what,
                 std::string_view on, Instant changed = {});

/// 200 with the body, whose member "etag" is a header as well.
[[nodiscard]] net::HttpResponse edited_response(json::object const& body);

}  // namespace postroom::console
