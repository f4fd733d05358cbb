// One SMTP connection: submission as Exchange Online's port 587 does it, or a customer's mail that comes in.
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

enum class SmtpRole {
    submission,  ///< STARTTLS, then XOAUTH2, then mail
    inbound,     ///< for any mail program, without sign-in, to the lab's mailboxes only
};

/// Serves one connection until it ends.
[[nodiscard]] net::awaitable<void> serve_smtp(SharedState state, std::unique_ptr<net::Accepted> connection,
                                              SmtpRole role);

class SmtpSession {
public:
    SmtpSession(SharedState state, std::unique_ptr<net::Accepted> connection, SmtpRole role);
    ~SmtpSession();
    SmtpSession(SmtpSession const&) = delete;
    SmtpSession& operator=(SmtpSession const&) = delete;

    net::awaitable<void> run();

private:
    net::awaitable<void> answer(std::string line);
    net::awaitable<void> flush();
    net::awaitable<std::optional<std::string>> read_line();
    void say(std::string_view reply);
    void hello(std::string_view name, bool extended);

    // smtp-sign-in.cpp
    net::awaitable<void> start_tls();
    net::awaitable<void> auth(std::string rest);
    net::awaitable<void> auth_login(std::string user_name);
    net::awaitable<std::optional<std::string>> challenge(std::string_view text);
    void sign_in(std::string_view base64);
    /// "[HOST 2026-11-22T09:30:00.125Z 08DCA18218166FB4]", which goes to Microsoft's support.
    [[nodiscard]] std::string reference() const;

    // smtp-mail.cpp
    void mail(std::string_view rest);
    void rcpt(std::string_view rest);
    net::awaitable<void> data();
    net::awaitable<void> bdat(std::string_view rest);
    net::awaitable<void> accept();
    net::awaitable<void> accept_submission();
    void accept_inbound();
    net::awaitable<void> keep_pace();
    void reset();
    bool is_refused_at(std::string_view stage, std::string_view address);
    [[nodiscard]] std::optional<std::string> fault(Fault which);
    [[nodiscard]] std::optional<std::string> sender_not_allowed() const;

    SharedState state_;
    std::unique_ptr<net::Accepted> connection_;
    LineReader reader_;
    SmtpRole role_;
    std::string out_;
    std::string session_id_;
    std::string client_name_;
    bool tls_ = false;
    bool over_ = false;
    unsigned bad_commands_ = 0;
    std::optional<MailUser> user_;
    unsigned position_ = 0;  ///< the how-manieth connection of its mailbox this was

    std::optional<std::string> sender_;
    std::vector<std::string> recipients_;
    std::string raw_;
    bool too_big_ = false;
};

}  // namespace postroom::lab
