#include "desk/fields.hpp"

#include "base/text.hpp"
#include "mime/quote.hpp"

#include <fmt/format.h>

namespace postroom::desk {

namespace {

template <class Write>
Result<std::string> filled(std::string_view words, Fields const& fields, Write const& write)
{
    std::string text;
    for (;;) {
        auto const open = words.find("{{");
        text += words.substr(0, open);
        if (open == std::string_view::npos) return text;
        auto const close = words.find("}}", open);
        auto const end = close == std::string_view::npos ? words.size() : close;
        auto const name = trim(words.substr(open + 2, end - open - 2));
        auto const field = fields.find(name);
        if (close == std::string_view::npos || field == fields.end()) {
            std::string known;
            for (auto const& [each, value] : fields) known += (known.empty() ? "{{" : ", {{") + each + "}}";
            return failure(Trouble::invalid,
                           tr("there is no field {}; there are {}", "{{" + printable(name, 64) + "}}", known));
        }
        text += write(field->second);
        words.remove_prefix(close + 2);
    }
}

}  // namespace

Result<std::string> fill(std::string_view words, Fields const& fields)
{
    return filled(words, fields, [](std::string const& value) { return value; });
}

Result<std::string> fill_html(std::string_view words, Fields const& fields)
{
    return filled(words, fields, [](std::string const& value) { return mime::html_of_text(value); });
}

}  // namespace postroom::desk
