// HTML of a mail made safe to show in a frame, and made into text. What comes out is written anew, from lists of what
// is allowed: nothing of the input is copied that a list does not name.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace postroom::mime {

struct ShowOptions {
    /// The URL of the part with this Content-ID (without < >); empty where there is none. Called for cid: images.
    std::function<std::string(std::string_view content_id)> url_of;
    bool remote_images = false;  ///< show images of http(s) addresses; only after a person asked for it
};

struct ShownHtml {
    std::string html;             ///< a whole document, UTF-8
    bool remote_blocked = false;  ///< there were images that would have been fetched from elsewhere
};

/// The page that serves it says besides: Content-Security-Policy "sandbox; default-src 'none'; style-src
/// 'unsafe-inline'; img-src 'self' data:" (and https: where remote_images was asked for).
/// Errors: Trouble::limit for elements nested beyond reason: show the text then.
[[nodiscard]] Result<ShownHtml> shown_html(std::string_view html, ShowOptions const& options);

/// The words of it, with line breaks where a reader sees some, links as "words (URL)" where the words do not say the
/// URL. Never fails: what can't be understood is left out.
[[nodiscard]] std::string text_of_html(std::string_view html);

}  // namespace postroom::mime
