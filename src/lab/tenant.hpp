// The simulated organisation: who is in it, which mailboxes there are, and who may open or send from which.
#pragma once

#include "lab/messages.hpp"
#include "net/transport.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

/// Nothing in here is a secret: the lab's passwords and client secrets are printed, and protect nothing.
struct User {
    std::string object_id;
    std::string upn;  ///< the name that signs in, in lower case
    std::string name;
    std::string password;
    bool enabled = true;
    bool administrator = false;   ///< may consent for the whole organization
    Instant tokens_valid_from{};  ///< refresh tokens issued before are revoked (AADSTS50173)
};

struct ClientSecret {
    std::string id;  ///< what people paste by mistake instead of the value
    std::string value;
    std::optional<Instant> expires;
};

struct Application {
    std::string client_id;
    std::string name;
    std::vector<ClientSecret> secrets;
    std::vector<std::string> redirect_uris;
    bool public_client = false;
    bool admin_consent = false;                ///< an administrator has consented for everybody
    std::vector<std::string> certificates;     ///< PEM, public
    std::set<std::string> app_roles;           ///< application permissions that were consented to: IMAP.AccessAsApp …
    std::set<std::string> required_app_roles;  ///< those that its registration lists, to be consented to
    std::string service_principal;             ///< object id, once New-ServicePrincipal was run in Exchange
    std::set<std::string> consented;           ///< object ids of users who have consented themselves
    bool registered = true;                    ///< false: nobody knows it any more (AADSTS700016)

    /// Of the enterprise application: what New-ServicePrincipal wants, and permissions on mailboxes name. (The object
    /// id that App registrations shows is another one.)
    [[nodiscard]] std::string enterprise_object_id() const;
};

struct Mailbox {
    std::string address;  ///< the primary address, in lower case
    std::string name;
    bool imap_enabled = true;
    bool pop_enabled = true;
    bool sent_copies = true;                 ///< MessageCopyForSMTPClientSubmissionEnabled
    bool licensed = true;                    ///< false: its user has no plan with a mailbox
    std::string product = "ENTERPRISEPACK";  ///< the licence, one of licences()
    bool alias = false;                      ///< its address is an alias now, of some other primary one
    std::optional<bool> smtp_auth_disabled;  ///< none: as the tenant says
    std::set<std::string> full_access;       ///< UPNs besides the owner's
    std::set<std::string> send_as;
    std::vector<std::shared_ptr<Folder>> folders;
    std::string sent_folder;  ///< named differently in every language, and nothing marks it
    unsigned imap_connections = 0;
    unsigned smtp_connections = 0;
    std::vector<Instant> submitted;  ///< of the last minute

    /// INBOX is found in any case (RFC 3501 section 5.1). Nullptr where there is none.
    [[nodiscard]] std::shared_ptr<Folder> folder(std::string_view name) const;
    [[nodiscard]] bool may_open(std::string_view upn) const;
    [[nodiscard]] bool may_send_as(std::string_view upn) const;

    /// Sessions to be told about changes. They take themselves out before they end.
    std::set<net::Transport*> watchers;
    void changed() const;
};

/// What reached somebody outside the organisation.
struct OutsideMail {
    std::uint64_t id = 0;
    std::string sender;
    std::vector<std::string> recipients;
    Instant at{};
    Body raw;
};

class Tenant {
public:
    /// Everything in it can be reached under this identity or under `domain`.
    std::string id = "5f1b0c52-6d0f-4f8e-9a37-7c0d1ab5e001";
    std::string domain = "contoso.test";
    bool smtp_auth_disabled = false;
    bool known = true;  ///< false: the identity provider knows no tenant of these names (AADSTS90002)

    [[nodiscard]] bool answers_to(std::string_view name) const;

    /// Adds or replaces; a mailbox of the same address comes with a user, unless it exists.
    User& add_user(std::string upn, std::string name, std::string password);
    /// Folders are those that Exchange shows over IMAP. `language` is "en", "de", "fr", "nl" or "pt".
    std::shared_ptr<Mailbox> add_mailbox(std::string address, std::string name, std::string_view language,
                                         std::uint32_t uid_validity);
    [[nodiscard]] User* user(std::string_view upn);
    [[nodiscard]] User* user_by_id(std::string_view object_id);
    [[nodiscard]] std::shared_ptr<Mailbox> mailbox(std::string_view address) const;
    /// That is registered.
    [[nodiscard]] Application* application(std::string_view client_id);
    [[nodiscard]] Application* find_application(std::string_view client_id);

    std::map<std::string, User, std::less<>> users;
    std::map<std::string, std::shared_ptr<Mailbox>, std::less<>> mailboxes;
    std::map<std::string, Application, std::less<>> applications;
};

/// A GUID that is always the same for the same words, so that grants outlive a restart of the lab.
[[nodiscard]] std::string stable_guid(std::string_view words);

}  // namespace postroom::lab
