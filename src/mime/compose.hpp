// Composing a mail: values in, bytes out. A header is never built from unchecked text.
#pragma once

#include "mime/read.hpp"

namespace postroom::mime {

struct AttachedFile {
    std::string name;
    std::string type;  ///< media type; application/octet-stream where it is empty
    std::string bytes;
    /// Without < >. Where it is set and the mail has HTML, the file stands in that (cid:…), beside it in a
    /// multipart/related; otherwise it is an attachment.
    std::string content_id{};
};

struct Draft {
    Address from;
    std::vector<Address> reply_to, to, cc;
    std::vector<Address> bcc;  ///< among the recipients, and in no header
    std::string subject;
    Instant date{};
    std::string message_id;               ///< without < >
    std::string in_reply_to;              ///< without < >; may be empty
    std::vector<std::string> references;  ///< without < >, oldest first
    std::string text;                     ///< UTF-8, any line ends
    std::string html;                     ///< an alternative to the text; may be empty
    std::vector<AttachedFile> attachments;
    std::string auto_submitted;  ///< for mail that no person wrote: auto-replied or auto-generated (RFC 3834)
    std::string test_mark;       ///< of a mail of ours to ourselves (test-mail.hpp); else empty
};

/// A file as it stands in the mail; `number` is what part() takes.
struct ComposedFile {
    std::string name, type, content_id;
    std::int64_t size = 0;
    int number = 0;
};

struct Composed {
    std::string bytes;                    ///< CRLF everywhere, no line above 998 octets, 7 bit unless needs_smtputf8
    bool needs_smtputf8 = false;          ///< an address is not ASCII (RFC 6531)
    std::vector<std::string> recipients;  ///< To, Cc and Bcc, each address once
    std::vector<ComposedFile> files;
};

/// Errors: Trouble::invalid, naming the field: an address that is none, a line break or a NUL in a field of the header,
/// text that is not UTF-8, no recipient.
[[nodiscard]] Result<Composed> compose(Draft const& draft);
/// The same errors but those of From and Message-ID, which are made last.
[[nodiscard]] Result<void> check(Draft const& draft);

/// A Message-ID (without < >) that nobody can guess, in the domain of `address`.
[[nodiscard]] std::string make_message_id(std::string_view address);
/// Whether `id` may stand in a header: a customer's Message-ID can be anything.
[[nodiscard]] bool is_message_id(std::string_view id);
/// Whether `address` is one that can be written to: local@domain without blanks, control characters or brackets. Says
/// what is wrong where not.
[[nodiscard]] Result<void> check_address(std::string_view address);
/// "Name <address>" or an address, as a person types it. Errors: Trouble::invalid.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace postroom::mime
