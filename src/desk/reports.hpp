// What machines report of mail of ours: which mail they speak of, and what that says of each recipient.
#pragma once

#include "mime/read.hpp"
#include "model/ids.hpp"
#include "store/connection.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::desk {

/// Message-IDs of the mail that a report is about, as its structure says it, or in the header that it quotes.
[[nodiscard]] std::vector<std::string> reported_ids(mime::Mail const& mail);

/// What a mail of a case says of the delivery of another.
enum class Tells { nothing, delayed, failed };

/// Ties a delivery report that came into a case to the mail of ours that it speaks of, by recipient. `tells` and
/// `words` are what was made of one that has no structure (RFC 3464): it is about whom it names ahead of what it
/// quotes.
void note_report(store::Connection& c, model::CaseId a_case, mime::Mail const& mail, Tells tells,
                 std::string_view words, Instant now);

}  // namespace postroom::desk
