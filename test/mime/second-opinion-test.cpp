// The corpus is read by Python's email package as well: test/mime/second-opinion.py compares, and
// test/mime/second-opinion.json says where the two differ, and why.
#include "corpus.hpp"

#include "mime/read.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

namespace postroom::mime {
namespace {

std::string json_string(std::string_view text)
{
    std::string out = "\"";
    for (char const c : text) {
        if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<int>(c));
        else if (c == '"' || c == '\\')
            (out += '\\') += c;
        else
            out += c;
    }
    return out + "\"";
}

std::string digest(std::string_view bytes)
{
    std::array<unsigned char, crypto_hash_sha256_BYTES> sum{};
    crypto_hash_sha256(sum.data(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    return fmt::format("{:02x}", fmt::join(sum, ""));
}

std::string list_of(std::vector<Address> const& addresses)
{
    std::string list;
    for (auto const& [name, address] : addresses)
        list += fmt::format("{}[{}, {}]", list.empty() ? "" : ", ", json_string(name), json_string(address));
    return "[" + list + "]";
}

std::string as_json(CorpusMail const& mail, Mail const& read_mail)
{
    std::string parts;
    for (auto const& one : read_mail.parts)
        parts += fmt::format("{}{{\"type\": {}, \"name\": {}, \"digest\": {}}}", parts.empty() ? "" : ", ",
                             json_string(one.type), json_string(one.name),
                             json_string(digest(part(mail.bytes, one.number).value_or(PartBytes{}).bytes)));
    return fmt::format(
        "{{\"group\": {}, \"name\": {}, \"subject\": {}, \"from\": {}, \"to\": {}, \"cc\": {}, \"text\": {}, "
        "\"parts\": [{}]}}",
        json_string(mail.group), json_string(mail.name), json_string(read_mail.subject), list_of(read_mail.from),
        list_of(read_mail.to), list_of(read_mail.cc), json_string(read_mail.text), parts);
}

// Python looks into no winmail.dat and into nothing enclosed by a signature, and it has no limits.
bool has_a_second_opinion(CorpusMail const& mail)
{
    static std::set<std::string> const without{"winmail", "protected", "limits"};
    return !without.contains(mail.group);
}

TEST(SecondOpinion, PythonReadsTheSame)
{
    auto const folder = std::filesystem::temp_directory_path() / fmt::format("postroom-mails-{}", getpid());
    std::filesystem::create_directory(folder);
    int number = 0;
    for (auto const& mail : corpus()) {
        if (!has_a_second_opinion(mail)) continue;
        auto const read_mail = read(mail.bytes);
        if (!read_mail) continue;
        auto const file = (folder / fmt::format("{:03}", ++number)).string();
        std::ofstream(file + ".eml", std::ios::binary) << mail.bytes;
        std::ofstream(file + ".json") << as_json(mail, *read_mail);
    }
    auto const command =
        fmt::format("python3 {}/test/mime/second-opinion.py {} 2>&1", POSTROOM_SOURCE_DIR, folder.string());
    auto* const python = popen(command.c_str(), "r");
    ASSERT_NE(python, nullptr);
    std::string said;
    std::array<char, 4096> buffer{};
    while (auto const got = fread(buffer.data(), 1, buffer.size(), python)) said.append(buffer.data(), got);
    EXPECT_EQ(pclose(python), 0) << said;
    EXPECT_GT(number, 300);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace postroom::mime
