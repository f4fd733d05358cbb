// One POP3 connection as Exchange Online answers it: the Inbox, and nothing else.
#pragma once

#include "lab/line-reader.hpp"
#include "lab/mail-sign-in.hpp"
#include "lab/state.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

/// Serves one connection that is in TLS already, until it ends.
[[nodiscard]] net::awaitable<void> serve_pop3(SharedState state, std::unique_ptr<net::Accepted> connection);

class Pop3Session {
public:
    Pop3Session(SharedState state, std::unique_ptr<net::Accepted> connection);

    net::awaitable<void> run();

private:
    struct Listed {
        std::uint32_t uid;
        Body raw;
        bool deleted = false;
    };

    net::awaitable<void> answer(std::string_view command);
    net::awaitable<void> flush();
    void say(std::string_view line);
    void error(std::string_view words);
    [[nodiscard]] std::optional<std::string> fault(Fault which);
    /// A fault answers that command in another way.
    bool is_refused(std::string_view command, std::string_view address);

    // pop3-sign-in.cpp
    void capabilities();
    net::awaitable<void> auth(std::string_view rest);
    void sign_in(std::string_view base64);
    void open_inbox();

    // pop3-mail.cpp
    void status();
    void list(std::string_view rest, bool unique_ids);
    net::awaitable<void> retrieve(std::string_view rest);
    void top(std::string_view rest);
    void remove(std::string_view rest);
    void reset();
    void quit();
    /// Nothing where it is no number of the list, or of a mail that is marked as deleted.
    [[nodiscard]] Listed* named(std::string_view number);
    [[nodiscard]] std::string unique_id(std::size_t at) const;
    [[nodiscard]] std::uint64_t octets(Listed const& mail) const;
    /// With a dot in front of each line that begins with one.
    void say_lines(std::string_view text);

    SharedState state_;
    std::unique_ptr<net::Accepted> connection_;
    LineReader reader_;
    std::string out_;
    std::string named_user_;
    std::optional<MailUser> user_;
    std::shared_ptr<Folder> inbox_;
    std::vector<Listed> list_;  ///< as it was at sign-in (RFC 1939 section 4)
    bool over_ = false;
    unsigned bad_commands_ = 0;
};

}  // namespace postroom::lab
