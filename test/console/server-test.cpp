// The API over a real store: who may, what is refused and how, and that every change is noted.
#include "fixture.hpp"

#include "store/accounts.hpp"
#include "store/mailboxes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <thread>

namespace postroom::console {
namespace {

TEST_F(Console, SignsInAndOut)
{
    auto const wrong = ask(request(verb::post, "/api/v1/session", R"({"name":"agent","password":"wrong"})"));
    EXPECT_EQ(wrong.code, status::unauthorized);
    EXPECT_EQ(wrong.detail(), "the name or the password is wrong");

    auto const right =
        ask(request(verb::post, "/api/v1/session", R"({"name":"agent","password":"correct horse battery"})"));
    ASSERT_EQ(right.code, status::ok);
    EXPECT_EQ(right.text("role"), "agent");
    std::string cookie;
    for (auto const& [name, value] : right.response.headers)
        if (name == "Set-Cookie") cookie = value;
    EXPECT_NE(cookie.find("; HttpOnly; SameSite=Lax;"), std::string::npos) << cookie;
    EXPECT_TRUE(cookie.ends_with("; Secure")) << "the External URL is https: " << cookie;

    auto const with = [&](net::HttpRequest made) {
        made.headers.emplace("cookie", cookie.substr(0, cookie.find(';')));
        return made;
    };
    auto const session = ask(with(request(verb::get, "/api/v1/session")));
    EXPECT_EQ(session.text("name"), "agent");
    EXPECT_EQ(session.text("csrf"), right.text("csrf"));

    auto leave = with(request(verb::delete_, "/api/v1/session"));
    leave.headers.emplace("x-postroom-csrf", right.text("csrf"));
    EXPECT_EQ(ask(leave).code, status::no_content);
    EXPECT_EQ(ask(with(request(verb::get, "/api/v1/session"))).code, status::unauthorized);
}

TEST_F(Console, EndsASessionWithItsTime)
{
    EXPECT_EQ(ask(as_administrator(request(verb::get, "/api/v1/users"))).code, status::ok);
    clock.advance(session_life + Duration(1));
    EXPECT_EQ(ask(as_administrator(request(verb::get, "/api/v1/users"))).code, status::unauthorized);
}

TEST_F(Console, LetsNobodyGuessPasswordsFast)
{
    auto const attempt = [&](std::string_view password) {
        return ask(request(verb::post, "/api/v1/session",
                           fmt::format(R"({{"name":"Agent","password":"{}"}})", password)))
            .code;
    };
    for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt("wrong"), status::unauthorized);
    EXPECT_EQ(attempt("correct horse battery"), status::too_many_requests) << "the right one waits too";
    EXPECT_EQ(
        ask(request(verb::post, "/api/v1/session", R"({"name":"auditor","password":"correct horse battery"})")).code,
        status::ok)
        << "others do not";
}

TEST_F(Console, LetsNobodyGuessManyPasswordsAtOnce)
{
    // All are under way before the first has failed, and the last one is right.
    constexpr int many = 18;
    std::vector<status> codes;
    for (int i = 0; i <= many; ++i) {
        auto made = request(verb::post, "/api/v1/session",
                            fmt::format(R"({{"name":"agent","password":"{}"}})",
                                        i == many ? std::string("correct horse battery") : fmt::format("guess {}", i)));
        auto attempt = [](Server* server, std::vector<status>* codes, net::HttpRequest asked) -> net::awaitable<void> {
            auto const answer = co_await server->answer(std::move(asked));
            codes->push_back(answer.status);
        };
        boost::asio::co_spawn(loop, attempt(server.get(), &codes, std::move(made)), boost::asio::detached);
    }
    loop.restart();
    loop.run();
    EXPECT_EQ(codes.size(), many + 1U);
    EXPECT_EQ(std::ranges::count(codes, status::ok), 0) << "the right one was among too many";
    EXPECT_LT(std::ranges::count(codes, status::unauthorized), 10);
}

TEST_F(Console, CountsGuessesByWhomAProxyHereSaw)
{
    auto const attempt = [&](std::string const& peer, std::string const& forwarded, int name) {
        auto made = request(verb::post, "/api/v1/session", fmt::format(R"({{"name":"n{}","password":"wrong"}})", name));
        made.peer = peer;
        if (!forwarded.empty()) made.headers.emplace("x-forwarded-for", forwarded);
        return ask(made).code;
    };
    // What a client made up stands before what the proxy adds.
    int tries = 0;
    while (tries < 200 && attempt("127.0.0.1:1", "10.0.0.1, 203.0.113.5", tries) == status::unauthorized) ++tries;
    EXPECT_GT(tries, 5);
    EXPECT_LT(tries, 200);
    EXPECT_EQ(attempt("127.0.0.1:1", "10.0.0.2,203.0.113.5", 900), status::too_many_requests);
    EXPECT_EQ(attempt("127.0.0.1:1", "203.0.113.6", 901), status::unauthorized);
    EXPECT_EQ(attempt("127.0.0.1:1", "", 902), status::unauthorized);
    // Nobody else is believed.
    EXPECT_EQ(attempt("203.0.113.5:9", "203.0.113.7", 903), status::too_many_requests);
}

TEST_F(Console, TakesChangesFromPagesOfItsOwnOnly)
{
    auto const from = [&](std::string origin, std::string host) {
        auto made = as_administrator(
            request(verb::post, "/api/v1/departments", fmt::format(R"({{"name":"Care {}"}})", ++departments)));
        made.headers.erase("host");
        made.headers.emplace("host", std::move(host));
        made.headers.emplace("origin", std::move(origin));
        return ask(made).code;
    };
    EXPECT_EQ(from("https://mail.contoso.com", "mail.contoso.com"), status::created);
    EXPECT_EQ(from("https://mail.contoso.com", "127.0.0.1:8080"), status::created) << "a proxy changed Host";
    EXPECT_EQ(from("https://evil.example", "127.0.0.1:8080"), status::forbidden);
    EXPECT_EQ(from("https://mail.contoso.com.evil.example", "mail.contoso.com"), status::forbidden);
    EXPECT_EQ(from("http://mail.contoso.com", "127.0.0.1:8080"), status::forbidden);
    EXPECT_EQ(from("null", "mail.contoso.com"), status::forbidden);
}

TEST_F(Console, AsksForTheCsrfValueOnChanges)
{
    auto const made = [&](std::string const& csrf) {
        auto department = as_administrator(request(verb::post, "/api/v1/departments", R"({"name":"Care"})"));
        department.headers.erase("x-postroom-csrf");
        if (!csrf.empty()) department.headers.emplace("x-postroom-csrf", csrf);
        return ask(department).code;
    };
    EXPECT_EQ(made(""), status::forbidden);
    EXPECT_EQ(made(csrf_of("another token")), status::forbidden);
    EXPECT_EQ(made(csrf_of(tokens["system-administrator"])), status::created);
}

TEST_F(Console, AnswersOnlyToItsOwnName)
{
    auto const named = [&](std::string host) {
        auto asked = request(verb::get, "/api/v1/version");
        asked.headers.erase("host");
        asked.headers.emplace("host", std::move(host));
        return ask(asked).code;
    };
    EXPECT_EQ(named("MAIL.contoso.com:443"), status::ok);
    EXPECT_EQ(named("localhost:8080"), status::ok);
    EXPECT_EQ(named("127.0.0.1:8080"), status::ok);
    EXPECT_EQ(named("rebound.example"), status::misdirected_request);
    EXPECT_EQ(named(""), status::misdirected_request);
}

TEST_F(Console, TakesTheSocketsPeerAtItsUserId)
{
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/users"))).code, status::ok);
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/users"), 0)).code, status::ok);
    auto const other = ask(by_socket(request(verb::get, "/api/v1/version"), ::geteuid() + 4711));
    EXPECT_EQ(other.code, status::forbidden);
}

TEST_F(Console, AsksTheTableOfRoutesWhoMay)
{
    EXPECT_EQ(ask(request(verb::get, "/api/v1/cases")).code, status::unauthorized);
    EXPECT_EQ(ask(as(model::Role::agent, request(verb::get, "/api/v1/cases"))).code, status::ok);
    auto const forbidden = ask(as(model::Role::agent, request(verb::get, "/api/v1/users")));
    EXPECT_EQ(forbidden.code, status::forbidden);
    EXPECT_EQ(forbidden.text("type"), "postroom:forbidden");
    EXPECT_EQ(ask(as(model::Role::auditor, request(verb::get, "/api/v1/audit"))).code, status::ok);
    EXPECT_EQ(ask(as(model::Role::auditor, request(verb::post, "/api/v1/departments", R"({"name":"x"})"))).code,
              status::forbidden);
    EXPECT_TRUE(audited().empty()) << "nothing was changed";
}

TEST_F(Console, LetsOnlySystemAdministratorsSendTokensElsewhere)
{
    std::string const account =
        R"({"name":"a","department":"d","application":"x","user":"a@contoso.com","imap_host":"evil.example"})";
    auto const refused =
        ask(as(model::Role::department_administrator, request(verb::post, "/api/v1/accounts", account)));
    EXPECT_EQ(refused.code, status::forbidden);
    EXPECT_EQ(refused.text("field"), "imap_host");
}

TEST_F(Console, SetsAMailboxUpAndNotesEachStep)
{
    auto const post = [&](std::string path, std::string body) {
        return ask(by_socket(request(verb::post, "/api/v1/" + path, std::move(body))));
    };
    EXPECT_EQ(post("departments", R"({"name":"Care"})").code, status::created);
    EXPECT_EQ(post("departments", R"({"name":"Care"})").code, status::conflict);
    auto const application = post("applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1",
                                                      "client_secret":"not to be seen"})");
    ASSERT_EQ(application.code, status::created) << application.detail();
    EXPECT_EQ(application.response.body.find("not to be seen"), std::string::npos);
    EXPECT_EQ(application.text("redirect_url"), "https://mail.contoso.com/oauth/callback");
    EXPECT_TRUE(application.body.at("has_secret").as_bool());

    auto const unknown =
        post("accounts", R"({"name":"sales","department":"None","application":"entra","user":"s@c.com"})");
    EXPECT_EQ(unknown.code, status::bad_request);
    EXPECT_EQ(unknown.text("field"), "department");
    auto const account =
        post("accounts", R"({"name":"sales","department":"Care","application":"entra","user":"Sales@Contoso.com"})");
    ASSERT_EQ(account.code, status::created) << account.detail();
    EXPECT_EQ(account.text("user"), "sales@contoso.com");
    EXPECT_EQ(account.text("retrieval_server"), "outlook.office365.com:993");
    EXPECT_EQ(account.text("submission_server"), "smtp.office365.com:587");
    EXPECT_TRUE(account.body.at("grant").is_null());

    auto const mailbox = post("mailboxes", R"({"address":"sales@contoso.com","account":"sales","baseline":"7d"})");
    ASSERT_EQ(mailbox.code, status::created) << mailbox.detail();
    EXPECT_EQ(mailbox.text("baseline"), "2026-11-15T00:00:00.000Z");
    EXPECT_EQ(mailbox.text("department"), "Care");
    EXPECT_EQ(post("mailboxes", R"({"address":"SALES@contoso.com","account":"sales"})").code, status::conflict);
    EXPECT_EQ(post("mailboxes", R"({"address":"more@contoso.com","account":"sales"})").code, status::conflict)
        << "a mailbox account has one";
    for (auto const* const wrong : {"0d", "-1d", "d", "7", "soon", "7d ", "99999999999d"})
        EXPECT_EQ(post("mailboxes", fmt::format(R"({{"address":"a@b.c","account":"sales","baseline":"{}"}})", wrong))
                      .text("field"),
                  "baseline");
    EXPECT_EQ(ask(by_socket(request(verb::delete_, "/api/v1/applications/entra"))).code, status::conflict);
    EXPECT_EQ(changed, 2);

    std::vector<std::string> what;
    for (auto const& entry : audited()) {
        what.push_back(entry.what);
        EXPECT_EQ(entry.who, fmt::format("uid {}", ::geteuid()));
        EXPECT_EQ(entry.detail.find("not to be seen"), std::string::npos);
    }
    EXPECT_EQ(what, (std::vector<std::string>{"mailbox.add", "account.add", "application.add", "department.add"}));
}

TEST_F(Console, SendsAMailThatOpensACase)
{
    auto const post = [&](std::string path, std::string body) {
        return ask(by_socket(request(verb::post, "/api/v1/" + path, std::move(body))));
    };
    (void)post("departments", R"({"name":"Care"})");
    (void)post("applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1"})");
    (void)post("accounts", R"({"name":"sales","department":"Care","application":"entra","user":"s@contoso.com"})");
    (void)post("mailboxes", R"({"address":"s@contoso.com","account":"sales"})");
    auto const mail = [&](std::string to) {
        return post("messages", R"({"mailbox":"s@contoso.com","to":[")" + to + R"("],"subject":"Hi","text":"Hello"})");
    };
    EXPECT_EQ(mail("nobody").code, status::bad_request);
    EXPECT_EQ(mail("a@b.example\\r\\nBcc: c@d.example").code, status::bad_request);
    EXPECT_EQ(queued, 0);
    auto const sent = mail("Ann <ann@example.com>");
    ASSERT_EQ(sent.code, status::created) << sent.detail();
    EXPECT_EQ(sent.text("state"), "queued");
    EXPECT_EQ(sent.body.at("case").as_int64(), 1);
    EXPECT_EQ(queued, 1);

    auto const id = sent.text("id");
    auto const resolve = post("outbound/" + id + "/resolution", R"({"as":"sent"})");
    EXPECT_EQ(resolve.code, status::conflict) << "it is not in doubt";

    auto const closed = ask(by_socket(request(verb::patch, "/api/v1/cases/1", R"({"state":"closed"})")));
    EXPECT_EQ(closed.text("state"), "closed") << closed.detail();
    auto const shown = ask(by_socket(request(verb::get, "/api/v1/cases/1")));
    auto const& activity = shown.body.at("items").at(0).as_object();
    EXPECT_EQ(activity.at("kind").as_string(), "sent");
    EXPECT_EQ(json::value_to<std::string>(activity.at("outbound").at("id")), id);
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/cases/2"))).code, status::not_found);
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/cases/x"))).code, status::not_found);
}

TEST_F(Console, KeepsTheProgramsOwnKeysToItself)
{
    store->write_now([](store::Connection& c) { store::set_setting(c, "case-token-key", "the key itself"); });
    auto const all = ask(by_socket(request(verb::get, "/api/v1/settings")));
    EXPECT_EQ(all.response.body.find("the key itself"), std::string::npos);
    EXPECT_EQ(ask(by_socket(request(verb::put, "/api/v1/settings/case-token-key", R"({"value":"x"})"))).code,
              status::not_found);
    EXPECT_EQ(ask(by_socket(request(verb::put, "/api/v1/settings/external-url", R"({"value":"ftp://x"})"))).code,
              status::bad_request);
    EXPECT_EQ(
        ask(by_socket(request(verb::put, "/api/v1/settings/external-url", R"({"value":"https://b.example"})"))).code,
        status::ok);
}

TEST_F(Console, SaysWhatAPathIsNot)
{
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/nothing"))).code, status::not_found);
    EXPECT_EQ(ask(by_socket(request(verb::post, "/"))).code, status::method_not_allowed);
    auto const method = ask(by_socket(request(verb::delete_, "/api/v1/cases")));
    EXPECT_EQ(method.code, status::method_not_allowed);
    EXPECT_EQ(ask(by_socket(request(verb::get, "/api/v1/activities/1/raw"))).code, status::not_found);
    EXPECT_EQ(ask(by_socket(request(verb::post, "/api/v1/departments", "{"))).code, status::bad_request);
    EXPECT_EQ(ask(by_socket(request(verb::post, "/api/v1/retrievals", "{}"))).code, status::bad_gateway)
        << "there is no retriever";
}

// What a browser, or curl, does: bytes on a TCP port and on the Unix socket.
TEST_F(Console, IsReachedByPortAndBySocket)
{
    auto const handler = [this](net::HttpRequest made) { return server->answer(std::move(made)); };
    auto tcp = net::serve_http(loop.get_executor(), {.at = Endpoint{"127.0.0.1", 0}}, handler);
    auto local = net::serve_http(loop.get_executor(), {.at = net::UnixPath{folder / "postroom.sock"}}, handler);
    ASSERT_TRUE(tcp && local);
    std::thread runs([this] { loop.run(); });
    auto const exchange = [](auto& socket) {
        std::string const asked = "GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        boost::asio::write(socket, boost::asio::buffer(asked));
        std::string answer;
        boost::system::error_code end;
        boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end);
        return answer.substr(0, answer.find("\r\n"));
    };
    boost::asio::io_context own;
    boost::asio::ip::tcp::socket by_port(own);
    by_port.connect({boost::asio::ip::address_v4::loopback(), (*tcp)->port()});
    EXPECT_EQ(exchange(by_port), "HTTP/1.1 401 Unauthorized");
    boost::asio::local::stream_protocol::socket by_path(own);
    by_path.connect({folder / "postroom.sock"});
    EXPECT_EQ(exchange(by_path), "HTTP/1.1 200 OK");
    boost::asio::post(loop, [&] {
        (*tcp)->stop();
        (*local)->stop();
    });
    runs.join();
}

TEST_F(Console, SaysWhatARefusalMeans)
{
    auto const explain = [&](std::string text) {
        auto asked = request(verb::get, "/api/v1/explain");
        asked.query.emplace("text", std::move(text));
        return ask(as(model::Role::agent, std::move(asked)));
    };
    auto const known = explain("AADSTS50011");
    ASSERT_EQ(known.code, status::ok) << known.detail();
    EXPECT_TRUE(known.body.at("known").as_bool());
    EXPECT_EQ(known.text("advice"), "");
    auto const& cause = known.body.at("causes").at(0);
    EXPECT_EQ(cause.at("id").as_string(), "AADSTS50011");
    EXPECT_EQ(cause.at("check").as_string(), "redirect-url");
    EXPECT_EQ(cause.at("owner").as_string(), "entra-administrator");

    auto const unknown = explain("\xff 599 Something <b>else</b>");
    EXPECT_EQ(unknown.code, status::ok);
    EXPECT_FALSE(unknown.body.at("known").as_bool());
    EXPECT_NE(unknown.text("advice"), "");
    EXPECT_EQ(explain(" ").text("field"), "text");
    EXPECT_EQ(ask(request(verb::get, "/api/v1/explain")).code, status::unauthorized);
}

TEST_F(Console, ShowsTheCausesOfAState)
{
    auto const post = [&](std::string path, std::string body) {
        return ask(by_socket(request(verb::post, "/api/v1/" + path, std::move(body))));
    };
    (void)post("departments", R"({"name":"Care"})");
    (void)post("applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1"})");
    auto const made =
        post("accounts", R"({"name":"sales","department":"Care","application":"entra","user":"s@contoso.com"})");
    EXPECT_TRUE(made.body.at("causes").as_array().empty());
    (void)post("mailboxes", R"({"address":"s@contoso.com","account":"sales"})");
    store->write_now([&](store::Connection& c) {
        store::set_account_state(c, store::account_named(c, "sales")->id, model::AccountState::needs_authorization,
                                 "the identity provider refused: invalid_grant: AADSTS700082: expired", clock.now());
        store::set_mailbox_status(c, store::mailboxes(c).front().id,
                                  {model::MailboxState::backing_off,
                                   "the server refused to open the folder INBOX: BAD User is authenticated but not "
                                   "connected.",
                                   std::nullopt},
                                  clock.now());
    });
    auto const account = ask(by_socket(request(verb::get, "/api/v1/accounts/sales")));
    EXPECT_EQ(account.body.at("causes").at(0).at("id").as_string(), "AADSTS700082");
    auto const mailboxes = ask(by_socket(request(verb::get, "/api/v1/mailboxes")));
    auto const& causes = mailboxes.body.at("items").at(0).at("causes").as_array();
    ASSERT_EQ(causes.size(), 6U);
    EXPECT_EQ(causes.front().at("id").as_string(), "mailbox-right-missing");
}

TEST_F(Console, DecidesAboutAStoppedMailboxOnce)
{
    auto const decide = [&](std::string body, std::string address = "s@contoso.com") {
        return ask(
            by_socket(request(verb::post, "/api/v1/mailboxes/" + std::move(address) + "/resolution", std::move(body))));
    };
    (void)must(verb::post, "departments", R"({"name":"Care"})");
    (void)must(verb::post, "applications", R"({"name":"entra","tenant":"contoso.com","client_id":"1"})");
    (void)must(verb::post, "accounts",
               R"({"name":"sales","department":"Care","application":"entra","user":"s@contoso.com"})");
    (void)must(verb::post, "mailboxes", R"({"address":"s@contoso.com","account":"sales"})");
    EXPECT_EQ(decide(R"({"as":"file"})").code, status::conflict);
    store->write_now([&](store::Connection& c) {
        store::set_mailbox_status(c, store::mailboxes(c).front().id,
                                  {model::MailboxState::stopped, "812 mails", std::nullopt}, clock.now());
    });
    EXPECT_EQ(decide(R"({"as":"perhaps"})").text("field"), "as");
    EXPECT_EQ(decide("{}").code, status::bad_request);
    EXPECT_EQ(decide(R"({"as":"file"})", "nobody@contoso.com").code, status::not_found);
    int const before = changed;
    auto const decided = decide(R"({"as":"skip"})");
    ASSERT_EQ(decided.code, status::ok) << decided.detail();
    EXPECT_EQ(decided.text("state"), "waiting");
    EXPECT_EQ(changed, before + 1) << "the retriever is told";
    EXPECT_EQ(decide(R"({"as":"file"})").code, status::conflict);
    store->read_now([&](store::Connection& c) {
        EXPECT_EQ(store::mailboxes(c).front().baseline, std::chrono::floor<std::chrono::seconds>(clock.now()))
            << "what was there at the decision is skipped";
        EXPECT_EQ(store::audit_trail(c, 1).front().what, "mailbox.resolve");
    });
}

}  // namespace
}  // namespace postroom::console
