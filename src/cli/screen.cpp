// postroom screen: which mail a department keeps from its agents.
#include "base/text.hpp"
#include "cli/commands.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace postroom::cli {

namespace {

struct Given {
    std::string department, kind, above, file;
    std::vector<std::string> patterns, names, contents;
    double largest = 0;
    bool any_size = false, permanent = false, temporary = false, with_defaults = false, without_defaults = false;
};
using Shared = std::shared_ptr<Given>;

/// The one that there is, where none was given.
std::string department_in(Talk& talk, Given const& given)
{
    if (!given.department.empty()) return given.department;
    auto const answer = talk.server.get("/api/v1/departments");
    auto const& all = answer.at("items").as_array();
    if (all.size() == 1) return member(all[0].as_object(), "name");
    throw Exit(failed, all.empty() ? say("there is no department yet: postroom department add NAME")
                                   : say("there are several departments: say which one with --department"));
}

std::string path_of(Talk& talk, Given const& given)
{
    return "/api/v1/departments/" + in_url(department_in(talk, given)) + "/screens";
}

void add_department_option(CLI::App& leaf, Shared const& given)
{
    leaf.add_option("--department", given->department, say("Whose; needed where there are several"))
        ->type_name(say("NAME"));
}

json::array strings(std::vector<std::string> const& items)
{
    return json::array(items.begin(), items.end());
}

std::string rules_table(json::object const& screens)
{
    json::array rules;
    auto const add = [&](std::string_view list, std::string const& kind) {
        for (auto const& each : screens.at(list).as_array())
            rules.push_back(json::object{{"kind", kind}, {"pattern", each}});
    };
    add("senders", "sender");
    add("file_names", "file-name");
    add("contents", "content");
    add("permanent_phrases", "permanent-phrase");
    add("temporary_phrases", "temporary-phrase");
    return table(rules, {{say("KIND"), "kind"}, {say("RULE"), "pattern"}}, say("There is no rule."));
}

std::string shown(json::value const& answer)
{
    auto screens = answer.as_object();
    auto text = rules_table(screens) + "\n";
    auto const* const largest = screens.at("largest").if_int64();
    text += largest == nullptr
                ? say("Mail of any size is taken.\n")
                : say("Mail above {} MiB: {}\n", fmt::format("{:.1f}", static_cast<double>(*largest) / (1024 * 1024)),
                      spoken().say_marked("way with what is too large", member(screens, "above")));
    text += screens.at("default_phrases").as_bool() ? say("Postroom's own phrases of mail servers count as well.\n")
                                                    : say("Postroom's own phrases of mail servers do not count.\n");
    return text;
}

void change(Talk& talk, Given const& given, json::object const& body)
{
    auto const answer = talk.server.send("PATCH", path_of(talk, given), body);
    talk.show(answer, say("The screens of {} are changed; they count from the next mail on.\n",
                          member(answer.as_object(), "department")));
}

void add_block(Commands& commands, CLI::App& leaf, std::string const& what)
{
    auto const given = std::make_shared<Given>();
    add_department_option(leaf, given);
    leaf.add_option("senders", given->patterns, what)->required();
    commands.talks(leaf, [given](Talk& talk) {
        change(talk, *given, {{"kind", "sender"}, {"add", strings(given->patterns)}});
        return done;
    });
}

void add_block_attachment(Commands& commands, CLI::App& group)
{
    auto const given = std::make_shared<Given>();
    auto& leaf = commands.leaf(group, "block-attachment", say("Block files, by name or by content"),
                               "postroom screen block-attachment --name '*.exe' --name '*.js'\n  postroom screen "
                               "block-attachment --content program --content locked-archive");
    add_department_option(leaf, given);
    leaf.add_option("--name", given->names, say("A name, with * and ? in it; it counts in ZIP archives as well"))
        ->type_name(say("PATTERN"))
        ->allow_extra_args(false);
    leaf.add_option("--content", given->contents, say("What a file is, whatever it is called"))
        ->check(CLI::IsMember({"program", "double-name", "archive", "locked-archive", "macros", "disk-image"}))
        ->allow_extra_args(false);
    commands.talks(leaf, [given](Talk& talk) {
        if (given->names.empty() && given->contents.empty())
            throw Exit(wrong_usage, say("say which: --name PATTERN or --content WORD"));
        auto const path = path_of(talk, *given);
        json::value answer;
        if (!given->names.empty())
            answer =
                talk.server.send("PATCH", path, json::object{{"kind", "file-name"}, {"add", strings(given->names)}});
        if (!given->contents.empty())
            answer =
                talk.server.send("PATCH", path, json::object{{"kind", "content"}, {"add", strings(given->contents)}});
        talk.show(answer, say("The screens of {} are changed; they count from the next mail on.\n",
                              member(answer.as_object(), "department")));
        return done;
    });
}

void add_size(Commands& commands, CLI::App& group)
{
    auto const given = std::make_shared<Given>();
    auto& leaf =
        commands.leaf(group, "size", say("Say how large a mail may be, and what becomes of a larger one"),
                      "postroom screen size 25 --above hold\n  postroom screen size 10 --above cut\n  postroom "
                      "screen size --any");
    add_department_option(leaf, given);
    auto* const largest = leaf.add_option("largest", given->largest, say("MiB of the mail as it comes"));
    largest->check(CLI::Range(0.001, 1024.0, "0.001-1024"));
    leaf.add_flag("--any", given->any_size, say("Take mail of any size"))->excludes(largest);
    leaf.add_option("--above", given->above,
                    say("hold: it goes to the exception queue. cut: its case shows its header only. accept: nothing"))
        ->check(CLI::IsMember({"hold", "cut", "accept"}));
    commands.talks(leaf, [given](Talk& talk) {
        json::object body;
        if (given->any_size) body["largest"] = nullptr;
        if (given->largest > 0) body["largest"] = static_cast<std::int64_t>(given->largest * 1024 * 1024);
        if (!given->above.empty()) body["above"] = given->above;
        if (body.empty()) throw Exit(wrong_usage, say("say how large, or --any, or --above"));
        change(talk, *given, body);
        return done;
    });
}

void add_phrase(Commands& commands, CLI::App& group)
{
    auto const given = std::make_shared<Given>();
    auto& leaf =
        commands.leaf(group, "phrase", say("Say by which words a mail server tells that mail was not delivered"),
                      "postroom screen phrase --permanent 'no such mailbox here'\n  postroom screen phrase "
                      "--temporary 'will be tried again'\n  postroom screen phrase --no-defaults");
    add_department_option(leaf, given);
    leaf.add_option("phrases", given->patterns, say("The words; case and line breaks do not matter"));
    auto* const permanent = leaf.add_flag("--permanent", given->permanent, say("It could not be delivered"));
    leaf.add_flag("--temporary", given->temporary, say("It is late, and still tried"))->excludes(permanent);
    auto* const with = leaf.add_flag("--defaults", given->with_defaults, say("Postroom's own phrases count as well"));
    leaf.add_flag("--no-defaults", given->without_defaults, say("They do not"))->excludes(with);
    commands.talks(leaf, [given](Talk& talk) {
        json::object body;
        if (given->with_defaults || given->without_defaults) body["default_phrases"] = given->with_defaults;
        if (!given->patterns.empty()) {
            if (!given->permanent && !given->temporary)
                throw Exit(wrong_usage, say("say which: --permanent or --temporary"));
            body["kind"] = given->permanent ? "permanent-phrase" : "temporary-phrase";
            body["add"] = strings(given->patterns);
        }
        if (body.empty()) throw Exit(wrong_usage, say("give a phrase, --defaults or --no-defaults"));
        change(talk, *given, body);
        return done;
    });
}

void add_remove(Commands& commands, CLI::App& group)
{
    auto const given = std::make_shared<Given>();
    auto& leaf = commands.leaf(group, "remove", say("Remove rules"),
                               "postroom screen remove sender spam.example\n  postroom screen remove content archive");
    add_department_option(leaf, given);
    leaf.add_option("kind", given->kind, say("As postroom screen list shows it"))
        ->required()
        ->check(CLI::IsMember({"sender", "file-name", "content", "permanent-phrase", "temporary-phrase"}));
    leaf.add_option("rules", given->patterns, say("As postroom screen list shows them"))->required();
    commands.talks(leaf, [given](Talk& talk) {
        change(talk, *given, {{"kind", given->kind}, {"remove", strings(given->patterns)}});
        return done;
    });
}

std::string read_mail(std::string const& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Exit(failed, say("{} can't be read", path));
    return {std::istreambuf_iterator<char>(file), {}};
}

void add_test(Commands& commands, CLI::App& group)
{
    auto const given = std::make_shared<Given>();
    auto& leaf = commands.leaf(group, "test", say("Tell what the screens would do with a mail, and why"),
                               "postroom screen test mail.eml --department Sales");
    add_department_option(leaf, given);
    leaf.add_option("file", given->file, say("The mail, as a mail program saves it"))
        ->required()
        ->type_name(say("FILE"));
    commands.talks(leaf, [given](Talk& talk) {
        auto const answer = talk.server.send("POST", path_of(talk, *given) + "/test",
                                             json::object{{"mail", to_base64(read_mail(given->file))}});
        auto verdict = answer.as_object();
        json::array files;
        for (auto const& each : verdict.at("files").as_array())
            if (!each.at("contents").as_array().empty()) files.push_back(each);
        auto text = fields(verdict, {{say("Fate"), "fate", mark("fate of a mail")},
                                     {say("Screen"), "screen", mark("screen")},
                                     {say("Rule"), "rule"},
                                     {say("Because"), "because"}});
        if (!files.empty()) text += "\n" + table(files, {{say("FILE"), "name"}, {say("CONTENT"), "contents"}}, "");
        talk.show(answer, text);
        return done;
    });
}

}  // namespace

void add_screen_commands(Commands& commands)
{
    auto& group = commands.group("screen", say("Which mail a department keeps from its agents"));
    auto const given = std::make_shared<Given>();
    auto& list = commands.leaf(group, "list", say("List the rules of a department"),
                               "postroom screen list\n  postroom screen list --department Sales");
    add_department_option(list, given);
    commands.talks(list, [given](Talk& talk) {
        auto const answer = talk.server.get(path_of(talk, *given));
        talk.show(answer, shown(answer));
        return done;
    });
    add_block(commands,
              commands.leaf(group, "block-sender", say("Block senders"),
                            "postroom screen block-sender ann@example.com 'news*@*.example.org'"),
              say("Addresses, or patterns of them with * and ?"));
    add_block(commands,
              commands.leaf(group, "block-domain", say("Block domains, and all below them"),
                            "postroom screen block-domain spam.example\n  postroom screen block-domain '@example.com'"),
              say("Domains; with @ before it, without those below it"));
    add_block_attachment(commands, group);
    add_size(commands, group);
    add_phrase(commands, group);
    add_remove(commands, group);
    add_test(commands, group);
}

}  // namespace postroom::cli
