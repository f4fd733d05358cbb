// Each enumeration's words, in one place: the store keeps them, the API shows them.
#include "model/account.hpp"
#include "model/case.hpp"
#include "model/causes.hpp"
#include "model/grant.hpp"
#include "model/mailbox.hpp"
#include "model/message.hpp"
#include "model/outbound.hpp"
#include "model/screens.hpp"
#include "model/sending.hpp"
#include "model/user.hpp"

#include <fmt/format.h>

#include <array>

namespace postroom::model {

namespace {

template <class Enum, std::size_t N>
struct Spelling {
    char const* what;
    std::array<std::pair<Enum, char const*>, N> words;

    [[nodiscard]] char const* of(Enum value) const
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
                       tr("\"{}\" is not a {}; it is one of: {}", text.substr(0, 64), Words(nullptr, what), all));
    }
};

constexpr Spelling<Role, 4> roles{mark("role"),
                                  {{{Role::system_administrator, mark_in("role", "system-administrator")},
                                    {Role::department_administrator, mark_in("role", "department-administrator")},
                                    {Role::agent, mark_in("role", "agent")},
                                    {Role::auditor, mark_in("role", "auditor")}}}};
constexpr Spelling<AccountKind, 2> account_kinds{mark("kind of account"),
                                                 {{{AccountKind::mailbox, mark_in("kind of account", "mailbox")},
                                                   {AccountKind::shared, mark_in("kind of account", "shared")}}}};
constexpr Spelling<Protocol, 2> protocols{mark("protocol"), {{{Protocol::imap, "imap"}, {Protocol::pop3, "pop3"}}}};
constexpr Spelling<AccountState, 3> account_states{
    mark("state of an account"),
    {{{AccountState::new_account, mark_in("state of an account", "new")},
      {AccountState::ready, mark_in("state of an account", "ready")},
      {AccountState::needs_authorization, mark_in("state of an account", "needs-authorization")}}}};
constexpr Spelling<Access, 3> accesses{mark("kind of access"),
                                       {{{Access::delegated, mark_in("kind of access", "delegated")},
                                         {Access::application, mark_in("kind of access", "application")},
                                         {Access::password, mark_in("kind of access", "password")}}}};
constexpr Spelling<SignInAs, 2> sign_in_names{mark("name to sign in with"),
                                              {{{SignInAs::mailbox, "mailbox"}, {SignInAs::owner, "owner"}}}};
constexpr Spelling<CredentialKind, 2> credential_kinds{
    mark("kind of credential"),
    {{{CredentialKind::secret, mark_in("kind of credential", "secret")},
      {CredentialKind::certificate, mark_in("kind of credential", "certificate")}}}};
constexpr Spelling<Flow, 3> flows{
    mark("flow"), {{{Flow::code, "code"}, {Flow::device, "device"}, {Flow::application, "application"}}}};
constexpr Spelling<MailboxRight::What, 2> rights{
    mark("right"), {{{MailboxRight::What::open, "open"}, {MailboxRight::What::send, "send"}}}};
constexpr Spelling<AfterAction, 4> after_actions{mark("after-action"),
                                                 {{{AfterAction::leave, "leave"},
                                                   {AfterAction::mark_seen, "seen"},
                                                   {AfterAction::move, "move"},
                                                   {AfterAction::remove, "delete"}}}};
constexpr Spelling<MailboxState, 6> mailbox_states{
    mark("state of a mailbox"),
    {{{MailboxState::waiting, mark_in("state of a mailbox", "waiting")},
      {MailboxState::connecting, mark_in("state of a mailbox", "connecting")},
      {MailboxState::retrieving, mark_in("state of a mailbox", "retrieving")},
      {MailboxState::idle, mark_in("state of a mailbox", "idle")},
      {MailboxState::backing_off, mark_in("state of a mailbox", "backing-off")},
      {MailboxState::stopped, mark_in("state of a mailbox", "stopped")}}}};
constexpr Spelling<Unexpected, 3> decisions{
    mark("decision about unexpected mail"),
    {{{Unexpected::ask, "ask"}, {Unexpected::file, "file"}, {Unexpected::skip, "skip"}}}};
constexpr Spelling<MailTrouble, 17> mail_troubles{
    mark("trouble of a mailbox"),
    {{{MailTrouble::none, ""},
      {MailTrouble::needs_authorization, mark_in("trouble of a mailbox", "needs-authorization")},
      {MailTrouble::sign_in_refused, mark_in("trouble of a mailbox", "sign-in-refused")},
      {MailTrouble::protocol_off, mark_in("trouble of a mailbox", "protocol-off")},
      {MailTrouble::no_right, mark_in("trouble of a mailbox", "no-right")},
      {MailTrouble::throttled, mark_in("trouble of a mailbox", "throttled")},
      {MailTrouble::unavailable, mark_in("trouble of a mailbox", "unavailable")},
      {MailTrouble::refused, mark_in("trouble of a mailbox", "refused")},
      {MailTrouble::cut, mark_in("trouble of a mailbox", "cut")},
      {MailTrouble::no_answer, mark_in("trouble of a mailbox", "no-answer")},
      {MailTrouble::no_progress, mark_in("trouble of a mailbox", "no-progress")},
      {MailTrouble::nonsense, mark_in("trouble of a mailbox", "nonsense")},
      {MailTrouble::tls, mark_in("trouble of a mailbox", "tls")},
      {MailTrouble::dns, mark_in("trouble of a mailbox", "dns")},
      {MailTrouble::unreachable, mark_in("trouble of a mailbox", "unreachable")},
      {MailTrouble::store, mark_in("trouble of a mailbox", "store")},
      {MailTrouble::internal, mark_in("trouble of a mailbox", "internal")}}}};
constexpr Spelling<Authorization::State, 4> authorization_states{
    mark("state of an authorization"),
    {{{Authorization::State::waiting, mark_in("state of an authorization", "waiting")},
      {Authorization::State::trying, mark_in("state of an authorization", "trying")},
      {Authorization::State::accepted, mark_in("state of an authorization", "accepted")},
      {Authorization::State::refused, mark_in("state of an authorization", "refused")}}}};
constexpr Spelling<TriageState, 3> triage_states{
    mark("state of triage"),
    {{{TriageState::pending, "pending"}, {TriageState::done, "done"}, {TriageState::exception, "exception"}}}};
constexpr Spelling<Above, 3> aboves{mark("way with what is too large"),
                                    {{{Above::hold, mark_in("way with what is too large", "hold")},
                                      {Above::cut, mark_in("way with what is too large", "cut")},
                                      {Above::accept, mark_in("way with what is too large", "accept")}}}};
constexpr Spelling<ScreenRuleKind, 5> screen_rule_kinds{mark("kind of rule"),
                                                        {{{ScreenRuleKind::sender, "sender"},
                                                          {ScreenRuleKind::file_name, "file-name"},
                                                          {ScreenRuleKind::content, "content"},
                                                          {ScreenRuleKind::permanent_phrase, "permanent-phrase"},
                                                          {ScreenRuleKind::temporary_phrase, "temporary-phrase"}}}};
constexpr Spelling<Screen, 6> screens{mark("screen"),
                                      {{{Screen::none, ""},
                                        {Screen::sender, mark_in("screen", "sender")},
                                        {Screen::file_name, mark_in("screen", "file-name")},
                                        {Screen::content, mark_in("screen", "content")},
                                        {Screen::size, mark_in("screen", "size")},
                                        {Screen::delivery, mark_in("screen", "delivery")}}}};
constexpr Spelling<LedgerState, 4> ledger_states{
    mark("state in the ledger"),
    {{{LedgerState::skipped, mark_in("state in the ledger", "skipped")},
      {LedgerState::filed, mark_in("state in the ledger", "filed")},
      {LedgerState::duplicate, mark_in("state in the ledger", "duplicate")},
      {LedgerState::unreadable, mark_in("state in the ledger", "unreadable")}}}};
constexpr Spelling<CaseState, 2> case_states{mark("state of a case"),
                                             {{{CaseState::open, mark_in("state of a case", "open")},
                                               {CaseState::closed, mark_in("state of a case", "closed")}}}};
constexpr Spelling<ActivityKind, 4> activity_kinds{mark("kind of activity"),
                                                   {{{ActivityKind::received, mark_in("kind of activity", "received")},
                                                     {ActivityKind::sent, mark_in("kind of activity", "sent")},
                                                     {ActivityKind::note, mark_in("kind of activity", "note")},
                                                     {ActivityKind::event, mark_in("kind of activity", "event")}}}};
constexpr Spelling<RecipientState, 5> recipient_states{
    mark("what became of a recipient"),
    {{{RecipientState::accepted, mark_in("what became of a recipient", "accepted")},
      {RecipientState::refused, mark_in("what became of a recipient", "refused")},
      {RecipientState::delayed, mark_in("what became of a recipient", "delayed")},
      {RecipientState::delivered, mark_in("what became of a recipient", "delivered")},
      {RecipientState::failed, mark_in("what became of a recipient", "failed")}}}};
constexpr Spelling<OutboundState, 7> outbound_states{
    mark("state of outbound mail"),
    {{{OutboundState::queued, mark_in("state of outbound mail", "queued")},
      {OutboundState::claimed, mark_in("state of outbound mail", "claimed")},
      {OutboundState::committing, mark_in("state of outbound mail", "committing")},
      {OutboundState::sent, mark_in("state of outbound mail", "sent")},
      {OutboundState::failed, mark_in("state of outbound mail", "failed")},
      {OutboundState::in_doubt, mark_in("state of outbound mail", "in-doubt")},
      {OutboundState::cancelled, mark_in("state of outbound mail", "cancelled")}}}};

constexpr Spelling<Responsible, 5> owners{mark("owner"),
                                          {{{Responsible::postroom, "postroom-administrator"},
                                            {Responsible::entra, "entra-administrator"},
                                            {Responsible::exchange, "exchange-administrator"},
                                            {Responsible::network, "network-administrator"},
                                            {Responsible::microsoft, "microsoft"}}}};
constexpr Spelling<Responsible, 5> owners_in_words{
    mark("owner"),
    {{{Responsible::postroom, mark_in("owner", "Postroom administrator")},
      {Responsible::entra, mark_in("owner", "Entra administrator")},
      {Responsible::exchange, mark_in("owner", "Exchange administrator")},
      {Responsible::network, mark_in("owner", "network administrator")},
      {Responsible::microsoft, mark_in("owner", "Microsoft")}}}};
constexpr Spelling<Outcome, 4> outcomes{mark("outcome"),
                                        {{{Outcome::holds, "holds"},
                                          {Outcome::fails, "fails"},
                                          {Outcome::warns, "warns"},
                                          {Outcome::could_not_be_told, "could-not-be-told"}}}};
constexpr Spelling<Evidence, 4> evidences{mark("grade of evidence"),
                                          {{{Evidence::observed, mark_in("grade of evidence", "observed")},
                                            {Evidence::documented, mark_in("grade of evidence", "documented")},
                                            {Evidence::inferred, mark_in("grade of evidence", "inferred")},
                                            {Evidence::unverified, mark_in("grade of evidence", "unverified")}}}};
constexpr Spelling<Speaker, 6> speakers{mark("speaker"),
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
std::string_view to_string(Access access)
{
    return accesses.of(access);
}
Result<Access> parse_access(std::string_view text)
{
    return accesses.parse(text);
}
std::string_view to_string(SignInAs who)
{
    return sign_in_names.of(who);
}
Result<SignInAs> parse_sign_in_as(std::string_view text)
{
    return sign_in_names.parse(text);
}
std::string_view to_string(CredentialKind kind)
{
    return credential_kinds.of(kind);
}
Result<CredentialKind> parse_credential_kind(std::string_view text)
{
    return credential_kinds.parse(text);
}
std::string_view to_string(Flow flow)
{
    return flows.of(flow);
}
Result<Flow> parse_flow(std::string_view text)
{
    return flows.parse(text);
}
std::string_view to_string(MailboxRight::What what)
{
    return rights.of(what);
}
Result<MailboxRight::What> parse_right(std::string_view text)
{
    return rights.parse(text);
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
std::string_view to_string(Unexpected decision)
{
    return decisions.of(decision);
}
Result<Unexpected> parse_unexpected(std::string_view text)
{
    return decisions.parse(text);
}
std::string_view to_string(MailTrouble trouble)
{
    return mail_troubles.of(trouble);
}
Result<MailTrouble> parse_mail_trouble(std::string_view text)
{
    return mail_troubles.parse(text);
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
std::string_view to_string(Above above)
{
    return aboves.of(above);
}
Result<Above> parse_above(std::string_view text)
{
    return aboves.parse(text);
}
std::string_view to_string(ScreenRuleKind kind)
{
    return screen_rule_kinds.of(kind);
}
Result<ScreenRuleKind> parse_screen_rule_kind(std::string_view text)
{
    return screen_rule_kinds.parse(text);
}
std::string_view to_string(Screen screen)
{
    return screens.of(screen);
}
Result<Screen> parse_screen(std::string_view text)
{
    return screens.parse(text);
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
std::string_view to_string(RecipientState state)
{
    return recipient_states.of(state);
}
Result<RecipientState> parse_recipient_state(std::string_view text)
{
    return recipient_states.parse(text);
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
Words in_words(Responsible owner)
{
    return {owners_in_words.what, owners_in_words.of(owner)};
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
Words in_words(Evidence evidence)
{
    return {evidences.what, evidences.of(evidence)};
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
