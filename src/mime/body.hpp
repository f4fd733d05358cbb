// The structure of a mail: its parts, and which of them are its words.
#pragma once

#include "mime/gmime.hpp"
#include "mime/read.hpp"

namespace postroom::mime {

/// The structure of a mail, without its header's fields: GMime would read each address list as it parses, and follows
/// groups in groups by recursion, to the end of the stack. GMime's streams read the caller's bytes through `lent`,
/// which therefore goes last.
struct Parsed {
    std::unique_ptr<GByteArray> lent;
    Owned<GMimeObject> root;
};
/// Parses without copying: `bytes` must outlive what it gives. Errors: Trouble::limit, Trouble::invalid.
[[nodiscard]] Result<Parsed> parse(std::string_view bytes);

struct Body {
    std::string text;
    std::string html;
    bool text_from_html = false;
    bool text_cut = false;
    std::vector<Part> parts;
    bool is_report = false;  ///< multipart/report
};
/// Errors: Trouble::limit.
[[nodiscard]] Result<Body> body_of(Parsed const& parsed);

}  // namespace postroom::mime
