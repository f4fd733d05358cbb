// Reading a mail: bytes in, values out. Whatever a mail contains, this ends in a Mail or in an Error; it never throws
// and never needs more memory than a few times the mail.
#pragma once

#include "base/clock.hpp"
#include "mime/calendar.hpp"
#include "mime/report.hpp"
#include "mime/signed.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::mime {

/// Both in UTF-8. `name` is empty where the mail gives none.
struct Address {
    std::string name;
    std::string address;

    friend bool operator==(Address const&, Address const&) = default;
};
/// "Name <address>", or the address alone; for people to read.
[[nodiscard]] std::string to_string(Address const& address);

/// A part that has bytes of its own: not a multipart. An embedded message/rfc822 is one part, its own parts are not
/// listed. The parts of winmail.dat, and of what an S/MIME signature encloses, follow the part that holds them.
struct Part {
    int number = 0;          ///< from 1, in the order of the mail; what part() takes
    std::string type;        ///< media type in lower case, without parameters
    std::string name;        ///< file name without any folder, an attached mail's subject.eml; may be empty
    std::int64_t size = 0;   ///< octets, decoded
    std::string content_id;  ///< without < >; may be empty
    bool inline_ = false;    ///< disposition inline, or none at all
    bool in_html = false;    ///< Mail::html has a cid: address of it, and so shows it in its place
    bool shown = false;      ///< no attachment: what it says is in this Mail, or in the parts that follow
};

/// Why a mail counts as sent by a machine. Decided by structure, never by words in the subject.
enum class Automatic {
    no,
    auto_submitted,  ///< Auto-Submitted other than "no" (RFC 3834), or X-Auto-Response-Suppress on an answer
    report,          ///< multipart/report: delivery (RFC 3464) or disposition (RFC 8098) reports
    null_sender,     ///< Return-Path: <>
    bulk,            ///< Precedence: bulk, list, junk or auto_reply
    list,            ///< List-Id, List-Unsubscribe … (RFC 2369, RFC 2919)
};
[[nodiscard]] std::string_view to_string(Automatic automatic);

/// Which bound a mail went beyond. It is read up to there.
enum class Cut {
    header,  ///< `header_limit`, of the mail or of a part
    depth,   ///< `depth_limit`
    parts,   ///< `part_limit`, or as many lines as only a mail of boundaries has
    words,   ///< `shown_limit`
};
[[nodiscard]] std::string_view to_string(Cut cut);

struct Mail {
    std::vector<Address> from, reply_to, to, cc;
    std::optional<Address> sender;
    std::string subject;
    std::optional<Instant> date;
    std::string message_id;                  ///< without < >; empty where there is none
    std::vector<std::string> in_reply_to;    ///< without < >
    std::vector<std::string> references;     ///< without < >, oldest first
    std::optional<std::string> return_path;  ///< the newest one; an empty address for <>
    std::string auto_submitted;
    std::string precedence;
    std::string list_id;
    std::string test_mark;               ///< X-Postroom-Test (test-mail.hpp)
    std::string auto_response_suppress;  ///< X-Auto-Response-Suppress, Exchange's wish not to be answered by machines

    std::string text;  ///< plain text, lines end in \n; made from HTML where there is no text/plain
    bool text_from_html = false;
    std::string html;  ///< as sent, in UTF-8: hostile until mime::shown_html() made it safe
    std::vector<Part> parts;
    Automatic automatic = Automatic::no;
    Protection protection = Protection::none;  ///< of the whole or of a part; nothing was verified
    std::optional<Report> report;
    std::optional<Invitation> invitation;
    std::vector<Cut> cut;  ///< each once
};

inline constexpr std::size_t shown_limit = 2 * 1024 * 1024;  ///< octets of text, and of HTML, that are kept
inline constexpr int depth_limit = 30;                       ///< multiparts in multiparts
inline constexpr int part_limit = 500;
inline constexpr std::size_t header_limit = 512 * 1024;  ///< octets before the first empty line

/// Errors: Trouble::invalid (this is no mail).
[[nodiscard]] Result<Mail> read(std::string_view bytes);

struct PartBytes {
    std::string type;
    std::string name;
    std::string bytes;    ///< decoded; text stays in its charset
    std::string charset;  ///< as declared; may be empty
};
/// Errors: as read(), and Trouble::not_found.
[[nodiscard]] Result<PartBytes> part(std::string_view bytes, int number);
/// By Content-ID (without < >), for the images of an HTML mail: those whose media type is wanted, in one go, and no
/// more than `most` octets of them. Of two with one id the first counts. Errors: as read().
[[nodiscard]] Result<std::map<std::string, PartBytes>> parts_by_id(std::string_view bytes, std::size_t most,
                                                                   bool (*wanted)(std::string_view type));

/// Whom an answer goes to: Reply-To, else From. Looks at the header only, as fingerprint() does; never fails.
[[nodiscard]] std::vector<Address> answer_to(std::string_view bytes);

/// When the last server took it over: the date of the newest Received, else Date. Nothing where neither can be read.
/// Looks at the header only, and never fails.
[[nodiscard]] std::optional<Instant> received(std::string_view bytes);

/// SHA-256 of Message-ID, Date, From, the first Received and X-MS-Exchange-Organization-Network-Message-Id, unfolded:
/// the same for an item that its server renders anew. Looks at the header only, and at `header_limit` octets of it at
/// most; any bytes will do. All zero where not one of them is there, which is no fingerprint.
[[nodiscard]] std::array<std::uint8_t, 32> fingerprint(std::string_view bytes);

}  // namespace postroom::mime
