// Archives made by hand, with whatever a test wants to be wrong with them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::screens {

inline std::string little(std::uint32_t value, int octets)
{
    std::string bytes;
    for (int i = 0; i < octets; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
    return bytes;
}

struct Entry {
    std::string name;
    std::string data = "data";
    unsigned flags = 0;
};

struct Zip {
    std::string entries, directory, end;

    [[nodiscard]] std::string bytes() const { return entries + directory + end; }
};

/// Nothing in it is compressed.
inline Zip make_zip(std::vector<Entry> const& all, std::string const& comment = {})
{
    Zip zip;
    for (auto const& each : all) {
        auto const size = static_cast<std::uint32_t>(each.data.size());
        auto const name = static_cast<std::uint32_t>(each.name.size());
        auto const place = static_cast<std::uint32_t>(zip.entries.size());
        auto const common = little(each.flags, 2) + little(0, 2) + little(0, 4) + little(0, 4) + little(size, 4) +
                            little(size, 4) + little(name, 2) + little(0, 2);
        zip.entries += "PK\x03\x04" + little(20, 2) + common + each.name + each.data;
        zip.directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + common + little(0, 2) + little(0, 2) +
                         little(0, 2) + little(0, 4) + little(place, 4) + each.name;
    }
    auto const count = static_cast<std::uint32_t>(all.size());
    zip.end = "PK\x05\x06" + little(0, 4) + little(count, 2) + little(count, 2) +
              little(static_cast<std::uint32_t>(zip.directory.size()), 4) +
              little(static_cast<std::uint32_t>(zip.entries.size()), 4) +
              little(static_cast<std::uint32_t>(comment.size()), 2) + comment;
    return zip;
}

/// The header of a Windows program, and nothing else.
inline std::string make_program()
{
    std::string bytes(256, '\0');
    bytes.replace(0, 2, "MZ");
    bytes.replace(0x80, 4, std::string_view("PE\0\0", 4));
    bytes[0x3c] = '\x80';
    return bytes;
}

}  // namespace postroom::screens
