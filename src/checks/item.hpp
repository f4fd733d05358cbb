// The shape of an item of the check list. One file an item; docs/adding-a-check.md says how to add one.
#pragma once

#include "checks/conversation.hpp"
#include "model/account.hpp"
#include "model/application.hpp"
#include "model/grant.hpp"
#include "model/mailbox.hpp"
#include "store/round-trips.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::checks {

class Bench;  // bench.hpp

/// What one finding of an item is about.
enum class About : std::uint8_t { partition, application, host, server, account, mailbox };
/// Where it must hold: on an application server, on a services server, or on both.
enum class Side : std::uint8_t { application, services, both };

/// A server that somebody here needs.
struct Place {
    Purpose purpose = Purpose::imap;
    Endpoint server;
    bool implicit_tls = true;

    friend bool operator==(Place const&, Place const&) = default;
};

/// An identity application as it is stored.
struct ApplicationFile {
    model::Application application;
    std::vector<model::Credential> credentials;
    std::string authority;  ///< URL; empty where it can't be made
    std::optional<Place> place;
};

/// What a mailbox's sending was seen to come to.
struct Sending {
    std::int64_t last_minute = 0;          ///< mails
    std::int64_t recipients_of_a_day = 0;  ///< of mail that was sent
    std::string last_outcome;              ///< of the last mail that ended: sent or failed; empty: none did
    std::string last_words;
    Instant last{};
};

struct MailboxFile {
    model::Mailbox mailbox;
    Sending sending;
    store::Invitations invitations{};
};

/// An account as it is stored.
struct AccountFile {
    model::Account account;
    std::vector<MailboxFile> mailboxes;
    std::optional<model::Grant> grant;
    std::shared_ptr<ApplicationFile const> application;  ///< none: it has a password
    std::vector<Place> places;                           ///< its servers, its provider among them
};

/// What an item looks at.
struct Target {
    About about = About::partition;
    std::string subject;  ///< "" of the partition; a name, an address, a host, host:port
    std::shared_ptr<ApplicationFile const> application{};
    std::shared_ptr<AccountFile const> account{};
    std::shared_ptr<MailboxFile const> mailbox{};
    std::vector<Place> places{};  ///< that it rests on; of a server: that one
};

struct Item {
    std::string_view id;  ///< for ever: the name of its file and its page
    char const* must;     ///< what must hold; marked for translation
    About about = About::partition;
    Side side = Side::services;
    std::vector<std::string_view> grounds{};  ///< items that have to hold before this one can be told
    std::vector<Purpose> speaks{};            ///< to which servers; empty: to all that its target rests on
    bool sends = false;                       ///< it tells more where a mail may be sent
    bool only_sending = false;                ///< and nothing where none may: left out then, unless it is named
    bool (*concerns)(Target const& target) = nullptr;  ///< nullptr: all of its kind
    net::awaitable<model::Finding> (*look)(std::shared_ptr<Bench> bench, Target target) = nullptr;
};

/// All of them, each after its grounds.
[[nodiscard]] std::span<Item const> items();
/// Nullptr where there is none of that name.
[[nodiscard]] Item const* find_item(std::string_view id);

}  // namespace postroom::checks
