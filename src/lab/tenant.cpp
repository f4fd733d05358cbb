#include "lab/tenant.hpp"

#include "base/text.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace postroom::lab {

namespace {

struct FolderNames {
    std::string_view language, sent, drafts, deleted, junk, archive;
};

// Localised folder names, as mailboxes in those languages have them; modified UTF-7 where they are not ASCII.
constexpr std::array<FolderNames, 5> names{{
    {"en", "Sent Items", "Drafts", "Deleted Items", "Junk Email", "Archive"},
    {"de", "Gesendete Elemente", "Entw&APw-rfe", "Gel&APY-schte Elemente", "Junk-E-Mail", "Archiv"},
    {"fr", "&AMk-l&AOk-ments envoy&AOk-s", "Brouillons", "&AMk-l&AOk-ments supprim&AOk-s", "Courrier ind&AOk-sirable",
     "Archive"},
    {"nl", "Verzonden items", "Concepten", "Verwijderde items", "Ongewenste e-mail", "Archief"},
    {"pt", "Itens Enviados", "Rascunhos", "Itens Exclu&AO0-dos", "Lixo Eletr&APQ-nico", "Arquivo Morto"},
}};

FolderNames const& in(std::string_view language)
{
    auto const found = std::ranges::find(names, language, &FolderNames::language);
    return found == names.end() ? names.front() : *found;
}

}  // namespace

std::shared_ptr<Folder> Mailbox::folder(std::string_view wanted) const
{
    bool const inbox = equal_ignoring_case(wanted, "INBOX");
    for (auto const& each : folders)
        if (inbox ? each->name == "INBOX" : each->name == wanted) return each;
    return nullptr;
}

std::string Application::enterprise_object_id() const
{
    return stable_guid("enterprise application " + client_id);
}

bool Mailbox::may_open(std::string_view upn) const
{
    return address == upn || full_access.contains(std::string(upn));
}

bool Mailbox::may_send_as(std::string_view upn) const
{
    // Full Access is not Send As (Exchange Online, mailbox permissions).
    return address == upn || send_as.contains(std::string(upn));
}

void Mailbox::changed() const
{
    for (auto* const watcher : watchers) watcher->nudge();
}

bool Tenant::answers_to(std::string_view name) const
{
    if (!known) return false;
    return equal_ignoring_case(name, id) || equal_ignoring_case(name, domain) ||
           equal_ignoring_case(name, "organizations") || equal_ignoring_case(name, "common");
}

User& Tenant::add_user(std::string upn, std::string name, std::string password)
{
    upn = to_lower(upn);
    User user;
    user.object_id = stable_guid("user " + upn);
    user.upn = upn;
    user.name = std::move(name);
    user.password = std::move(password);
    return users[upn] = std::move(user);
}

std::shared_ptr<Mailbox> Tenant::add_mailbox(std::string address, std::string name, std::string_view language,
                                             std::uint32_t uid_validity)
{
    address = to_lower(address);
    auto& mailbox = mailboxes[address];
    if (mailbox) return mailbox;
    mailbox = std::make_shared<Mailbox>();
    mailbox->address = address;
    mailbox->name = std::move(name);
    auto const add = [&](std::string_view folder, bool holds_mail) {
        auto made = std::make_shared<Folder>();
        made->name = folder;
        made->holds_mail = holds_mail;
        made->uid_validity = uid_validity + static_cast<std::uint32_t>(mailbox->folders.size());
        mailbox->folders.push_back(std::move(made));
    };
    auto const& words = in(language);
    mailbox->sent_folder = words.sent;
    // Exchange lists folders that hold no mail beside those that do (MailKit #945, imapsync FAQ).
    for (auto const& folder :
         {words.archive, std::string_view("Calendar"), std::string_view("Contacts"), words.deleted, words.drafts,
          std::string_view("INBOX"), std::string_view("Journal"), words.junk, std::string_view("Notes"),
          std::string_view("Outbox"), words.sent, std::string_view("Sync Issues"), std::string_view("Tasks")}) {
        static constexpr std::array not_mail{"Calendar", "Contacts", "Journal", "Notes", "Sync Issues", "Tasks"};
        add(folder, std::ranges::find(not_mail, folder) == not_mail.end());
    }
    return mailbox;
}

User* Tenant::user(std::string_view upn)
{
    auto const found = users.find(to_lower(upn));
    return found == users.end() ? nullptr : &found->second;
}

User* Tenant::user_by_id(std::string_view object_id)
{
    for (auto& [upn, user] : users)
        if (user.object_id == object_id) return &user;
    return nullptr;
}

std::shared_ptr<Mailbox> Tenant::mailbox(std::string_view address) const
{
    auto const found = mailboxes.find(to_lower(address));
    return found == mailboxes.end() ? nullptr : found->second;
}

Application* Tenant::application(std::string_view client_id)
{
    auto* const found = find_application(client_id);
    return found != nullptr && found->registered ? found : nullptr;
}

Application* Tenant::find_application(std::string_view client_id)
{
    auto const found = applications.find(to_lower(client_id));
    return found == applications.end() ? nullptr : &found->second;
}

std::string stable_guid(std::string_view words)
{
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<unsigned char const*>(words.data()), words.size(), digest.data());
    digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x80);  // version 8: made in a way of our own
    digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);
    auto const hex = to_hex(std::string_view(reinterpret_cast<char const*>(digest.data()), 16));
    return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
           hex.substr(20);
}

}  // namespace postroom::lab
