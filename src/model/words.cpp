// Each enumeration's words, in one place: the store keeps them, the API shows them.
#include "model/account.hpp"
#include "model/case.hpp"
#include "model/causes.hpp"
#include "model/grant.hpp"
#include "model/mailbox.hpp"
#include "model/message.hpp"
#include "model/outbound.hpp"
#include "model/user.hpp"

#include <fmt/format.h>

#include <array>

namespace postroom::model {

namespace {

template <class Enum, std::size_t N>
struct Words {
    std::string_view what;
    std::array<std::pair<Enum, std::string_view>, N> words;

    [[nodiscard]] std::string_view of(Enum value) const
    {
        for (auto const& [key, word] : words)
            if (key == value) return word;
        return "?";
    }
    [[nodiscard]] Result<Enum> parse(std::string_view text) const
    {
        std::string all;
        for (auto const& [key, word] : words) {
            if (word == text) return key;
            all += (all.empty() ? "" : ", ") + std::string(word);
        }
        return failure(Trouble::invalid,
                       fmt::format("\"{}\" is not a {}; it is one of: {}", text.substr(0, 64), what, all));
    }
};

constexpr Words<Role, 4> roles{"role",
                               {{{Role::system_administrator, "system-administrator"},
                                 {Role::department_administrator, "department-administrator"},
                                 {Role::agent, "agent"},
                                 {Role::auditor, "auditor"}}}};
constexpr Words<AccountKind, 2> account_kinds{"kind of account",
                                              {{{AccountKind::mailbox, "mailbox"}, {AccountKind::shared, "shared"}}}};
constexpr Words<Protocol, 2> protocols{"protocol", {{{Protocol::imap, "imap"}, {Protocol::pop3, "pop3"}}}};
constexpr Words<AccountState, 3> account_states{"state of an account",
                                                {{{AccountState::new_account, "new"},
                                                  {AccountState::ready, "ready"},
                                                  {AccountState::needs_authorization, "needs-authorization"}}}};
constexpr Words<AfterAction, 4> after_actions{"after-action",
                                              {{{AfterAction::leave, "leave"},
                                                {AfterAction::mark_seen, "seen"},
                                                {AfterAction::move, "move"},
                                                {AfterAction::remove, "delete"}}}};
constexpr Words<MailboxState, 6> mailbox_states{"state of a mailbox",
                                                {{{MailboxState::waiting, "waiting"},
                                                  {MailboxState::connecting, "connecting"},
                                                  {MailboxState::retrieving, "retrieving"},
                                                  {MailboxState::idle, "idle"},
                                                  {MailboxState::backing_off, "backing-off"},
                                                  {MailboxState::stopped, "stopped"}}}};
constexpr Words<Authorization::State, 3> authorization_states{"state of an authorization",
                                                              {{{Authorization::State::waiting, "waiting"},
                                                                {Authorization::State::accepted, "accepted"},
                                                                {Authorization::State::refused, "refused"}}}};
constexpr Words<TriageState, 3> triage_states{
    "state of triage",
    {{{TriageState::pending, "pending"}, {TriageState::done, "done"}, {TriageState::exception, "exception"}}}};
constexpr Words<LedgerState, 4> ledger_states{"state in the ledger",
                                              {{{LedgerState::skipped, "skipped"},
                                                {LedgerState::filed, "filed"},
                                                {LedgerState::duplicate, "duplicate"},
                                                {LedgerState::unreadable, "unreadable"}}}};
constexpr Words<CaseState, 2> case_states{"state of a case",
                                          {{{CaseState::open, "open"}, {CaseState::closed, "closed"}}}};
constexpr Words<ActivityKind, 4> activity_kinds{"kind of activity",
                                                {{{ActivityKind::received, "received"},
                                                  {ActivityKind::sent, "sent"},
                                                  {ActivityKind::note, "note"},
                                                  {ActivityKind::event, "event"}}}};
constexpr Words<OutboundState, 6> outbound_states{"state of outbound mail",
                                                  {{{OutboundState::queued, "queued"},
                                                    {OutboundState::claimed, "claimed"},
                                                    {OutboundState::committing, "committing"},
                                                    {OutboundState::sent, "sent"},
                                                    {OutboundState::failed, "failed"},
                                                    {OutboundState::in_doubt, "in-doubt"}}}};

constexpr Words<Responsible, 5> owners{"owner",
                                       {{{Responsible::postroom, "postroom-administrator"},
                                         {Responsible::entra, "entra-administrator"},
                                         {Responsible::exchange, "exchange-administrator"},
                                         {Responsible::network, "network-administrator"},
                                         {Responsible::microsoft, "microsoft"}}}};
constexpr Words<Responsible, 5> owners_in_words{"owner",
                                                {{{Responsible::postroom, "Postroom administrator"},
                                                  {Responsible::entra, "Entra administrator"},
                                                  {Responsible::exchange, "Exchange administrator"},
                                                  {Responsible::network, "network administrator"},
                                                  {Responsible::microsoft, "Microsoft"}}}};
constexpr Words<Outcome, 4> outcomes{"outcome",
                                     {{{Outcome::holds, "holds"},
                                       {Outcome::fails, "fails"},
                                       {Outcome::warns, "warns"},
                                       {Outcome::could_not_be_told, "could-not-be-told"}}}};
constexpr Words<Evidence, 4> evidences{"grade of evidence",
                                       {{{Evidence::observed, "observed"},
                                         {Evidence::documented, "documented"},
                                         {Evidence::inferred, "inferred"},
                                         {Evidence::unverified, "unverified"}}}};
constexpr Words<Speaker, 6> speakers{"speaker",
                                     {{{Speaker::entra, "entra"},
                                       {Speaker::imap, "imap"},
                                       {Speaker::pop3, "pop3"},
                                       {Speaker::smtp, "smtp"},
                                       {Speaker::mail, "mail"},
                                       {Speaker::local, "local"}}}};

}  // namespace

std::string_view to_string(Role role)
{
    return roles.of(role);
}
Result<Role> parse_role(std::string_view text)
{
    return roles.parse(text);
}
std::string_view to_string(AccountKind kind)
{
    return account_kinds.of(kind);
}
Result<AccountKind> parse_account_kind(std::string_view text)
{
    return account_kinds.parse(text);
}
std::string_view to_string(Protocol protocol)
{
    return protocols.of(protocol);
}
Result<Protocol> parse_protocol(std::string_view text)
{
    return protocols.parse(text);
}
std::string_view to_string(AccountState state)
{
    return account_states.of(state);
}
Result<AccountState> parse_account_state(std::string_view text)
{
    return account_states.parse(text);
}
std::string_view to_string(AfterAction action)
{
    return after_actions.of(action);
}
Result<AfterAction> parse_after_action(std::string_view text)
{
    return after_actions.parse(text);
}
std::string_view to_string(MailboxState state)
{
    return mailbox_states.of(state);
}
Result<MailboxState> parse_mailbox_state(std::string_view text)
{
    return mailbox_states.parse(text);
}
std::string_view to_string(Authorization::State state)
{
    return authorization_states.of(state);
}
Result<Authorization::State> parse_authorization_state(std::string_view text)
{
    return authorization_states.parse(text);
}
std::string_view to_string(TriageState state)
{
    return triage_states.of(state);
}
Result<TriageState> parse_triage_state(std::string_view text)
{
    return triage_states.parse(text);
}
std::string_view to_string(LedgerState state)
{
    return ledger_states.of(state);
}
Result<LedgerState> parse_ledger_state(std::string_view text)
{
    return ledger_states.parse(text);
}
std::string_view to_string(CaseState state)
{
    return case_states.of(state);
}
Result<CaseState> parse_case_state(std::string_view text)
{
    return case_states.parse(text);
}
std::string_view to_string(ActivityKind kind)
{
    return activity_kinds.of(kind);
}
Result<ActivityKind> parse_activity_kind(std::string_view text)
{
    return activity_kinds.parse(text);
}
std::string_view to_string(OutboundState state)
{
    return outbound_states.of(state);
}
Result<OutboundState> parse_outbound_state(std::string_view text)
{
    return outbound_states.parse(text);
}
std::string_view to_string(Responsible owner)
{
    return owners.of(owner);
}
std::string_view in_words(Responsible owner)
{
    return owners_in_words.of(owner);
}
Result<Responsible> parse_responsible(std::string_view text)
{
    return owners.parse(text);
}
std::string_view to_string(Outcome outcome)
{
    return outcomes.of(outcome);
}
Result<Outcome> parse_outcome(std::string_view text)
{
    return outcomes.parse(text);
}
std::string_view to_string(Evidence evidence)
{
    return evidences.of(evidence);
}
Result<Evidence> parse_evidence(std::string_view text)
{
    return evidences.parse(text);
}
std::string_view to_string(Speaker speaker)
{
    return speakers.of(speaker);
}
Result<Speaker> parse_speaker(std::string_view text)
{
    return speakers.parse(text);
}

}  // namespace postroom::model
