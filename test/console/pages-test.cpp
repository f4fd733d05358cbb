#include "console/pages.hpp"

#include "console/problem.hpp"
#include "console/responses.hpp"
#include "support/scratch-folder.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

namespace postroom::console {
namespace {

using net::http::status;

std::string header(net::HttpResponse const& response, std::string_view name)
{
    for (auto const& [given, value] : response.headers)
        if (given == name) return value;
    return {};
}

class Pages : public testing::Test {
protected:
    Pages()
    {
        std::filesystem::create_directories(folder / "dist/assets");
        write("dist/index.html", "<meta nonce=__NONCE__><script nonce=\"__NONCE__\" src=\"/assets/a-1f.js\"></script>");
        write("dist/assets/a-1f.js", "run()");
        write("secret.txt", "the vault's key");
        std::filesystem::create_symlink(folder / "secret.txt", folder / "dist/link.txt");
    }
    void write(std::string const& name, std::string const& text) { std::ofstream(folder / name) << text; }
    net::HttpResponse get(std::string_view path) { return page(folder / "dist", path); }

    test::ScratchFolder folder;
};

TEST_F(Pages, GiveEveryIndexANonceOfItsOwn)
{
    auto const first = get("/");
    auto const second = get("/cases/12");  // the pages route in the browser
    EXPECT_EQ(get("/mailboxes/sales@contoso.com").status, status::ok) << "a name is no file's";
    EXPECT_EQ(get("/accounts/support v1.2").status, status::ok);
    EXPECT_EQ(first.status, status::ok);
    EXPECT_EQ(second.status, status::ok);
    EXPECT_EQ(first.body.find("__NONCE__"), std::string::npos);
    EXPECT_NE(first.body, second.body);
    auto const policy = header(first, "Content-Security-Policy");
    auto const begin = policy.find("'nonce-") + 7;
    auto const nonce = policy.substr(begin, policy.find('\'', begin) - begin);
    EXPECT_EQ(nonce.size(), 24U);
    EXPECT_EQ(first.body,
              "<meta nonce=" + nonce + "><script nonce=\"" + nonce + "\" src=\"/assets/a-1f.js\"></script>");
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(header(first, "Cache-Control"), "no-store");
}

TEST_F(Pages, CacheAssetsWhoseNameHasAHash)
{
    auto const script = get("/assets/a-1f.js");
    EXPECT_EQ(script.body, "run()");
    EXPECT_EQ(header(script, "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(header(script, "Cache-Control"), "public, max-age=31536000, immutable");
}

TEST_F(Pages, StayInTheirFolder)
{
    for (auto const* const path : {"/../secret.txt", "/assets/../../secret.txt", "/link.txt", "//etc/os-release.txt",
                                   "/assets/nothing.js", "/assets/.js"}) {
        auto const found = get(path);
        EXPECT_EQ(found.status, status::not_found) << path;
        EXPECT_EQ(found.body.find("vault"), std::string::npos) << path;
    }
}

// An empty page would be kept by the browser.
TEST_F(Pages, AreNotEmptyWhereNoDescriptorIsLeft)
{
    rlimit old{};
    ::getrlimit(RLIMIT_NOFILE, &old);
    rlimit none = old;
    none.rlim_cur = 0;
    std::string const dist = folder / "dist";
    std::exception_ptr thrown;
    ::setrlimit(RLIMIT_NOFILE, &none);
    try {
        (void)page(dist, "/assets/a-1f.js");
    } catch (...) {
        thrown = std::current_exception();
    }
    ::setrlimit(RLIMIT_NOFILE, &old);
    auto refused = status::ok;
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (Problem const& problem) {
        refused = problem.status();
    }
    EXPECT_EQ(refused, status::service_unavailable);
}

TEST_F(Pages, SayHowToBuildThemWhereTheyAreMissing)
{
    auto const help = page(folder / "no<where", "/");
    EXPECT_NE(help.body.find("make web"), std::string::npos);
    EXPECT_NE(help.body.find("no&lt;where"), std::string::npos);
}

TEST(Responses, NameAnyFileSafely)
{
    EXPECT_EQ(disposition("attachment", "bo\"x\r\n å.pdf"),
              "attachment; filename=\"bo_x__ __.pdf\"; filename*=UTF-8''bo%22x%0D%0A%20%C3%A5.pdf");
    EXPECT_EQ(escape_html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
}

}  // namespace
}  // namespace postroom::console
