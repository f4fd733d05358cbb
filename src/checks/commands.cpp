#include "checks/commands.hpp"

#include "base/words.hpp"

#include <algorithm>
#include <array>

namespace postroom::checks {

namespace {

struct Row {
    std::string_view cause;
    CommandShell shell;
    std::string_view text, undo;
    char const* changes;
};

using enum CommandShell;

constexpr auto full_access = mark("Lets whoever signs in open the mailbox; it may take up to an hour to work.");
constexpr auto send_as = mark("Lets whoever signs in send as the mailbox; it may take up to an hour to work.");
constexpr auto smtp_for_one =
    mark("Switches authenticated SMTP on for this mailbox alone, whatever the organization has.");
constexpr auto anew = mark("Asks for a new grant; the old one stays until the new one is accepted.");

// Cmdlets and parameters as Microsoft documents them: Set-CASMailbox, Set-TransportConfig, Add-MailboxPermission,
// Add-RecipientPermission, New-ServicePrincipal, Set-Mailbox.
constexpr std::array rows{
    Row{"mailbox-right-missing", exchange,
        "Add-MailboxPermission -Identity {mailbox} -User {who} -AccessRights FullAccess",
        "Remove-MailboxPermission -Identity {mailbox} -User {who} -AccessRights FullAccess", full_access},
    Row{"imap-off", exchange, "Set-CASMailbox -Identity {mailbox} -ImapEnabled $true",
        "Set-CASMailbox -Identity {mailbox} -ImapEnabled $false", mark("Switches IMAP on for the mailbox.")},
    Row{"pop3-off", exchange, "Set-CASMailbox -Identity {mailbox} -PopEnabled $true",
        "Set-CASMailbox -Identity {mailbox} -PopEnabled $false", mark("Switches POP3 on for the mailbox.")},
    Row{"smtp-auth-off-mailbox", exchange,
        "Set-CASMailbox -Identity {submitter} -SmtpClientAuthenticationDisabled $false",
        "Set-CASMailbox -Identity {submitter} -SmtpClientAuthenticationDisabled $true", smtp_for_one},
    Row{"smtp-auth-off-tenant", exchange,
        "Set-CASMailbox -Identity {submitter} -SmtpClientAuthenticationDisabled $false",
        "Set-CASMailbox -Identity {submitter} -SmtpClientAuthenticationDisabled $null", smtp_for_one},
    Row{"smtp-auth-off-tenant", exchange, "Set-TransportConfig -SmtpClientAuthenticationDisabled $false",
        "Set-TransportConfig -SmtpClientAuthenticationDisabled $true",
        mark("Instead: switches authenticated SMTP on for every mailbox of the organization that does not say "
             "otherwise.")},
    Row{"send-as-missing", exchange,
        "Add-RecipientPermission -Identity {mailbox} -Trustee {who} -AccessRights SendAs -Confirm:$false",
        "Remove-RecipientPermission -Identity {mailbox} -Trustee {who} -AccessRights SendAs -Confirm:$false", send_as},
    Row{"service-principal-unknown", exchange,
        "New-ServicePrincipal -AppId {client-id} -ObjectId ENTERPRISE-APPLICATION-OBJECT-ID",
        "Remove-ServicePrincipal -Identity {client-id}",
        mark(
            "Makes the application known to Exchange. The object id is that of the enterprise application, and not the "
            "one under App registrations.")},
    Row{"service-principal-unknown", exchange,
        "Add-MailboxPermission -Identity {mailbox} -User {principal} -AccessRights FullAccess",
        "Remove-MailboxPermission -Identity {mailbox} -User {principal} -AccessRights FullAccess", full_access},
    Row{"service-principal-unknown", exchange,
        "Add-RecipientPermission -Identity {mailbox} -Trustee {principal} -AccessRights SendAs -Confirm:$false",
        "Remove-RecipientPermission -Identity {mailbox} -Trustee {principal} -AccessRights SendAs -Confirm:$false",
        send_as},
    Row{"invitation-as-link", exchange,
        "Set-CASMailbox -Identity {mailbox} -ImapUseProtocolDefaults $false -ImapForceICalForCalendarRetrievalOption "
        "$true",
        "Set-CASMailbox -Identity {mailbox} -ImapUseProtocolDefaults $true",
        mark("Has invitations come over IMAP with their calendar.")},
    Row{"invitation-as-link-pop3", exchange,
        "Set-CASMailbox -Identity {mailbox} -PopUseProtocolDefaults $false -PopForceICalForCalendarRetrievalOption "
        "$true",
        "Set-CASMailbox -Identity {mailbox} -PopUseProtocolDefaults $true",
        mark("Has invitations come over POP3 with their calendar.")},
    Row{"message-too-large", exchange, "Set-Mailbox -Identity {submitter} -MaxSendSize 150MB",
        "Set-Mailbox -Identity {submitter} -MaxSendSize 35MB", mark("Lets the mailbox send mails of up to 150 MB.")},
    Row{"too-many-recipients", exchange, "Set-Mailbox -Identity {submitter} -RecipientLimits 1000",
        "Set-Mailbox -Identity {submitter} -RecipientLimits 500",
        mark("Lets a mail of the mailbox have 1,000 recipients.")},
    Row{"token-life-short", graph, "Get-MgPolicyTokenLifetimePolicy", "",
        mark("Lists the policies about the life of tokens, and changes nothing.")},
    Row{"clock-wrong", server, "timedatectl set-ntp true", "timedatectl set-ntp false",
        mark("Has the system's clock set from the network.")},
    Row{"credential-ends-soon", server, "postroom application credential add {application}", "",
        mark("Asks for the next secret or certificate; those that there are stay.")},
    Row{"alarm-nobody-told", server, "postroom settings set alarm-recipients ADDRESS",
        "postroom settings set alarm-recipients ''", mark("Has mail about alarms written to this address.")},
    Row{"not-authorized-yet", server, "postroom account authorize {account}", "", anew},
    Row{"wrong-user-signed-in", server, "postroom account authorize {account}", "", anew},
    Row{"token-lacks-permission", server, "postroom account authorize {account}", "", anew},
    Row{"token-of-another-tenant", server, "postroom account authorize {account}", "", anew},
    Row{"token-of-another-application", server, "postroom account authorize {account}", "", anew},
    Row{"grant-unused", server, "postroom account authorize {account}", "", anew},
    Row{"entra-invalid-grant", server, "postroom account authorize {account}", "", anew},
    Row{"AADSTS700082", server, "postroom account authorize {account}", "", anew},
    Row{"AADSTS50173", server, "postroom account authorize {account}", "", anew},
    Row{"AADSTS70008", server, "postroom account authorize {account}", "", anew},
    Row{"AADSTS70043", server, "postroom account authorize {account}", "", anew},
};

// All five that PowerShell takes for a single quote: the ASCII one, and U+2018 to U+201B.
std::size_t quote_at(std::string_view text, std::size_t at)
{
    if (text[at] == '\'') return 1;
    auto const three = text.substr(at, 3);
    static constexpr std::array<std::string_view, 4> curly{"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
                                                           "\xe2\x80\x9b"};
    return std::ranges::find(curly, three) == curly.end() ? 0 : 3;
}

std::string principal_of(std::string const& client_id)
{
    return "(Get-ServicePrincipal | Where-Object AppId -eq " +
           (client_id.empty() ? std::string("CLIENT-ID") : quoted(client_id, exchange)) + ").ObjectId";
}

std::string name_of(std::string_view word, CommandNames const& names, CommandShell shell)
{
    auto const known = [&](std::string const& name, std::string_view otherwise) {
        return name.empty() ? std::string(otherwise) : quoted(name, shell);
    };
    if (word == "mailbox") return known(names.mailbox, "MAILBOX");
    if (word == "submitter") return known(names.submitter.empty() ? names.mailbox : names.submitter, "MAILBOX");
    if (word == "client-id") return known(names.client_id, "CLIENT-ID");
    if (word == "account") return known(names.account, "ACCOUNT");
    if (word == "application") return known(names.application, "APPLICATION");
    if (word == "principal") return principal_of(names.client_id);
    // Who is to have a right: a user, or the application itself.
    if (names.user.empty() && !names.client_id.empty()) return principal_of(names.client_id);
    return known(names.user, "USER");
}

std::string filled_in(std::string_view text, CommandNames const& names, CommandShell shell)
{
    std::string all;
    while (!text.empty()) {
        auto const begin = text.find('{');
        all += text.substr(0, begin);
        if (begin == std::string_view::npos) break;
        auto const end = text.find('}', begin);
        all += name_of(text.substr(begin + 1, end - begin - 1), names, shell);
        text.remove_prefix(end + 1);
    }
    return all;
}

}  // namespace

std::string_view to_string(CommandShell shell)
{
    switch (shell) {
        case exchange: return "exchange-online-powershell";
        case graph: return "microsoft-graph-powershell";
        case server: return "shell";
    }
    return "";
}

std::string_view title_of(CommandShell shell)
{
    switch (shell) {
        case exchange: return "Exchange Online PowerShell";
        case graph: return "Microsoft Graph PowerShell";
        case server: return "Shell";
    }
    return "";
}

std::string quoted(std::string_view text, CommandShell shell)
{
    std::string all = "'";
    for (std::size_t at = 0; at < text.size();) {
        auto const quote = quote_at(text, at);
        auto const size = std::max<std::size_t>(quote, 1);
        auto const part = text.substr(at, size);
        at += size;
        if (part.size() == 1 && static_cast<unsigned char>(part[0]) < 0x20)
            all += ' ';  // a line break would begin another command where it is pasted
        else if (shell == server)
            all += part == "'" ? "'\\''" : part;
        else
            all += quote == 0 ? std::string(part) : std::string(part) + std::string(part);
    }
    return all + "'";
}

std::vector<Command> commands_for(std::string_view cause, CommandNames const& names)
{
    std::vector<Command> all;
    for (auto const& row : rows)
        if (row.cause == cause)
            all.push_back(
                {row.shell, filled_in(row.text, names, row.shell), row.changes, filled_in(row.undo, names, row.shell)});
    return all;
}

}  // namespace postroom::checks
