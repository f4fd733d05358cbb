#include "mime/body.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"
#include "mime/encoded-words.hpp"
#include "mime/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>

#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#endif

namespace postroom::mime {

namespace {

// GMime makes an object of a few KiB for every part, however empty; a mail of nothing but boundaries would become a
// hundred times its size. So lines that look like boundaries, with a header or an empty line behind them, are counted
// first.
constexpr int boundary_line_limit = 20'000;

bool looks_like_header_or_empty(std::string_view line)
{
    if (line.empty() || line.front() == '\r' || line.front() == '\n') return true;
    auto const end = line.find_first_of(": \t\r\n");
    return end != std::string_view::npos && line[end] == ':';
}

int boundary_lines(std::string_view bytes)
{
    int count = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        auto const newline = bytes.find('\n', at);
        auto const next = newline == std::string_view::npos ? bytes.size() : newline + 1;
        if (bytes.substr(at, 2) == "--" && looks_like_header_or_empty(bytes.substr(next, 80))) ++count;
        at = next;
    }
    return count;
}

struct Words {
    std::string text;
    std::string html;
};

std::string html_of_text(std::string_view text)
{
    std::string html = "<div style=\"white-space:pre-wrap\">";
    for (char const c : text) {
        switch (c) {
            case '<': html += "&lt;"; break;
            case '&': html += "&amp;"; break;
            default: html += c;
        }
    }
    return html + "</div>";
}

std::string media_type(GMimeObject* object)
{
    auto* type = g_mime_object_get_content_type(object);
    if (type == nullptr) return "text/plain";
    GString8 const name(g_mime_content_type_get_mime_type(type));
    return to_lower(printable(name ? name.get() : "application/octet-stream", 200));
}

// The raw value of a field, where it has encoded words in it.
std::string with_words(GMimeObject* object, char const* field)
{
    auto* const header = g_mime_header_list_get_header(g_mime_object_get_header_list(object), field);
    char const* const raw = header == nullptr ? nullptr : g_mime_header_get_raw_value(header);
    if (raw == nullptr || std::string_view(raw).find("=?") == std::string_view::npos) return {};
    return with_joined_words(header_to_utf8(raw));
}

// As GMime finds it, save that encoded words are joined first; they do not belong into parameters, and are everywhere.
std::string raw_file_name(GMimeObject* object)
{
    if (auto const value = with_words(object, "Content-Disposition"); !value.empty()) {
        Owned<GMimeContentDisposition> const parsed(g_mime_content_disposition_parse(nullptr, value.c_str()));
        char const* const name = g_mime_content_disposition_get_parameter(parsed.get(), "filename");
        if (name != nullptr) return name;
    }
    char const* const name = g_mime_part_get_filename(GMIME_PART(object));
    if (auto const value = with_words(object, "Content-Type"); !value.empty()) {
        Owned<GMimeContentType> const parsed(g_mime_content_type_parse(nullptr, value.c_str()));
        char const* const joined = g_mime_content_type_get_parameter(parsed.get(), "name");
        char const* const disposed = g_mime_object_get_content_disposition_parameter(object, "filename");
        if (joined != nullptr && disposed == nullptr) return joined;
    }
    return name == nullptr ? std::string() : std::string(name);
}

// Without the marks that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069), by which "exe" is shown as
// the middle of a name that seems to end in "png".
std::string without_directions(std::string_view name)
{
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        auto const mark = name.substr(i, 3);
        bool const turns =
            (mark >= "\xE2\x80\xAA" && mark <= "\xE2\x80\xAE") || (mark >= "\xE2\x81\xA6" && mark <= "\xE2\x81\xA9");
        if (turns)
            i += 2;
        else
            plain += name[i];
    }
    return plain;
}

// Only the last element: a name is never a way into a folder.
std::string file_name(GMimeObject* object)
{
    if (!GMIME_IS_PART(object)) return {};
    auto const raw = raw_file_name(object);
    std::string name = header_to_utf8(raw);
    if (auto const slash = name.find_last_of("/\\"); slash != std::string::npos) name.erase(0, slash + 1);
    return to_valid_utf8(std::string_view(without_directions(name)).substr(0, 255));
}

std::string content_id(GMimeObject* object)
{
    char const* id = g_mime_object_get_content_id(object);
    return id == nullptr ? std::string() : header_to_utf8(std::string_view(id).substr(0, 998));
}

struct Decoded {
    std::string bytes;
    std::int64_t size = 0;
};

// All of it is decoded, for its size; `keep` octets of it are kept.
Decoded decode(GMimeObject* object, std::size_t keep)
{
    Decoded decoded;
    if (!GMIME_IS_PART(object)) return decoded;
    auto* content = g_mime_part_get_content(GMIME_PART(object));
    if (content == nullptr) return decoded;
    auto* encoded = g_mime_data_wrapper_get_stream(content);
    if (encoded == nullptr) return decoded;
    g_mime_stream_reset(encoded);
    Owned<GMimeStream> const filtered(g_mime_stream_filter_new(encoded));
    Owned<GMimeFilter> const filter(g_mime_filter_basic_new(g_mime_data_wrapper_get_encoding(content), FALSE));
    g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered.get()), filter.get());
    char buffer[65536];
    for (;;) {
        auto const got = g_mime_stream_read(filtered.get(), buffer, sizeof buffer);
        if (got <= 0) return decoded;
        auto const count = static_cast<std::size_t>(got);
        decoded.size += got;
        decoded.bytes.append(buffer, std::min(count, keep - std::min(keep, decoded.bytes.size())));
    }
}

std::string charset_of(GMimeObject* object)
{
    char const* charset = g_mime_object_get_content_type_parameter(object, "charset");
    return charset == nullptr ? std::string() : std::string(charset);
}

// Calls `leaf` for each part, in the order of the mail.
class Walker {
public:
    virtual ~Walker() = default;

    Result<Words> walk(GMimeObject* object, int depth)
    {
        if (object == nullptr) return Words{};
        if (!GMIME_IS_MULTIPART(object)) {
            if (++number_ > part_limit) return failure(Trouble::limit, fmt::format("more than {} parts", part_limit));
            return leaf(object, number_);
        }
        if (depth >= depth_limit)
            return failure(Trouble::limit, fmt::format("multiparts nested more than {} deep", depth_limit));
        auto* multipart = GMIME_MULTIPART(object);
        std::vector<Words> children;
        for (int i = 0; i < g_mime_multipart_get_count(multipart); ++i) {
            auto child = walk(g_mime_multipart_get_part(multipart, i), depth + 1);
            if (!child) return child;
            if (!child->text.empty() || !child->html.empty()) children.push_back(*std::move(child));
        }
        return media_type(object) == "multipart/alternative" ? best_of(children) : joined(children);
    }

protected:
    virtual Words leaf(GMimeObject* object, int number) = 0;

private:
    // RFC 2046 section 5.1.4: the last that is understood; beside it the plain text that somebody wrote.
    static Words best_of(std::vector<Words>& children)
    {
        Words best;
        for (auto& child : children) {
            if (best.text.empty()) best.text = std::move(child.text);
            if (!child.html.empty()) best.html = std::move(child.html);
        }
        return best;
    }

    // Text, a picture, more text: where one piece is HTML, all of it is shown as HTML.
    static Words joined(std::vector<Words>& children)
    {
        if (children.size() == 1) return std::move(children.front());
        bool const any_html = std::any_of(children.begin(), children.end(), [](auto& c) { return !c.html.empty(); });
        bool const any_text = std::any_of(children.begin(), children.end(), [](auto& c) { return !c.text.empty(); });
        Words all;
        for (auto const& child : children) {
            if (any_html) all.html += child.html.empty() ? html_of_text(child.text) : child.html;
            if (!any_text) continue;
            if (!all.text.empty() && !all.text.ends_with('\n')) all.text += '\n';
            all.text += child.text.empty() ? text_of_html(child.html) : child.text;
        }
        return all;
    }

    int number_ = 0;
};

class Reader final : public Walker {
public:
    Body body;

private:
    Words leaf(GMimeObject* object, int number) override
    {
        Part part{.number = number, .type = media_type(object), .content_id = content_id(object)};
        char const* disposition = g_mime_object_get_disposition(object);
        bool const attached = disposition != nullptr && !equal_ignoring_case(disposition, "inline");
        part.inline_ = !attached;
        part.name = file_name(object);
        bool const html = part.type == "text/html";
        bool const worded = html || part.type == "text/plain";
        // A named text is a file, unless it is the first words of the mail and nobody says that it is attached.
        part.shown = worded && !attached && (part.name.empty() || (!any_words_ && disposition == nullptr));
        auto decoded = decode(object, part.shown ? room_ : 0);
        part.size = decoded.size;
        Words words;
        if (part.shown) {
            any_words_ = true;
            body.text_cut = body.text_cut || static_cast<std::size_t>(decoded.size) > decoded.bytes.size();
            room_ -= std::min(room_, decoded.bytes.size());
            auto utf8 = to_utf8(decoded.bytes, charset_of(object));
            (html ? words.html : words.text) = std::move(utf8);
        }
        body.parts.push_back(std::move(part));
        return words;
    }

    bool any_words_ = false;
    std::size_t room_ = 2 * shown_limit;
};

class Finder final : public Walker {
public:
    explicit Finder(std::function<bool(GMimeObject*, int)> wanted) : wanted_(std::move(wanted)) {}
    GMimeObject* found = nullptr;

private:
    Words leaf(GMimeObject* object, int number) override
    {
        if (found == nullptr && wanted_(object, number)) found = object;
        return {};
    }

    std::function<bool(GMimeObject*, int)> wanted_;
};

Result<PartBytes> find(std::string_view bytes, std::function<bool(GMimeObject*, int)> wanted, std::string_view what)
{
    auto const parsed = parse(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    Finder finder(std::move(wanted));
    if (auto const walked = finder.walk(parsed->root.get(), 0); !walked) return std::unexpected(walked.error());
    if (finder.found == nullptr) return failure(Trouble::not_found, fmt::format("the mail has no part {}", what));
    PartBytes part{.type = media_type(finder.found), .charset = charset_of(finder.found)};
    part.name = file_name(finder.found);
    part.bytes = decode(finder.found, bytes.size() * 2 + 1024).bytes;
    return part;
}

void cut(std::string& text, bool& was_cut)
{
    if (text.size() <= shown_limit) return;
    auto end = shown_limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    was_cut = true;
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
    if (boundary_lines(bytes) > boundary_line_limit)
        return failure(Trouble::limit, fmt::format("more than {} lines look like boundaries", boundary_line_limit));
    if (bytes.starts_with("From "))  // of an mbox
        bytes.remove_prefix(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
    auto* data = reinterpret_cast<guint8*>(const_cast<char*>(bytes.data()));  // GMime only reads it
    Parsed parsed{.lent = std::make_unique<GByteArray>(GByteArray{data, static_cast<guint>(bytes.size())})};
    Owned<GMimeStream> const stream(g_mime_stream_mem_new_with_byte_array(parsed.lent.get()));
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream.get()), FALSE);
    Owned<GMimeParser> const parser(g_mime_parser_new_with_stream(stream.get()));
    parsed.root.reset(g_mime_parser_construct_part(parser.get(), nullptr));
    if (!parsed.root) return failure(Trouble::invalid, "this is no mail: its structure can't be read");
    return parsed;
}

Result<Body> body_of(Parsed const& parsed)
{
    auto* const root = parsed.root.get();
    Reader reader;
    auto words = reader.walk(root, 0);
    if (!words) return std::unexpected(words.error());
    Body body = std::move(reader.body);
    body.text = std::move(words->text);
    body.html = std::move(words->html);
    cut(body.html, body.text_cut);
    if (trim(body.text).empty() && !body.html.empty()) {
        body.text = text_of_html(body.html);
        body.text_from_html = true;
    }
    cut(body.text, body.text_cut);
    body.is_report = media_type(root) == "multipart/report";
    return body;
}

Result<PartBytes> part(std::string_view bytes, int number)
{
    return find(bytes, [number](GMimeObject*, int n) { return n == number; }, std::to_string(number));
}

Result<PartBytes> part(std::string_view bytes, std::string_view wanted)
{
    return find(
        bytes, [wanted](GMimeObject* object, int) { return !wanted.empty() && content_id(object) == wanted; },
        "with this Content-ID");
}

}  // namespace postroom::mime
