#include "console/request.hpp"

#include <gtest/gtest.h>

namespace postroom::console {
namespace {

net::HttpRequest json_request(std::string body, std::string type = "application/json")
{
    net::HttpRequest request;
    request.headers.emplace("content-type", std::move(type));
    request.body = std::move(body);
    return request;
}

// The field and the words of the Problem that `work` throws.
template <class Work>
std::string problem(Work work)
{
    try {
        work();
    } catch (Problem const& problem) {
        return problem.field() + ": " + problem.what();
    }
    return "none";
}

TEST(Members, NameWhatTheyDoNotKnow)
{
    EXPECT_EQ(problem([] { Members(json_request(R"({"name":"a","nmae":"b"})"), {"name", "role"}); }),
              "nmae: there is no member \"nmae\" here; those there are: name, role");
}

TEST(Members, AreOfTheTypeThatIsAskedFor)
{
    Members const members(json_request(R"({"a":1,"b":"  ","c":"yes","d":["x",2],"e":"x/y","f":"x\ny","g":"x\u0000y"})"),
                          {"a", "b", "c", "d", "e", "f", "g"});
    EXPECT_EQ(problem([&] { (void)members.text("a"); }), "a: the member \"a\" must be a string");
    EXPECT_EQ(problem([&] { (void)members.text("b"); }), "b: the member \"b\" must be text, and not empty");
    EXPECT_EQ(problem([&] { (void)members.flag("c"); }), "c: the member \"c\" must be true or false");
    EXPECT_EQ(problem([&] { (void)members.texts("c"); }), "c: the member \"c\" must be a list of strings");
    EXPECT_EQ(problem([&] { (void)members.texts("d"); }), "d: the member \"d\" must be a string");
    EXPECT_EQ(problem([&] { (void)members.name("e"); }), "e: the member \"e\" must be one line without a slash");
    EXPECT_EQ(problem([&] { (void)members.name("f"); }), "f: the member \"f\" must be one line without a slash");
    EXPECT_EQ(problem([&] { (void)members.text("g"); }), "g: the member \"g\" must be text without NUL characters");
    EXPECT_EQ(problem([&] { (void)members.text("z"); }), "z: the member \"z\" is missing");
    EXPECT_EQ(problem([&] { (void)members.text("c", 2); }), "c: the member \"c\" is too long: 3 octets, at most 2");
    EXPECT_EQ(members.text("c"), "yes");
    EXPECT_EQ(members.text_or("z", "otherwise"), "otherwise");
    EXPECT_EQ(members.texts("z"), std::vector<std::string>{});
}

TEST(Members, RefuseWhatIsNoJsonObject)
{
    for (auto const* const body : {"", "[]", "null", "{\"a\":}", "{\"a\":1}x", "{\"a\":\"\xff\"}",
                                   "{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}", "{\"a\":1,}"})
        EXPECT_NE(problem([&] { Members(json_request(body), {"a"}); }), "none") << body;
}

// A form of another site can send text/plain, but not this type.
TEST(Members, TakeJsonOnlyUnderItsName)
{
    for (auto const* const type : {"text/plain", "", "application/x-www-form-urlencoded", "application/jsonx"})
        EXPECT_NE(problem([&] { Members(json_request("{}", type), {}); }), "none") << type;
    EXPECT_EQ(problem([&] { Members(json_request("{}", "Application/JSON; charset=utf-8"), {}); }), "none");
}

TEST(Request, ReadsNumbersWithinTheirBounds)
{
    Request request;
    request.http.query.emplace("limit", "200");
    EXPECT_EQ(request.number_parameter("limit", 1, 200), 200);
    EXPECT_EQ(request.number_parameter("below", 1, 200), std::nullopt);
    for (auto const* const wrong : {"0", "201", "-1", "", "1e2", "5 ", "99999999999999999999"}) {
        request.http.query.clear();
        request.http.query.emplace("limit", wrong);
        EXPECT_NE(problem([&] { (void)request.number_parameter("limit", 1, 200); }), "none") << wrong;
    }
    EXPECT_EQ(problem([&] { request.only_parameters({"state"}); }),
              "limit: there is no parameter \"limit\"; those there are: state");
    EXPECT_EQ(problem([&] { request.only_parameters({"limit"}); }), "none");
}

}  // namespace
}  // namespace postroom::console
