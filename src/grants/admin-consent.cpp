#include "grants/admin-consent.hpp"

#include "base/text.hpp"
#include "grants/provider.hpp"
#include "grants/return-notes.hpp"
#include "net/http-server.hpp"
#include "oauth/json-fields.hpp"
#include "oauth/token-answer.hpp"
#include "store/applications.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::grants {

namespace json = boost::json;

namespace {

constexpr std::string_view mark = "consent.";
constexpr std::string_view place = "admin-consent/state";
constexpr auto lasts = std::chrono::hours(30 * 24);
constexpr std::string_view audited = "application.consent";

struct Link {
    std::string id;
    model::ApplicationId application;
    std::string by;
    Instant begun{};
};

std::optional<Link> read_link(Ground const& ground, std::string_view state)
{
    auto const bytes = from_base64(state.substr(mark.size()));
    if (!bytes) return std::nullopt;
    auto const text = ground.vault->unseal({*bytes}, place);
    if (!text) return std::nullopt;
    auto const object = oauth::parse_object(text->expose(), "the state");
    if (!object) return std::nullopt;
    auto const application = parse_uuid(oauth::text_member(*object, "application"));
    auto const begun = oauth::number_member(*object, "begun");
    if (!application || !begun) return std::nullopt;
    return Link{oauth::text_member(*object, "id"),
                {*application},
                oauth::text_member(*object, "by"),
                Instant(Duration(*begun))};
}

// Nothing signs what comes back: whoever has the link can write it, so it is the answer that says so, and not we.
std::string words_of_consent(std::string const& ours, std::string const& tenant, std::string const& application)
{
    auto const told = fmt::format(
        "The provider's answer says that an administrator of the tenant {} consented to what the identity application "
        "{} asks for.",
        tenant.empty() ? "(not named)" : printable(tenant, 64), application);
    auto const its_own = parse_uuid(ours);
    auto const given = parse_uuid(tenant);
    if (its_own && (!given || *given != *its_own))
        return told + fmt::format(
                          " But that is another tenant's consent: the application's own is {}, and for its "
                          "accounts nothing changes.",
                          ours);
    return told +
           " Whether it holds, the next authorization of an account shows; Entra may need some minutes until everybody "
           "knows.";
}

}  // namespace

std::string consent_page(Ground const& ground, model::Application const& application, std::string_view redirect_url,
                         std::string_view by)
{
    auto const cloud = oauth::cloud_named(application.cloud);
    auto const authority = authority_of(application);
    if (!cloud || cloud->login_host.empty() || !authority) return {};
    json::object const link{{"id", to_string(make_uuid())},
                            {"application", to_string(application.id)},
                            {"by", by},
                            {"begun", ground.clock->now().time_since_epoch().count()}};
    auto const state = ground.vault->seal(Secret(json::serialize(link)), place);
    // /.default: everything that the registration lists, with and without a user.
    return fmt::format("{}/v2.0/adminconsent?client_id={}&scope={}&redirect_uri={}&state={}{}", *authority,
                       net::percent_encode(application.client_id), net::percent_encode(cloud->application_scope),
                       net::percent_encode(redirect_url), mark, to_base64url(state.bytes));
}

std::string admin_consent_url(Ground const& ground, model::Application const& application, std::string external_url,
                              std::string_view by)
{
    while (external_url.ends_with('/')) external_url.pop_back();
    if (external_url.empty()) return {};
    return consent_page(ground, application, external_url + std::string(redirect_path), by);
}

bool is_of_consent(std::string_view state)
{
    return state.starts_with(mark);
}

net::awaitable<Outcome> finish_consent(Ground ground, std::string query)
{
    auto const fields = net::parse_form(query).value_or(std::multimap<std::string, std::string>());
    auto const value = [&](char const* name) {
        auto const found = fields.find(name);
        return found == fields.end() ? std::string() : found->second;
    };
    auto const link = read_link(ground, value("state"));
    if (!link || ground.clock->now() >= link->begun + lasts) {
        Outcome outcome{.words =
                            "This link of an administrator's consent is not of this Postroom, or is older than 30 "
                            "days. What was consented to holds all the same; look at the identity application."};
        co_await note_stray_return(ground, outcome.words);
        co_return outcome;
    }
    Outcome outcome;
    auto const error = value("error");
    outcome.consented = error.empty() && equal_ignoring_case(value("admin_consent"), "True");
    if (!error.empty())
        outcome.words = oauth::describe_error(error, value("error_description")).message();
    else if (!outcome.consented)
        outcome.words = "The provider did not say that an administrator consented.";
    co_await ground.store->write([&](store::Connection& c) {
        auto const application = store::application(c, link->application);
        auto const name = application ? application->name : to_string(link->application);
        if (outcome.consented)
            outcome.words = words_of_consent(application ? application->tenant : "", value("tenant"), name);
        note_once(c, ground.clock->now(), somebody, audited, name, link->id, outcome.words, link->by);
    });
    co_return outcome;
}

}  // namespace postroom::grants
