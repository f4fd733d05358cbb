#include "mime/leaf.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"
#include "mime/encoded-words.hpp"
#include "mime/header.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace postroom::mime {

namespace {

// The raw value of a field, where it has encoded words in it.
std::string with_words(GMimeObject* object, char const* field)
{
    auto* const header = g_mime_header_list_get_header(g_mime_object_get_header_list(object), field);
    char const* const raw = header == nullptr ? nullptr : g_mime_header_get_raw_value(header);
    if (raw == nullptr || std::string_view(raw).find("=?") == std::string_view::npos) return {};
    return with_joined_words(header_to_utf8(raw));
}

// Of a parameter that is there twice, once plain and once as RFC 2231 has it, the one that says more.
std::string best_of(GMimeParamList* list, std::string_view wanted)
{
    std::string best;
    for (int i = 0; list != nullptr && i < g_mime_param_list_length(list); ++i) {
        auto* const parameter = g_mime_param_list_get_parameter_at(list, i);
        if (!equal_ignoring_case(g_mime_param_get_name(parameter), wanted)) continue;
        char const* const value = g_mime_param_get_value(parameter);
        std::string_view const text = value == nullptr ? "" : value;
        bool const says_more = std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
        if (best.empty() || says_more) best = text;
        if (says_more) break;
    }
    return best;
}

std::string disposed_name(GMimeObject* object)
{
    Owned<GMimeContentDisposition> parsed;
    auto* disposition = g_mime_object_get_content_disposition(object);
    if (auto const value = with_words(object, "Content-Disposition"); !value.empty()) {
        parsed.reset(g_mime_content_disposition_parse(nullptr, value.c_str()));
        disposition = parsed.get();
    }
    return disposition == nullptr ? std::string()
                                  : best_of(g_mime_content_disposition_get_parameters(disposition), "filename");
}

std::string typed_name(GMimeObject* object)
{
    Owned<GMimeContentType> parsed;
    auto* type = g_mime_object_get_content_type(object);
    if (auto const value = with_words(object, "Content-Type"); !value.empty()) {
        parsed.reset(g_mime_content_type_parse(nullptr, value.c_str()));
        type = parsed.get();
    }
    return type == nullptr ? std::string() : best_of(g_mime_content_type_get_parameters(type), "name");
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

// File systems end at 255 octets. What tells programs apart is at the end.
std::string of_bearable_length(std::string name)
{
    constexpr std::size_t most = 255;
    if (name.size() <= most) return name;
    auto const dot = name.rfind('.');
    std::string const ending = dot != std::string::npos && name.size() - dot <= 20 ? name.substr(dot) : std::string();
    auto end = most - ending.size();
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
    return name.substr(0, end) + ending;
}

std::string content_id(GMimeObject* object)
{
    char const* id = g_mime_object_get_content_id(object);
    return id == nullptr ? std::string() : header_to_utf8(std::string_view(id).substr(0, 998));
}

// Programs that forget to take their own coding off write charset=3D"utf-8".
std::string charset_of(GMimeObject* object)
{
    char const* said = g_mime_object_get_content_type_parameter(object, "charset");
    std::string charset = said == nullptr ? "" : said;
    if (starts_ignoring_case(charset, "3D")) charset.erase(0, 2);
    std::erase_if(charset, [](char c) { return c == '"' || c == '\'' || c == '\\'; });
    return charset;
}

// RFC 2045 section 6.8, as GMime reads it, save that the last group may lack its padding and that padding may be
// followed by more: programs write both, and GMime drops up to two octets there.
class Base64 {
public:
    std::string_view operator()(std::string_view text)
    {
        out_.clear();
        out_.reserve(text.size() / 4 * 3 + 3);
        for (std::size_t i = 0; i < text.size();) {
            // As nearly all of it is: a whole group, of which nothing is left from before.
            if (count_ == 0 && text.size() - i >= 4) {
                int const group = value_of(text[i]) << 18 | value_of(text[i + 1]) << 12 | value_of(text[i + 2]) << 6 |
                                  value_of(text[i + 3]);
                if (group >= 0) {
                    char const octets[] = {static_cast<char>(group >> 16), static_cast<char>(group >> 8 & 0xFF),
                                           static_cast<char>(group & 0xFF)};
                    out_.append(octets, sizeof octets);
                    i += 4;
                    continue;
                }
            }
            take(text[i++]);
        }
        return out_;
    }

private:
    static constexpr std::array<std::int8_t, 256> values = [] {
        std::array<std::int8_t, 256> all{};
        all.fill(-1);
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < alphabet.size(); ++i)
            all[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
        return all;
    }();
    static int value_of(char c) { return values[static_cast<unsigned char>(c)]; }

    void take(char c)
    {
        int const value = value_of(c);
        if (value >= 0) {
            bits_ = (bits_ << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
            if (++count_ == 1) return;
            out_ += static_cast<char>(bits_ >> (6 - 2 * (count_ - 1)) & 0xFF);
            if (count_ == 4) count_ = 0;
        } else if (c == '=') {
            count_ = 0;
        }
    }

    std::string out_;
    unsigned bits_ = 0;
    int count_ = 0;  // of the group's characters
};

// An attached mail is called after its subject, as mail programs do. A solidus in that leads into no folder.
std::string name_of_mail(Leaf const& leaf)
{
    auto const mail = leaf.decode(std::size_t{64} * 1024).bytes;
    auto subject = header_to_utf8(decoded_words(header_to_utf8(Header(mail).first("subject"))));
    if (trim(subject).empty()) return {};
    std::ranges::replace_if(subject, [](char c) { return c == '/' || c == '\\'; }, '-');
    return plain_file_name(std::string(trim(subject)) + ".eml");
}

}  // namespace

std::string media_type(GMimeObject* object)
{
    auto* type = g_mime_object_get_content_type(object);
    if (type == nullptr) return "text/plain";
    GString8 const name(g_mime_content_type_get_mime_type(type));
    return to_lower(printable(name ? name.get() : "application/octet-stream", 200));
}

std::string plain_file_name(std::string_view raw)
{
    auto const decoded = header_to_utf8(raw);
    std::string_view name = trim(decoded);
    if (auto const slash = name.find_last_of("/\\"); slash != std::string_view::npos) name.remove_prefix(slash + 1);
    if (name.starts_with('"')) name.remove_prefix(1);  // one that is never closed
    return of_bearable_length(without_directions(trim(name)));
}

Leaf leaf_of(GMimeObject* object)
{
    std::string name;
    if (GMIME_IS_PART(object)) name = disposed_name(object);
    if (GMIME_IS_PART(object) && name.empty()) name = typed_name(object);
    char const* const disposition = g_mime_object_get_disposition(object);
    Leaf leaf{.type = media_type(object),
              .name = plain_file_name(name),
              .content_id = content_id(object),
              .disposition = disposition == nullptr ? "" : to_lower(disposition),
              .charset = charset_of(object),
              .object = object};
    bool const mail = leaf.type == "message/rfc822" || leaf.type == "message/global";
    if (mail && leaf.name.empty()) leaf.name = name_of_mail(leaf);
    return leaf;
}

std::string Leaf::parameter(char const* wanted) const
{
    char const* const value = object == nullptr ? nullptr : g_mime_object_get_content_type_parameter(object, wanted);
    return value == nullptr ? std::string() : std::string(value);
}

Decoded Leaf::decode(std::size_t keep) const
{
    Decoded decoded;
    if (object == nullptr) {
        decoded.size = static_cast<std::int64_t>(unpacked.size());
        decoded.bytes = unpacked.substr(0, keep);
        return decoded;
    }
    if (!GMIME_IS_PART(object)) return decoded;
    auto* content = g_mime_part_get_content(GMIME_PART(object));
    if (content == nullptr) return decoded;
    auto* encoded = g_mime_data_wrapper_get_stream(content);
    if (encoded == nullptr) return decoded;
    g_mime_stream_reset(encoded);
    auto const encoding = g_mime_data_wrapper_get_encoding(content);
    bool const base64 = encoding == GMIME_CONTENT_ENCODING_BASE64;
    Owned<GMimeStream> const filtered(g_mime_stream_filter_new(encoded));
    if (!base64) {
        Owned<GMimeFilter> const filter(g_mime_filter_basic_new(encoding, FALSE));
        g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered.get()), filter.get());
    }
    Base64 from_base64;
    char buffer[65536];
    for (;;) {
        auto const got = g_mime_stream_read(filtered.get(), buffer, sizeof buffer);
        if (got <= 0) return decoded;
        std::string_view bytes(buffer, static_cast<std::size_t>(got));
        if (base64) bytes = from_base64(bytes);
        decoded.size += static_cast<std::int64_t>(bytes.size());
        decoded.bytes += bytes.substr(0, keep - std::min(keep, decoded.bytes.size()));
    }
}

}  // namespace postroom::mime
