// Which case a mail belongs to.
#pragma once

#include "desk/case-token.hpp"
#include "mime/read.hpp"
#include "model/case.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string_view>

namespace postroom::desk {

/// The case of this department, or transferred from it, that the mail answers: by In-Reply-To, then References, then
/// the mail that a machine's report is about, then the token in its subject. One that may be a duplicate goes where the
/// mail with its Message-ID went.
[[nodiscard]] std::optional<model::Case> case_answered_by(store::Connection& c, model::DepartmentId department,
                                                          mime::Mail const& mail, bool possible_duplicate,
                                                          CaseTokens const& tokens);

}  // namespace postroom::desk
