// Who may ask for what, all in one place.
#include "console/api.hpp"
#include "console/router.hpp"

#include <array>

namespace postroom::console {

std::span<Route const> routes()
{
    using enum net::http::verb;
    using enum Access;
    static constexpr std::array table{
        Route{get, "/api/v1/version", anyone, get_version},
        Route{get, "/api/v1/openapi.yaml", anyone, get_contract},
        Route{get, "/metrics", see_metrics, get_metrics},
        Route{get, "/oauth/callback", anyone, return_from_provider},

        Route{get, "/api/v1/session", see_self, get_session},
        Route{post, "/api/v1/session", anyone, sign_in},
        Route{delete_, "/api/v1/session", self, sign_out},
        Route{put, "/api/v1/session/password", self, change_password},
        Route{post, "/api/v1/welcome/look", anyone, look_at_link},
        Route{post, "/api/v1/welcome", anyone, use_link},
        Route{get, "/api/v1/tokens", see_self, list_tokens},
        Route{post, "/api/v1/tokens", self, add_token},
        Route{delete_, "/api/v1/tokens/{id}", self, remove_token},

        Route{get, "/api/v1/users", see_system, list_users},
        Route{post, "/api/v1/users", system, add_user},
        Route{get, "/api/v1/users/{name}", see_system, show_user},
        Route{patch, "/api/v1/users/{name}", system, change_user},
        Route{delete_, "/api/v1/users/{name}", system, remove_user},
        Route{post, "/api/v1/users/{name}/link", system, make_link},
        Route{delete_, "/api/v1/users/{name}/sessions", system, end_sessions},
        Route{get, "/api/v1/settings", see_system, list_settings},
        Route{get, "/api/v1/settings/{name}", see_system, show_setting},
        Route{put, "/api/v1/settings/{name}", system, set_setting},
        Route{get, "/api/v1/applications", see_system, list_applications},
        Route{post, "/api/v1/applications", system, add_application},
        Route{get, "/api/v1/applications/{name}", see_system, show_application},
        Route{patch, "/api/v1/applications/{name}", system, change_application},
        Route{delete_, "/api/v1/applications/{name}", system, remove_application},
        Route{get, "/api/v1/applications/{name}/registration", see_system, show_registration},
        Route{post, "/api/v1/applications/{name}/credentials", system, add_credential},
        Route{delete_, "/api/v1/applications/{name}/credentials/{id}", system, remove_credential},
        Route{get, "/api/v1/audit", see_system, list_audit},

        Route{get, "/api/v1/explain", see_desk, explain_text},
        Route{get, "/api/v1/departments", see_desk, list_departments},
        Route{post, "/api/v1/departments", system, add_department},
        Route{get, "/api/v1/departments/{name}/screens", see_department, show_screens},
        Route{put, "/api/v1/departments/{name}/screens", department, set_screens},
        Route{patch, "/api/v1/departments/{name}/screens", department, change_screens},
        Route{post, "/api/v1/departments/{name}/screens/test", see_department, test_screens},
        Route{get, "/api/v1/accounts", see_department, list_accounts},
        Route{post, "/api/v1/accounts", department, add_account},
        Route{get, "/api/v1/accounts/{name}", see_department, show_account},
        Route{patch, "/api/v1/accounts/{name}", department, change_account},
        Route{delete_, "/api/v1/accounts/{name}", department, remove_account},
        Route{post, "/api/v1/accounts/{name}/conversion", department, convert_account},
        Route{get, "/api/v1/accounts/{name}/authorizations", see_department, list_authorizations},
        Route{post, "/api/v1/accounts/{name}/authorizations", department, begin_authorization},
        Route{get, "/api/v1/accounts/{name}/rights", see_department, list_rights},
        Route{post, "/api/v1/accounts/{name}/rights/trial", department, begin_trial},
        Route{get, "/api/v1/trials/{id}", see_department, show_trial},
        Route{put, "/api/v1/accounts/{name}/transcript", department, set_transcript},
        Route{get, "/api/v1/authorizations/{id}", see_department, show_authorization},
        Route{get, "/api/v1/mailboxes", see_desk, list_mailboxes},
        Route{post, "/api/v1/mailboxes", department, add_mailbox},
        Route{get, "/api/v1/mailboxes/{address}", see_desk, show_mailbox},
        Route{patch, "/api/v1/mailboxes/{address}", department, change_mailbox},
        Route{delete_, "/api/v1/mailboxes/{address}", department, remove_mailbox},
        Route{post, "/api/v1/mailboxes/{address}/resolution", department, resolve_mailbox},
        Route{get, "/api/v1/mailboxes/{address}/ledger", see_department, list_ledger},
        Route{post, "/api/v1/mailboxes/{address}/reconciliations", department, begin_reconciliation},
        Route{get, "/api/v1/reconciliations/{id}", see_department, show_reconciliation},
        Route{post, "/api/v1/retrievals", department, retrieve_once},
        Route{get, "/api/v1/exceptions", see_department, list_exceptions},
        Route{post, "/api/v1/exceptions/{id}/retry", department, retry_exception},
        Route{post, "/api/v1/exceptions/{id}/release", department, release_exception},
        Route{get, "/api/v1/exceptions/{id}/raw", see_department, show_exception_raw},
        Route{get, "/api/v1/alarms", see_department, list_alarms},

        Route{get, "/api/v1/events", see_desk, stream_events},
        Route{get, "/api/v1/cases", see_desk, list_cases},
        Route{get, "/api/v1/cases/{number}", see_desk, show_case},
        Route{patch, "/api/v1/cases/{number}", desk, change_case},
        Route{post, "/api/v1/cases/{number}/replies", desk, reply_to_case},
        Route{get, "/api/v1/activities/{id}/html", see_desk, show_activity_html},
        Route{get, "/api/v1/activities/{id}/raw", see_desk, show_activity_raw},
        Route{get, "/api/v1/activities/{id}/parts/{part}", see_desk, show_activity_part},
        Route{post, "/api/v1/messages", desk, send_message},
        Route{get, "/api/v1/outbound", see_desk, list_outbound},
        Route{get, "/api/v1/outbound/{id}", see_desk, show_outbound},
        Route{post, "/api/v1/outbound/{id}/resolution", desk, resolve_outbound},
    };
    return table;
}

}  // namespace postroom::console
