// The model as the API says it: every shape of api/openapi.yaml's components is made here.
#pragma once

#include "console/hooks.hpp"
#include "console/names.hpp"
#include "model/case.hpp"
#include "model/causes.hpp"
#include "model/figures.hpp"
#include "model/grant.hpp"
#include "model/message.hpp"
#include "model/outbound.hpp"
#include "model/sending.hpp"
#include "model/user.hpp"
#include "store/coordination.hpp"
#include "store/messages.hpp"
#include "store/settings.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace postroom::console {

namespace json = boost::json;

/// `links` are those of all users.
[[nodiscard]] json::object to_json(model::User const& user, Names& names, std::vector<model::UserLink> const& links);
/// `user` is the name of whose it is.
[[nodiscard]] json::object to_json(model::AccessToken const& token, std::string const& user);
[[nodiscard]] json::object to_json(model::Department const& department);
[[nodiscard]] json::object to_json(store::Setting const& setting, std::string const& value,
                                   words::Language const& language = words::english());
[[nodiscard]] json::object to_json(model::Credential const& credential, words::Language const& language);
/// `redirect_url` is empty while the External URL is not set.
[[nodiscard]] json::object to_json(model::Application const& application,
                                   std::vector<model::Credential> const& credentials, std::string const& redirect_url,
                                   words::Language const& language);
[[nodiscard]] json::object to_json(model::Account const& account, Names& names,
                                   std::optional<model::Grant> const& grant,
                                   std::vector<model::Mailbox> const& mailboxes);
[[nodiscard]] json::object to_json(model::Authorization const& authorization, std::string const& account,
                                   std::string const& admin_consent_url, words::Language const& language);
[[nodiscard]] json::object to_json(model::MailboxRight const& right, bool as_application,
                                   words::Language const& language);
[[nodiscard]] json::object to_json(model::Mailbox const& mailbox, Names& names, store::LedgerCounts const& counts,
                                   model::MailboxFigures const& figures);
[[nodiscard]] json::object exception_to_json(model::UnreadableMail const& mail, Names& names);
[[nodiscard]] json::object to_json(Looked const& looked);
[[nodiscard]] json::object to_json(model::Case const& a_case, Names& names);
/// `outbound` is that of a sent activity.
[[nodiscard]] json::object to_json(model::Activity const& activity, std::optional<json::object> outbound);
/// `activity` and `a_case` may be gone.
[[nodiscard]] json::object to_json(model::Outbound const& outbound, Names& names,
                                   std::optional<model::Activity> const& activity,
                                   std::optional<model::Case> const& a_case);
[[nodiscard]] json::object to_json(model::RecipientOutcome const& outcome);
[[nodiscard]] json::object exception_to_json(model::Message const& message, Names& names);
[[nodiscard]] json::object to_json(store::AuditEntry const& entry);
[[nodiscard]] json::object to_json(model::RankedCause const& ranked,
                                   words::Language const& language = words::english());
/// `said` is what was explained.
[[nodiscard]] json::object to_json(model::Explanation const& explanation, std::string_view said,
                                   words::Language const& language = words::english());

}  // namespace postroom::console
