#include "console/router.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

namespace postroom::console {
namespace {

using net::http::verb;

TEST(Router, NamesWhatThePatternLeavesOpen)
{
    auto const found = match(routes(), verb::get, "/api/v1/activities/018f/parts/3");
    ASSERT_TRUE(found.route);
    EXPECT_EQ(found.in_path.at("id"), "018f");
    EXPECT_EQ(found.in_path.at("part"), "3");
}

TEST(Router, TellsAnUnknownMethodFromAnUnknownPath)
{
    auto const method = match(routes(), verb::delete_, "/api/v1/settings/external-url");
    EXPECT_FALSE(method.route);
    EXPECT_EQ(method.allowed, "GET, PUT");
    for (auto const* const path : {"/api/v1/nothing", "/api/v1/cases/", "/api/v1/cases/1/2", "/api/v1", "/",
                                   "/api/v1/cases/1/", "//api/v1/cases"}) {
        auto const nothing = match(routes(), verb::get, path);
        EXPECT_FALSE(nothing.route) << path;
        EXPECT_EQ(nothing.allowed, "") << path;
    }
}

// The methods and paths of api/openapi.yaml with their x-access, by its indentation.
std::map<std::string, std::string> contracted()
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/api/openapi.yaml");
    std::map<std::string, std::string> all;
    std::string path, operation;
    for (std::string line; std::getline(file, line) && line != "components:";) {
        if (line.starts_with("  /")) path = line.substr(2, line.rfind(':') - 2);
        for (auto const* const method : {"get", "post", "put", "patch", "delete"})
            if (!path.empty() && line == std::string("    ") + method + ":")
                all[operation = method + (" " + path)] = "";
        if (constexpr std::string_view access = "      x-access: "; line.starts_with(access))
            all[operation] = line.substr(access.size());
    }
    return all;
}

TEST(Routes, AreThoseOfTheContractForWhomItSays)
{
    std::map<std::string, std::string> served;
    for (auto const& route : routes()) {
        auto const method = net::http::to_string(route.method);
        std::string name(method.data(), method.size());
        for (char& c : name) c = static_cast<char>(std::tolower(c));
        served[name + " " + std::string(route.pattern)] = to_string(route.access);
    }
    EXPECT_EQ(served, contracted());
    EXPECT_GT(served.size(), 35U);
}

TEST(Routes, LetAnAuditorChangeNothing)
{
    for (auto const& route : routes()) {
        bool const own = route.access == Access::self || route.access == Access::anyone;
        // What the screens would do with a mail is told of a mail that comes with the question.
        bool const reads = route.method == verb::get || route.pattern.ends_with("/screens/test");
        EXPECT_EQ(allows(route.access, model::Role::auditor), reads || own) << route.pattern;
    }
}

TEST(Routes, LetASystemAdministratorDoAll)
{
    for (auto const& route : routes())
        EXPECT_TRUE(allows(route.access, model::Role::system_administrator)) << route.pattern;
}

TEST(Routes, KeepAgentsAtTheirDesk)
{
    std::set<std::string> mine;
    for (auto const& route : routes())
        if (route.access != Access::anyone && route.method != verb::get && allows(route.access, model::Role::agent))
            mine.insert(std::string(route.pattern));
    EXPECT_EQ(mine, (std::set<std::string>{
                        "/api/v1/session", "/api/v1/session/password", "/api/v1/tokens", "/api/v1/tokens/{id}",
                        "/api/v1/cases/{number}", "/api/v1/cases/{number}/replies", "/api/v1/cases/{number}/forwards",
                        "/api/v1/cases/{number}/assignment", "/api/v1/cases/{number}/notes",
                        "/api/v1/cases/{number}/pick", "/api/v1/cases/{number}/transfer", "/api/v1/queues/{name}/pick",
                        "/api/v1/uploads", "/api/v1/uploads/{id}", "/api/v1/messages",
                        "/api/v1/outbound/{id}/resolution", "/api/v1/outbound/{id}/cancellation"}));
}

TEST(Routes, LetADepartmentAdministratorChangeNothingOfTheSystem)
{
    for (auto const& route : routes())
        for (auto const* const system : {"/api/v1/users", "/api/v1/settings", "/api/v1/applications"})
            if (route.pattern.starts_with(system)) {
                EXPECT_FALSE(allows(route.access, model::Role::department_administrator)) << route.pattern;
            }
}

TEST(Routes, AskForASignInExceptWhereNobodyCanHaveOne)
{
    std::set<std::string> open;
    for (auto const& route : routes())
        if (route.access == Access::anyone) open.insert(std::string(route.pattern));
    EXPECT_EQ(open,
              (std::set<std::string>{"/api/v1/version", "/api/v1/openapi.yaml", "/api/v1/check-report.schema.json",
                                     "/api/v1/session", "/api/v1/welcome", "/api/v1/welcome/look", "/oauth/callback"}));
}

TEST(Access, HasAScopeForEachAndNoneForTwo)
{
    std::set<std::string_view> words;
    for (auto const access : scopes()) {
        words.insert(to_string(access));
        EXPECT_TRUE(in_scope(access, {}));
        EXPECT_TRUE(in_scope(access, std::vector{std::string(to_string(access))}));
        EXPECT_FALSE(in_scope(access, std::vector<std::string>{}));
        for (auto const other : scopes())
            EXPECT_EQ(in_scope(access, std::vector{std::string(to_string(other))}), access == other);
    }
    EXPECT_EQ(words.size(), 9U);
    EXPECT_FALSE(words.contains(to_string(Access::anyone)));
}

TEST(Access, KeepsTheWholeSystemFromWhoSeesSomeDepartments)
{
    EXPECT_TRUE(allows(Access::see_system, model::Role::auditor, true));
    EXPECT_FALSE(allows(Access::see_system, model::Role::auditor, false));
    EXPECT_TRUE(allows(Access::see_department, model::Role::auditor, false));
}

}  // namespace
}  // namespace postroom::console
