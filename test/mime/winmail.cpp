// Writes winmail.dat as MS-OXTNEF lays it down. Items, separated by |:
//   codepage N, body TEXT, ubody TEXT (UTF-16), html TEXT, rtf TEXT (not compressed), lzfu HEX (as MS-OXRTFCP packs it)
//   file NAME=TEXT (title and data), long NAME=TYPE=ID=TEXT (their properties), message NAME=TEXT (embedded)
//   named (a property of a name), several (one of many values), strange (one of a type nobody knows), cut N (octets)
#include "corpus.hpp"

#include "base/text.hpp"

#include <cstdint>

namespace postroom::mime {

namespace {

std::string number(std::uint32_t value, int octets)
{
    std::string bytes;
    for (int i = 0; i < octets; ++i) bytes += static_cast<char>(value >> 8 * i & 0xFF);
    return bytes;
}

std::string sized(std::string_view bytes)
{
    std::string out = number(static_cast<std::uint32_t>(bytes.size()), 4) + std::string(bytes);
    out.append((4 - bytes.size() % 4) % 4, '\0');
    return out;
}

std::string property(std::uint32_t id, std::uint32_t type, std::string_view bytes)
{
    return number(type, 2) + number(id, 2) + number(1, 4) + sized(bytes);
}

std::string utf16(std::string_view ascii)
{
    std::string out;
    for (char const c : std::string(ascii) + '\0') (out += c) += '\0';
    return out;
}

std::string attribute(int level, std::uint32_t id, std::string_view data)
{
    std::uint32_t sum = 0;
    for (char const c : data) sum += static_cast<unsigned char>(c);
    return number(static_cast<std::uint32_t>(level), 1) + number(id, 4) +
           number(static_cast<std::uint32_t>(data.size()), 4) + std::string(data) + number(sum & 0xFFFF, 2);
}

std::string zero(std::string_view text)
{
    return std::string(text) + '\0';
}

std::string from_hex(std::string_view hex)
{
    std::string bytes;
    for (auto const pair : split(hex, ' ')) bytes += static_cast<char>(std::stoi(std::string(pair), nullptr, 16));
    return bytes;
}

}  // namespace

std::string winmail(std::string_view items)
{
    std::string head = number(0x223E9F78, 4) + number(1, 2), words, properties, files;
    std::uint32_t count = 0;
    std::size_t keep = std::string::npos;
    for (auto const item : split(items, '|')) {
        auto const space = item.find(' ');
        auto const word = item.substr(0, space);
        auto const rest = space == std::string_view::npos ? std::string_view() : item.substr(space + 1);
        auto const fields = split(rest, '=');
        auto const begin = attribute(2, 0x00069002, std::string(14, '\0'));
        if (word == "codepage")
            head += attribute(1, 0x00069007,
                              number(static_cast<std::uint32_t>(std::stoi(std::string(rest))), 4) + number(0, 4));
        if (word == "body") words += attribute(1, 0x0002800C, zero(rest));
        if (word == "ubody") ++count, properties += property(0x1000, 0x1F, utf16(rest));
        if (word == "html") ++count, properties += property(0x1013, 0x102, rest);
        if (word == "rtf")
            ++count, properties += property(0x1009, 0x102,
                                            number(static_cast<std::uint32_t>(rest.size() + 12), 4) +
                                                number(static_cast<std::uint32_t>(rest.size()), 4) +
                                                number(0x414C454D, 4) + number(0, 4) + std::string(rest));
        if (word == "lzfu") ++count, properties += property(0x1009, 0x102, from_hex(rest));
        if (word == "named")
            ++count, properties += number(0x1F, 2) + number(0x8001, 2) + std::string(16, 'G') + number(1, 4) +
                                   sized(utf16("Keywords")) + number(1, 4) + sized(utf16("red"));
        if (word == "several")
            ++count, properties +=
                     number(0x101E, 2) + number(0x3A58, 2) + number(2, 4) + sized(zero("a")) + sized(zero("bc"));
        if (word == "strange") ++count, properties += number(0x00FD, 2) + number(0x1234, 2) + "????";
        if (word == "file")
            files += begin + attribute(2, 0x00018010, zero(fields[0])) + attribute(2, 0x0006800F, fields[1]);
        if (word == "long")
            files += begin + attribute(2, 0x00018010, zero("SHORT~1.DAT")) + attribute(2, 0x0006800F, fields[3]) +
                     attribute(2, 0x00069005,
                               number(3, 4) + property(0x3707, 0x1F, utf16(fields[0])) +
                                   property(0x370E, 0x1E, zero(fields[1])) + property(0x3712, 0x1E, zero(fields[2])));
        if (word == "message")
            files +=
                begin + attribute(2, 0x00018010, zero(fields[0])) +
                attribute(2, 0x00069005,
                          number(1, 4) +
                              property(0x3701, 0x0D, std::string(16, 'I') + winmail("body " + std::string(fields[1]))));
        if (word == "cut") keep = static_cast<std::size_t>(std::stoi(std::string(rest)));
    }
    if (count > 0) words += attribute(1, 0x00069003, number(count, 4) + properties);
    return (head + words + files).substr(0, keep);
}

}  // namespace postroom::mime
