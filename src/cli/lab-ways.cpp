// postroom lab break, mend and faults: the switchboard of the lab. What is Postroom's own to break is changed by its
// API, and the lab remembers what was there before.
#include "base/clock.hpp"
#include "cli/lab-address.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <ranges>

namespace postroom::cli {

namespace {

struct Asked {
    LabAddress at;
    std::string what, mailbox, value, socket;
    std::int64_t times = 0;

    void add_to(CLI::App& leaf)
    {
        leaf.add_option("--mailbox", mailbox, say("For this mailbox or user only"))->type_name(say("ADDRESS"));
        leaf.add_option("--socket", socket,
                        say("The socket of Postroom's server, for what is broken there; otherwise $POSTROOM_SOCKET"))
            ->type_name(say("FILE"));
        at.add_to(leaf, false);
    }
};

std::string text_at(json::value const& object, std::string_view name)
{
    return member(object.as_object(), name);
}

bool names(std::string_view what, json::value const& way)
{
    return what == text_at(way, "way") || what == text_at(way, "item");
}

std::string lab_url(LabAddress const& at)
{
    auto const authority = text_at(at.call("GET", "status"), "authority");
    return authority.substr(0, authority.rfind('/'));
}

// Whether both change the same in Postroom, so that only one of them can tell what was there before.
bool collide(json::value const& way, json::value const& other)
{
    if (text_at(way, "path").empty() || text_at(way, "path") != text_at(other, "path")) return false;
    if (way.at("adds").as_bool() || other.at("adds").as_bool()) return text_at(way, "way") == text_at(other, "way");
    auto const* const members = way.at("members").if_object();
    auto const* const others = other.at("members").if_object();
    if (way.at("instead").as_bool() || members == nullptr || others == nullptr) return true;
    return std::ranges::any_of(*members, [&](auto const& each) { return others->contains(each.key()); });
}

// The one that is right: what the lab has, unless that is broken itself.
std::string secret_of(std::string_view client_id, LabAddress const& lab)
{
    for (auto const& broken : lab.call("GET", "ways").at("broken").as_array())
        for (auto const& each : broken.at("undo").as_array())
            if (text_at(each, "of") == client_id && text_at(each, "member") == "secret") return text_at(each, "before");
    for (auto const& each : lab.call("GET", "applications").as_array()) {
        auto const& secrets = each.at("secrets").as_array();
        if (text_at(each, "client_id") == client_id && !secrets.empty()) return text_at(secrets.front(), "value");
    }
    return {};
}

// "settings/external-url", and what it is now.
class Postroom {
public:
    explicit Postroom(std::string const& socket, std::string const& way)
    {
        auto path = socket;
        if (char const* const given = std::getenv("POSTROOM_SOCKET"); path.empty() && given != nullptr) path = given;
        if (path.empty())
            throw Exit(wrong_usage,
                       say("{} is broken in Postroom itself: --socket says where its server listens", way));
        server_.emplace(path);
    }

    // Changes it, and tells what puts it back: a list of {"path", "method", "body"}.
    json::array break_it(json::value const& way, std::string const& mailbox, LabAddress const& lab)
    {
        learn(mailbox, lab);
        auto const path = "/api/v1/" + filled(text_at(way, "path"));
        json::object members;
        if (auto const* const given = way.at("members").if_object())
            for (auto const& [name, value] : *given) members[filled(name)] = filled(value.as_string().c_str());
        if (way.at("instead").as_bool()) return replace(way, path, members);
        if (way.at("adds").as_bool()) {
            server_->send("POST", path, members);
            return {json::object{{"path", path + "/" + text_at(members, "name")}, {"method", "DELETE"}}};
        }
        bool const whole = path.starts_with("/api/v1/settings/") || path.ends_with("/sending");
        auto const now = server_->get(path);
        json::object before;
        for (auto const& [name, value] : members) {
            std::string_view const change = name;
            bool const retrieval = change == "imap_host" || change == "pop3_host";
            before[name] = now.at(retrieval ? "retrieval_server" : change);
        }
        auto const* const method = whole ? "PUT" : "PATCH";
        server_->send(method, path, members);
        return {json::object{{"path", path}, {"method", method}, {"body", std::move(before)}}};
    }

    void put_back(json::array const& steps)
    {
        for (auto const& step : steps) {
            std::optional<json::object> body;
            if (auto const* const members = step.as_object().if_contains("body")) body = members->as_object();
            server_->send(text_at(step, "method"), text_at(step, "path"), body);
        }
    }

private:
    static std::string text_at(json::value const& object, std::string_view name) { return cli::text_at(object, name); }

    // What stands in a list goes, and `members` come, where there are any: all of it, or nothing.
    json::array replace(json::value const& way, std::string const& path, json::object const& members)
    {
        bool const credentials = path.ends_with("/credentials");
        auto const list = credentials ? server_->get(path.substr(0, path.rfind('/'))).at("credentials")
                                      : server_->get(path).at("items");
        std::vector<json::object> known;
        for (auto const& each : list.as_array()) {
            // A password or a key that Postroom keeps is shown to nobody: it could not be put back.
            bool const kept = credentials ? text_at(each, "kind") != "secret" || words_.at("SECRET").empty()
                                          : each.at("has_password").as_bool();
            if (kept) throw Exit(failed, say("{} is broken by hand: {}", text_at(way, "way"), text_at(way, "plays")));
            json::object body;
            if (credentials) body["client_secret"] = words_.at("SECRET");
            for (auto const* const name : {"account", "server", "sender", "security", "user", "ends"})
                if (each.as_object().contains(name) && !text_at(each, name).empty()) body[name] = text_at(each, name);
            if (body.contains("account")) body.erase("security");
            known.push_back(std::move(body));
        }
        json::array gone, come;  // what puts each step back
        auto const back = [&] {
            gone.insert(gone.end(), come.begin(), come.end());
            return gone;
        };
        try {
            if (!members.empty()) {
                auto const added = server_->send("POST", path, members);
                come.push_back(json::object{{"path", path + "/" + text_at(added, "id")}, {"method", "DELETE"}});
            }
            for (std::size_t i = 0; i < known.size(); ++i) {
                server_->send("DELETE", path + "/" + text_at(list.as_array()[i], "id"));
                gone.push_back(json::object{{"path", path}, {"method", "POST"}, {"body", known[i]}});
            }
        } catch (Exit const&) {
            put_back(back());
            throw;
        }
        return back();
    }

    // What the words in capitals stand for.
    void learn(std::string const& mailbox, LabAddress const& lab)
    {
        auto const accounts = server_->all("/api/v1/accounts").at("items").as_array();
        std::string name;
        if (!mailbox.empty()) name = text_at(server_->get("/api/v1/mailboxes/" + in_url(mailbox)), "account");
        auto const mine = std::ranges::find_if(accounts, [&](auto const& each) {
            bool const usual = !each.at("application").is_null() && text_at(each, "retrieval") == "imap";
            return name.empty() ? usual : text_at(each, "name") == name;
        });
        if (mine == accounts.end()) throw Exit(failed, say("Postroom has no account that could be broken"));
        auto external = text_at(server_->get("/api/v1/settings/external-url"), "value");
        if (external.starts_with("https")) external.erase(4, 1);
        auto other = external;
        for (auto const& [from, to] :
             {std::pair<std::string_view, std::string_view>("localhost", "127.0.0.1"), {"127.0.0.1", "localhost"}})
            if (auto const at = external.find(from); at != external.npos)
                other = std::string(external).replace(at, from.size(), to);
        auto const application = text_at(*mine, "application");
        auto const client_id = application.empty()
                                   ? std::string()
                                   : text_at(server_->get("/api/v1/applications/" + in_url(application)), "client_id");
        words_ = {{"ACCOUNT", text_at(*mine, "name")},
                  {"APPLICATION", application},
                  {"CONSOLE", external},
                  {"DEPARTMENT", text_at(*mine, "department")},
                  {"IMAP", text_at(*mine, "retrieval_server")},
                  {"INBOUND", text_at(*mine, "retrieval") + "_host"},
                  {"LAB", lab_url(lab)},
                  {"MAILBOX", mailbox},
                  {"OTHER-NAME", other},
                  {"SECRET", secret_of(client_id, lab)},
                  {"SMTP", text_at(*mine, "submission_server")},
                  {"TEN-DAYS", to_rfc3339(system_clock().now() + std::chrono::days(10))}};
    }

    [[nodiscard]] std::string filled(std::string text) const
    {
        for (auto const& [word, name] : words_) {
            auto const at = text.find(word);
            if (at == text.npos) continue;
            bool const of_a_path = text.find("://") == text.npos && at > 0;
            text.replace(at, word.size(), of_a_path ? in_url(name) : name);
        }
        return text;
    }

    std::optional<ServerClient> server_;
    std::map<std::string, std::string> words_;
};

int break_fault(Asked const& asked)
{
    json::object body{{"id", asked.what}, {"scope", asked.mailbox}, {"times", asked.times}};
    if (!asked.value.empty()) body["value"] = asked.value;
    (void)asked.at.call("POST", "faults", json::serialize(body));
    print(say("{} is on.\n", asked.what));
    return done;
}

int break_way(Asked const& asked)
{
    auto const ways = asked.at.call("GET", "ways").at("known").as_array();
    auto const found = std::ranges::find_if(ways, [&](auto const& each) { return names(asked.what, each); });
    if (found == ways.end()) {
        auto const faults = asked.at.call("GET", "faults").at("known").as_array();
        if (std::ranges::any_of(faults, [&](auto const& each) { return text_at(each, "id") == asked.what; }))
            return break_fault(asked);
    }
    json::object body{{"way", asked.what}, {"mailbox", asked.mailbox}, {"value", asked.value}};
    auto const by = found == ways.end() ? std::string() : text_at(*found, "by");
    auto const name = found == ways.end() ? std::string() : text_at(*found, "way");
    if (asked.times > 0 && found != ways.end())
        throw Exit(wrong_usage, say("{} is broken until it is mended: only a fault has --times", name));
    if (by == "hand") throw Exit(failed, say("{} is broken by hand: {}", name, text_at(*found, "how")));
    std::optional<Postroom> postroom;
    if (by == "postroom") {
        auto const broken = asked.at.call("GET", "ways").at("broken").as_array();
        for (auto const& other : ways)
            if (collide(*found, other) && std::ranges::any_of(broken, [&](auto const& each) {
                    return text_at(each, "way") == text_at(other, "way");
                }))
                throw Exit(failed, say("{} is broken already", text_at(other, "way")));
        postroom.emplace(asked.socket, name);
        body["before"] = postroom->break_it(*found, asked.mailbox, asked.at);
    }
    json::value answer;
    try {
        answer = asked.at.call("POST", "ways", json::serialize(body));
    } catch (Exit const&) {
        // What the lab does not remember nobody mends.
        if (postroom) postroom->put_back(body.at("before").as_array());
        throw;
    }
    print(say("{}: {}\n", text_at(answer, "way"), text_at(answer, "plays")));
    print(say("postroom check {} finds it; postroom lab mend {} puts it back.\n", text_at(answer, "item"),
              text_at(answer, "way")));
    return done;
}

int mend(Asked const& asked)
{
    auto const ways = asked.at.call("GET", "ways");
    auto const known = ways.at("known").as_array();
    auto const broken = ways.at("broken").as_array();
    bool const of_ways =
        asked.what.empty() || std::ranges::any_of(known, [&](auto const& each) { return names(asked.what, each); });
    std::int64_t mended = 0;
    if (of_ways)
        for (auto const& each : std::views::reverse(broken)) {
            auto const name = text_at(each, "way");
            auto const item = name.substr(0, name.find('/'));
            if (!asked.what.empty() && asked.what != name && asked.what != item) continue;
            if (!asked.mailbox.empty() && asked.mailbox != text_at(each, "mailbox")) continue;
            if (!each.at("before").is_null()) Postroom(asked.socket, name).put_back(each.at("before").as_array());
            auto const gone =
                asked.at.call("DELETE", "ways?way=" + in_url(name) + "&mailbox=" + in_url(text_at(each, "mailbox")));
            mended += gone.at("mended").as_int64();
        }
    if (!of_ways || asked.what.empty()) {
        auto const scope = asked.mailbox.empty() ? std::string() : "&scope=" + in_url(asked.mailbox);
        auto const gone = asked.at.call("DELETE", "faults?id=" + in_url(asked.what) + scope);
        mended += gone.at("cleared").as_bool() ? 1 : 0;
    }
    print(mended > 0 ? say("Mended.\n") : say("Nothing was broken.\n"));
    return done;
}

int show_faults(LabAddress const& at)
{
    auto ways = at.call("GET", "ways").as_object();
    auto const faults = at.call("GET", "faults");
    auto const text =
        say("Ways in which an item of the check list fails:") + "\n" +
        table(ways.at("known").as_array(), {{say("WAY"), "way"}, {say("WHAT HAPPENS"), "plays"}},
              say("There is none.")) +
        "\n" + say("Other faults:") + "\n" +
        table(faults.at("known").as_array(),
              {{say("FAULT"), "id"}, {say("WHERE"), "where"}, {say("WHAT HAPPENS"), "plays"}}, say("There is none.")) +
        "\n" + say("Now:") + "\n" +
        table(ways.at("broken").as_array(), {{say("WAY"), "way"}, {say("FOR"), "mailbox"}, {say("SINCE"), "since"}},
              say("All is well.")) +
        (faults.at("active").as_array().empty() ? std::string()
                                                : "\n" + table(faults.at("active").as_array(),
                                                               {{say("FAULT"), "id"},
                                                                {say("FOR"), "scope"},
                                                                {say("VALUE"), "value"},
                                                                {say("PLAYED"), "played"}},
                                                               ""));
    ways["faults"] = faults;
    at.show(ways, text);
    return done;
}

}  // namespace

void add_lab_ways(Commands& commands, CLI::App& lab)
{
    auto& list =
        commands.leaf(lab, "faults", say("What can be made to go wrong, and what does now"), "postroom lab faults");
    auto const at = std::make_shared<LabAddress>();
    at->add_to(list, true);
    commands.runs(list, [at] { return show_faults(*at); });

    auto const asked = std::make_shared<Asked>();
    auto& breaks = commands.leaf(lab, "break", say("Make an item of the check list fail, or switch a fault on"),
                                 "postroom lab break inbound-enabled/imap-off --mailbox sales@contoso.test");
    breaks
        .add_option("what", asked->what,
                    say("ITEM, ITEM/WAY or a fault, from postroom lab faults; an item alone fails in its first way"))
        ->required();
    breaks
        .add_option("--value", asked->value,
                    say("What a fault's value means is in the list; of a way, one of its numbers"))
        ->type_name(say("VALUE"));
    breaks.add_option("--times", asked->times, say("How often the fault plays; until it is mended otherwise"))
        ->check(positive())
        ->type_name(say("NUMBER"));
    asked->add_to(breaks);
    commands.runs(breaks, [asked] { return break_way(*asked); });

    auto const mends = std::make_shared<Asked>();
    auto& leaf = commands.leaf(lab, "mend", say("Put back what was broken, or all of it"), "postroom lab mend");
    leaf.add_option("what", mends->what, say("ITEM, ITEM/WAY or a fault; all otherwise"));
    mends->add_to(leaf);
    commands.runs(leaf, [mends] { return mend(*mends); });
}

}  // namespace postroom::cli
