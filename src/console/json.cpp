#include "console/json.hpp"

#include "base/text.hpp"
#include "console/etag.hpp"
#include "mime/report.hpp"

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

// "5.1.1" of "550 5.1.1 no such user" and of "5.1.1, no such user": a report begins with it, a reply has its code
// before.
std::string_view enhanced_code_in(std::string_view words)
{
    auto const blank = words.find(' ');
    bool const reply = blank != std::string_view::npos && words.substr(0, blank).find('.') == std::string_view::npos;
    return reply ? words.substr(blank + 1) : words;
}

// What a server's words mean, the likeliest first. `application` is access as the application itself.
json::array causes_of(std::string_view said, words::Language const& language, bool application = false)
{
    json::array array;
    for (auto const& each : model::explain(said, {.application_only = application}).causes)
        array.emplace_back(to_json(each, language));
    return array;
}

}  // namespace

json::object to_json(model::User const& user, Names& names, std::vector<model::UserLink> const& links)
{
    json::array departments;
    for (auto const& each : user.departments) departments.emplace_back(text(names.department(each)));
    auto const link = std::ranges::find(links, user.id, &model::UserLink::user);
    return {{"name", text(user.name)},
            {"role", text(to_string(user.role))},
            {"departments", std::move(departments)},
            {"has_password", !user.password_hash.empty()},
            {"link_ends", time(link == links.end() ? std::nullopt : std::optional(link->ends))},
            {"created", time(user.created)},
            {"etag", etag(user.version, user.id.value)}};
}

json::object to_json(model::AccessToken const& token, std::string const& user)
{
    return {{"id", text(to_string(token.id))},    {"user", text(user)},
            {"name", text(token.name)},           {"scopes", texts(token.scopes)},
            {"created", time(token.created)},     {"ends", time(token.ends)},
            {"last_used", time(token.last_used)}, {"revoked", time(token.revoked)}};
}

json::object to_json(model::Department const& department)
{
    return {{"name", text(department.name)}, {"created", time(department.created)}};
}

json::object to_json(store::Setting const& setting, std::string const& value, words::Language const& language)
{
    return {{"name", text(setting.name)},
            {"value", text(value)},
            {"default", text(setting.default_value)},
            {"meaning", text(language.say_marked(std::string(setting.meaning)))}};
}

json::object to_json(model::Credential const& credential, words::Language const& language)
{
    return {{"id", text(to_string(credential.id))},  {"kind", text(to_string(credential.kind))},
            {"subject", text(credential.subject)},   {"thumbprint", text(credential.thumbprint)},
            {"ends", time(credential.ends)},         {"created", time(credential.created)},
            {"accepted", time(credential.accepted)}, {"refused", time(credential.refused)},
            {"refusal", text(credential.refusal)},   {"causes", causes_of(credential.refusal, language)}};
}

json::object to_json(model::Application const& application, std::vector<model::Credential> const& credentials,
                     std::string const& redirect_url, words::Language const& language)
{
    json::array its_credentials;
    for (auto const& each : credentials) its_credentials.emplace_back(to_json(each, language));
    return {{"name", text(application.name)},
            {"cloud", text(application.cloud)},
            {"tenant", text(application.tenant)},
            {"authority", text(application.authority)},
            {"client_id", text(application.client_id)},
            {"scopes", texts(application.scopes)},
            {"has_secret", !credentials.empty()},
            {"credentials", std::move(its_credentials)},
            {"redirect_url", text(redirect_url)},
            {"created", time(application.created)},
            {"etag", etag(application.version, application.id.value)}};
}

json::object to_json(model::Account const& account, Names& names, std::optional<model::Grant> const& grant,
                     std::vector<model::Mailbox> const& mailboxes)
{
    bool const as_application = account.access == model::Access::application;
    json::value its_grant;
    if (grant)
        its_grant = json::object{
            {"user_name", text(grant->owner.user_name)},
            {"tenant_id", text(grant->owner.tenant_id)},
            {"object_id", text(grant->owner.object_id)},
            {"scopes", texts(grant->scopes)},
            {"accepted", time(grant->accepted)},
            {"renewed", time(grant->renewed)},
            {"access_token_ends", time(grant->access_token_ends)},
            {"refusals", grant->refusals},
            {"failures", grant->failures},
            {"next_try", time(grant->next_try > Instant{} ? std::optional(grant->next_try) : std::nullopt)},
            {"trouble", text(grant->trouble)},
            {"causes", causes_of(grant->trouble, names.language(), as_application)},
            {"asked", time(grant->asked)}};
    json::value application;
    if (account.application) application = text(names.application(*account.application));
    json::array addresses;
    for (auto const& each : mailboxes) addresses.emplace_back(text(each.address));
    return {{"name", text(account.name)},
            {"department", text(names.department(account.department))},
            {"access", text(to_string(account.access))},
            {"application", std::move(application)},
            {"kind", text(to_string(account.kind))},
            {"retrieval", text(to_string(account.retrieval))},
            {"user", text(account.user)},
            {"retrieval_server", text(to_string(account.retrieval_server))},
            {"retrieval_starttls", account.retrieval_starttls},
            {"submission_server", text(to_string(account.submission_server))},
            {"submission_implicit_tls", account.submission_implicit_tls},
            {"retrieve_as", text(to_string(account.retrieve_as))},
            {"submit_as", text(to_string(account.submit_as))},
            {"state", text(to_string(account.state))},
            {"state_reason", text(account.state_reason)},
            {"causes", causes_of(account.state_reason, names.language(), as_application)},
            {"state_since", time(account.state_since)},
            {"transcript", account.transcript},
            {"grant", std::move(its_grant)},
            {"mailboxes", std::move(addresses)},
            {"created", time(account.created)},
            {"etag", etag(account.version, account.id.value)}};
}

json::object to_json(model::Authorization const& authorization, std::string const& account,
                     std::string const& admin_consent_url, words::Language const& language)
{
    bool const accepted = authorization.outcome == model::Authorization::State::accepted;
    return {{"id", text(to_string(authorization.id))},
            {"account", text(account)},
            {"flow", text(to_string(authorization.flow))},
            {"user_code", text(authorization.user_code)},
            {"verification_url", text(authorization.verification_url)},
            {"test_mail", authorization.test_mail},
            {"state", text(to_string(authorization.outcome))},
            {"reason", text(accepted ? "" : authorization.reason)},
            {"notes", text(accepted ? authorization.reason : "")},
            {"causes", causes_of(authorization.reason, language, authorization.flow == model::Flow::application)},
            {"admin_consent_url", text(admin_consent_url)},
            {"by", text(authorization.by)},
            {"begun", time(authorization.begun)},
            {"ends", time(authorization.ends)}};
}

json::object to_json(model::MailboxRight const& right, bool as_application, words::Language const& language)
{
    bool const holds = right.outcome == model::Outcome::holds;
    return {{"outcome", text(to_string(right.outcome))},
            {"evidence", text(right.evidence)},
            {"causes", holds ? json::array() : causes_of(right.evidence, language, as_application)},
            {"looked", time(right.looked)}};
}

namespace {

json::object to_json(model::Figures const& figures)
{
    return {{"retrieved", figures.retrieved},    {"filed", figures.filed},     {"duplicates", figures.duplicates},
            {"skipped", figures.skipped},        {"refused", figures.refused}, {"bytes", figures.octets},
            {"connections", figures.connections}};
}

json::object to_json(model::MailboxFigures const& figures)
{
    json::value progress;
    if (figures.progress.wanted > 0)
        progress = json::object{{"wanted", figures.progress.wanted},
                                {"come", figures.progress.come},
                                {"bytes", figures.progress.octets},
                                {"begun", time(figures.progress.begun)}};
    json::array failures;
    for (auto const& each : figures.failures)
        failures.emplace_back(json::object{{"trouble", text(to_string(each.trouble))},
                                           {"times", each.times},
                                           {"times_since", each.times_since},
                                           {"last", time(each.last)},
                                           {"words", text(each.words)}});
    auto const since = figures.since > Instant{} ? std::optional(figures.since) : std::nullopt;
    return {{"since", time(since)},
            {"all", to_json(figures.all)},
            {"since_start", to_json(figures.since_start)},
            {"failures", std::move(failures)},
            {"progress", std::move(progress)}};
}

}  // namespace

json::object to_json(model::Mailbox const& mailbox, Names& names, store::LedgerCounts const& counts,
                     model::MailboxFigures const& figures)
{
    return {{"address", text(mailbox.address)},
            {"display_name", text(mailbox.display_name)},
            {"account", text(names.account(mailbox.account))},
            {"department", text(names.department(mailbox.department))},
            {"folder", text(mailbox.folder)},
            {"baseline", time(mailbox.baseline)},
            {"after", text(to_string(mailbox.after))},
            {"after_folder", text(mailbox.after_folder)},
            {"poll", mailbox.poll.count() / 1000},
            {"state", text(to_string(mailbox.state))},
            {"state_reason", text(mailbox.state_reason)},
            {"trouble", text(to_string(mailbox.trouble))},
            {"causes", causes_of(mailbox.state_reason, names.language())},
            {"state_since", time(mailbox.state_since)},
            {"last_success", time(mailbox.last_success)},
            {"next_try", time(mailbox.next_try)},
            {"counts", json::object{{"filed", counts.filed},
                                    {"skipped", counts.skipped},
                                    {"duplicate", counts.duplicate},
                                    {"unreadable", counts.unreadable},
                                    {"screened", counts.screened},
                                    {"due", counts.due}}},
            {"figures", to_json(figures)},
            {"created", time(mailbox.created)},
            {"etag", etag(mailbox.version, mailbox.id.value)}};
}

json::object to_json(Looked const& looked)
{
    return {
        {"mailbox", text(looked.mailbox)}, {"ok", looked.ok}, {"filed", looked.filed}, {"reason", text(looked.reason)}};
}

json::object to_json(model::Case const& a_case, Names& names)
{
    json::value assigned, follows;
    if (a_case.assigned) assigned = text(names.user(*a_case.assigned));
    if (a_case.follows) follows = *a_case.follows;
    return {{"number", a_case.number},
            {"department", text(names.department(a_case.department))},
            {"mailbox", text(names.mailbox(a_case.mailbox))},
            {"subject", text(a_case.subject)},
            {"customer", text(a_case.customer)},
            {"customer_name", text(a_case.customer_name)},
            {"state", text(to_string(a_case.state))},
            {"activities", a_case.activities},
            {"waiting_for_us", a_case.waiting_for_us},
            {"assigned", assigned},
            {"closed", time(a_case.closed)},
            {"follows", follows},
            {"created", time(a_case.created)},
            {"updated", time(a_case.updated)},
            {"etag", etag(a_case.version, a_case.id.value)}};
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
    boost::system::error_code damaged;
    json::value reading;
    if (!activity.reading.empty()) reading = json::parse(activity.reading, damaged);
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
            {"reading", std::move(reading)},
            {"outbound", std::move(sending)},
            {"at", time(activity.at)}};
}

json::object to_json(model::Outbound const& outbound, Names& names, std::optional<model::Activity> const& activity,
                     std::optional<model::Case> const& a_case)
{
    // In doubt and never looked for again, it waits for a person and for no time.
    bool const waits = outbound.state == model::OutboundState::queued ||
                       (outbound.state == model::OutboundState::in_doubt && outbound.next_try > Instant{});
    json::array causes;
    if (waits || outbound.state == model::OutboundState::failed)
        for (auto const& each :
             model::explain(outbound.reason, {.speaker = model::Speaker::smtp, .application_only = {}}).causes)
            causes.emplace_back(to_json(each, names.language()));
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
            {"causes", std::move(causes)},
            {"part", outbound.part},
            {"created", time(outbound.created)},
            {"updated", time(outbound.updated)}};
}

json::object to_json(model::RecipientOutcome const& outcome)
{
    return {{"address", text(outcome.address)},
            {"state", text(to_string(outcome.state))},
            {"words", text(outcome.words)},
            {"meaning", to_string(mime::meaning_of(enhanced_code_in(outcome.words)))},
            {"at", time(outcome.at)}};
}

json::object exception_to_json(model::Message const& message, Names& names)
{
    bool const held = !message.released;  // by its screen, if by anything but triage
    return {{"id", text(to_string(message.id))},
            {"kind", "not-read"},
            {"mailbox", text(names.mailbox(message.mailbox))},
            {"size", message.size},
            {"received", time(message.received)},
            {"filed", time(message.filed)},
            {"tries", message.triage_tries},
            {"reason", text(message.exception)},
            {"screen", text(held ? to_string(message.screen) : "")},
            {"rule", text(held ? message.screen_rule : "")}};
}

json::object exception_to_json(model::UnreadableMail const& mail, Names& names)
{
    return {{"id", text(to_string(mail.id))},
            {"kind", "not-retrieved"},
            {"mailbox", text(names.mailbox(mail.mailbox))},
            {"size", mail.size},
            {"received", time(mail.received)},
            {"filed", time(mail.noted)},
            {"tries", mail.tries},
            {"reason", text(mail.reason)},
            {"screen", ""},
            {"rule", ""}};
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

json::object to_json(model::RankedCause const& ranked, words::Language const& language)
{
    auto const& cause = *ranked.cause;
    return {{"id", text(cause.id)},
            {"title", text(language.say_marked(cause.title))},
            {"meaning", text(language.say_marked(cause.meaning))},
            {"remedy", text(language.say_marked(cause.remedy))},
            {"owner", text(to_string(cause.owner))},
            {"check", text(cause.check)},
            {"transient", cause.transient},
            {"evidence", text(to_string(cause.evidence))},
            {"source", text(cause.source)},
            {"said", text(ranked.said)}};
}

json::object to_json(model::Explanation const& explanation, std::string_view said, words::Language const& language)
{
    json::array causes;
    for (auto const& each : explanation.causes) causes.emplace_back(to_json(each, language));
    json::array particulars;
    for (auto const& each : explanation.particulars)
        particulars.emplace_back(
            json::object{{"name", text(language.say_marked(each.name))}, {"value", text(each.value)}});
    json::array unknown;
    for (auto const code : explanation.unknown_codes) unknown.emplace_back(code);
    bool const settled = explanation.known() && explanation.unknown_codes.empty();
    return {{"text", text(said)},
            {"known", explanation.known()},
            {"causes", std::move(causes)},
            {"particulars", std::move(particulars)},
            {"unknown_codes", std::move(unknown)},
            {"advice", text(settled ? "" : language.say(model::advice_on_unknown(explanation)))},
            {"state_of_knowledge", text(model::state_of_knowledge())}};
}

}  // namespace postroom::console
