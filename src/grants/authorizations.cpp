#include "grants/authorizations.hpp"

#include "base/readable-time.hpp"
#include "store/accounts.hpp"
#include "store/changes.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/holds.hpp"
#include "store/mailboxes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::grants {

namespace json = boost::json;
using State = model::Authorization::State;

namespace {

constexpr std::string_view alarm_cause = "grant-refresh";

void add_job(store::Connection& c, model::JobId id, json::object const& input)
{
    store::add_job(c, {.id = id,
                       .kind = std::string(trial_job),
                       .input = json::serialize(input),
                       .output = {},
                       .state = {},
                       .created = c.now()});
}

void audit(store::Connection& c, model::Authorization const& authorization, std::string_view what,
           std::string_view words, Instant now)
{
    auto const account = store::account(c, authorization.account);
    json::object const detail{{"words", words},
                              {"flow", std::string(to_string(authorization.flow))},
                              {"authorization", to_string(authorization.id)}};
    store::audit(c, {now, authorization.by, std::string(what),
                     account ? account->name : to_string(authorization.account), json::serialize(detail)});
}

// What changed while it was tried, and makes it worth nothing.
std::optional<std::string> outdated(store::Connection& c, model::Account const& account, Candidate const& candidate)
{
    if (account.access != candidate.access || account.application != candidate.application)
        return "the account was converted meanwhile, and what the provider issued is not for what it is now";
    auto const current = store::grant(c, account.id);
    bool const other =
        current &&
        (current->owner.tenant_id != candidate.owner.tenant_id ||
         (account.access == model::Access::delegated && current->owner.object_id != candidate.owner.object_id));
    if (other)
        return fmt::format("meanwhile the account was authorized as {}",
                           current->owner.user_name.empty() ? current->owner.tenant_id : current->owner.user_name);
    return std::nullopt;
}

Settled accept(store::Connection& c, model::Authorization const& authorization, model::Account const& account,
               model::Grant const& grant, std::string const& notes, Trial const& trial)
{
    store::accept_grant(c, grant);
    for (auto const& right : trial.rights) store::set_right(c, right);
    store::release_sign_ins(c, account.id);
    store::set_account_state(c, account.id, model::AccountState::ready, "", grant.accepted);
    store::end_alarm(c, alarm_cause, account.name, grant.accepted);
    auto words = account.access == model::Access::application
                     ? fmt::format("The account {} is authorized by its application's own permissions.", account.name)
                     : fmt::format("The account {} is authorized as {}.", account.name, grant.owner.user_name);
    if (!notes.empty()) words += fmt::format(" Note: {}.", notes);
    audit(c, authorization, "grant.accept", words, grant.accepted);
    return {true, account.name, std::move(words)};
}

}  // namespace

model::JobId add_trial(store::Connection& c, model::AccountId account, bool test_mail)
{
    store::lock_account(c, account);
    json::object const input{{"account", to_string(account)}, {"test_mail", test_mail}};
    if (auto const waits = store::waiting_job(c, trial_job, json::serialize(input))) return waits->id;
    auto const id = model::JobId::make();
    add_job(c, id, input);
    return id;
}

void open_authorization(store::Connection& c, model::Authorization const& authorization)
{
    store::lock_account(c, authorization.account);
    for (auto const& earlier : store::open_authorizations(c, authorization.account)) {
        auto const words =
            fmt::format("{} began another authorization of the account at {}, and the one begun last counts",
                        authorization.by, to_readable(authorization.begun));
        if (store::settle_authorization(c, earlier.id, State::refused, words))
            audit(c, earlier, "grant.refuse", words, authorization.begun);
    }
    store::add_authorization(c, authorization);
    // Whoever looks at the account is told that somebody began.
    store::account_changed(c, authorization.account);
}

bool offer_candidate(store::Connection& c, Ground const& ground, model::Authorization authorization,
                     Candidate const& candidate, oauth::TokenAnswer const& answer)
{
    authorization.job = model::JobId::make();
    put_candidate(authorization, ground, candidate, answer);
    if (!store::try_authorization(c, authorization)) return false;
    add_job(c, *authorization.job, {{"authorization", to_string(authorization.id)}});
    return true;
}

std::optional<Settled> settle(store::Connection& c, Ground const& ground, model::AuthorizationId id, Trial const& trial)
{
    auto authorization = store::authorization(c, id);
    if (!authorization) return std::nullopt;
    store::lock_account(c, authorization->account);
    // As it is now that nobody else can change it.
    authorization = store::authorization(c, id);
    if (!authorization || authorization->outcome != State::trying) return std::nullopt;
    auto const account = store::account(c, authorization->account).value();
    auto const candidate = candidate_of(*authorization);
    auto const grant = grant_from(ground, *authorization, ground.clock->now());

    std::optional<std::string> refusal = trial.refusal;
    if (!refusal && !grant) refusal = grant.error().message;
    if (!refusal) refusal = outdated(c, account, *candidate);
    if (refusal) {
        refuse(c, ground, *authorization, *refusal);
        return Settled{false, account.name, *refusal};
    }
    auto notes = candidate->notes;
    notes.insert(notes.end(), trial.notes.begin(), trial.notes.end());
    auto const noted = fmt::format("{}", fmt::join(notes, "; "));
    (void)store::settle_authorization(c, id, State::accepted, noted);
    return accept(c, *authorization, account, *grant, noted, trial);
}

bool refuse(store::Connection& c, Ground const& ground, model::Authorization const& authorization,
            std::string const& words)
{
    if (!store::settle_authorization(c, authorization.id, State::refused, words)) return false;
    store::account_changed(c, authorization.account);
    audit(c, authorization, "grant.refuse", words, ground.clock->now());
    return true;
}

}  // namespace postroom::grants
