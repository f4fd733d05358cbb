// GMime, with what it needs to be kept from.
#include "base/text.hpp"
#include "mime/body.hpp"
#include "mime/header.hpp"

#include <algorithm>
#include <mutex>

#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#endif

namespace postroom::mime {

namespace {

// GMime makes an object of a few KiB for every part, however empty, and one of some hundred octets for every field of a
// header; a mail of nothing but boundaries or fields would become a hundred times its size. So lines that look like
// boundaries, with a header or an empty line behind them, are counted first, and the headers behind them are measured.
constexpr int boundary_line_limit = 20'000;
constexpr int declared_limit = 500;          // boundaries
constexpr std::size_t fields_limit = 5'000;  // of all parts together, beyond twenty each

bool looks_like_header_or_empty(std::string_view line)
{
    if (line.empty() || line.front() == '\r' || line.front() == '\n') return true;
    auto const end = line.find_first_of(": \t\r\n");
    return end != std::string_view::npos && line[end] == ':';
}

// How much of the mail GMime may see, and why no more.
std::size_t sound_octets(std::string_view bytes, std::vector<Cut>& cut)
{
    int boundaries = 0;
    int declared = 0;
    std::size_t fields = 0;
    std::size_t boundary = std::string_view::npos;  // where the header that goes on begins
    for (std::size_t at = 0; at < bytes.size();) {
        auto const newline = bytes.find('\n', at);
        auto const next = newline == std::string_view::npos ? bytes.size() : newline + 1;
        auto const line = bytes.substr(at, next - at);
        if (line.starts_with("--") && looks_like_header_or_empty(bytes.substr(next, 80))) {
            if (++boundaries > boundary_line_limit) {
                cut.push_back(Cut::parts);
                return at;
            }
            boundary = at;
        } else if (boundary != std::string_view::npos) {
            if (line == "\n" || line == "\r\n") boundary = std::string_view::npos;
            ++fields;
            // Each line of a mail is compared with every boundary that is open.
            if (to_lower(line.substr(0, 1000)).find("boundary") != std::string::npos && ++declared > declared_limit) {
                cut.push_back(Cut::depth);
                return boundary;
            }
            auto const allowed = fields_limit + 20 * static_cast<std::size_t>(boundaries);
            if (boundary != std::string_view::npos && (at - boundary > header_limit || fields > allowed)) {
                cut.push_back(Cut::header);
                return boundary;
            }
        }
        at = next;
    }
    return bytes.size();
}

// The fields that tell the structure, and the body.
std::string with_short_header(std::string_view bytes, Header const& header)
{
    std::string mail = "X-Cut: header\r\n";  // GMime wants at least one field
    for (auto const* name :
         {"mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id"})
        if (header.has(name)) mail += std::string(name) + ": " + header.first(name) + "\r\n";
    auto const rest = bytes.substr(header_limit);
    auto const end = std::min(rest.find("\n\r\n"), rest.find("\n\n"));
    return mail + std::string(end == std::string_view::npos ? "\r\n" : rest.substr(end + 1));
}

}  // namespace

void use_gmime()
{
    static std::once_flag once;
    std::call_once(once, [] {
#if __has_feature(address_sanitizer)
        __lsan::ScopedDisabler const once_only;  // GMime forgets the five entries that are replaced
#endif
        g_mime_init();
        // An embedded message is bytes like any other attachment; what is inside is not parsed, however deep it goes.
        for (auto const* subtype : {"rfc822", "rfc2822", "global", "news", "partial"})
            g_mime_object_register_type("message", subtype, GMIME_TYPE_PART);
    });
}

Result<Parsed> parse(std::string_view bytes)
{
    use_gmime();
    Parsed parsed;
    if (bytes.starts_with("From "))  // of an mbox
        bytes.remove_prefix(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
    if (Header const header(bytes); header.too_long()) {
        parsed.cut.push_back(Cut::header);
        parsed.copy = std::make_unique<std::string>(with_short_header(bytes, header));
        bytes = *parsed.copy;
    }
    bytes = bytes.substr(0, sound_octets(bytes, parsed.cut));
    // GMime leaves the last part a stray octet where the last boundary's line has no end.
    if (auto const line = bytes.rfind('\n');
        line != std::string_view::npos && bytes.substr(line + 1).starts_with("--")) {
        parsed.copy = std::make_unique<std::string>(std::string(bytes) + "\r\n");
        bytes = *parsed.copy;
    }
    auto* data = reinterpret_cast<guint8*>(const_cast<char*>(bytes.data()));  // GMime only reads it
    parsed.lent = std::make_unique<GByteArray>(GByteArray{data, static_cast<guint>(bytes.size())});
    Owned<GMimeStream> const stream(g_mime_stream_mem_new_with_byte_array(parsed.lent.get()));
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream.get()), FALSE);
    Owned<GMimeParser> const parser(g_mime_parser_new_with_stream(stream.get()));
    parsed.root.reset(g_mime_parser_construct_part(parser.get(), nullptr));
    if (!parsed.root) return failure(Trouble::invalid, "this is no mail: its structure can't be read");
    return parsed;
}

}  // namespace postroom::mime
