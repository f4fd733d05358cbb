#include "mime/tnef.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace postroom::mime {

namespace {

constexpr std::uint32_t signature = 0x223E9F78;

// MS-OXTNEF section 2.1.3.2 and MS-OXPROPS.
enum Attribute : std::uint32_t {
    att_body = 0x0002800C,
    att_properties = 0x00069003,
    att_code_page = 0x00069007,
    att_attachment = 0x00069002,  // attAttachRendData: one begins
    att_title = 0x00018010,
    att_data = 0x0006800F,
    att_attachment_properties = 0x00069005
};
enum Property : std::uint16_t {
    body = 0x1000,
    rtf_compressed = 0x1009,
    body_html = 0x1013,
    attach_data = 0x3701,
    attach_file_name = 0x3704,
    attach_long_file_name = 0x3707,
    attach_mime_tag = 0x370E,
    attach_content_id = 0x3712,
    internet_code_page = 0x3FDE
};

// Little-endian; what does not fit gives zero or nothing and ends the reading.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : left_(bytes) {}
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool at_end() const { return !good_ || left_.empty(); }

    std::string_view take(std::size_t count)
    {
        good_ = good_ && count <= left_.size();
        if (!good_) return {};
        auto const taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }
    std::uint32_t number(std::size_t octets)
    {
        std::uint32_t value = 0;
        auto const taken = take(octets);
        for (std::size_t i = 0; i < taken.size(); ++i)
            value |= static_cast<std::uint32_t>(static_cast<unsigned char>(taken[i])) << 8 * i;
        return value;
    }
    // Values of the properties are padded to four octets; the last one's padding may be missing.
    std::string_view take_padded(std::size_t count)
    {
        auto const taken = take(count);
        take(std::min<std::size_t>((4 - count % 4) % 4, left_.size()));
        return taken;
    }

private:
    std::string_view left_;
    bool good_ = true;
};

std::string charset_of(std::uint32_t code_page)
{
    switch (code_page) {
        case 0: return "windows-1252";
        case 936: return "gb18030";
        case 949: return "cp949";
        case 950: return "big5-hkscs";
        case 20127: return "us-ascii";
        case 20866: return "koi8-r";
        case 21866: return "koi8-u";
        case 50220:
        case 50221:
        case 50222: return "iso-2022-jp";
        case 51932: return "euc-jp";
        case 65001: return "utf-8";
        default: break;
    }
    if (code_page > 28590 && code_page < 28606) return fmt::format("iso-8859-{}", code_page - 28590);
    return fmt::format("cp{}", code_page);
}

// MS-OXRTFCP section 2.2: LZFu over a dictionary of 4 KiB that begins with the commonest words of RTF.
std::string decompressed(std::string_view rtf)
{
    static constexpr std::string_view prelude =
        "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
        "\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
        "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
    Bytes in(rtf);
    in.number(4);
    std::size_t const size = std::min<std::size_t>(in.number(4), tnef_words_limit);
    auto const kind = in.number(4);
    in.number(4);
    if (kind == 0x414C454D)
        return std::string(in.take(std::min(size, rtf.size() - std::min<std::size_t>(rtf.size(), 16))));
    if (kind != 0x75465A4C) return {};
    std::array<char, 4096> window{};
    std::copy(prelude.begin(), prelude.end(), window.begin());
    std::size_t at = prelude.size();
    std::string out;
    auto const put = [&](char c) {
        out += c;
        window[at] = c;
        at = (at + 1) % window.size();
    };
    while (!in.at_end() && out.size() < size) {
        auto const flags = in.number(1);
        for (unsigned bit = 0; bit < 8 && !in.at_end() && out.size() < size; ++bit) {
            if ((flags >> bit & 1) == 0) {
                put(in.take(1).front());
                continue;
            }
            auto const high = in.number(1);
            auto const low = in.number(1);
            if (!in.good()) return out;
            std::size_t const from = high << 4 | low >> 4;
            if (from == at) return out;  // the end
            for (std::size_t i = 0; i < (low & 0xF) + 2 && out.size() < size; ++i)
                put(window[(from + i) % window.size()]);
        }
    }
    return out;
}

std::string_view without_zeros(std::string_view text)
{
    return text.substr(0, text.find('\0'));
}

struct Value {
    std::uint16_t id = 0;
    std::uint16_t type = 0;
    std::string_view bytes;
};

// Calls `use` for each single value of those that are named by number. Ends at a type whose size nobody knows.
template <class Use>
void for_each_property(std::string_view bytes, Use use)
{
    Bytes in(bytes);
    auto const count = in.number(4);
    for (std::uint32_t i = 0; i < count && !in.at_end(); ++i) {
        Value value;
        value.type = static_cast<std::uint16_t>(in.number(2));
        value.id = static_cast<std::uint16_t>(in.number(2));
        if (value.id >= 0x8000) {  // named: a GUID, then a number or a name
            in.take(16);
            if (in.number(4) == 0)
                in.take(4);
            else
                in.take_padded(in.number(4));
        }
        bool const several = (value.type & 0x1000) != 0;
        unsigned const type = value.type & 0x0FFFU;
        bool const sized = type == 0x1E || type == 0x1F || type == 0x0D || type == 0x102;
        std::size_t fixed = 0;
        switch (type) {
            case 0x02:
            case 0x03:
            case 0x04:
            case 0x0A:
            case 0x0B: fixed = 4; break;
            case 0x05:
            case 0x06:
            case 0x07:
            case 0x14:
            case 0x40: fixed = 8; break;
            case 0x48: fixed = 16; break;
            default:
                if (!sized) return;
        }
        auto const values = sized || several ? in.number(4) : 1;
        for (std::uint32_t v = 0; v < values && !in.at_end(); ++v) {
            value.bytes = sized ? in.take_padded(in.number(4)) : in.take_padded(several && type == 0x02 ? 2 : fixed);
            if (in.good() && v == 0) use(value);
        }
    }
}

class Reader {
public:
    Tnef found;

    void read(Bytes in)
    {
        while (!in.at_end()) {
            auto const level = in.number(1);
            auto const attribute = in.number(4);
            auto const data = in.take(in.number(4));
            in.number(2);  // a checksum; programs that get it wrong have the rest right
            if ((level != 1 && level != 2) || (data.empty() && !in.good())) return;
            if (!take(attribute, data)) return;
        }
    }

private:
    bool take(std::uint32_t attribute, std::string_view data)
    {
        switch (attribute) {
            case att_code_page: code_page_ = Bytes(data).number(4); break;
            case att_body:
                if (found.text.empty()) found.text = words(without_zeros(data), charset_of(code_page_));
                break;
            case att_properties: for_each_property(data, [this](Value const& value) { of_the_mail(value); }); break;
            case att_attachment:
                if (found.files.size() >= tnef_files_limit) return false;
                found.files.push_back({.type = "application/octet-stream"});
                break;
            case att_title:
                if (auto* file = last_file(); file != nullptr && file->name.empty()) file->name = string(data);
                break;
            case att_data:
                if (auto* file = last_file()) file->bytes = data;
                break;
            case att_attachment_properties:
                if (auto* file = last_file())
                    for_each_property(data, [&](Value const& value) { of_a_file(*file, value); });
                break;
            default: break;
        }
        return true;
    }

    void of_the_mail(Value const& value)
    {
        bool const utf16 = value.type == 0x1F;
        switch (value.id) {
            case internet_code_page: html_code_page_ = Bytes(value.bytes).number(4); break;
            case body:
                if (auto text = words(value.bytes, utf16 ? "utf-16le" : charset_of(code_page_)); !text.empty())
                    found.text = std::move(text);
                break;
            case body_html: found.html = words(value.bytes, utf16 ? "utf-16le" : charset_of(html_code_page_)); break;
            case rtf_compressed: found.rtf = decompressed(value.bytes); break;
            default: break;
        }
    }

    void of_a_file(TnefFile& file, Value const& value) const
    {
        switch (value.id) {
            case attach_long_file_name: file.name = string(value); break;
            case attach_file_name:
                if (file.name.empty()) file.name = string(value);
                break;
            case attach_mime_tag:
                if (auto type = to_lower(printable(string(value), 200)); type.find('/') != std::string::npos)
                    file.type = std::move(type);
                break;
            case attach_content_id: file.content_id = string(value).substr(0, 998); break;
            case attach_data:
                if (value.type == 0x0D && value.bytes.size() >= 16) {  // behind the id of its interface
                    file.bytes = value.bytes.substr(16);
                    file.type = Bytes(file.bytes).number(4) == signature ? "application/ms-tnef" : file.type;
                } else if (file.bytes.empty()) {
                    file.bytes = value.bytes;
                }
                break;
            default: break;
        }
    }

    [[nodiscard]] std::string string(std::string_view bytes) const
    {
        return header_to_utf8(to_utf8(without_zeros(bytes), charset_of(code_page_)));
    }
    [[nodiscard]] std::string string(Value const& value) const
    {
        return value.type == 0x1F ? header_to_utf8(to_utf8(value.bytes, "utf-16le")) : string(value.bytes);
    }
    static std::string words(std::string_view bytes, std::string const& charset)
    {
        return to_utf8(bytes.substr(0, tnef_words_limit), charset);
    }
    TnefFile* last_file() { return found.files.empty() ? nullptr : &found.files.back(); }

    std::uint32_t code_page_ = 0;
    std::uint32_t html_code_page_ = 0;
};

}  // namespace

std::optional<Tnef> read_tnef(std::string_view bytes)
{
    Bytes in(bytes);
    if (in.number(4) != signature) return std::nullopt;
    in.number(2);  // a key for nobody's use
    Reader reader;
    reader.read(in);
    if (!reader.found.text.empty() || !reader.found.html.empty()) reader.found.rtf.clear();
    return std::move(reader.found);
}

}  // namespace postroom::mime
