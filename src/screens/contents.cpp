#include "screens/contents.hpp"

#include "base/text.hpp"
#include "mime/files.hpp"
#include "screens/fold.hpp"
#include "screens/zip.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postroom::screens {

namespace {

constexpr std::array<std::pair<Content, char const*>, 6> words{
    {{Content::program, mark_in("content of a file", "program")},
     {Content::double_name, mark_in("content of a file", "double-name")},
     {Content::archive, mark_in("content of a file", "archive")},
     {Content::locked_archive, mark_in("content of a file", "locked-archive")},
     {Content::macros, mark_in("content of a file", "macros")},
     {Content::disk_image, mark_in("content of a file", "disk-image")}}};

using namespace std::string_view_literals;

// What Windows, macOS or Linux runs, or hands to something that does, when somebody opens it.
constexpr std::array program_endings{"apk"sv,     "app"sv,     "appimage"sv, "application"sv,
                                     "appx"sv,    "bat"sv,     "chm"sv,      "cmd"sv,
                                     "com"sv,     "command"sv, "cpl"sv,      "deb"sv,
                                     "desktop"sv, "diagcab"sv, "dll"sv,      "elf"sv,
                                     "exe"sv,     "gadget"sv,  "hta"sv,      "inf"sv,
                                     "ins"sv,     "isp"sv,     "jar"sv,      "jnlp"sv,
                                     "js"sv,      "jse"sv,     "ksh"sv,      "lnk"sv,
                                     "mde"sv,     "msc"sv,     "msi"sv,      "msix"sv,
                                     "msp"sv,     "mst"sv,     "pif"sv,      "pkg"sv,
                                     "ps1"sv,     "psm1"sv,    "reg"sv,      "rpm"sv,
                                     "scf"sv,     "scr"sv,     "sct"sv,      "settingcontent-ms"sv,
                                     "sh"sv,      "shb"sv,     "shs"sv,      "vb"sv,
                                     "vbe"sv,     "vbs"sv,     "wsc"sv,      "wsf"sv,
                                     "wsh"sv,     "xbap"sv,    "xll"sv};
constexpr std::array document_endings{"avi"sv,  "bmp"sv,  "csv"sv,  "doc"sv, "docx"sv, "eml"sv,  "gif"sv, "htm"sv,
                                      "html"sv, "jpeg"sv, "jpg"sv,  "mov"sv, "mp3"sv,  "mp4"sv,  "odt"sv, "pdf"sv,
                                      "png"sv,  "ppt"sv,  "pptx"sv, "rtf"sv, "tif"sv,  "tiff"sv, "txt"sv, "wav"sv,
                                      "webp"sv, "xls"sv,  "xlsx"sv, "xml"sv, "zip"sv};

template <std::size_t N>
bool among(std::array<std::string_view, N> const& endings, std::string_view ending)
{
    return std::ranges::find(endings, ending) != endings.end();
}

// The last two endings of a folded name, without the blanks by which a name is made so long that its end is not seen.
struct Endings {
    std::string_view last, before;
};
Endings endings_of(std::string_view name)
{
    Endings found;
    auto const dot = name.rfind('.');
    if (dot == std::string_view::npos) return found;
    found.last = trim(name.substr(dot + 1));
    auto const rest = trim(name.substr(0, dot));
    if (auto const other = rest.rfind('.'); other != std::string_view::npos)
        found.before = trim(rest.substr(other + 1));
    return found;
}

bool at(std::string_view bytes, std::size_t place, std::string_view magic)
{
    return place <= bytes.size() && bytes.substr(place).starts_with(magic);
}

// "MZ" begins words as well; a program's header has zeroes.
bool is_dos_program(std::string_view bytes)
{
    return bytes.size() >= 64 && bytes.starts_with("MZ") && bytes.substr(0, 64).find('\0') != std::string_view::npos;
}

bool is_script(std::string_view bytes)
{
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    return bytes.starts_with("#!/") || bytes.starts_with("#! /");
}

bool is_program(std::string_view bytes)
{
    constexpr std::array magics{
        "\x7F"
        "ELF"sv,
        "\xFE\xED\xFA\xCE"sv,
        "\xFE\xED\xFA\xCF"sv,
        "\xCE\xFA\xED\xFE"sv,
        "\xCF\xFA\xED\xFE"sv,       // Mach-O
        "\xCA\xFE\xBA\xBE"sv,       // Mach-O of several processors, and Java
        "L\0\0\0\x01\x14\x02\0"sv,  // a shortcut of Windows ([MS-SHLLINK] section 2.1)
        "ITSF\x03\0\0\0"sv,         // compiled help
        "dex\n"sv,
        "\xED\xAB\xEE\xDB"sv,  // Android, RPM
        "!<arch>\ndebian"sv};
    return is_dos_program(bytes) || is_script(bytes) ||
           std::ranges::any_of(magics, [&](auto const magic) { return bytes.starts_with(magic); });
}

bool is_other_archive(std::string_view bytes)
{
    constexpr std::array magics{"Rar!\x1A\x07"sv,
                                "7z\xBC\xAF\x27\x1C"sv,
                                "\x1F\x8B\x08"sv,
                                "\xFD"
                                "7zXZ\0"sv,
                                "\x28\xB5\x2F\xFD"sv,
                                "MSCF\0\0\0\0"sv,
                                "MSWIM\0\0\0"sv,
                                "\x04\x22\x4D\x18"sv,
                                "\x60\xEA"sv};
    bool const bzip2 = bytes.starts_with("BZh") && at(bytes, 4, "1AY&SY");
    bool const lha = at(bytes, 2, "-lh") && at(bytes, 6, "-");
    return bzip2 || lha || at(bytes, 7, "**ACE**") || at(bytes, 257, "ustar") ||
           std::ranges::any_of(magics, [&](auto const magic) { return bytes.starts_with(magic); });
}

unsigned octet(std::string_view bytes, std::size_t place)
{
    return place < bytes.size() ? static_cast<unsigned char>(bytes[place]) : 0U;
}

// A variable-length number of RAR 5: seven bits an octet, the lowest first.
std::uint64_t rar_number(std::string_view bytes, std::size_t& place)
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        auto const next = octet(bytes, place++);
        value |= std::uint64_t(next & 0x7F) << shift;
        if ((next & 0x80) == 0) break;
    }
    return value;
}

bool is_locked_rar(std::string_view bytes)
{
    if (bytes.starts_with("Rar!\x1A\x07\x01\0"sv)) {
        // Block after block: its CRC, its length from its type on. A header that is encrypted says so first; a file
        // that is has a record of type 1 in its extra area.
        for (std::size_t place = 8, blocks = 0; place + 6 < bytes.size() && blocks < 100; ++blocks) {
            auto here = place + 4;
            auto const length = rar_number(bytes, here);
            auto const begin = here;
            auto const type = rar_number(bytes, here);
            auto const flags = rar_number(bytes, here);
            if (type == 4) return true;
            if (type == 5 || length == 0 || length > 2 * 1024 * 1024) return false;
            std::uint64_t const extra = (flags & 1) != 0 ? rar_number(bytes, here) : 0;
            std::uint64_t const data = (flags & 2) != 0 ? rar_number(bytes, here) : 0;
            auto const end = begin + static_cast<std::size_t>(length);
            if (end > bytes.size()) return false;
            if (type == 2 && extra > 0 && extra < length)
                for (auto record = end - static_cast<std::size_t>(extra); record < end;) {
                    auto const size = rar_number(bytes, record);
                    auto inside = record;
                    if (rar_number(bytes, inside) == 1) return true;
                    if (size == 0 || size > end - std::min(end, record)) break;
                    record += static_cast<std::size_t>(size);
                }
            if (data > bytes.size() - end) return false;
            place = end + static_cast<std::size_t>(data);
        }
        return false;
    }
    if (!bytes.starts_with("Rar!\x1A\x07\0"sv)) return false;
    // RAR 4: the archive's block, whose flag 0x80 encrypts the headers, and the first file's, whose flag 4 its data.
    if (octet(bytes, 9) != 0x73) return false;
    if ((octet(bytes, 10) & 0x80) != 0) return true;
    auto const next = 7 + octet(bytes, 12) + 256 * octet(bytes, 13);
    return octet(bytes, next + 2) == 0x74 && (octet(bytes, next + 3) & 4) != 0;
}

// A document's name in its directory (MS-OVBA): in UTF-16 in an OLE file, plainly in a ZIP archive.
bool has_macros(std::string_view bytes, std::vector<std::string> const& listed)
{
    constexpr auto ole = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv;
    constexpr auto project = "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0"sv;
    if (bytes.starts_with(ole)) return bytes.find(project) != std::string_view::npos;
    return std::ranges::any_of(listed, [](auto const& name) { return to_lower(name).ends_with("vbaproject.bin"); });
}

bool is_disk_image(std::string_view bytes)
{
    constexpr std::size_t volume = 32'769;  // ECMA-119: the first descriptor is in sector 16
    auto const end = bytes.size() - std::min<std::size_t>(bytes.size(), 512);
    return at(bytes, volume, "CD001") || at(bytes, volume, "BEA01") || bytes.starts_with("conectix") ||
           at(bytes, end, "conectix") || bytes.starts_with("vhdxfile") || at(bytes, end, "koly\0\0\0\x04"sv) ||
           bytes.starts_with("KDMV") || bytes.starts_with("QFI\xFB");
}

// Office's and OpenDocument's files are ZIP archives, too; one that calls itself an archive is one.
bool is_document(std::string_view ending, std::vector<std::string> const& listed)
{
    if (ending == "zip" || listed.empty()) return false;
    return std::ranges::find(listed, "[Content_Types].xml") != listed.end() || listed.front() == "mimetype";
}

std::string_view without_folders(std::string_view name)
{
    if (auto const slash = name.find_last_of("/\\"); slash != std::string_view::npos) name.remove_prefix(slash + 1);
    return name;
}

bool is_mail(mime::File const& file)
{
    return file.type == "message/rfc822" || file.type == "message/global" || to_lower(file.name).ends_with(".eml");
}

class Looking {
public:
    std::vector<SeenFile> found;

    void into(std::string_view mail, int depth)
    {
        auto const take = [&](mime::File const& file) {
            if (found.size() >= files_limit) return false;
            found.push_back(look_at(file.name, file.bytes));
            auto& inner = found.back().inner;
            inner.resize(std::min(inner.size(), names_limit - std::min(names_limit, names_)));
            names_ += inner.size();
            if (is_mail(file) && depth < depth_limit) into(file.bytes, depth + 1);
            return true;
        };
        if (!mime::each_file(mail, looked_at, take)) return;  // nobody can open what can't be read
    }

private:
    static constexpr std::size_t files_limit = 1000;
    static constexpr std::size_t names_limit = 20'000;
    static constexpr int depth_limit = 3;

    std::size_t names_ = 0;
};

}  // namespace

std::string_view to_string(Content content)
{
    for (auto const& [each, word] : words)
        if (each == content) return word;
    return "?";
}

Result<Content> parse_content(std::string_view text)
{
    std::string all;
    for (auto const& [each, word] : words) {
        if (text == word) return each;
        all += (all.empty() ? "" : ", ") + std::string(word);
    }
    return failure(Trouble::invalid,
                   tr("\"{}\" is no content of a file that is known; known are: {}", printable(text, 64), all));
}

std::vector<Content> all_contents()
{
    std::vector<Content> all;
    for (auto const& each : words) all.push_back(each.first);
    return all;
}

bool SeenFile::is(Content content) const
{
    return std::ranges::find(contents, content) != contents.end();
}

SeenFile look_at(std::string_view name, std::string_view bytes)
{
    SeenFile seen{.name = std::string(name), .contents = {}, .inner = {}};
    auto const plain = folded_name(name);
    auto const endings = endings_of(plain);
    auto const zip = list_zip(bytes);
    bool program = is_program(bytes) || among(program_endings, endings.last);
    bool twice = among(program_endings, endings.last) && among(document_endings, endings.before);
    if (zip)
        for (auto const& each : zip->names) {
            auto const inner = without_folders(each);
            if (inner.empty()) continue;
            seen.inner.emplace_back(inner);
            auto const folded_inner = folded_name(inner);
            auto const its = endings_of(folded_inner);
            program = program || among(program_endings, its.last);
            twice = twice || (among(program_endings, its.last) && among(document_endings, its.before));
        }
    bool const archive = (zip && !is_document(endings.last, zip->names)) || is_other_archive(bytes);
    constexpr auto aes_of_7z = "\x06\xF1\x07\x01"sv;
    bool const locked = (zip && zip->locked) || is_locked_rar(bytes) ||
                        (bytes.starts_with("7z\xBC\xAF\x27\x1C"sv) &&
                         bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 65'536)).find(aes_of_7z) !=
                             std::string_view::npos);
    auto const say = [&](bool holds, Content content) {
        if (holds) seen.contents.push_back(content);
    };
    say(program, Content::program);
    say(twice, Content::double_name);
    say(archive, Content::archive);
    say(locked, Content::locked_archive);
    say(has_macros(bytes, zip ? zip->names : std::vector<std::string>{}), Content::macros);
    say(is_disk_image(bytes), Content::disk_image);
    return seen;
}

std::vector<SeenFile> look_into(std::string_view mail)
{
    Looking looking;
    looking.into(mail, 0);
    return std::move(looking.found);
}

}  // namespace postroom::screens
