#include "mime/flowed.hpp"

#include <algorithm>

namespace postroom::mime {

std::string unflowed(std::string_view text, bool delsp)
{
    std::string out;
    out.reserve(text.size());
    bool open = false;  // the last line goes on
    std::size_t depth = 0;
    while (!text.empty()) {
        auto const newline = text.find('\n');
        auto line = text.substr(0, newline);
        bool const ended = newline != std::string_view::npos;
        text.remove_prefix(ended ? newline + 1 : text.size());

        // Section 4.5: quote marks first, then one stuffed blank, then what the line's end says.
        auto const quotes = std::min(line.find_first_not_of('>'), line.size());
        line.remove_prefix(quotes);
        if (line.starts_with(' ')) line.remove_prefix(1);
        bool const signature = line == "-- ";  // section 4.3: never flowed
        if (open && (quotes != depth || signature)) {
            if (out.ends_with(' ')) out.pop_back();
            out += '\n';
            open = false;
        }
        if (!open) {
            out.append(quotes, '>');
            if (quotes > 0 && !line.empty()) out += ' ';
            depth = quotes;
        }
        open = !signature && line.ends_with(' ');
        if (open && delsp) line.remove_suffix(1);
        out += line;
        if (!open && ended) out += '\n';
    }
    return out;
}

}  // namespace postroom::mime
