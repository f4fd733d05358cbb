#include "mime/html-events.hpp"

#include "mime/charset.hpp"
#include "mime/html-tags.hpp"

#include <libxml/HTMLparser.h>

#include <memory>
#include <mutex>
#include <utility>

namespace postroom::mime {

namespace {

std::string_view view(xmlChar const* text)
{
    return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<char const*>(text));
}

struct Reading {
    HtmlEvents& events;
    htmlParserCtxtPtr parser = nullptr;
    int depth = 0;
    bool begun = false;
    bool too_deep = false;
};

void on_start(void* user, xmlChar const* name, xmlChar const** attributes)
{
    auto& reading = *static_cast<Reading*>(user);
    if (reading.too_deep) return;
    // libxml2 looks through all open elements at each end tag: unbounded nesting would be quadratic.
    if (++reading.depth > html_depth_limit) {
        reading.too_deep = true;
        xmlStopParser(reading.parser);
        return;
    }
    if (!std::exchange(reading.begun, true)) return;
    std::vector<Attribute> list;
    for (; attributes != nullptr && *attributes != nullptr; attributes += 2)
        list.push_back({view(attributes[0]), view(attributes[1])});
    reading.events.start(view(name), list);
}

void on_end(void* user, xmlChar const* name)
{
    auto& reading = *static_cast<Reading*>(user);
    if (reading.too_deep) return;
    --reading.depth;
    reading.events.end(view(name));
}

void on_text(void* user, xmlChar const* text, int length)
{
    auto& reading = *static_cast<Reading*>(user);
    if (!reading.too_deep) reading.events.text({reinterpret_cast<char const*>(text), static_cast<std::size_t>(length)});
}

void ignore(void*, xmlChar const*, int) {}

struct FreeParser {
    void operator()(htmlParserCtxtPtr parser) const { htmlFreeParserCtxt(parser); }
};

}  // namespace

bool read_html(std::string_view html, HtmlEvents& events)
{
    static std::once_flag once;
    std::call_once(once, [] { xmlInitParser(); });
    // Words outside of any element would be given one, a paragraph: so they are put into one that is not told about.
    std::string const clean = "<div>" + with_plain_tags(to_utf8(html, "utf-8"));
    std::unique_ptr<htmlParserCtxt, FreeParser> const parser(htmlNewParserCtxt());
    if (!parser) return true;
    Reading reading{.events = events, .parser = parser.get()};
    *parser->sax = {};
    parser->sax->startElement = on_start;
    parser->sax->endElement = on_end;
    parser->sax->characters = on_text;
    parser->sax->ignorableWhitespace = on_text;
    parser->sax->cdataBlock = ignore;
    parser->userData = &reading;
    // The bytes are UTF-8 by now, whatever a <meta> says.
    auto* const document =
        htmlCtxtReadMemory(parser.get(), clean.data(), static_cast<int>(clean.size()), nullptr, "UTF-8",
                           HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                               HTML_PARSE_NOIMPLIED | HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC);
    if (document != nullptr) xmlFreeDoc(document);
    return !reading.too_deep;
}

}  // namespace postroom::mime
