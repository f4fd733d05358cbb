// The structure of a mail: its parts, and which of them are its words.
#pragma once

#include "mime/gmime.hpp"
#include "mime/read.hpp"

namespace postroom::mime {

/// The structure of a mail, without its header's fields: GMime would read each address list as it parses, and follows
/// groups in groups by recursion, to the end of the stack. GMime's streams read the caller's bytes through `lent`, or
/// those in `copy`, which therefore go last.
struct Parsed {
    std::unique_ptr<std::string> copy;
    std::unique_ptr<GByteArray> lent;
    Owned<GMimeObject> root;
    std::vector<Cut> cut;
};
/// Parses without copying, save where a header is too long: `bytes` must outlive what it gives. Errors:
/// Trouble::invalid.
[[nodiscard]] Result<Parsed> parse(std::string_view bytes);

struct Body {
    std::string text;
    std::string html;
    std::string charset;  ///< that its first words declare; may be empty
    bool text_from_html = false;
    std::vector<Part> parts;
    bool is_report = false;  ///< multipart/report
    Protection protection = Protection::none;
    std::optional<Report> report;
    std::optional<Invitation> invitation;
    std::vector<Cut> cut;
};
[[nodiscard]] Body body_of(Parsed const& parsed);

}  // namespace postroom::mime
