// All that the lab knows, shared by its servers. It lives on one thread: whoever runs the lab's executor.
#pragma once

#include "lab/faults.hpp"
#include "lab/tenant.hpp"
#include "lab/tokens.hpp"
#include "lab/ways.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace postroom::lab {

/// This machine's clock, moved forward at will, so that tokens run out when a test wants them to.
class MovedClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return system_clock().now() + ahead_; }
    void advance(Duration by) { ahead_ += by; }
    [[nodiscard]] Duration ahead() const { return ahead_; }

private:
    Duration ahead_{0};
};

/// What the API's /lab/api/settings shows and changes. Where 0 has a meaning of its own, it is said.
struct Settings {
    std::int64_t access_token_life_s = 0;      ///< 0: 60 to 90 minutes at random, as Entra does
    std::int64_t access_token_bytes = 0;       ///< tokens are padded to this; 0: as they are (about 1 kB)
    std::int64_t refresh_token_rotates = 1;    ///< each use gives a new one
    std::int64_t old_refresh_token_stays = 1;  ///< Entra: use does not revoke it
    std::int64_t token_requests_a_second = 0;  ///< of the token endpoint, more are answered 429; 0: no limit
    std::int64_t users_may_consent = 1;        ///< 0: only administrators (AADSTS90094)
    std::int64_t imap_front_end = 0;           ///< 0 classic, 1 the tcpproxy one of 2026 with IMAP4rev2
    std::int64_t imap_line_limit = 10'240;     ///< octets of a command line
    std::int64_t imap_exact_size = 0;          ///< 1: RFC822.SIZE is the real size, not an estimate
    std::int64_t imap_connections = 20;        ///< for a mailbox
    std::int64_t pop3_exact_size = 0;          ///< 1: LIST and STAT give the real size, not an estimate
    std::int64_t pop3_token_limit = 4'096;     ///< characters of a token that sign-in takes; 0: no limit
    std::int64_t smtp_connections = 3;         ///< for a mailbox
    std::int64_t smtp_messages_a_minute = 0;  ///< for a mailbox; what exceeds it is delayed (Exchange: 30); 0: no limit
    std::int64_t smtp_shared_user = 0;        ///< 1: XOAUTH2's user= may be a mailbox that the token's user may open
    std::int64_t smtp_command_line = 12'288;  ///< octets of an SMTP line
    /// 0 open, 1 closed; open with a certificate that 2 nobody trusts, 3 has expired, 4 is another host's, 5 ends soon;
    /// 6 speaks TLS 1.1 only, 7 an inspecting middlebox issued, of an authority that is trusted; 8 does not answer who
    /// connects; 9 ends each connection: of mail after the greeting, of https within TLS.
    std::int64_t https_port = 0, imap_port = 0, pop3_port = 0, smtp_port = 0;
    std::int64_t proxy_port = 0;  ///< 0 open, 1 closed
};

/// What exactly-once tests count.
struct Counters {
    std::uint64_t sign_ins = 0;  ///< at the identity provider
    std::uint64_t codes = 0;     ///< redeemed
    std::uint64_t refreshes = 0;
    std::uint64_t token_refusals = 0;
    std::uint64_t token_excess = 0;  ///< refused with 429, since there were too many in that second
    std::map<std::string, std::uint64_t> refreshes_by_user;
    std::uint64_t imap_sessions = 0, imap_refusals = 0, imap_bodies = 0;
    std::uint64_t pop3_sessions = 0, pop3_refusals = 0, pop3_bodies = 0;
    std::uint64_t smtp_sessions = 0, smtp_refusals = 0, accepted = 0;
    std::map<std::string, std::uint64_t> accepted_by_message_id;
};

struct State {
    explicit State(TokenKeys token_keys) : keys(std::move(token_keys)) {}

    MovedClock clock;
    Settings settings;
    Counters counters;
    Faults faults;
    std::vector<BrokenWay> broken;  ///< in the order in which they were broken
    Tenant tenant;
    TokenKeys keys;
    Bodies bodies{std::size_t{2} << 30U};
    std::deque<OutsideMail> outside;
    std::uint64_t last_outside = 0;
    std::uint32_t next_uid_validity = 1;
    std::string base_url;                                            ///< https://localhost:8444
    std::string host_name = "LAB0PR01MB0001.lab.prod.outlook.test";  ///< in greetings and in [Hostname=…]
    std::set<net::Transport*> imap_transports;                       ///< to be woken when the clock or a fault changes

    /// Makes the ports as the settings say; the lab's own.
    std::function<Result<void>(Settings const&)> set_ports;

    void wake_all() const
    {
        for (auto* const each : imap_transports) each->nudge();
    }
};

using SharedState = std::shared_ptr<State>;

inline constexpr std::size_t most_message_bytes = 157'286'400;  ///< SIZE as Exchange Online advertises it: 150 MiB
// Fixed, printed and documented: they protect nothing.
inline constexpr std::string_view default_client_id = "0d5a7c1e-3f52-4c8e-9b61-8f2a4e6d1c90";
inline constexpr std::string_view default_secret = "Lab8Q~not.a-secret_Postroom+2026/ok=";
inline constexpr std::string_view default_password = "Postroom-2026";

inline constexpr std::size_t most_outside_mails = 20'000;
inline constexpr std::size_t most_counted_ids = 200'000;

}  // namespace postroom::lab
