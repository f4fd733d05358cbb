#include "cli/configuration.hpp"

#include "support/scratch-folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace postroom::cli {
namespace {

std::string wrong(std::string_view text)
{
    auto const read = parse_configuration(text, "/etc/postroom/postroom.toml");
    return read ? "right" : read.error().message;
}

TEST(Configuration, TakesEveryKeyRelativeToItsFolder)
{
    auto const read = parse_configuration(R"(
[store]
path = "data/postroom.db"
[console]
listen = "0.0.0.0:8443"
socket = "/run/postroom/socket"
web = "web"
certificate = "cert.pem"
key = "key.pem"
[vault]
key-file = "../vault.key"
[tls]
anchors = ["ca.pem", "/etc/ssl/own.pem"]
[log]
level = "debug"
[transcripts]
directory = "said"
)",
                                          "/etc/postroom/postroom.toml");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->store_path, "/etc/postroom/data/postroom.db");
    EXPECT_EQ(to_string(read->listen), "0.0.0.0:8443");
    EXPECT_EQ(read->socket, "/run/postroom/socket");
    EXPECT_EQ(read->web, "/etc/postroom/web");
    EXPECT_EQ(read->certificate, "/etc/postroom/cert.pem");
    EXPECT_EQ(read->key, "/etc/postroom/key.pem");
    EXPECT_EQ(read->vault_key_file, "/etc/vault.key");
    EXPECT_EQ(read->anchors, (std::vector<std::string>{"/etc/postroom/ca.pem", "/etc/ssl/own.pem"}));
    EXPECT_EQ(read->log_level, "debug");
    EXPECT_EQ(read->transcripts, "/etc/postroom/said");
}

TEST(Configuration, NamesFileLineAndKeyOfWhatIsWrong)
{
    EXPECT_EQ(wrong("\n[console]\nlisten = \"a:1\"\nsockt = \"x\"\n"),
              "/etc/postroom/postroom.toml, line 4: [console] has no key \"sockt\"; those there are: listen, socket, "
              "web, certificate, key");
    EXPECT_EQ(wrong("[store]\npath = 7\n"),
              "/etc/postroom/postroom.toml, line 2: [store] path must be a path in quotes");
    EXPECT_EQ(wrong("[stroe]\npath = \"x\"\n"),
              "/etc/postroom/postroom.toml, line 1: there is no section [stroe]; those there are: [store], [console], "
              "[vault], [tls], [net], [log], [transcripts]");
    EXPECT_EQ(wrong("\n\nstore = \"x\"\n"),
              "/etc/postroom/postroom.toml, line 3: \"store\" is a section: write [store]");
    EXPECT_EQ(wrong("[log]\nlevel = \"loud\"\n"),
              "/etc/postroom/postroom.toml, line 2: [log] level must be \"debug\", \"info\", \"warning\" or \"error\"");
    EXPECT_EQ(
        wrong("[store]\nurl = \"mysql://x\"\n"),
        "/etc/postroom/postroom.toml, line 2: [store] url must be the URL of a PostgreSQL database in quotes, for "
        "example \"postgresql://postroom@db.example.com/postroom\"");
    EXPECT_EQ(wrong("[store]\nurl = \"postgresql:///x\"\n"), "right");
    EXPECT_EQ(wrong("[store]\npath = \"x\"\nurl = \"postgresql:///x\"\n"),
              "/etc/postroom/postroom.toml: [store] has a path and a url: one of them is too much");
    EXPECT_EQ(wrong("[tls]\nanchors = [\"a\", 3]\n"),
              "/etc/postroom/postroom.toml, line 2: [tls] anchors must be a list of paths in quotes");
    EXPECT_EQ(wrong("[tls]\nanchors = \"a\"\n"),
              "/etc/postroom/postroom.toml, line 2: [tls] anchors must be a list of paths, for example "
              "[\"/etc/postroom/ca.pem\"]");
    EXPECT_TRUE(wrong("[console]\nlisten = \"localhost:99999\"\n")
                    .starts_with("/etc/postroom/postroom.toml, line 2: [console] listen is wrong: "));
    EXPECT_TRUE(
        wrong("[store]\n\npath = \"x\n").starts_with("/etc/postroom/postroom.toml, line 3: this is not TOML: "));
    EXPECT_EQ(wrong("[console]\nkey = \"k.pem\"\n"),
              "/etc/postroom/postroom.toml: [console] certificate and key go together: the certificate is missing");
    for (auto const* const host : {"0.0.0.0", "[::]", "192.0.2.1", "mail.example.com"})
        EXPECT_NE(wrong(fmt::format("[console]\nlisten = \"{}:8080\"\n", host)).find("without TLS"), std::string::npos)
            << host;
    for (auto const* const host : {"127.0.0.1", "[::1]", "localhost"})
        EXPECT_EQ(wrong(fmt::format("[console]\nlisten = \"{}:8080\"\n", host)), "right") << host;
}

// What the guide shows is right, and shows every key.
TEST(Configuration, IsAsTheGuideShowsIt)
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/docs/configuration.md");
    std::string const guide{std::istreambuf_iterator<char>(file), {}};
    auto const begin = guide.find("```toml\n");
    ASSERT_NE(begin, std::string::npos);
    auto const text = guide.substr(begin + 8, guide.find("```", begin + 8) - begin - 8);
    EXPECT_EQ(wrong(text), "right");
    for (auto const* const key :
         {"path", "listen", "socket", "web", "certificate", "key", "key-file", "anchors", "level", "directory"})
        EXPECT_NE(text.find("\n" + std::string(key) + " = "), std::string::npos) << key;
}

TEST(Configuration, IsReadFromItsFile)
{
    test::ScratchFolder const folder;
    std::ofstream(folder / "here.toml") << "[store]\npath = \"s.db\"\n";
    auto const read = read_configuration(folder / "here.toml");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->store_path, folder / "s.db");
    EXPECT_FALSE(read_configuration(folder / "nowhere.toml"));
    EXPECT_FALSE(read_configuration(folder / "."));
}

TEST(Configuration, PutsTheProxyTogether)
{
    auto const plain = parse_configuration("[net]\nproxy = \"http://proxy:8080\"\nno-proxy = [\".lan\"]\n", "x.toml");
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(to_string(plain->proxy->at), "proxy:8080");
    EXPECT_TRUE(plain->proxy->leads_to("example.com"));
    EXPECT_FALSE(plain->proxy->leads_to("a.lan"));
    EXPECT_EQ(parse_configuration("", "x.toml")->proxy, nullptr);

    test::ScratchFolder const folder;
    auto const file = folder / "password";
    std::ofstream(file) << "pass word\n";
    auto const text = fmt::format("[net]\nproxy = \"http://user@proxy\"\nproxy-password-file = \"{}\"\n", file);
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    EXPECT_EQ(wrong(text), fmt::format("the proxy's password file {0} is open to others. Run: chmod 600 {0}", file));
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    EXPECT_EQ(parse_configuration(text, "x.toml")->proxy->password, Secret("pass word"));
    std::filesystem::remove(file);
    EXPECT_EQ(wrong(text), fmt::format("the proxy's password file {} can't be read, or is empty", file));
}

TEST(Configuration, SaysWhatIsWrongWithAProxyAndNotItsPassword)
{
    auto const bad = wrong("[net]\nproxy = \"https://user:hunter2@proxy\"\n");
    EXPECT_TRUE(bad.starts_with("/etc/postroom/postroom.toml, line 2: [net] proxy must look like \"http://")) << bad;
    EXPECT_EQ(bad.find("hunter2"), std::string::npos);
    EXPECT_TRUE(wrong("[net]\nproxy = 3128\n").find("must look like") != std::string::npos);
    EXPECT_TRUE(wrong("[net]\nno-proxy = \"a,b\"\n").find("must be a list of names") != std::string::npos);
    EXPECT_TRUE(wrong("[net]\nno-proxy = [\"a,b\"]\n").find("must be a list of names") != std::string::npos);
    EXPECT_EQ(wrong("[net]\nproxy-password-file = \"p\"\n"),
              "/etc/postroom/postroom.toml: [net] has a proxy-password-file, and no proxy");
    EXPECT_EQ(wrong("[net]\nproxy = \"http://proxy\"\nproxy-password-file = \"p\"\n"),
              "/etc/postroom/postroom.toml: [net] proxy names no user for the password: http://user@proxy:3128");
}

}  // namespace
}  // namespace postroom::cli
