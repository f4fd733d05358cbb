// HTML as a sequence of events. libxml2 parses; no tree is built, so that nothing of a page is held in memory and no
// recursion follows its nesting.
#pragma once

#include <string_view>
#include <vector>

namespace postroom::mime {

struct Attribute {
    std::string_view name;   ///< in lower case
    std::string_view value;  ///< entities decoded
};

class HtmlEvents {
public:
    virtual ~HtmlEvents() = default;
    virtual void start(std::string_view element, std::vector<Attribute> const& attributes) = 0;
    virtual void end(std::string_view element) = 0;
    virtual void text(std::string_view text) = 0;
};

inline constexpr int html_depth_limit = 256;

/// Calls `events` for each tag and text, elements closed where the page forgot it; comments, and what scripts and
/// styles contain, are left out. False where elements were nested deeper than `html_depth_limit`: it stopped there.
bool read_html(std::string_view html, HtmlEvents& events);

}  // namespace postroom::mime
