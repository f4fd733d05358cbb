// HTML written anew for libxml2, which compares each attribute of a tag with all before it: a tag of 200,000 would take
// it minutes. So that nobody can hide one from whoever counts, all tags are written in one plain form.
#pragma once

#include <string>
#include <string_view>

namespace postroom::mime {

inline constexpr int html_attributes_limit = 200;  ///< of one tag

/// Tags as a browser sees them (WHATWG HTML, section 13.2.5), each value in double quotes without < and >; no comments,
/// no declarations, nothing within script and style. Attributes beyond the limit, and those whose names no HTML has,
/// are left out. Takes time in proportion to `html`.
[[nodiscard]] std::string with_plain_tags(std::string_view html);

}  // namespace postroom::mime
