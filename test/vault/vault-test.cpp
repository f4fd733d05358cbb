#include "vault/vault.hpp"

#include "support/scratch-folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

namespace postroom::vault {
namespace {

struct VaultTest : testing::Test {
    test::ScratchFolder folder;
    std::string key_file = folder / "vault.key";
    std::shared_ptr<Vault const> vault = Vault::open(key_file, true).value();
};

TEST_F(VaultTest, GivesBackWhatWasSealedWhateverItsLength)
{
    for (std::size_t const size : {0UZ, 1UZ, 64UZ, 100'000UZ}) {
        Secret const secret{std::string(size, 's')};
        auto const sealed = vault->seal(secret, "account/1/refresh-token");
        auto const again = vault->unseal(sealed, "account/1/refresh-token");
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(*again, secret);
        if (size > 1) EXPECT_EQ(sealed.bytes.find("sssss"), std::string::npos);
    }
}

TEST_F(VaultTest, SealsTheSameDifferentlyEachTime)
{
    EXPECT_NE(vault->seal(Secret("x"), "p").bytes, vault->seal(Secret("x"), "p").bytes);
}

TEST_F(VaultTest, RefusesWhatWasSealedForAnotherPlace)
{
    auto const sealed = vault->seal(Secret("token"), "account/1/refresh-token");
    for (auto const* const place :
         {"account/2/refresh-token", "account/1/access-token", "", "account/1/refresh-token "})
        EXPECT_EQ(vault->unseal(sealed, place).error().kind, Trouble::store) << place;
}

TEST_F(VaultTest, RefusesEveryFlippedBitAndEveryCut)
{
    auto const sealed = vault->seal(Secret("token"), "p");
    for (std::size_t at = 0; at < sealed.bytes.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = sealed;
            changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ (1 << bit));
            ASSERT_FALSE(vault->unseal(changed, "p")) << "byte " << at << " bit " << bit;
        }
        ASSERT_FALSE(vault->unseal({sealed.bytes.substr(0, at)}, "p")) << "cut at " << at;
    }
    EXPECT_FALSE(vault->unseal({sealed.bytes + '\0'}, "p"));
}

TEST_F(VaultTest, NamesBothKeysWhereItWasSealedWithAnother)
{
    auto const other = Vault::open(folder / "other.key", true).value();
    auto const refused = vault->unseal(other->seal(Secret("token"), "p"), "p");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(vault->key_name()), std::string::npos);
    EXPECT_NE(refused.error().message.find(other->key_name()), std::string::npos);
}

TEST_F(VaultTest, KeepsItsKeyForItsOwnerAndReadsItAgain)
{
    struct stat status{};
    ASSERT_EQ(::stat(key_file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    auto const again = Vault::open(key_file, false).value();
    EXPECT_EQ(again->key_name(), vault->key_name());
    EXPECT_EQ(again->unseal(vault->seal(Secret("token"), "p"), "p").value(), Secret("token"));
}

TEST_F(VaultTest, MakesNoKeyUnlessAsked)
{
    auto const refused = Vault::open(folder / "none.key", false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::invalid);
    EXPECT_FALSE(std::filesystem::exists(folder / "none.key"));
}

TEST_F(VaultTest, RefusesAKeyThatOthersCanRead)
{
    for (auto const mode : {0640U, 0604U, 0660U, 0644U}) {
        ::chmod(key_file.c_str(), mode);
        auto const refused = Vault::open(key_file, true);
        ASSERT_FALSE(refused) << mode;
        EXPECT_NE(refused.error().message.find("chmod 600"), std::string::npos);
    }
    ::chmod(key_file.c_str(), 0400);
    EXPECT_TRUE(Vault::open(key_file, false));
}

TEST_F(VaultTest, RefusesAKeyThatIsNone)
{
    std::string const whole = [&] {
        std::ifstream in(key_file);
        std::string line;
        std::getline(in, line);
        return line;
    }();
    for (std::string const& text : {std::string(), std::string("AAAA"), whole.substr(0, 40), whole + whole,
                                    std::string("not base64 at all ***")}) {
        std::ofstream(key_file, std::ios::trunc) << text;
        auto const refused = Vault::open(key_file, true);
        ASSERT_FALSE(refused) << text.size();
        EXPECT_EQ(refused.error().kind, Trouble::invalid);
        if (!text.empty()) EXPECT_EQ(refused.error().message.find(text), std::string::npos) << "shows the key";
    }
}

TEST_F(VaultTest, IsMadeOnceByManyAtOnce)
{
    auto const file = folder / "new/race.key";
    std::vector<std::string> names(8);
    {
        std::vector<std::jthread> threads;
        for (auto& name : names) threads.emplace_back([&] { name = Vault::open(file, true).value()->key_name(); });
    }
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 1U);
    auto const left = std::filesystem::directory_iterator(std::filesystem::path(file).parent_path());
    EXPECT_EQ(std::distance(begin(left), end(left)), 1) << "nothing unfinished stays";
}

}  // namespace
}  // namespace postroom::vault
