// Mail of ours: what an agent (or the desk itself) wants to say is drafted, written down as a mail, and queued with an
// activity. Drafting and queueing run inside the caller's transactions; writing down needs no store, and may take its
// time. What a person did wrong comes back as Error; store::Failure passes through.
#pragma once

#include "desk/case-token.hpp"
#include "desk/fields.hpp"
#include "mime/compose.hpp"
#include "model/case.hpp"
#include "model/mailbox.hpp"
#include "store/bodies.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::desk {

struct Queued {
    model::CaseId case_id;
    std::int64_t number = 0;
    model::ActivityId activity;
    model::OutboundId outbound;
    std::string message_id;  ///< without < >
};

/// What is to be said, from where and in which case; From, Date and Message-ID are there.
struct Drafted {
    model::Mailbox mailbox;
    model::CaseId case_id;
    std::int64_t number = 0;
    std::optional<model::Case> opens{};  ///< the case that it opens
    mime::Draft draft;
    std::optional<Instant> not_before{};
    Instant now{};
};

/// The mail that it became, in chunks. Who has stored some of them already leaves them out.
struct Written {
    Drafted of;           ///< without the files' bytes
    mime::Composed mail;  ///< without its bytes
    model::BodyId body;
    std::int64_t size = 0;
    model::Digest digest{};
    std::vector<store::Chunk> chunks;
};
/// Needs no transaction, and as much memory as the mail has octets. Errors: Trouble::invalid (what can't be in a mail).
[[nodiscard]] Result<Written> write_down(Drafted drafted);
/// Stores the chunks that are left, adds the case that it opens and the activity, and queues it.
[[nodiscard]] Queued queue(store::Connection& c, Written const& written);

inline constexpr std::int64_t most_attached =
    25LL * 1024 * 1024;  ///< octets of all files of one mail; a third more as mail

/// Whom an answer goes to where nobody is named.
enum class Audience {
    sender,  ///< who wrote last: Reply-To, else From
    all,     ///< and whoever else that mail was to, but for our own mailboxes
};

/// Which the case's mail goes out from. Errors: Trouble::not_found, where it was removed.
[[nodiscard]] Result<model::Mailbox> mailbox_of(store::Connection& c, model::Case const& a_case);

struct Reply {
    model::CaseId case_id;
    std::string text;
    std::string html;             ///< an alternative to the text; may be empty
    std::vector<std::string> to;  ///< "Name <address>" or address; empty: whom the audience means
    std::vector<std::string> cc;
    std::vector<mime::AttachedFile> attachments;
    std::vector<std::string> bcc{};       ///< in no header
    bool sign = false;                    ///< with the department's signature
    std::optional<Instant> not_before{};  ///< of scheduled mail, or of one that may be undone
    Audience audience = Audience::sender;
    std::optional<model::ActivityId> answers{};  ///< which mail of the case; nothing: the customer's last
    bool quote = false;                          ///< with the original beneath
};
/// The answer, from the case's mailbox. A closed case stays closed. Errors: Trouble::not_found, Trouble::invalid (an
/// address, nobody to write to, no text), Trouble::limit (too large).
[[nodiscard]] Result<Drafted> draft(store::Connection& c, Reply const& reply, CaseTokens const& tokens, Instant now);
/// Drafts, writes down and queues it, in one transaction; so do those below.
[[nodiscard]] Result<Queued> reply(store::Connection& c, Reply const& reply, CaseTokens const& tokens, Instant now);

struct Forward {
    model::CaseId case_id;
    std::string text;  ///< above the mail; may be empty
    std::string html;
    std::vector<std::string> to, cc;
    std::vector<mime::AttachedFile> attachments;
    std::vector<std::string> bcc{};
    bool sign = false;
    std::optional<Instant> not_before{};
    std::optional<model::ActivityId> what{};  ///< which mail of the case; nothing: the customer's last
    bool with_attachments = true;
};
/// Sends a mail of the case on to somebody: its words beneath ours, its attachments with it. It stays an activity of
/// the case. Errors: as draft() of a reply.
[[nodiscard]] Result<Drafted> draft(store::Connection& c, Forward const& forward, CaseTokens const& tokens,
                                    Instant now);
[[nodiscard]] Result<Queued> forward(store::Connection& c, Forward const& forward, CaseTokens const& tokens,
                                     Instant now);

struct NewMail {
    model::MailboxId mailbox;
    std::vector<std::string> to;
    std::vector<std::string> cc;
    std::string subject;
    std::string text;
    std::string html;
    std::vector<mime::AttachedFile> attachments;
    std::vector<std::string> bcc{};
    bool sign = false;
    std::optional<Instant> not_before{};
};
/// Opens a case with a mail of ours. It has no number yet, nor the mail its token.
[[nodiscard]] Result<Drafted> draft(store::Connection& c, NewMail const& mail, Instant now);
/// Takes a number for the case that it opens.
void number(store::Connection& c, Drafted& drafted, CaseTokens const& tokens);
[[nodiscard]] Result<Queued> new_mail(store::Connection& c, NewMail const& mail, CaseTokens const& tokens, Instant now);

/// Finishes, writes down and queues a draft of the caller's own, from the mailbox.
[[nodiscard]] Result<Queued> queue_mail(store::Connection& c, model::Mailbox const& mailbox, model::CaseId a_case,
                                        std::int64_t number, mime::Draft draft, Instant now);

/// What an answer would begin with, before anybody has written it.
struct Preparation {
    model::CaseId case_id;
    Audience audience = Audience::sender;
    bool forward = false;
    std::optional<model::ActivityId> about{};
    std::optional<std::string> use_template{};
    std::string agent;  ///< who writes
};
struct Prepared {
    std::vector<std::string> to, cc;
    std::string subject, text, html, signature;
    std::vector<std::string> attachments{};  ///< of a forwarded mail, by name
};
[[nodiscard]] Result<Prepared> prepare(store::Connection& c, Preparation const& wanted, Instant now);
/// The fields that a template may have, with nothing in them.
[[nodiscard]] Fields template_fields();

/// Undoes what is queued still: it is never sent; whose turn the case is, and whether it is open, is as if it never
/// was. Errors: Trouble::not_found; Trouble::conflict where it is too late.
[[nodiscard]] Result<void> take_back(store::Connection& c, model::OutboundId id, std::string_view who, Instant now);

}  // namespace postroom::desk
