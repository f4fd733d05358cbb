#include "console/router.hpp"

#include <gtest/gtest.h>

#include <fstream>
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
    EXPECT_EQ(method.allowed, "PUT");
    for (auto const* const path : {"/api/v1/nothing", "/api/v1/cases/", "/api/v1/cases/1/2", "/api/v1", "/",
                                   "/api/v1/cases/1/", "//api/v1/cases"}) {
        auto const nothing = match(routes(), verb::get, path);
        EXPECT_FALSE(nothing.route) << path;
        EXPECT_EQ(nothing.allowed, "") << path;
    }
}

// The paths and methods of api/openapi.yaml, by its indentation.
std::set<std::string> contracted()
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/api/openapi.yaml");
    std::set<std::string> all;
    std::string path;
    for (std::string line; std::getline(file, line) && line != "components:";) {
        if (line.starts_with("  /")) path = line.substr(2, line.rfind(':') - 2);
        for (auto const* const method : {"get", "post", "put", "patch", "delete"})
            if (!path.empty() && line == std::string("    ") + method + ":") all.insert(method + (" " + path));
    }
    return all;
}

TEST(Routes, AreThoseOfTheContract)
{
    std::set<std::string> served;
    for (auto const& route : routes()) {
        auto const method = net::http::to_string(route.method);
        std::string name(method.data(), method.size());
        for (char& c : name) c = static_cast<char>(std::tolower(c));
        served.insert(name + " " + std::string(route.pattern));
    }
    EXPECT_EQ(served, contracted());
    EXPECT_GT(served.size(), 35U);
}

TEST(Routes, LetAnAuditorChangeNothing)
{
    for (auto const& route : routes()) {
        bool const session = route.pattern == "/api/v1/session";  // her own
        bool const reads = route.method == verb::get;
        EXPECT_EQ(allows(route.access, model::Role::auditor), reads || session) << route.pattern;
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
    EXPECT_EQ(mine,
              (std::set<std::string>{"/api/v1/session", "/api/v1/cases/{number}", "/api/v1/cases/{number}/replies",
                                     "/api/v1/messages", "/api/v1/outbound/{id}/resolution"}));
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
              (std::set<std::string>{"/api/v1/version", "/api/v1/openapi.yaml", "/api/v1/session", "/oauth/callback"}));
}

}  // namespace
}  // namespace postroom::console
