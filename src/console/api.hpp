// The handlers of the API, one file a resource (api-*.cpp), each named as its operationId in api/openapi.yaml.
#pragma once

#include "console/house.hpp"

namespace postroom::console {

using Answer = net::awaitable<net::HttpResponse>;

Answer get_version(House& house, Request const& request);
Answer get_metrics(House& house, Request const& request);
Answer get_contract(House& house, Request const& request);
Answer get_check_report_schema(House& house, Request const& request);

Answer get_session(House& house, Request const& request);
Answer sign_in(House& house, Request const& request);
Answer sign_out(House& house, Request const& request);
Answer change_password(House& house, Request const& request);
Answer look_at_link(House& house, Request const& request);
Answer use_link(House& house, Request const& request);

Answer list_tokens(House& house, Request const& request);
Answer add_token(House& house, Request const& request);
Answer remove_token(House& house, Request const& request);

Answer list_users(House& house, Request const& request);
Answer add_user(House& house, Request const& request);
Answer show_user(House& house, Request const& request);
Answer change_user(House& house, Request const& request);
Answer remove_user(House& house, Request const& request);
Answer make_link(House& house, Request const& request);
Answer end_sessions(House& house, Request const& request);
Answer stream_events(House& house, Request const& request);

Answer list_settings(House& house, Request const& request);
Answer show_setting(House& house, Request const& request);
Answer set_setting(House& house, Request const& request);
Answer list_departments(House& house, Request const& request);
Answer add_department(House& house, Request const& request);
Answer show_screens(House& house, Request const& request);
Answer set_screens(House& house, Request const& request);
Answer change_screens(House& house, Request const& request);
Answer test_screens(House& house, Request const& request);

Answer list_applications(House& house, Request const& request);
Answer add_application(House& house, Request const& request);
Answer show_application(House& house, Request const& request);
Answer change_application(House& house, Request const& request);
Answer remove_application(House& house, Request const& request);
Answer show_registration(House& house, Request const& request);
Answer add_credential(House& house, Request const& request);
Answer remove_credential(House& house, Request const& request);

Answer list_accounts(House& house, Request const& request);
Answer add_account(House& house, Request const& request);
Answer show_account(House& house, Request const& request);
Answer change_account(House& house, Request const& request);
Answer convert_account(House& house, Request const& request);
Answer remove_account(House& house, Request const& request);
Answer set_transcript(House& house, Request const& request);

Answer list_authorizations(House& house, Request const& request);
Answer begin_authorization(House& house, Request const& request);
Answer show_authorization(House& house, Request const& request);
Answer return_from_provider(House& house, Request const& request);
/// The same page where `why` tells what keeps the return from being read.
net::HttpResponse unreadable_return(net::http::status status, std::string const& why, words::Language const& language);

Answer list_rights(House& house, Request const& request);
Answer begin_trial(House& house, Request const& request);
Answer show_trial(House& house, Request const& request);

Answer list_mailboxes(House& house, Request const& request);
Answer add_mailbox(House& house, Request const& request);
Answer show_mailbox(House& house, Request const& request);
Answer change_mailbox(House& house, Request const& request);
Answer remove_mailbox(House& house, Request const& request);
Answer resolve_mailbox(House& house, Request const& request);
Answer retrieve_once(House& house, Request const& request);
Answer list_ledger(House& house, Request const& request);
Answer begin_reconciliation(House& house, Request const& request);
Answer show_reconciliation(House& house, Request const& request);

Answer list_cases(House& house, Request const& request);
Answer show_case(House& house, Request const& request);
Answer change_case(House& house, Request const& request);
Answer reply_to_case(House& house, Request const& request);
Answer forward_from_case(House& house, Request const& request);
Answer prepare_answer(House& house, Request const& request);
Answer add_upload(House& house, Request const& request);
Answer remove_upload(House& house, Request const& request);
Answer list_queues(House& house, Request const& request);
Answer pick_from_queue(House& house, Request const& request);
Answer pick_case(House& house, Request const& request);
Answer assign_case(House& house, Request const& request);
Answer transfer_case(House& house, Request const& request);
Answer list_targets(House& house, Request const& request);
Answer add_note(House& house, Request const& request);
Answer show_acknowledgement(House& house, Request const& request);
Answer set_acknowledgement(House& house, Request const& request);

Answer show_activity_html(House& house, Request const& request);
Answer show_activity_raw(House& house, Request const& request);
Answer show_activity_part(House& house, Request const& request);

Answer send_message(House& house, Request const& request);
Answer list_outbound(House& house, Request const& request);
Answer show_outbound(House& house, Request const& request);
Answer resolve_outbound(House& house, Request const& request);
Answer cancel_outbound(House& house, Request const& request);

Answer show_account_sending(House& house, Request const& request);
Answer set_account_sending(House& house, Request const& request);
Answer show_department_sending(House& house, Request const& request);
Answer set_department_sending(House& house, Request const& request);
Answer show_mailbox_sending(House& house, Request const& request);
Answer set_mailbox_sending(House& house, Request const& request);
Answer list_templates(House& house, Request const& request);
Answer set_template(House& house, Request const& request);
Answer remove_template(House& house, Request const& request);

Answer list_exceptions(House& house, Request const& request);
Answer retry_exception(House& house, Request const& request);
Answer release_exception(House& house, Request const& request);
Answer file_exception(House& house, Request const& request);
Answer show_exception_raw(House& house, Request const& request);

Answer list_servers(House& house, Request const& request);
Answer begin_connection(House& house, Request const& request);
Answer show_connection(House& house, Request const& request);
Answer list_check_items(House& house, Request const& request);
Answer show_check_item(House& house, Request const& request);
Answer list_check_runs(House& house, Request const& request);
Answer begin_check_run(House& house, Request const& request);
Answer show_check_run(House& house, Request const& request);
Answer show_check_report(House& house, Request const& request);
Answer list_findings(House& house, Request const& request);
Answer list_finding_groups(House& house, Request const& request);
Answer show_finding_history(House& house, Request const& request);

Answer explain_text(House& house, Request const& request);

Answer list_alarms(House& house, Request const& request);
Answer acknowledge_alarm(House& house, Request const& request);
Answer silence_alarm(House& house, Request const& request);
Answer list_alarm_routes(House& house, Request const& request);
Answer add_alarm_route(House& house, Request const& request);
Answer change_alarm_route(House& house, Request const& request);
Answer remove_alarm_route(House& house, Request const& request);
Answer list_notifications(House& house, Request const& request);
Answer test_alarms(House& house, Request const& request);
Answer show_notification(House& house, Request const& request);
Answer list_webhooks(House& house, Request const& request);
Answer add_webhook(House& house, Request const& request);
Answer change_webhook(House& house, Request const& request);
Answer remove_webhook(House& house, Request const& request);
Answer renew_webhook_secret(House& house, Request const& request);
Answer test_webhook(House& house, Request const& request);
Answer list_deliveries(House& house, Request const& request);
Answer repeat_delivery(House& house, Request const& request);
Answer list_audit(House& house, Request const& request);

}  // namespace postroom::console
