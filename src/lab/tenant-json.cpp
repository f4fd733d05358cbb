#include "lab/tenant-json.hpp"

#include "base/text.hpp"
#include "lab/client-assertion.hpp"
#include "lab/licences.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace postroom::lab {

namespace json = boost::json;

namespace {

constexpr std::size_t most_of_a_kind = 100'000;

// Reads named fields of an object, and remembers the first that is wrong.
class Fields {
public:
    explicit Fields(json::object const& object) : object_(object) {}

    std::optional<std::string> text(std::string_view name)
    {
        auto const* const value = take(name);
        if (value == nullptr) return std::nullopt;
        if (value->is_string() && value->get_string().size() <= 10'000) return std::string(value->get_string());
        wrong(name, "a string of at most 10,000 bytes");
        return std::nullopt;
    }
    std::optional<bool> truth(std::string_view name)
    {
        auto const* const value = take(name);
        if (value == nullptr) return std::nullopt;
        if (value->is_bool()) return value->get_bool();
        wrong(name, "true or false");
        return std::nullopt;
    }
    std::optional<std::int64_t> number(std::string_view name)
    {
        auto const* const value = take(name);
        if (value == nullptr) return std::nullopt;
        if (value->is_int64() && value->get_int64() >= 0) return value->get_int64();
        wrong(name, "a number, 0 or more");
        return std::nullopt;
    }
    std::optional<std::vector<std::string>> texts(std::string_view name)
    {
        auto const* const value = take(name);
        if (value == nullptr) return std::nullopt;
        std::vector<std::string> found;
        if (value->is_array() && value->get_array().size() <= 10'000)
            for (auto const& each : value->get_array())
                if (each.is_string()) found.emplace_back(each.get_string());
        if (value->is_array() && found.size() == value->get_array().size()) return found;
        wrong(name, "a list of strings");
        return std::nullopt;
    }
    json::value const* take(std::string_view name)
    {
        known_.emplace_back(name);
        return object_.if_contains(name);
    }
    void wrong(std::string_view name, std::string_view right)
    {
        if (problem_.empty()) problem_ = '"' + std::string(name) + "\" must be " + std::string(right);
    }
    /// After all fields were asked for.
    [[nodiscard]] Result<void> check() const
    {
        if (!problem_.empty()) return failure(Trouble::invalid, problem_);
        for (auto const& [name, value] : object_)
            if (std::ranges::find(known_, std::string_view(name)) == known_.end())
                return failure(Trouble::invalid, "there is no field \"" + printable(name, 64) + '"');
        return {};
    }

private:
    json::object const& object_;
    std::vector<std::string> known_;
    std::string problem_;
};

bool is_address(std::string_view text)
{
    auto const at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 320 &&
           std::ranges::none_of(text,
                                [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '<' || c == '>'; });
}

struct SettingName {
    std::string_view name;
    std::int64_t Settings::* value;
};
constexpr std::array<SettingName, 21> settings_table{{
    {"access_token_life_s", &Settings::access_token_life_s},
    {"access_token_bytes", &Settings::access_token_bytes},
    {"refresh_token_rotates", &Settings::refresh_token_rotates},
    {"old_refresh_token_stays", &Settings::old_refresh_token_stays},
    {"token_requests_a_second", &Settings::token_requests_a_second},
    {"users_may_consent", &Settings::users_may_consent},
    {"imap_front_end", &Settings::imap_front_end},
    {"imap_line_limit", &Settings::imap_line_limit},
    {"imap_exact_size", &Settings::imap_exact_size},
    {"imap_connections", &Settings::imap_connections},
    {"pop3_exact_size", &Settings::pop3_exact_size},
    {"pop3_token_limit", &Settings::pop3_token_limit},
    {"smtp_connections", &Settings::smtp_connections},
    {"smtp_messages_a_minute", &Settings::smtp_messages_a_minute},
    {"smtp_shared_user", &Settings::smtp_shared_user},
    {"smtp_command_line", &Settings::smtp_command_line},
    {"https_port", &Settings::https_port},
    {"imap_port", &Settings::imap_port},
    {"pop3_port", &Settings::pop3_port},
    {"smtp_port", &Settings::smtp_port},
    {"proxy_port", &Settings::proxy_port},
}};

std::set<std::string> lowered(std::vector<std::string> const& texts)
{
    std::set<std::string> out;
    for (auto const& each : texts) out.insert(to_lower(each));
    return out;
}

std::string products()
{
    std::string all;
    for (auto const& each : licences()) all += (all.empty() ? "" : ", ") + std::string(each.product);
    return all;
}

json::array to_array(auto const& texts)
{
    json::array out;
    for (auto const& each : texts) out.emplace_back(each);
    return out;
}

}  // namespace

Result<void> apply_user(State& state, json::object const& object)
{
    Fields fields(object);
    auto const upn = fields.text("upn");
    auto const name = fields.text("name");
    auto const password = fields.text("password");
    auto const enabled = fields.truth("enabled");
    auto const administrator = fields.truth("administrator");
    auto const revoke = fields.truth("revoke_sessions");
    auto const language = fields.text("language");
    auto const mailbox = fields.truth("mailbox");
    if (auto const good = fields.check(); !good) return good;
    if (!upn || !is_address(*upn))
        return failure(Trouble::invalid, "\"upn\" must be an address such as a@contoso.test");
    auto* user = state.tenant.user(*upn);
    if (user == nullptr) {
        if (state.tenant.users.size() >= most_of_a_kind) return failure(Trouble::limit, "there are too many users");
        user = &state.tenant.add_user(*upn, name.value_or(*upn), password.value_or("Postroom-2026"));
    }
    if (name) user->name = *name;
    if (password && *password != user->password) {
        user->password = *password;
        user->tokens_valid_from = state.clock.now();  // a changed password revokes (Microsoft, refresh tokens)
    }
    if (enabled) user->enabled = *enabled;
    if (administrator) user->administrator = *administrator;
    if (revoke.value_or(false)) user->tokens_valid_from = state.clock.now();
    if (mailbox.value_or(true) && !state.tenant.mailbox(*upn)) {
        state.tenant.add_mailbox(*upn, user->name, language.value_or("en"), state.next_uid_validity);
        state.next_uid_validity += 100;
    }
    return {};
}

Result<void> apply_mailbox(State& state, json::object const& object)
{
    Fields fields(object);
    auto const address = fields.text("address");
    auto const name = fields.text("name");
    auto const language = fields.text("language");
    auto const imap = fields.truth("imap_enabled");
    auto const pop = fields.truth("pop_enabled");
    auto const licensed = fields.truth("licensed");
    auto const product = fields.text("licence");
    auto const alias = fields.truth("alias");
    auto const sent_copies = fields.truth("sent_copies");
    auto const* const smtp = fields.take("smtp_auth_disabled");
    if (smtp != nullptr && !smtp->is_bool() && !smtp->is_null())
        fields.wrong("smtp_auth_disabled", "true, false or null");
    auto const full_access = fields.texts("full_access");
    auto const send_as = fields.texts("send_as");
    if (auto const good = fields.check(); !good) return good;
    if (!address || !is_address(*address)) return failure(Trouble::invalid, "\"address\" must be an address");
    auto const* const licence = product ? licence_named(*product) : nullptr;
    if (product && licence == nullptr) return failure(Trouble::invalid, "\"licence\" must be one of " + products());
    auto mailbox = state.tenant.mailbox(*address);
    if (!mailbox) {
        if (state.tenant.mailboxes.size() >= most_of_a_kind)
            return failure(Trouble::limit, "there are too many mailboxes");
        mailbox = state.tenant.add_mailbox(*address, name.value_or(*address), language.value_or("en"),
                                           state.next_uid_validity);
        state.next_uid_validity += 100;
    }
    if (name) mailbox->name = *name;
    if (licence != nullptr) {
        // What comes with the plan; what is said beside it holds.
        mailbox->product = licence->product;
        mailbox->licensed = licence->mailbox;
        mailbox->imap_enabled = licence->imap;
    }
    if (imap) mailbox->imap_enabled = *imap;
    if (pop) mailbox->pop_enabled = *pop;
    if (licensed) mailbox->licensed = *licensed;
    if (alias) mailbox->alias = *alias;
    if (sent_copies) mailbox->sent_copies = *sent_copies;
    if (smtp != nullptr) mailbox->smtp_auth_disabled = smtp->is_null() ? std::nullopt : std::optional(smtp->get_bool());
    if (full_access) mailbox->full_access = lowered(*full_access);
    if (send_as) mailbox->send_as = lowered(*send_as);
    return {};
}

Result<void> apply_application(State& state, json::object const& object)
{
    Fields fields(object);
    auto const client_id = fields.text("client_id");
    auto const name = fields.text("name");
    auto const secret = fields.text("secret");
    auto const expires = fields.text("secret_expires");
    auto const redirect_uris = fields.texts("redirect_uris");
    auto const public_client = fields.truth("public_client");
    auto const admin_consent = fields.truth("admin_consent");
    auto const certificates = fields.texts("certificates");
    auto const app_roles = fields.texts("app_roles");
    auto const required_app_roles = fields.texts("required_app_roles");
    auto const service_principal = fields.text("service_principal");
    auto const registered = fields.truth("registered");
    auto const consented = fields.texts("consented");
    if (auto const good = fields.check(); !good) return good;
    if (!client_id || client_id->empty()) return failure(Trouble::invalid, "\"client_id\" must be given");
    std::optional<Instant> until;
    if (expires) {
        auto const read = from_rfc3339(*expires);
        if (!read) return std::unexpected(read.error());
        until = *read;
    }
    for (auto const& each : certificates.value_or(std::vector<std::string>()))
        if (thumbprint_of(each).empty()) return failure(Trouble::invalid, "\"certificates\" must be PEM, without keys");
    auto const key = to_lower(*client_id);
    if (!state.tenant.applications.contains(key) && state.tenant.applications.size() >= 1'000)
        return failure(Trouble::limit, "there are too many applications");
    auto& application = state.tenant.applications[key];
    application.client_id = key;
    if (name || application.name.empty()) application.name = name.value_or(key);
    if (secret) application.secrets = {{stable_guid("secret " + key), *secret, until}};
    if (redirect_uris) application.redirect_uris = *redirect_uris;
    if (public_client) application.public_client = *public_client;
    if (admin_consent) application.admin_consent = *admin_consent;
    if (certificates) application.certificates = *certificates;
    if (app_roles) application.app_roles = {app_roles->begin(), app_roles->end()};
    if (required_app_roles) application.required_app_roles = {required_app_roles->begin(), required_app_roles->end()};
    if (service_principal) application.service_principal = to_lower(*service_principal);
    if (registered) application.registered = *registered;
    if (consented) application.consented = {consented->begin(), consented->end()};
    return {};
}

Result<void> apply_fault(State& state, json::object const& object)
{
    Fields fields(object);
    auto const id = fields.text("id");
    auto const scope = fields.text("scope");
    auto const value = fields.text("value");
    auto const times = fields.number("times");
    if (auto const good = fields.check(); !good) return good;
    auto const done =
        state.faults.set(id.value_or(""), scope.value_or(""), value, static_cast<std::uint64_t>(times.value_or(0)));
    if (done) state.wake_all();
    return done;
}

Result<void> apply_settings(State& state, json::object const& object)
{
    Fields fields(object);
    auto changed = state.settings;
    for (auto const& [name, member] : settings_table)
        if (auto const value = fields.number(name)) changed.*member = *value;
    for (auto const* const name : {"https_port", "imap_port", "pop3_port", "smtp_port"})
        if (auto const value = fields.number(name); value && *value > 9) fields.wrong(name, "a number from 0 to 9");
    if (changed.proxy_port > 1) fields.wrong("proxy_port", "0 or 1");
    auto const smtp_off = fields.truth("smtp_auth_disabled");
    auto const known = fields.truth("tenant_known");
    if (auto const good = fields.check(); !good) return good;
    if (state.set_ports)
        if (auto const done = state.set_ports(changed); !done) return done;
    state.settings = changed;
    if (known) state.tenant.known = *known;
    if (smtp_off) state.tenant.smtp_auth_disabled = *smtp_off;
    return {};
}

Result<void> apply_tenant(State& state, json::object const& object)
{
    using Apply = Result<void> (*)(State&, json::object const&);
    static constexpr std::array<std::pair<std::string_view, Apply>, 4> lists{{{"users", apply_user},
                                                                              {"mailboxes", apply_mailbox},
                                                                              {"applications", apply_application},
                                                                              {"faults", apply_fault}}};
    Fields fields(object);
    for (auto const& [name, apply] : lists) {
        auto const* const list = fields.take(name);
        if (list == nullptr) continue;
        if (!list->is_array()) return failure(Trouble::invalid, '"' + std::string(name) + "\" must be a list");
        for (auto const& each : list->get_array()) {
            if (!each.is_object()) return failure(Trouble::invalid, std::string(name) + " must hold objects");
            if (auto const done = apply(state, each.get_object()); !done)
                return failure(done.error().kind, std::string(name) + ": " + done.error().message);
        }
    }
    auto const* const settings = fields.take("settings");
    if (auto const good = fields.check(); !good) return good;
    if (settings == nullptr) return {};
    if (!settings->is_object()) return failure(Trouble::invalid, "\"settings\" must be an object");
    return apply_settings(state, settings->get_object());
}

json::object to_json(User const& user)
{
    return {{"upn", user.upn},           {"name", user.name},
            {"password", user.password}, {"object_id", user.object_id},
            {"enabled", user.enabled},   {"administrator", user.administrator}};
}

json::object to_json(Mailbox const& mailbox)
{
    json::array folders;
    for (auto const& folder : mailbox.folders)
        folders.emplace_back(json::object{{"name", folder->name},
                                          {"messages", folder->messages.size()},
                                          {"uid_validity", folder->uid_validity},
                                          {"uid_next", folder->uid_next}});
    json::value smtp = nullptr;
    if (mailbox.smtp_auth_disabled) smtp = *mailbox.smtp_auth_disabled;
    return {{"address", mailbox.address},
            {"name", mailbox.name},
            {"imap_enabled", mailbox.imap_enabled},
            {"pop_enabled", mailbox.pop_enabled},
            {"licensed", mailbox.licensed},
            {"licence", mailbox.product},
            {"alias", mailbox.alias},
            {"sent_copies", mailbox.sent_copies},
            {"smtp_auth_disabled", std::move(smtp)},
            {"full_access", to_array(mailbox.full_access)},
            {"send_as", to_array(mailbox.send_as)},
            {"imap_connections", mailbox.imap_connections},
            {"smtp_connections", mailbox.smtp_connections},
            {"sent_folder", mailbox.sent_folder},
            {"folders", std::move(folders)}};
}

json::object to_json(Application const& application)
{
    json::array secrets;
    for (auto const& secret : application.secrets) {
        json::object each{{"id", secret.id}, {"value", secret.value}};
        if (secret.expires) each["expires"] = to_rfc3339(*secret.expires);
        secrets.emplace_back(std::move(each));
    }
    return {{"client_id", application.client_id},
            {"name", application.name},
            {"secrets", std::move(secrets)},
            {"redirect_uris", to_array(application.redirect_uris)},
            {"public_client", application.public_client},
            {"admin_consent", application.admin_consent},
            {"certificates", to_array(application.certificates)},
            {"app_roles", to_array(application.app_roles)},
            {"required_app_roles", to_array(application.required_app_roles)},
            {"enterprise_object_id", application.enterprise_object_id()},
            {"service_principal", application.service_principal},
            {"registered", application.registered},
            {"consented", to_array(application.consented)}};
}

json::object to_json(ActiveFault const& fault)
{
    auto const& row = fault_table()[static_cast<std::size_t>(fault.fault)];
    return {{"id", row.id},
            {"scope", fault.scope},
            {"value", fault.value},
            {"times", fault.times},
            {"played", fault.played}};
}

json::object to_json(FaultRow const& row)
{
    return {{"id", row.id},       {"where", row.where},   {"plays", row.plays},
            {"value", row.value}, {"preset", row.preset}, {"source", row.source}};
}

json::object to_json(Settings const& settings)
{
    json::object out;
    for (auto const& [name, member] : settings_table) out[name] = settings.*member;
    return out;
}

json::object to_json(Counters const& counters)
{
    json::object by_id;
    for (auto const& [id, count] : counters.accepted_by_message_id) by_id[id] = count;
    return {{"sign_ins", counters.sign_ins},
            {"codes", counters.codes},
            {"refreshes", counters.refreshes},
            {"token_refusals", counters.token_refusals},
            {"token_excess", counters.token_excess},
            {"imap_sessions", counters.imap_sessions},
            {"imap_refusals", counters.imap_refusals},
            {"imap_bodies", counters.imap_bodies},
            {"pop3_sessions", counters.pop3_sessions},
            {"pop3_refusals", counters.pop3_refusals},
            {"pop3_bodies", counters.pop3_bodies},
            {"smtp_sessions", counters.smtp_sessions},
            {"smtp_refusals", counters.smtp_refusals},
            {"accepted", counters.accepted},
            {"accepted_by_message_id", std::move(by_id)}};
}

void fill_default_tenant(State& state, std::vector<std::string> const& redirect_uris)
{
    Application application;
    application.client_id = std::string(default_client_id);
    application.name = "Postroom";
    application.secrets.push_back({stable_guid("secret " + application.client_id), std::string(default_secret), {}});
    application.redirect_uris = redirect_uris;
    application.admin_consent = true;
    state.tenant.applications[application.client_id] = std::move(application);
    for (auto const& [upn, name] :
         {std::pair("sales@contoso.test", "Sales"), std::pair("support@contoso.test", "Support"),
          std::pair("alex@contoso.test", "Alex Wilber")})
        if (!apply_user(state, {{"upn", upn}, {"name", name}, {"password", default_password}}))
            throw std::logic_error("the lab refuses users of its own");
    auto& administrator = state.tenant.add_user("admin@contoso.test", "Administrator", std::string(default_password));
    administrator.administrator = true;
}

}  // namespace postroom::lab
