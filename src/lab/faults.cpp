#include "lab/faults.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace postroom::lab {

namespace {

constexpr std::string_view provider = "identity provider", imap = "IMAP", pop3 = "POP3", smtp = "SMTP", proxy = "proxy";

constexpr std::array<FaultRow, 58> table{{
    {Fault::authorize_redirect_mismatch, "authorize-redirect-mismatch", provider,
     "The authorize page shows AADSTS50011 and does not redirect.", "", "",
     "Microsoft Entra, redirect URI rules and error codes"},
    {Fault::authorize_silent_sign_in, "authorize-silent-sign-in", provider,
     "Without prompt=login or select_account the person at the desktop is signed in without being asked (single "
     "sign-on).",
     "the user who is signed in", "alex@contoso.test", "Microsoft Entra, single sign-on; freescout #3847"},
    {Fault::authorize_refused, "authorize-refused", provider,
     "The authorize page shows a number and does not redirect.", "the AADSTS number", "700016",
     "Microsoft Entra, error codes; the sentence is invented"},
    {Fault::configuration_unavailable, "configuration-unavailable", provider,
     "The tenant's configuration is answered with an error.", "the HTTP status", "503",
     "Microsoft Entra, error values; that it plays here is invented"},
    {Fault::configuration_of_another_tenant, "configuration-of-another-tenant", provider,
     "The tenant's configuration names another tenant as issuer.", "the other tenant's id",
     "9b1c5d0a-2f6e-4a3b-8c47-1e0d2b3a4f56", "invented"},
    {Fault::token_busy, "token-busy", provider, "The token endpoint answers 429 with Retry-After.",
     "seconds of Retry-After", "5", "invented: 429 of the sign-in host is reported, its details are not"},
    {Fault::token_unavailable, "token-unavailable", provider,
     "The token endpoint answers 503 with temporarily_unavailable.", "seconds of Retry-After", "5",
     "Microsoft Entra, error values of the token endpoint"},
    {Fault::token_html, "token-html", provider, "The token endpoint answers an HTML page, as a proxy in between does.",
     "the HTTP status", "200", "invented"},
    {Fault::token_short_life, "token-short-life", provider, "Access tokens live shorter than usual.", "seconds", "600",
     "Microsoft Entra, configurable token lifetimes"},
    {Fault::token_refused, "token-refused", provider, "The token endpoint refuses with a number.",
     "the AADSTS number, and the error value behind a space (invalid_grant)", "70000",
     "Microsoft Entra, error codes; the sentence is invented"},
    {Fault::token_claims, "token-claims", provider, "Access tokens say something else.",
     "JSON with the claims that stand in place of the right ones", "{\"aud\":\"https://graph.microsoft.com\"}",
     "Microsoft Entra, access token claims"},
    {Fault::token_lacks_scope, "token-lacks-scope", provider, "A permission is not among those that are granted.",
     "the permission", "SMTP.Send", "Microsoft Entra, permissions and consent"},
    {Fault::refresh_inactive, "refresh-inactive", provider, "Refreshing is refused: AADSTS700082.", "", "",
     "Microsoft Entra, bodies quoted in issues"},
    {Fault::refresh_revoked, "refresh-revoked", provider, "Refreshing is refused: AADSTS50173.", "", "",
     "Microsoft Entra, bodies quoted in issues"},
    {Fault::refresh_sign_in_frequency, "refresh-sign-in-frequency", provider, "Refreshing is refused: AADSTS70043.", "",
     "", "Microsoft Entra, bodies quoted in issues; email-oauth2-proxy #181"},
    {Fault::client_secret_wrong, "client-secret-wrong", provider, "The client secret is refused: AADSTS7000215.", "",
     "", "Microsoft Entra, bodies quoted in issues; freescout #5550"},
    {Fault::client_secret_expired, "client-secret-expired", provider, "The client secret is refused: AADSTS7000222.",
     "", "", "Microsoft Entra, bodies quoted in issues; freescout #4465"},
    {Fault::imap_sign_in_refused, "imap-sign-in-refused", imap, "NO AUTHENTICATE failed.", "", "",
     "Exchange Online, Microsoft's OAuth page for IMAP"},
    {Fault::imap_not_connected, "imap-not-connected", imap,
     "Sign-in succeeds, then BAD User is authenticated but not connected.", "", "", "Exchange Online, MailKit #1494"},
    {Fault::imap_throttled, "imap-throttled", imap, "Commands are answered with a suggested backoff, then BYE.",
     "milliseconds", "299961", "Exchange Online, imapsync FAQ, MailKit #849"},
    {Fault::imap_unavailable, "imap-unavailable", imap, "NO Server Unavailable. 15",
     "untagged: an untagged one before it, too", "",
     "Exchange Online, logs of imapsync users; that both come is invented"},
    {Fault::imap_token_expired, "imap-token-expired", imap,
     "The session ends at once, also in IDLE: BYE Session invalidated - AccessTokenExpired.", "", "",
     "Exchange Online, imapflow issues"},
    {Fault::imap_cut_literal, "imap-cut-literal", imap, "The connection ends within a body.",
     "bytes of it that are sent", "100", "invented"},
    {Fault::imap_fetch_empty, "imap-fetch-empty", imap, "FETCH of a body answers OK without data.",
     "the UIDs that it plays for, with commas; empty: all", "", "Exchange Online, MailKit #1615, #908"},
    {Fault::imap_fetch_refused, "imap-fetch-refused", imap,
     "FETCH of bodies is refused where one of some mails is among them: NO Server Unavailable. 15",
     "the UIDs that it plays for, with commas; empty: all", "", "invented"},
    {Fault::imap_fetch_garbled, "imap-fetch-garbled", imap, "FETCH announces a body of impossible length.",
     "the UIDs that it plays for, with commas; empty: all", "", "invented"},
    {Fault::imap_placeholder, "imap-placeholder", imap,
     "BODY.PEEK[] is empty, and BODY[] gives the server's own text instead of the mail.",
     "the UIDs that it plays for, with commas; empty: all", "", "Exchange, getmail's documentation; MailKit #1446"},
    {Fault::imap_placeholder_peek, "imap-placeholder-peek", imap,
     "BODY.PEEK[], too, gives the server's own text instead of the mail.",
     "the UIDs that it plays for, with commas; empty: all", "", "Exchange, libetpan #217"},
    {Fault::imap_late_mail, "imap-late-mail", imap, "SEARCH and FETCH do not show some mail yet.",
     "the UIDs that are not shown, with commas; empty: the newest", "", "Exchange, imapclient #441"},
    {Fault::imap_chatter, "imap-chatter", imap,
     "Untagged responses that nobody asked for stand before every answer, and between the mails of a FETCH.", "", "",
     "RFC 3501 section 7 allows it; these are invented"},
    {Fault::imap_shuffled, "imap-shuffled", imap,
     "FETCH gives the last mail first, and the items of each in reverse: UID comes last.", "", "",
     "Exchange, django-mailbox #232; the order is invented"},
    {Fault::imap_changes_refused, "imap-changes-refused", imap,
     "STORE, COPY, MOVE and EXPUNGE are refused: NO Server Unavailable. 15",
     "the UIDs that it plays for, with commas; empty: all", "", "invented"},
    {Fault::imap_refused, "imap-refused", imap, "A command is refused.", "the command, a space, and the answer to it",
     "EXAMINE BAD Command Argument Error. 11", "as the answer; that it comes there is invented"},
    {Fault::pop3_sign_in_refused, "pop3-sign-in-refused", pop3,
     "-ERR Authentication failure: unknown user name or bad password.", "", "",
     "Exchange Online, Microsoft's OAuth page for POP"},
    {Fault::pop3_disabled, "pop3-disabled", pop3, "The sign-in is refused as where POP3 is off for the mailbox.", "",
     "", "invented: with which words is not known"},
    {Fault::pop3_unavailable, "pop3-unavailable", pop3, "-ERR Server Unavailable. 21", "", "",
     "Exchange Online, logs of users; at which command is invented"},
    {Fault::pop3_cut_mail, "pop3-cut-mail", pop3, "The connection ends within a mail.", "bytes of it that are sent",
     "100", "invented"},
    {Fault::pop3_retrieval_refused, "pop3-retrieval-refused", pop3, "RETR of a mail is refused.",
     "the UIDs (those of IMAP) that it plays for, with commas; empty: all", "", "invented"},
    {Fault::pop3_mail_breaks, "pop3-mail-breaks", pop3, "The connection ends where a mail is asked for.",
     "the UIDs (those of IMAP) that it plays for, with commas; empty: all", "", "invented"},
    {Fault::pop3_deletion_refused, "pop3-deletion-refused", pop3, "DELE is refused.", "", "", "invented"},
    {Fault::pop3_lost_before_deleting, "pop3-lost-before-deleting", pop3,
     "The connection ends after QUIT, without a reply; nothing is deleted.", "", "", "invented"},
    {Fault::pop3_lost_after_deleting, "pop3-lost-after-deleting", pop3,
     "The connection ends after QUIT, without a reply; what was marked is deleted.", "", "", "invented"},
    {Fault::pop3_list_reordered, "pop3-list-reordered", pop3, "UIDL and LIST begin with the highest number.", "", "",
     "invented"},
    {Fault::pop3_list_empty, "pop3-list-empty", pop3, "UIDL answers +OK and lists no mail; STAT counts them all.", "",
     "", "invented"},
    {Fault::pop3_ids_by_position, "pop3-ids-by-position", pop3,
     "UIDL gives each mail its place in the list for a unique id, so that ids are used again.", "", "", "invented"},
    {Fault::pop3_refused, "pop3-refused", pop3, "A command is refused.", "the command, a space, and the answer to it",
     "STAT -ERR Protocol error. 14", "as the answer; that it comes there is invented"},
    {Fault::smtp_disabled_tenant, "smtp-disabled-tenant", smtp,
     "535 5.7.139: SmtpClientAuthentication is disabled for the Tenant.", "", "",
     "Exchange Online, email-oauth2-proxy #193"},
    {Fault::smtp_disabled_mailbox, "smtp-disabled-mailbox", smtp,
     "535 5.7.139: SmtpClientAuthentication is disabled for the Mailbox.", "", "",
     "Exchange Online, email-oauth2-proxy #193"},
    {Fault::smtp_sign_in_refused, "smtp-sign-in-refused", smtp, "535 5.7.3 Authentication unsuccessful", "", "",
     "Exchange Online, Microsoft's OAuth page for SMTP"},
    {Fault::smtp_connections, "smtp-connections", smtp,
     "432 4.3.2 Concurrent connections limit exceeded, however few there are.", "", "",
     "Exchange Online, fastapi-mail #75"},
    {Fault::smtp_temporary, "smtp-temporary", smtp, "451 4.7.0 Temporary server error.", "auth, mail, rcpt or data",
     "auth", "Exchange Online, MailKit #566; the stage is invented"},
    {Fault::smtp_refused, "smtp-refused", smtp, "A step of the submission is refused.",
     "auth, mail, rcpt or data, a space, and the reply", "data 550 5.7.1 Unable to relay",
     "as the reply; the stage where none is known is invented"},
    {Fault::smtp_send_as_denied, "smtp-send-as-denied", smtp, "554 5.2.252 SendAsDenied after the mail was sent.", "",
     "", "Exchange Online, gophish #2900"},
    {Fault::smtp_mailbox_full, "smtp-mailbox-full", smtp, "554 5.2.2 mailbox full after the mail was sent.", "", "",
     "Microsoft, SMTP submission improvements"},
    {Fault::smtp_not_delivered, "smtp-not-delivered", smtp, "A mail is accepted, and reaches nobody.", "", "",
     "invented: a rule of the organization's or the filter does so"},
    {Fault::smtp_lost_before_accepting, "smtp-lost-before-accepting", smtp,
     "The connection ends after the final dot, without a reply; the mail is not accepted.", "", "",
     "freescout #5457; the manner is invented"},
    {Fault::smtp_lost_after_accepting, "smtp-lost-after-accepting", smtp,
     "The connection ends after the final dot, without a reply; the mail was accepted and is delivered.", "", "",
     "freescout #5457; the manner is invented"},
    {Fault::proxy_refused, "proxy-refused", proxy, "The proxy lets nothing through.", "the HTTP status", "403",
     "tinyproxy and squid"},
}};

FaultRow const* row_of(std::string_view id)
{
    auto const found = std::ranges::find(table, id, &FaultRow::id);
    return found == table.end() ? nullptr : &*found;
}

bool is_number(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::span<FaultRow const> fault_table()
{
    return table;
}

Result<void> Faults::set(std::string_view id, std::string scope, std::optional<std::string> value, std::uint64_t times)
{
    auto const* const row = row_of(id);
    if (row == nullptr) {
        std::string known;
        for (auto const& each : table) known += (known.empty() ? "" : ", ") + std::string(each.id);
        return failure(Trouble::not_found, "there is no fault \"" + printable(id, 64) + "\"; there are " + known);
    }
    auto chosen = value.value_or(std::string(row->preset));
    if (chosen.size() > 10'000) return failure(Trouble::invalid, "the value of a fault has at most 10,000 bytes");
    bool const words_follow = row->fault == Fault::token_refused;  // the error value
    if (is_number(row->preset) && !is_number(words_follow ? chosen.substr(0, chosen.find(' ')) : chosen))
        return failure(Trouble::invalid,
                       "the value of " + std::string(id) + " is a number: " + std::string(row->value));
    scope = to_lower(scope);
    clear(id, scope, step_of(id, chosen));
    if (active_.size() >= 1'000) return failure(Trouble::limit, "a thousand faults are on already");
    active_.push_back({row->fault, std::move(scope), std::move(chosen), times, 0});
    return {};
}

bool Faults::clear(std::string_view id, std::optional<std::string_view> scope, std::string_view step)
{
    auto const* const row = row_of(id);
    auto const gone = std::erase_if(active_, [&](ActiveFault const& each) {
        return (id.empty() || (row != nullptr && each.fault == row->fault)) &&
               (!scope || equal_ignoring_case(each.scope, *scope)) && (step.empty() || step_of(id, each.value) == step);
    });
    return gone > 0;
}

std::vector<ActiveFault>::const_iterator Faults::find(Fault fault, std::initializer_list<std::string_view> who) const
{
    return std::ranges::find_if(active_, [&](ActiveFault const& each) {
        return each.fault == fault && (each.scope.empty() || std::ranges::find(who, each.scope) != who.end());
    });
}

std::optional<std::string> Faults::see(Fault fault, std::initializer_list<std::string_view> who) const
{
    auto const found = find(fault, who);
    if (found == active_.end()) return std::nullopt;
    return found->value;
}

std::optional<std::string> Faults::take(Fault fault, std::initializer_list<std::string_view> who)
{
    auto const found = find(fault, who);
    if (found == active_.end()) return std::nullopt;
    return play(found);
}

std::optional<std::string> Faults::take_answer(Fault fault, std::string_view step, std::string_view who)
{
    auto const found = std::ranges::find_if(active_, [&](ActiveFault const& each) {
        auto const named = std::string_view(each.value).substr(0, each.value.find(' '));
        return each.fault == fault && (each.scope.empty() || each.scope == who) && equal_ignoring_case(named, step) &&
               each.value.size() > step.size();
    });
    if (found == active_.end()) return std::nullopt;
    auto const said = play(found);
    return std::string(trim(std::string_view(said).substr(step.size())));
}

std::string Faults::play(std::vector<ActiveFault>::const_iterator found)
{
    auto const at = active_.begin() + (found - active_.cbegin());
    auto value = at->value;
    ++at->played;
    if (at->times > 0 && --at->times == 0) active_.erase(at);
    return value;
}

std::string_view step_of(std::string_view id, std::string_view value)
{
    bool const answers_a_step = id == "imap-refused" || id == "pop3-refused" || id == "smtp-refused";
    return answers_a_step ? value.substr(0, value.find(' ')) : std::string_view();
}

bool names_uid(std::string_view list, std::uint32_t uid)
{
    if (list.empty()) return true;
    for (auto const each : split(list, ','))
        if (trim(each) == std::to_string(uid)) return true;
    return false;
}

std::int64_t to_number(std::string_view value, std::int64_t otherwise)
{
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc{} && end == value.data() + value.size() ? number : otherwise;
}

}  // namespace postroom::lab
