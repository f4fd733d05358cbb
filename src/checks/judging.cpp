#include "checks/judging.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "checks/bench.hpp"
#include "grants/sign-in.hpp"
#include "oauth/json-fields.hpp"
#include "oauth/jwt.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace postroom::checks {

namespace {

using model::Outcome;

model::Finding with_cause(Outcome outcome, std::string_view id, std::string evidence, Target const& target)
{
    auto const* const cause = model::find_cause(id);
    model::Finding finding{.outcome = outcome, .cause = std::string(id), .evidence = std::move(evidence)};
    if (cause != nullptr) {
        finding.remedy = with_names(cause->remedy, target);
        finding.owner = cause->owner;
    }
    return finding;
}

std::string_view port_of(Purpose purpose)
{
    switch (purpose) {
        case Purpose::provider: return "port-443";
        case Purpose::imap: return "port-993";
        case Purpose::pop3: return "port-995";
        case Purpose::smtp: return "port-587";
    }
    return "";
}

// Where nothing more precise is to blame.
std::string_view test_of(Purpose purpose)
{
    switch (purpose) {
        case Purpose::provider: return "url-login";
        case Purpose::imap: return "inbound-imap";
        case Purpose::pop3: return "inbound-pop3";
        case Purpose::smtp: return "outbound-smtp";
    }
    return "";
}

model::Speaker speaker_of(Purpose purpose)
{
    switch (purpose) {
        case Purpose::provider: return model::Speaker::entra;
        case Purpose::imap: return model::Speaker::imap;
        case Purpose::pop3: return model::Speaker::pop3;
        case Purpose::smtp: return model::Speaker::smtp;
    }
    return model::Speaker::mail;
}

// Items that can fail by what a mail server says to one mailbox.
bool judges_mailboxes(std::string_view item)
{
    static constexpr std::array<std::string_view, 7> all{
        "application-only", "mailbox-access", "inbound-enabled", "smtp-enabled", "quota", "send-as", "mailbox-full"};
    return std::ranges::find(all, item) != all.end();
}

bool ruled_out(model::Cause const& cause, Standing const& standing)
{
    auto const is = [&](std::string_view id) { return cause.id == id; };
    if (is("token-for-another-resource") || is("smtp-token-refused") || is("pop3-sign-in-refused") ||
        is("token-too-long-for-pop3"))
        return standing.claims_fit;
    if (is("token-refused-as-expired")) return standing.renewed;
    if (is("service-principal-unknown")) return !standing.application_only || standing.principal_known;
    if (is("basic-authentication-off") || is("basic-authentication-ended") || is("password-wrong"))
        return !standing.password;
    if (is("mailbox-right-missing") || is("user-name-refused") || is("smtp-signed-in-as-shared"))
        return standing.own_mailbox;
    return false;
}

std::vector<model::Cause const*> left(std::vector<model::Cause const*> causes, Standing const& standing)
{
    auto remaining = causes;
    std::erase_if(remaining, [&](auto const* each) { return ruled_out(*each, standing); });
    return remaining.empty() ? causes : remaining;
}

std::string others(std::vector<model::Cause const*> const& causes)
{
    if (causes.size() < 2) return {};
    std::string text;
    for (auto const* each : causes)
        if (each != causes.front()) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", each->id, each->check);
    return "; it may also be " + text;
}

Blame blame_network(Conversation const& talk, Step const& step)
{
    Blame found{.item = port_of(talk.purpose), .causes = {}, .evidence = shown(talk, step)};
    auto const explanation = model::explain(step.came, {.speaker = model::Speaker::local, .application_only = {}});
    for (auto const& each : explanation.causes) found.causes.push_back(each.cause);
    auto const otherwise = [&](std::string_view id) {
        if (found.causes.empty()) found.causes.push_back(model::find_cause(id));
    };
    bool const of_the_proxy = step.came.find("the proxy ") != std::string::npos;
    // One that lets it pass and gets no answer says so by 502 to 504: what keeps it from the server is behind it.
    bool const behind_the_proxy = of_the_proxy && step.came.find(" itself (") != std::string::npos;
    if (step.kind == StepKind::resolve) {
        found.item = "dns";
        otherwise("name-not-resolved");
    } else if (behind_the_proxy && step.kind == StepKind::connect) {
        found.causes = {model::find_cause("port-closed")};
    } else if (of_the_proxy && step.kind == StepKind::connect) {
        found.item = "proxy";
        found.causes = {model::find_cause("proxy-refuses")};
    } else if (step.kind == StepKind::tls || step.trouble == Trouble::tls) {
        found.item = "tls-path";
        otherwise("tls-failed");
    } else {
        otherwise("port-closed");
    }
    return found;
}

}  // namespace

model::Finding holds(std::string evidence)
{
    return {.outcome = Outcome::holds, .cause = {}, .evidence = std::move(evidence), .remedy = {}};
}
model::Finding fails(std::string_view cause, std::string evidence, Target const& target)
{
    return with_cause(Outcome::fails, cause, std::move(evidence), target);
}
model::Finding warns(std::string_view cause, std::string evidence, Target const& target)
{
    return with_cause(Outcome::warns, cause, std::move(evidence), target);
}
model::Finding untold(std::string evidence)
{
    return {.outcome = Outcome::could_not_be_told, .cause = {}, .evidence = std::move(evidence), .remedy = {}};
}

std::string with_names(std::string remedy, Target const& target)
{
    // Only a whole word: ACCOUNT, and not that of ACCOUNTS.
    auto const put = [&](std::string_view word, std::string const& name) {
        if (name.empty()) return;
        auto const letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'; };
        for (std::size_t at = 0; (at = remedy.find(word, at)) != std::string::npos;) {
            auto const end = at + word.size();
            bool const whole = (at == 0 || !letter(remedy[at - 1])) && (end == remedy.size() || !letter(remedy[end]));
            if (!whole) {
                at = end;
                continue;
            }
            remedy.replace(at, word.size(), name);
            at += name.size();
        }
    };
    if (target.mailbox) put("MAILBOX", target.mailbox->mailbox.address);
    if (target.account) {
        put("USER", target.account->account.user);
        put("ACCOUNT", target.account->account.name);
        if (target.account->application) put("APPLICATION", target.account->application->application.name);
    }
    if (target.application) put("APPLICATION", target.application->application.name);
    return remedy;
}

CommandNames names_in(Target const& target)
{
    CommandNames names;
    if (target.mailbox) names.mailbox = target.mailbox->mailbox.address;
    auto application = target.application;
    if (target.account) {
        auto const& account = target.account->account;
        names.account = account.name;
        if (account.access != model::Access::application) names.user = account.user;
        names.submitter = grants::submits_as_mailbox(account) ? names.mailbox : account.user;
        if (!application) application = target.account->application;
    }
    if (application) {
        names.application = application->application.name;
        names.client_id = application->application.client_id;
    }
    return names;
}

std::string shown(Conversation const& talk, Step const& step)
{
    auto const what = step.asked.empty() ? std::string(to_string(step.kind)) : step.asked;
    return fmt::format("{} ({}; {} of {}, {} ms)", step.came, what, to_string(talk.purpose), to_string(talk.server),
                       step.took.count());
}

std::string whole(Conversation const& talk)
{
    std::string text = fmt::format("{} of {}", to_string(talk.purpose), to_string(talk.server));
    for (auto const& step : talk.steps) text += fmt::format("; {} {} ms", to_string(step.kind), step.took.count());
    return text;
}

Blame blame(Conversation const& talk, Standing const& standing)
{
    auto const& step = *talk.broken();
    bool const spoke =
        step.kind != StepKind::resolve && step.kind != StepKind::connect && step.trouble == Trouble::refused;
    if (!spoke && step.kind < StepKind::sign_in) return blame_network(talk, step);
    auto const explanation =
        model::explain(step.came, {.speaker = speaker_of(talk.purpose), .application_only = standing.application_only});
    Blame found{.item = test_of(talk.purpose), .causes = {}, .evidence = shown(talk, step)};
    for (auto const& each : explanation.causes) found.causes.push_back(each.cause);
    found.causes = left(std::move(found.causes), standing);
    // What is told of senders is told once the sign-in was taken.
    bool const too_early =
        step.kind == StepKind::sign_in && !found.causes.empty() && found.causes.front()->check == "send-as";
    if (!found.causes.empty() && !too_early && judges_mailboxes(found.causes.front()->check))
        found.item = found.causes.front()->check;
    return found;
}

model::Finding judge(std::string_view item, Conversation const& talk, StepKind telling, Standing const& standing,
                     Target const& target)
{
    auto const* const step = talk.broken();
    bool const held = talk.held(telling);
    if (step == nullptr)
        return held ? holds(shown(talk, *talk.find(telling)))
                    : untold(fmt::format("{} was not tried", to_string(telling)));
    if (step->kind == StepKind::sign_in && talk.user.empty()) return untold(step->came);  // nothing to sign in with
    auto const found = blame(talk, standing);
    // A server may say what is wrong later than where it is usual.
    if (held && found.item != item) return holds(shown(talk, *talk.find(telling)));
    if (found.item != item) return untold(fmt::format("{} stands in the way: {}", found.item, found.evidence));
    if (found.causes.empty()) {
        auto finding = fails("", found.evidence, target);
        finding.remedy = model::advice_on_unknown({}).english();
        finding.owner = model::Responsible::exchange;
        return finding;
    }
    return fails(found.causes.front()->id, found.evidence + others(found.causes), target);
}

std::optional<model::Finding> judge_last_mail(std::string_view item, std::string_view cause, Target const& target)
{
    auto const& sending = target.mailbox->sending;
    if (sending.last_outcome == "sent") return holds("the last mail from it was sent on " + to_readable(sending.last));
    if (sending.last_outcome != "failed") return std::nullopt;
    auto const found = model::explain(sending.last_words, {.speaker = model::Speaker::smtp, .application_only = {}});
    if (!found.known() || found.causes.front().cause->check != item) return std::nullopt;
    return fails(cause, fmt::format("on {}: {}", to_readable(sending.last), sending.last_words), target);
}

Standing standing_of(Target const& target, Conversation const& talk, Renewal const& renewal)
{
    auto const& account = target.account->account;
    Standing standing;
    standing.application_only = account.access == model::Access::application;
    standing.password = account.access == model::Access::password;
    auto const& owner = renewal.token ? renewal.token->user_name : account.user;
    standing.own_mailbox = !standing.application_only && equal_ignoring_case(talk.user, owner) &&
                           (!target.mailbox || equal_ignoring_case(target.mailbox->mailbox.address, owner) ||
                            talk.purpose == Purpose::smtp);
    standing.renewed = renewal.renewed;
    if (renewal.token && !standing.password)
        standing.claims_fit = claims_fit(renewal.token->token.expose(), *target.account, Instant{}).wrong.empty();
    return standing;
}

std::vector<model::Cause const*> causes_of(std::string_view words, bool application_only)
{
    std::vector<model::Cause const*> causes;
    for (auto const& each :
         model::explain(words, {.speaker = model::Speaker::entra, .application_only = application_only}).causes)
        causes.push_back(each.cause);
    return causes;
}

model::Finding judge_refusal(std::string_view item, std::string_view words, Target const& target)
{
    bool const own = target.account && target.account->account.access == model::Access::application;
    auto const causes = causes_of(words, own);
    if (causes.empty()) return untold(std::string(words));
    auto const& likeliest = *causes.front();
    if (likeliest.check != item) return untold(fmt::format("{} stands in the way: {}", likeliest.check, words));
    return fails(likeliest.id, std::string(words) + others(causes), target);
}

namespace {

std::vector<std::string> listed(boost::json::object const& claims, std::string_view member)
{
    std::vector<std::string> all;
    auto const* const found = claims.if_contains(member);
    if (found == nullptr) return all;
    if (found->is_string())
        for (auto const each : split(std::string_view(found->get_string().data(), found->get_string().size()), ' '))
            all.emplace_back(each);
    if (found->is_array())
        for (auto const& each : found->get_array())
            if (each.is_string()) all.emplace_back(each.get_string());
    return all;
}

struct Needed {
    std::string_view inbound, outbound;
};

// Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth".
Needed needed_by(model::Account const& account)
{
    bool const pop3 = account.retrieval == model::Protocol::pop3;
    if (account.access == model::Access::application)
        return {pop3 ? "POP.AccessAsApp" : "IMAP.AccessAsApp", "SMTP.SendAsApp"};
    return {pop3 ? "POP.AccessAsUser.All" : "IMAP.AccessAsUser.All", "SMTP.Send"};
}

// Its names, and that of the application that Exchange Online is (Microsoft, "access tokens"; MailKit #1811).
bool is_of_exchange(std::string_view audience)
{
    static constexpr std::array<std::string_view, 5> names{
        "https://outlook.office.com", "https://outlook.office365.com", "00000002-0000-0ff1-ce00-000000000000",
        "https://outlook.office365.us", "https://partner.outlook.cn"};
    while (audience.ends_with('/')) audience.remove_suffix(1);
    return std::ranges::any_of(names, [&](auto each) { return equal_ignoring_case(each, audience); });
}

constexpr std::size_t longest_over_pop3 = 4'096;  // Exchange Online, MailKit #1948

}  // namespace

ClaimsFit claims_fit(std::string_view token, AccountFile const& file, Instant now)
{
    ClaimsFit fit;
    auto const wrong = [&](std::string_view cause, std::string words) {
        if (fit.cause.empty()) fit.cause = cause;
        fit.wrong.push_back(std::move(words));
    };
    auto const& account = file.account;
    if (account.retrieval == model::Protocol::pop3 && token.size() > longest_over_pop3)
        wrong("token-too-long-for-pop3",
              fmt::format("it has {} characters, and Exchange takes {} over POP3", token.size(), longest_over_pop3));
    auto const jwt = oauth::decode_jwt(token);
    if (!jwt) {
        fit.said = fmt::format("a token of {} characters that says nothing which could be read", token.size());
        return fit;
    }
    auto const& claims = jwt->claims;
    auto const text = [&](char const* name) { return printable(oauth::text_member(claims, name), 128); };
    bool const delegated = account.access != model::Access::application;
    auto const rights = listed(claims, delegated ? "scp" : "roles");
    auto const audience = text("aud");
    fit.said = fmt::format("for {}, tenant {}, user {}, {} {}, {} characters", audience, text("tid"),
                           text("upn").empty() ? text("preferred_username") : text("upn"),
                           delegated ? "scopes" : "roles", fmt::join(rights, " "), token.size());
    // Only Entra's tokens are known to say these.
    if (text("tid").empty() || (text("appid").empty() && text("azp").empty())) return fit;
    if (!is_of_exchange(audience)) wrong("token-for-another-resource", "it is for " + audience);
    auto const needs = needed_by(account);
    for (auto const right : {needs.inbound, needs.outbound})
        if (std::ranges::find(rights, right) == rights.end())
            wrong(delegated ? "token-lacks-permission" : "app-role-missing",
                  fmt::format("{} is not among its rights", right));
    if (file.grant && delegated) {
        auto const& owner = file.grant->owner;
        if (!text("oid").empty() && text("oid") != owner.object_id)
            wrong("wrong-user-signed-in",
                  fmt::format("it is for the user {}, and the grant for {}", text("oid"), owner.object_id));
        if (text("tid") != owner.tenant_id)
            wrong("token-of-another-tenant",
                  fmt::format("it is of the tenant {}, and the grant of {}", text("tid"), owner.tenant_id));
    }
    auto const application = text("appid").empty() ? text("azp") : text("appid");
    if (file.application && !equal_ignoring_case(application, file.application->application.client_id))
        wrong("token-of-another-application",
              fmt::format("it was issued to {}, and not to {}", application, file.application->application.client_id));
    auto const* const ends = claims.if_contains("exp");
    if (now != Instant{} && ends != nullptr && ends->is_int64() &&
        Instant(std::chrono::seconds(ends->get_int64())) <= now)
        wrong("token-refused-as-expired",
              "it ended on " + to_readable(Instant(std::chrono::seconds(ends->get_int64()))));
    return fit;
}

}  // namespace postroom::checks
