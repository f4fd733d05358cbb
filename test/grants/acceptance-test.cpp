#include "grants/acceptance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::grants {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Issued good()
{
    Issued candidate;
    candidate.account.name = "sales";
    candidate.account.user = "sales@contoso.com";
    candidate.asked = {"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send",
                       "offline_access", "openid"};
    candidate.issuer = "https://login.microsoftonline.com/tenant-1/v2.0";
    candidate.identity = {.tenant_id = "tenant-1",
                          .object_id = "object-1",
                          .subject = "s",
                          .user_name = "sales@contoso.com",
                          .email = {},
                          .name = {}};
    candidate.answer.access_token = Secret("EwBoA8l6BAAU");
    candidate.answer.refresh_token = Secret("r");
    candidate.answer.expires_in = 1h;
    return candidate;
}

TEST(Judge, TakesWhatWasAskedWhereNothingWasSaid)
{
    auto const accepted = judge(good());
    ASSERT_TRUE(accepted) << accepted.error().message;
    EXPECT_EQ(accepted->scopes, good().asked);
    EXPECT_EQ(accepted->notes.size(), 0U);
    auto silent = good();
    silent.answer.expires_in = 0s;
    EXPECT_EQ(judge(silent)->life, 1h);
}

TEST(Judge, KnowsTheResourceByBothItsNamesAndNoOther)
{
    auto candidate = good();
    candidate.answer.scopes = {"https://outlook.office365.com/imap.accessasuser.all",
                               "https://outlook.office.com/SMTP.Send"};
    auto const accepted = judge(candidate);
    ASSERT_TRUE(accepted) << accepted.error().message;
    EXPECT_THAT(accepted->scopes, Contains("offline_access")) << "or a renewal would bring no new refresh token";
    candidate.asked.erase(std::ranges::find(candidate.asked, "offline_access"));
    EXPECT_THAT(judge(candidate)->scopes, Not(Contains("offline_access"))) << "RFC 6749 section 6";
    for (auto const* const imap : {"https://graph.microsoft.com/IMAP.AccessAsUser.All", "IMAP.AccessAsUser.All",
                                   "https://outlook.office.com/IMAP"}) {
        candidate.answer.scopes = {imap, "https://outlook.office.com/SMTP.Send"};
        auto const refused = judge(candidate);
        ASSERT_FALSE(refused) << imap;
        EXPECT_THAT(refused.error().message, HasSubstr("https://outlook.office.com/IMAP.AccessAsUser.All"));
    }
}

TEST(Judge, ComparesUserNamesIgnoringCaseAndNothingMore)
{
    for (auto const& [name, holds] : std::vector<std::pair<std::string, bool>>{
             {"SALES@Contoso.COM", true}, {"sales@contoso.com ", false}, {"sales@contoso.co", false}, {"", false}}) {
        auto candidate = good();
        candidate.identity.user_name = name;
        EXPECT_EQ(judge(candidate).has_value(), holds) << name;
    }
}

// Entra's email claim is not verified: whoever may write a directory may put any address there.
TEST(Judge, BelievesAnEmailOnlyWhereThereAreNoTenants)
{
    auto candidate = good();
    candidate.identity.user_name = "";
    candidate.identity.email = "sales@contoso.com";
    EXPECT_FALSE(judge(candidate));
    candidate.identity.tenant_id = candidate.identity.object_id = "";
    auto const accepted = judge(candidate);
    ASSERT_TRUE(accepted) << accepted.error().message;
    EXPECT_EQ(accepted->owner, (model::Owner{candidate.issuer, "s", "sales@contoso.com"}));
}

TEST(Judge, BindsByIdAndNotByName)
{
    auto candidate = good();
    candidate.bound = model::Owner{"tenant-1", "object-1", "old-name@contoso.com"};
    EXPECT_TRUE(judge(candidate));
    for (auto const& other : {model::Owner{"tenant-1", "object-2", "sales@contoso.com"},
                              model::Owner{"tenant-2", "object-1", "sales@contoso.com"}}) {
        candidate.bound = other;
        auto const refused = judge(candidate);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, Trouble::refused);
        EXPECT_THAT(refused.error().message, HasSubstr("postroom account convert sales --application X --user Y"));
        EXPECT_THAT(refused.error().message, Not(HasSubstr("Remove"))) << "mail would be filed twice";
    }
}

TEST(Judge, BindsAnApplicationToItsTenant)
{
    IssuedToItself issued;
    issued.account.name = "own";
    issued.account.access = model::Access::application;
    issued.application.client_id = "client-1";
    // {"alg":"none"}.{"tid":"tenant-1","oid":"object-1"}.
    issued.answer.access_token = Secret("eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0ZW5hbnQtMSIsIm9pZCI6Im9iamVjdC0xIn0.AA");
    issued.answer.expires_in = 1h;
    issued.bound = model::Owner{"tenant-1", "object-1", ""};
    auto const accepted = judge(issued);
    ASSERT_TRUE(accepted) << accepted.error().message;
    EXPECT_EQ(accepted->owner, *issued.bound);
    issued.bound->tenant_id = "tenant-2";
    auto const refused = judge(issued);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::refused);
    EXPECT_THAT(refused.error().message,
                HasSubstr("postroom account convert own --access application --application X"));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("Remove"))) << "mail would be filed twice";
}

TEST(Judge, BoundsTheTokensLife)
{
    for (auto const& [life, accepted, warned] : std::vector<std::tuple<std::chrono::seconds, bool, bool>>{
             {599s, false, false}, {600s, true, true}, {3299s, true, true}, {3300s, true, false}}) {
        auto candidate = good();
        candidate.answer.expires_in = life;
        auto const judged = judge(candidate);
        ASSERT_EQ(judged.has_value(), accepted) << life.count();
        if (judged) EXPECT_EQ(!judged->notes.empty(), warned) << life.count();
    }
}

}  // namespace
}  // namespace postroom::grants
