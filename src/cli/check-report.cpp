#include "cli/check-report.hpp"

#include "cli/output.hpp"
#include "cli/remedy-commands.hpp"
#include "cli/speech.hpp"
#include "console/check-page.hpp"
#include "console/responses.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace postroom::cli {

namespace {

namespace json = boost::json;

using Found = std::vector<json::object const*>;

Found with(json::object const& run, std::string_view outcome)
{
    Found all;
    for (auto const& each : run.at("findings").as_array())
        if (member(each.as_object(), "outcome") == outcome) all.push_back(&each.as_object());
    return all;
}

std::string about(json::object const& found)
{
    auto const subject = member(found, "subject");
    return subject.empty() ? member(found, "item") : fmt::format("{} ({})", member(found, "item"), subject);
}

// What is wrong, since when, whose it is, what to do: in that order.
std::string wrong(json::object const& found)
{
    auto const title = member(found, "title");
    auto text = fmt::format("{}: {}\n", about(found), title.empty() ? member(found, "evidence") : title);
    text += fields(found,
                   {{"  " + say("Since"), "since"}, {"  " + say("Whose"), "whose"}, {"  " + say("To do"), "remedy"}});
    text += commands_in_text(commands_of(found), "    ");
    return text + fields(found, {{"  " + say("Seen"), "evidence"}, {"  " + say("On"), "server"}});
}

std::string as_text(json::object const& run)
{
    auto const failing = with(run, "fails");
    auto const warning = with(run, "warns");
    auto const untold = with(run, "could-not-be-told");
    auto const holding = with(run, "holds").size();
    std::string text;
    for (auto const* each : failing) text += fmt::format("{} {}\n", say("FAILS"), wrong(*each));
    for (auto const* each : warning) text += fmt::format("{} {}\n", say("WARNS"), wrong(*each));
    // One line for all that the same thing keeps from being told.
    std::map<std::string, std::string> by_ground;
    for (auto const* each : untold) {
        auto const because = member(*each, "because");
        auto const line = because.empty() ? fmt::format("{}: {}", about(*each), member(*each, "evidence")) : because;
        auto& subjects = by_ground[line];
        if (!because.empty()) subjects += (subjects.empty() ? "" : ", ") + about(*each);
    }
    if (!untold.empty()) text += say("Could not be told:") + "\n";
    for (auto const& [line, subjects] : by_ground)
        text += subjects.empty() ? "  " + line + "\n" : "  " + say("because of {}: {}", line, subjects) + "\n";
    if (!untold.empty()) text += "\n";
    auto const all = run.at("findings").as_array().size();
    text += say("{} checked: {} hold, {} fail, {} warn, {} could not be told\n", all, holding, failing.size(),
                warning.size(), untold.size());
    return for_terminal(text);
}

std::string as_junit(json::object const& run)
{
    using console::escape_html;
    auto const& all = run.at("findings").as_array();
    auto text = fmt::format(
        // lint-strings: allow
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"postroom check\" tests=\"{}\" "
        "failures=\"{}\" skipped=\"{}\" timestamp=\"{}\">\n",
        all.size(), with(run, "fails").size(), with(run, "could-not-be-told").size(), member(run, "begun"));
    for (auto const& each : all) {
        auto const& found = each.as_object();
        auto const outcome = member(found, "outcome");
        // lint-strings: allow
        text += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">",
                            escape_html(member(found, "server")), escape_html(about(found)),
                            found.at("took_ms").to_number<double>() / 1000);
        if (outcome == "fails")
            // lint-strings: allow
            text += fmt::format("<failure message=\"{}\">{}</failure>", escape_html(member(found, "title")),
                                escape_html(member(found, "evidence") + "\n" + member(found, "remedy") + "\n" +
                                            commands_in_text(commands_of(found), "")));
        if (outcome == "could-not-be-told")
            // lint-strings: allow
            text += fmt::format("<skipped message=\"{}\"/>", escape_html(member(found, "evidence")));
        text += "</testcase>\n";
    }
    return text + "</testsuite>\n";
}

}  // namespace

std::string outcome_in_words(std::string_view outcome)
{
    return say(console::outcome_in_words(outcome));
}

std::string report(json::object const& run, std::string_view kind)
{
    if (kind == "json") return json::serialize(run) + "\n";
    if (kind == "html") return console::check_page(run, spoken());
    if (kind == "junit") return as_junit(run);
    return as_text(run);
}

}  // namespace postroom::cli
