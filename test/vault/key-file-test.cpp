#include "vault/key-file.hpp"

#include "base/text.hpp"
#include "support/scratch-folder.hpp"
#include "vault/vault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace postroom::vault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class KeyFileTest : public testing::Test {
protected:
    void TearDown() override
    {
        ::unsetenv(environment_name);
        ::unsetenv("CREDENTIALS_DIRECTORY");
    }
    void put(std::string const& name, std::string const& text)
    {
        std::ofstream(folder / name, std::ios::trunc) << text;
        ::chmod((folder / name).c_str(), 0600);
    }

    test::ScratchFolder folder;
    std::string file = folder / "vault.key";
    Secret one = new_key(), two = new_key();
    std::string one_text = to_base64(one.expose()), two_text = to_base64(two.expose());
};

TEST_F(KeyFileTest, HoldsSeveralKeysInTheirOrder)
{
    put("vault.key", "\n " + one_text + "\r\n\t" + two_text + "\n\n");
    EXPECT_THAT(read_key_file(file).value(), ElementsAre(one, two));
    ASSERT_TRUE(write_key_file(file, {two, one}));
    EXPECT_THAT(read_key_file(file).value(), ElementsAre(two, one));
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    auto const left = std::filesystem::directory_iterator(std::filesystem::path(file).parent_path());
    EXPECT_EQ(std::distance(begin(left), end(left)), 1) << "nothing unfinished stays";
}

TEST_F(KeyFileTest, WhatAKilledProcessLeftIsTakenAwayByTheNextWrite)
{
    for (auto const* const name : {"vault.key.unfinished-00", "vault.key.unfinished-11", "vault.key.backup"})
        put(name, one_text);
    for (auto const* const name : {"vault.key.unfinished-00", "vault.key.backup"})
        std::filesystem::last_write_time(folder / name,
                                         std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
    ASSERT_TRUE(write_key_file(file, {one}));
    EXPECT_FALSE(std::filesystem::exists(folder / "vault.key.unfinished-00"));
    EXPECT_TRUE(std::filesystem::exists(folder / "vault.key.unfinished-11")) << "another process may be writing it";
    EXPECT_TRUE(std::filesystem::exists(folder / "vault.key.backup"));
}

TEST_F(KeyFileTest, ALinkToAFileElsewhereStaysOne)
{
    std::filesystem::create_directory(folder / "elsewhere");
    put("elsewhere/its.key", one_text);
    std::filesystem::create_symlink("elsewhere/its.key", file);
    ASSERT_TRUE(write_key_file(file, {two, one}));
    EXPECT_TRUE(std::filesystem::is_symlink(file));
    EXPECT_THAT(read_key_file(folder / "elsewhere/its.key").value(), ElementsAre(two, one));
}

TEST_F(KeyFileTest, MoreThanAServerReadsAreNotWritten)
{
    put("vault.key", one_text);
    std::vector<Secret> const many(17, two);
    auto const refused = write_key_file(file, many);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("holds 16 keys already"));
    EXPECT_THAT(refused.error().message, HasSubstr("run postroom vault forget first"));
    EXPECT_THAT(read_key_file(file).value(), ElementsAre(one));
}

TEST_F(KeyFileTest, OneKeyThatIsNoneSpoilsAll)
{
    std::string many;
    for (int i = 0; i < 17; ++i) many += one_text + "\n";
    for (auto const& text :
         {one_text + "\n" + two_text.substr(4), one_text + " nonsense", many, std::string("\n \n")}) {
        put("vault.key", text);
        auto const read = read_key_file(file);
        ASSERT_FALSE(read);
        EXPECT_THAT(read.error().message, testing::AllOf(HasSubstr(file), Not(HasSubstr(one_text))));
    }
}

TEST_F(KeyFileTest, TheEnvironmentComesFirstAndIsWiped)
{
    put("vault.key", one_text);
    ::setenv(environment_name, (two_text + "\n" + one_text).c_str(), 1);
    char const* const shown = std::getenv(environment_name);
    auto const found = find_keys(file).value();
    EXPECT_THAT(found.keys, ElementsAre(two, one));
    EXPECT_EQ(found.file, "");
    EXPECT_EQ(std::getenv(environment_name), nullptr);
    EXPECT_EQ(*shown, '\0');
    EXPECT_THAT(find_keys(file).value().keys, ElementsAre(one));

    ::setenv(environment_name, "nonsense", 1);
    auto const refused = find_keys(file);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr("POSTROOM_MASTER_KEY"), Not(HasSubstr("nonsense"))));
}

TEST_F(KeyFileTest, ThenSystemdsCredential)
{
    put("vault.key", one_text);
    ::setenv("CREDENTIALS_DIRECTORY", (folder / "").c_str(), 1);
    EXPECT_THAT(find_keys(file).value().keys, ElementsAre(one)) << "it has no credential of this name";
    put(credential_name, two_text);
    auto const found = find_keys(file).value();
    EXPECT_THAT(found.keys, ElementsAre(two));
    EXPECT_THAT(found.file, HasSubstr(credential_name));
}

TEST_F(KeyFileTest, WhereThereIsNoneYetItSaysWhereItWouldBe)
{
    auto const found = find_keys(file).value();
    EXPECT_TRUE(found.keys.empty());
    EXPECT_EQ(found.file, file);
    EXPECT_FALSE(Vault::open(found, false));
    EXPECT_TRUE(Vault::open(found, true));
}

TEST_F(KeyFileTest, AVaultReadsItsFileAgainWhenItMeetsAKeyThatItLacks)
{
    put("vault.key", one_text);
    auto const vault = Vault::open(file, false).value();
    auto const sealed_before = vault->seal(Secret("old"), "p");
    ASSERT_TRUE(write_key_file(file, {two, one}));
    auto const other = Vault::open(file, false).value();
    auto const sealed = other->seal(Secret("new"), "p");
    EXPECT_EQ(key_of(sealed), name_of_key(two));
    EXPECT_EQ(vault->unseal(sealed, "p").value(), Secret("new"));
    EXPECT_EQ(other->unseal(sealed_before, "p").value(), Secret("old"));
    EXPECT_EQ(vault->key_name(), name_of_key(one)) << "what it seals with is for the store to say";
    EXPECT_FALSE(vault->seal_with("0011223344556677"));
    EXPECT_TRUE(vault->seal_with(name_of_key(two)));
    EXPECT_EQ(key_of(vault->seal(Secret("x"), "p")), name_of_key(two));
    EXPECT_THAT(vault->key_names(), ElementsAre(name_of_key(two), name_of_key(one)));
}

TEST_F(KeyFileTest, ADamagedFileTakesNoKeyFromARunningVault)
{
    put("vault.key", one_text);
    auto const vault = Vault::open(file, false).value();
    auto const sealed = vault->seal(Secret("token"), "p");
    put("vault.key", "nonsense");
    EXPECT_FALSE(vault->read_again());
    EXPECT_EQ(vault->unseal(sealed, "p").value(), Secret("token"));
    std::filesystem::remove(file);
    EXPECT_TRUE(vault->read_again());
    ASSERT_TRUE(write_key_file(file, {two}));
    EXPECT_TRUE(vault->read_again());
    EXPECT_EQ(vault->key_name(), name_of_key(one));
    EXPECT_EQ(vault->unseal(sealed, "p").value(), Secret("token")) << "what it seals with it must be able to read";
}

}  // namespace
}  // namespace postroom::vault
