// The screens of a department, and what they would do with a mail.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "screens/glob.hpp"
#include "screens/patterns.hpp"
#include "screens/phrases.hpp"
#include "screens/screen.hpp"
#include "store/screens.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace postroom::console {

namespace {

using model::ScreenRuleKind;

struct List {
    std::string_view member;
    ScreenRuleKind kind;
};
constexpr std::array lists{List{"senders", ScreenRuleKind::sender}, List{"file_names", ScreenRuleKind::file_name},
                           List{"contents", ScreenRuleKind::content},
                           List{"permanent_phrases", ScreenRuleKind::permanent_phrase},
                           List{"temporary_phrases", ScreenRuleKind::temporary_phrase}};

constexpr std::int64_t smallest = 1024;  // octets; below it a mail has no room for its header
constexpr std::int64_t greatest = 1024LL * 1024 * 1024;
constexpr std::size_t most_of_a_mail = 48 * 1024 * 1024;  // in base64, of one that is tested

json::array texts(auto const& items)
{
    json::array all;
    for (auto const& each : items) all.emplace_back(each);
    return all;
}

json::object view(model::Screens const& screens, std::string const& department)
{
    json::object shown{{"department", department}};
    for (auto const& list : lists) shown[list.member] = texts(screens.of(list.kind));
    shown["largest"] = screens.largest ? json::value(*screens.largest) : json::value();
    shown["above"] = to_string(screens.above);
    shown["default_phrases"] = screens.default_phrases;
    shown["defaults"] = {{"permanent_phrases", texts(screens::default_permanent_phrases())},
                         {"temporary_phrases", texts(screens::default_temporary_phrases())}};
    shown["etag"] = etag(screens.version, screens.department.value);
    return shown;
}

/// In their normal form, each once.
std::vector<std::string> patterns_in(Members const& members, std::string_view member, ScreenRuleKind kind)
{
    std::vector<std::string> patterns;
    for (auto const& each : members.texts(member, screens::most_rules(kind)))
        patterns.push_back(or_problem(screens::normal_pattern(kind, each), member));
    std::ranges::sort(patterns);
    auto const twice = std::ranges::unique(patterns);
    patterns.erase(twice.begin(), twice.end());
    return patterns;
}

void take_size(Members const& members, model::Screens& screens)
{
    if (members.has("largest")) screens.largest = members.number_or("largest", 0, smallest, greatest);
    if (members.has("above")) screens.above = or_problem(model::parse_above(members.text("above")), "above");
    screens.default_phrases = members.flag_or("default_phrases", screens.default_phrases);
}

void check_numbers(model::Screens const& screens, std::string_view field)
{
    for (auto const& list : lists)
        if (screens.of(list.kind).size() > screens::most_rules(list.kind))
            throw Problem(Trouble::invalid, tr("there may be {} rules of this kind", screens::most_rules(list.kind)),
                          std::string(field));
    auto const globs = std::ranges::count_if(screens.senders, screens::is_glob);
    if (static_cast<std::size_t>(globs) > screens::most_sender_globs)
        throw Problem(Trouble::invalid,
                      tr("there may be {} senders with * or ? in them: each is compared with every mail",
                         screens::most_sender_globs),
                      std::string(field));
}

// The audit trail has the number of many, and each of a few.
json::value told(std::vector<std::string> const& patterns)
{
    constexpr std::size_t few = 20;
    if (patterns.size() > few) return json::value(patterns.size());
    return texts(patterns);
}

void tell_size(json::object& changed, model::Screens const& screens)
{
    changed["largest"] = screens.largest ? json::value(*screens.largest) : json::value();
    changed["above"] = to_string(screens.above);
    changed["default_phrases"] = screens.default_phrases;
}

/// Takes the version, compares it, and gives the screens as they are.
model::Screens begin_change(store::Connection& c, Request const& request, model::Department const& department)
{
    auto const version = store::next_screens_version(c, department.id);
    check_match(c, request, etag(version - 1, department.id.value), "screens.", department.name);
    return store::screens(c, department.id);
}

}  // namespace

Answer show_screens(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        return view(store::screens(c, department.id), department.name);
    });
    co_return edited_response(body);
}

Answer set_screens(House& house, Request const& request)
{
    Members const members(request.http, {"senders", "file_names", "contents", "permanent_phrases", "temporary_phrases",
                                         "largest", "above", "default_phrases"});
    for (std::string_view const name : {"senders", "file_names", "contents", "permanent_phrases", "temporary_phrases",
                                        "largest", "above", "default_phrases"})
        if (!members.has(name))
            throw Problem(Trouble::invalid, tr("the member \"{}\" is missing", name), std::string(name));
    model::Screens wanted;
    for (auto const& list : lists) wanted.of(list.kind) = patterns_in(members, list.member, list.kind);
    take_size(members, wanted);
    check_numbers(wanted, "senders");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        auto const before = begin_change(c, request, department);
        auto const now = house.now();
        wanted.department = department.id;
        store::set_screens(c, wanted);
        json::object changed;
        for (auto const& list : lists) {
            std::vector<std::string> added, removed;
            std::ranges::set_difference(wanted.of(list.kind), before.of(list.kind), std::back_inserter(added));
            std::ranges::set_difference(before.of(list.kind), wanted.of(list.kind), std::back_inserter(removed));
            for (auto const& each : added)
                store::add_screen_rule(c, department.id, list.kind, each, request.caller.name, now);
            for (auto const& each : removed) store::remove_screen_rule(c, department.id, list.kind, each);
            if (added.empty() && removed.empty()) continue;
            changed[list.member] = json::object{{"added", told(added)}, {"removed", told(removed)}};
        }
        tell_size(changed, wanted);
        note(c, request.caller, "screens.set", department.name, std::move(changed), now);
        return view(store::screens(c, department.id), department.name);
    });
    co_return edited_response(body);
}

Answer change_screens(House& house, Request const& request)
{
    Members const members(request.http, {"kind", "add", "remove", "largest", "above", "default_phrases"});
    bool const rules = members.has("add") || members.has("remove") || members.has("kind");
    if (!rules && !members.has("largest") && !members.has("above") && !members.has("default_phrases"))
        throw Problem(Trouble::invalid, tr("there is nothing to change: give {}",
                                           "kind with add or remove, largest, above, default_phrases"));
    auto kind = ScreenRuleKind::sender;
    std::vector<std::string> added, removed;
    if (rules) {
        kind = or_problem(model::parse_screen_rule_kind(members.text("kind")), "kind");
        added = patterns_in(members, "add", kind);
        removed = patterns_in(members, "remove", kind);
    }
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        auto screens = begin_change(c, request, department);
        auto const now = house.now();
        std::erase_if(added, [&](auto const& each) {
            return !store::add_screen_rule(c, department.id, kind, each, request.caller.name, now);
        });
        std::erase_if(removed,
                      [&](auto const& each) { return !store::remove_screen_rule(c, department.id, kind, each); });
        take_size(members, screens);
        store::set_screens(c, screens);
        screens = store::screens(c, department.id);
        check_numbers(screens, "add");
        json::object changed;
        if (rules) {
            changed["kind"] = to_string(kind);
            changed["added"] = told(added);
            changed["removed"] = told(removed);
        }
        if (members.has("largest") || members.has("above") || members.has("default_phrases"))
            tell_size(changed, screens);
        note(c, request.caller, "screens.change", department.name, std::move(changed), now);
        return view(screens, department.name);
    });
    co_return edited_response(body);
}

Answer test_screens(House& house, Request const& request)
{
    Members const members(request.http, {"mail"});
    auto bytes = from_base64(members.text("mail", most_of_a_mail));
    if (!bytes) throw Problem(Trouble::invalid, tr("the mail must be in base64"), "mail");
    auto const screens = co_await house.store().read([&](store::Connection& c) {
        return store::screens(c, department_named(c, request.caller.sight, request.path("name")).id);
    });
    auto const language = &request.language();
    auto judge = [screens, language, mail_bytes = std::move(*bytes)] {
        auto const mail = or_problem(mime::read(mail_bytes), "mail");
        auto const verdict = screens::screen(screens::Rules(screens), mail, mail_bytes);
        json::array files;
        for (auto const& each : screens::look_into(mail_bytes)) {
            json::array contents;
            for (auto const content : each.contents) contents.emplace_back(to_string(content));
            files.push_back(json::object{{"name", each.name}, {"contents", std::move(contents)}});
        }
        return json::object{{"fate", to_string(verdict.fate)},
                            {"screen", to_string(verdict.screen)},
                            {"rule", verdict.rule},
                            {"because", language->say(verdict.because)},
                            {"files", std::move(files)}};
    };
    auto const body = co_await house.off_the_loop(std::move(judge));
    co_return json_response(net::http::status::ok, body);
}

}  // namespace postroom::console
