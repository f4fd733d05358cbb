// The members that every mail of ours has: words, recipients, files, when it goes out.
#pragma once

#include "base/text.hpp"
#include "console/problem.hpp"
#include "console/request.hpp"
#include "desk/answer.hpp"
#include "desk/desk.hpp"
#include "store/sending.hpp"
#include "store/settings.hpp"

#include <chrono>
#include <vector>

namespace postroom::console {

inline constexpr std::size_t most_files = 50;

/// "html", "to", "cc", "bcc", "attachments", "sign", "send_at" and "undo"; "text" is each one's own.
template <class Mail>
void take_answer(Members const& members, Mail& mail, Instant now)
{
    mail.html = members.text_or("html", "", most_text);
    mail.to = members.texts("to");
    mail.cc = members.texts("cc");
    mail.bcc = members.texts("bcc");
    mail.sign = members.flag_or("sign", true);
    auto const at = members.text_or("send_at", "");
    if (at.empty()) return;
    auto const when = from_rfc3339(at);
    if (!when)
        throw Problem(Trouble::invalid, tr("\"send_at\" must be a time such as 2026-11-24T08:00:00Z"), "send_at");
    if (*when < now || *when > now + std::chrono::hours(24 * 366))
        throw Problem(Trouble::invalid, tr("\"send_at\" must be in the future, and within a year"), "send_at");
    mail.not_before = *when;
}

[[nodiscard]] std::vector<model::UploadId> uploads_in(Members const& members);
/// Those that the caller has uploaded, and not used yet.
[[nodiscard]] std::vector<model::Upload> uploads_of(store::Connection& c, Caller const& caller, Members const& members);
/// The files that were uploaded: one that the HTML names as cid:ID stands in it.
[[nodiscard]] std::vector<mime::AttachedFile> files_of(store::Connection& c, Caller const& caller,
                                                       Members const& members, std::string_view html);
/// How long what may be undone is held back.
[[nodiscard]] Duration undo_delay(store::Connection& c);

/// What needs the store: the files, and how long what may be undone is held back.
template <class Mail>
void finish_answer(store::Connection& c, Caller const& caller, Members const& members, Mail& mail, Instant now)
{
    mail.attachments = files_of(c, caller, members, mail.html);
    if (members.flag_or("undo", false) && !mail.not_before) mail.not_before = now + undo_delay(c);
}
void forget_uploads(store::Connection& c, Caller const& caller, Members const& members);

}  // namespace postroom::console
