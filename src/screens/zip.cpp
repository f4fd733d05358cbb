// APPNOTE.TXT 6.3.10 of PKWARE: local file headers in section 4.3.7, the central directory in 4.3.12, its end in
// 4.3.16. All numbers are little-endian.
#include "screens/zip.hpp"

#include "mime/charset.hpp"

#include <algorithm>
#include <cstdint>

namespace postroom::screens {

namespace {

constexpr std::string_view local_header = "PK\x03\x04";
constexpr std::string_view central_header = "PK\x01\x02";
constexpr std::string_view end_of_directory = "PK\x05\x06";
constexpr std::string_view spanned = "PK\x07\x08";
constexpr std::size_t end_length = 22;
constexpr std::size_t longest_comment = 65'535;
constexpr unsigned encrypted = 1;
constexpr unsigned streamed = 8;  // the sizes stand behind the data

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t octets)
{
    std::uint32_t value = 0;
    for (std::size_t i = octets; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

// False: enough.
bool take(ZipListing& listing, std::string_view name, unsigned flags)
{
    if ((flags & encrypted) != 0) listing.locked = true;
    if (listing.names.size() >= zip_names_limit) {
        listing.cut = true;
        return false;
    }
    listing.names.push_back(mime::to_utf8(name.substr(0, zip_name_limit), ""));
    return true;
}

// The names of the directory that begins there; false where it is none.
bool directory(ZipListing& listing, std::string_view bytes, std::size_t at, std::size_t entries)
{
    constexpr std::size_t fixed = 46;
    for (std::size_t i = 0; i < entries; ++i) {
        if (bytes.size() < fixed || at > bytes.size() - fixed || bytes.substr(at, 4) != central_header) {
            listing.cut = true;
            return i > 0;
        }
        auto const name = number(bytes, at + 28, 2);
        auto const rest = number(bytes, at + 30, 2) + number(bytes, at + 32, 2);
        if (bytes.size() - at - fixed < name) {
            listing.cut = true;
            return true;
        }
        if (!take(listing, bytes.substr(at + fixed, name), number(bytes, at + 8, 2))) return true;
        at += fixed + name + rest;
    }
    return true;
}

bool by_directory(ZipListing& listing, std::string_view bytes)
{
    auto const lowest = bytes.size() - std::min(bytes.size(), end_length + longest_comment);
    auto const tail = bytes.substr(lowest);
    auto const found = tail.rfind(end_of_directory);
    if (found == std::string_view::npos || tail.size() - found < end_length) return false;
    auto const end = lowest + found;
    auto const entries = number(bytes, end + 10, 2);
    auto const length = number(bytes, end + 12, 4);
    if (entries == 0) return !bytes.starts_with(local_header);  // one that lies
    // Where it must be, whatever stands before the archive and its offsets.
    if (length > end) return false;
    return directory(listing, bytes, end - length, entries);
}

void by_entries(ZipListing& listing, std::string_view bytes)
{
    constexpr std::size_t fixed = 30;
    listing.cut = true;  // what the directory would say of them is not known
    for (std::size_t at = 0; bytes.size() >= fixed && at <= bytes.size() - fixed;) {
        if (bytes.substr(at, 4) != local_header) {
            at = bytes.find(local_header, at + 1);
            continue;
        }
        auto const flags = number(bytes, at + 6, 2);
        std::size_t const packed = (flags & streamed) != 0 ? 0 : number(bytes, at + 18, 4);
        std::size_t const name = number(bytes, at + 26, 2);
        std::size_t const extra = number(bytes, at + 28, 2);
        if (bytes.size() - at - fixed < name || !take(listing, bytes.substr(at + fixed, name), flags)) return;
        auto const left = bytes.size() - at - fixed - name;
        if (left < extra || left - extra < packed) return;
        at += fixed + name + extra + packed;
    }
}

}  // namespace

std::optional<ZipListing> list_zip(std::string_view bytes)
{
    bool const begins =
        bytes.starts_with(local_header) || bytes.starts_with(end_of_directory) || bytes.starts_with(spanned);
    if (!begins) return std::nullopt;
    ZipListing listing;
    if (by_directory(listing, bytes)) return listing;
    listing = {};
    by_entries(listing, bytes);
    return listing;
}

}  // namespace postroom::screens
