#include "console/json.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace postroom::console {

namespace {

// What servers and mails say may be any bytes; JSON is UTF-8.
json::string text(std::string_view any)
{
    auto const valid = to_valid_utf8(any);
    return json::string(valid.data(), valid.size());
}

json::string time(Instant at)
{
    return text(to_rfc3339(at));
}

json::value time(std::optional<Instant> at)
{
    if (!at) return nullptr;
    return time(*at);
}

json::array texts(std::vector<std::string> const& list)
{
    json::array array;
    for (auto const& each : list) array.emplace_back(text(each));
    return array;
}

// What a state's reason means, the likeliest first. Postroom's grants are all of users.
json::array causes_of(std::string_view reason)
{
    json::array array;
    for (auto const& each : model::explain(reason, {.application_only = false}).causes)
        array.emplace_back(to_json(each));
    return array;
}

}  // namespace

json::object to_json(model::User const& user)
{
    return {{"name", text(user.name)}, {"role", text(to_string(user.role))}, {"created", time(user.created)}};
}

json::object to_json(model::Department const& department)
{
    return {{"name", text(department.name)}, {"created", time(department.created)}};
}

json::object to_json(store::Setting const& setting, std::string const& value)
{
    return {{"name", text(setting.name)},
            {"value", text(value)},
            {"default", text(setting.default_value)},
            {"meaning", text(setting.meaning)}};
}

json::object to_json(model::Application const& application, std::string const& redirect_url)
{
    return {{"name", text(application.name)},           {"cloud", text(application.cloud)},
            {"tenant", text(application.tenant)},       {"authority", text(application.authority)},
            {"client_id", text(application.client_id)}, {"has_secret", !application.client_secret.bytes.empty()},
            {"redirect_url", text(redirect_url)},       {"created", time(application.created)}};
}

json::object to_json(model::Account const& account, Names& names, std::optional<model::Grant> const& grant,
                     std::vector<model::Mailbox> const& mailboxes)
{
    json::value its_grant;
    if (grant)
        its_grant = json::object{{"user_name", text(grant->owner.user_name)},
                                 {"tenant_id", text(grant->owner.tenant_id)},
                                 {"object_id", text(grant->owner.object_id)},
                                 {"scopes", texts(grant->scopes)},
                                 {"accepted", time(grant->accepted)},
                                 {"renewed", time(grant->renewed)},
                                 {"access_token_ends", time(grant->access_token_ends)}};
    json::array addresses;
    for (auto const& each : mailboxes) addresses.emplace_back(text(each.address));
    return {{"name", text(account.name)},
            {"department", text(names.department(account.department))},
            {"application", text(names.application(account.application))},
            {"kind", text(to_string(account.kind))},
            {"retrieval", text(to_string(account.retrieval))},
            {"user", text(account.user)},
            {"retrieval_server", text(to_string(account.retrieval_server))},
            {"submission_server", text(to_string(account.submission_server))},
            {"state", text(to_string(account.state))},
            {"state_reason", text(account.state_reason)},
            {"causes", causes_of(account.state_reason)},
            {"state_since", time(account.state_since)},
            {"transcript", account.transcript},
            {"grant", std::move(its_grant)},
            {"mailboxes", std::move(addresses)},
            {"created", time(account.created)}};
}

json::object to_json(model::Authorization const& authorization, std::string const& account)
{
    return {{"id", text(to_string(authorization.id))},
            {"account", text(account)},
            {"state", text(to_string(authorization.outcome))},
            {"reason", text(authorization.reason)},
            {"ends", time(authorization.ends)}};
}

json::object to_json(model::Mailbox const& mailbox, Names& names, store::LedgerCounts const& counts)
{
    return {{"address", text(mailbox.address)},
            {"display_name", text(mailbox.display_name)},
            {"account", text(names.account(mailbox.account))},
            {"department", text(names.department(mailbox.department))},
            {"folder", text(mailbox.folder)},
            {"baseline", time(mailbox.baseline)},
            {"after", text(to_string(mailbox.after))},
            {"after_folder", text(mailbox.after_folder)},
            {"state", text(to_string(mailbox.state))},
            {"state_reason", text(mailbox.state_reason)},
            {"causes", causes_of(mailbox.state_reason)},
            {"state_since", time(mailbox.state_since)},
            {"last_success", time(mailbox.last_success)},
            {"next_try", time(mailbox.next_try)},
            {"counts", json::object{{"filed", counts.filed},
                                    {"skipped", counts.skipped},
                                    {"duplicate", counts.duplicate},
                                    {"unreadable", counts.unreadable},
                                    {"due", counts.due}}},
            {"created", time(mailbox.created)}};
}

json::object to_json(Looked const& looked)
{
    return {
        {"mailbox", text(looked.mailbox)}, {"ok", looked.ok}, {"filed", looked.filed}, {"reason", text(looked.reason)}};
}

json::object to_json(model::Case const& a_case, Names& names)
{
    return {{"number", a_case.number},
            {"department", text(names.department(a_case.department))},
            {"mailbox", text(names.mailbox(a_case.mailbox))},
            {"subject", text(a_case.subject)},
            {"customer", text(a_case.customer)},
            {"customer_name", text(a_case.customer_name)},
            {"state", text(to_string(a_case.state))},
            {"activities", a_case.activities},
            {"waiting_for_us", a_case.waiting_for_us},
            {"created", time(a_case.created)},
            {"updated", time(a_case.updated)}};
}

json::object to_json(model::Activity const& activity, std::optional<json::object> outbound)
{
    json::array attachments;
    for (auto const& each : activity.attachments)
        attachments.emplace_back(json::object{{"name", text(each.name)},
                                              {"type", text(each.type)},
                                              {"size", each.size},
                                              {"part", each.part},
                                              {"inline", !each.content_id.empty()}});
    json::value sending;
    if (outbound) sending = std::move(*outbound);
    return {{"id", text(to_string(activity.id))},
            {"kind", text(to_string(activity.kind))},
            {"from", text(activity.from)},
            {"to", texts(activity.to)},
            {"cc", texts(activity.cc)},
            {"subject", text(activity.subject)},
            {"message_id", text(activity.message_id)},
            {"text", text(activity.text)},
            {"has_html", activity.has_html},
            {"attachments", std::move(attachments)},
            {"automatic", activity.automatic},
            {"possible_duplicate", activity.possible_duplicate},
            {"outbound", std::move(sending)},
            {"at", time(activity.at)}};
}

json::object to_json(model::Outbound const& outbound, Names& names, std::optional<model::Activity> const& activity,
                     std::optional<model::Case> const& a_case)
{
    // In doubt and never looked for again, it waits for a person and for no time.
    bool const waits = outbound.state == model::OutboundState::queued ||
                       (outbound.state == model::OutboundState::in_doubt && outbound.next_try > Instant{});
    return {{"id", text(to_string(outbound.id))},
            {"case", a_case ? a_case->number : 0},
            {"activity", text(to_string(outbound.activity))},
            {"mailbox", text(names.mailbox(outbound.mailbox))},
            {"account", text(names.account(outbound.account))},
            {"message_id", text(outbound.message_id)},
            {"provider_message_id", text(outbound.provider_message_id)},
            {"recipients", texts(outbound.recipients)},
            {"subject", text(activity ? activity->subject : "")},
            {"state", text(to_string(outbound.state))},
            {"attempt", outbound.attempt},
            {"tries", outbound.tries},
            {"next_try", time(waits ? std::optional(outbound.next_try) : std::nullopt)},
            {"reason", text(outbound.reason)},
            {"created", time(outbound.created)},
            {"updated", time(outbound.updated)}};
}

json::object exception_to_json(model::Message const& message, Names& names)
{
    return {{"id", text(to_string(message.id))},
            {"mailbox", text(names.mailbox(message.mailbox))},
            {"size", message.size},
            {"received", time(message.received)},
            {"filed", time(message.filed)},
            {"tries", message.triage_tries},
            {"reason", text(message.exception)}};
}

json::object to_json(store::Alarm const& alarm)
{
    return {{"cause", text(alarm.cause)}, {"subject", text(alarm.subject)}, {"words", text(alarm.words)},
            {"count", alarm.count},       {"begun", time(alarm.begun)},     {"last", time(alarm.last)}};
}

json::object to_json(store::AuditEntry const& entry)
{
    boost::system::error_code error;
    auto detail = json::parse(entry.detail.empty() ? "{}" : entry.detail, error);
    if (error || !detail.is_object()) detail = json::object{{"text", text(entry.detail)}};
    return {{"at", time(entry.at)},
            {"who", text(entry.who)},
            {"what", text(entry.what)},
            {"on", text(entry.on)},
            {"detail", std::move(detail)}};
}

json::object to_json(model::RankedCause const& ranked)
{
    auto const& cause = *ranked.cause;
    return {{"id", text(cause.id)},
            {"title", text(cause.title)},
            {"meaning", text(cause.meaning)},
            {"remedy", text(cause.remedy)},
            {"owner", text(to_string(cause.owner))},
            {"check", text(cause.check)},
            {"transient", cause.transient},
            {"evidence", text(to_string(cause.evidence))},
            {"source", text(cause.source)},
            {"said", text(ranked.said)}};
}

json::object to_json(model::Explanation const& explanation, std::string_view said)
{
    json::array causes;
    for (auto const& each : explanation.causes) causes.emplace_back(to_json(each));
    json::array particulars;
    for (auto const& each : explanation.particulars)
        particulars.emplace_back(json::object{{"name", text(each.name)}, {"value", text(each.value)}});
    json::array unknown;
    for (auto const code : explanation.unknown_codes) unknown.emplace_back(code);
    bool const settled = explanation.known() && explanation.unknown_codes.empty();
    return {{"text", text(said)},
            {"known", explanation.known()},
            {"causes", std::move(causes)},
            {"particulars", std::move(particulars)},
            {"unknown_codes", std::move(unknown)},
            {"advice", text(settled ? "" : model::advice_on_unknown(explanation))},
            {"state_of_knowledge", text(model::state_of_knowledge())}};
}

}  // namespace postroom::console
