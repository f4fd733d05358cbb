// One conversation with a server, step by step, as a check needs it: each step with what was asked, what came back and
// how long it took. Nothing is stored, and nothing secret is in it.
#pragma once

#include "base/endpoint.hpp"
#include "grants/one-sign-in.hpp"
#include "model/finding.hpp"
#include "net/dial.hpp"
#include "net/tls-session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::checks {

/// What a server is there for.
enum class Purpose : std::uint8_t { provider, imap, pop3, smtp };
/// "IMAP"; "HTTPS" of an identity provider.
[[nodiscard]] std::string_view to_string(Purpose purpose);
/// 993, 995, 587; 443 of a provider.
[[nodiscard]] std::uint16_t usual_port(Purpose purpose);

/// In the order in which they come; which ones there are depends on the purpose.
enum class StepKind : std::uint8_t {
    resolve,
    connect,
    starttls,  ///< of SMTP: greeting, EHLO and STARTTLS
    tls,
    greeting,
    capabilities,
    sign_in,
    mailbox,  ///< it opens
    mail,     ///< one header, where there is a mail
    send,     ///< a marked mail of the mailbox to itself
};
[[nodiscard]] std::string_view to_string(StepKind step);

struct Step {
    StepKind kind = StepKind::resolve;
    std::string asked;
    std::string came;
    bool held = false;
    Trouble trouble = Trouble::internal;  ///< where it did not hold
    bool passes = false;                  ///< where it did not hold: by the server's words only for the moment
    Duration took{};
};

struct Conversation {
    Purpose purpose = Purpose::imap;
    Endpoint server;
    std::string message_id;   ///< of the marked mail that was sent, without < >
    Instant mail_begun{};     ///< when it was begun to be sent
    bool in_doubt = false;    ///< all of it left, and no answer came: it may be in the mailbox
    std::string user;         ///< whom the server was told that we are; empty where nobody signed in
    std::vector<Step> steps;  ///< the last one may not have held; what comes after it was not tried
    std::vector<std::string> addresses;
    std::string tls_version;
    std::vector<net::Certificate> chain;  ///< the server's own first

    [[nodiscard]] Step const* find(StepKind kind) const;
    [[nodiscard]] bool held(StepKind kind) const;
    /// The step that did not hold; nullptr where all did.
    [[nodiscard]] Step const* broken() const;
};

/// How to hold it.
struct Way {
    Purpose purpose = Purpose::imap;
    Endpoint server;
    bool implicit_tls = true;             ///< else STARTTLS, or STLS
    std::string user;                     ///< with a proof
    std::optional<grants::Proof> proof;   ///< none: it ends before the sign-in
    std::string folder = "INBOX";         ///< of IMAP
    std::string test_mail_from;           ///< of SMTP: an address that agrees to a mail to itself; empty: none is sent
    std::string test_key;                 ///< marks that mail (mime/test-mail.hpp)
    Duration limit{15'000};               ///< for the connection, and each answer
    std::string host_name = "localhost";  ///< ours, in EHLO
    std::shared_ptr<net::TlsContext> tls;
    std::shared_ptr<net::Proxy const> proxy;
    std::shared_ptr<net::Transcript> transcript;  ///< or none
    std::shared_ptr<net::Stop> stop;              ///< or none
    Clock const* clock = &system_clock();
    std::function<void(Conversation const&)> told{};  ///< after each step, or none
};

/// Never throws: what the network did is in the step that it broke.
[[nodiscard]] net::awaitable<Conversation> converse(net::Resolver& resolver, Way way);

}  // namespace postroom::checks
