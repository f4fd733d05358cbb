#include "cli/check-report.hpp"

#include "cli/output.hpp"
#include "cli/remedy-commands.hpp"
#include "cli/speech.hpp"
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

constexpr std::string_view style =
    // lint-strings: allow
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1b1b1b}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "section{border:1px solid #c8c8c8;border-inline-start:.4rem solid #107c10;border-radius:.3rem;padding:.6rem 1rem;"
    "margin:.8rem 0;break-inside:avoid}section.fails{border-inline-start-color:#b10e1c}"
    "section.warns{border-inline-start-color:#8a5300}section.could-not-be-told{border-inline-start-color:#616161}"
    "h3{margin:0 0 .3rem;font-size:1rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem "
    ".8rem;margin:0}"
    "pre{background:#f3f3f3;padding:.4rem .6rem;margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "user-select:all}dt{color:#5a5a5a}dd{margin:0;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:start;vertical-align:top;"
    "overflow-wrap:anywhere}@media print{body{margin:0}}";

std::string section(json::object const& found)
{
    using console::escape_html;
    auto const outcome = member(found, "outcome");
    // lint-strings: allow
    auto text = fmt::format("<section class=\"{}\"><h3>{}: {}</h3><p>{}</p><dl>", outcome,
                            escape_html(outcome_in_words(outcome)), escape_html(about(found)),
                            escape_html(member(found, "must")));
    auto const row = [&](std::string const& title, std::string_view name) {
        auto const value = member(found, name);
        if (!value.empty()) text += fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(title), escape_html(value));
    };
    row(say("Cause"), "title");
    row(say("Since"), "since");
    row(say("Whose"), "whose");
    row(say("To do"), "remedy");
    row(say("Seen"), "evidence");
    row(say("On"), "server");
    return text + "</dl>" + commands_in_html(commands_of(found)) + "</section>\n";
}

std::string as_html(json::object const& run)
{
    using console::escape_html;
    bool const right_to_left = spoken().code() == "ar";
    auto const title = say("What must hold for mail to flow");
    auto text = fmt::format(
        // lint-strings: allow
        "<!doctype html>\n<html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{}</style>"
        "</head><body>\n<h1>{}</h1>\n<p>{}</p>\n",
        spoken().code(), right_to_left ? "rtl" : "ltr", escape_html(title), style, escape_html(title),
        escape_html(member(run, "begun")));
    text += fmt::format("<p>{}</p>\n", escape_html(say("{} checked: {} hold, {} fail, {} warn, {} could not be told\n",
                                                       run.at("findings").as_array().size(), with(run, "holds").size(),
                                                       with(run, "fails").size(), with(run, "warns").size(),
                                                       with(run, "could-not-be-told").size())));
    for (std::string_view const outcome : {"fails", "warns", "could-not-be-told"})
        for (auto const* each : with(run, outcome)) text += section(*each);
    text += fmt::format("<h2>{}</h2>\n<table><tbody>\n", escape_html(outcome_in_words("holds")));
    for (auto const* each : with(run, "holds"))
        text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escape_html(about(*each)),
                            escape_html(member(*each, "must")), escape_html(member(*each, "evidence")));
    return text + "</tbody></table>\n</body></html>\n";
}

}  // namespace

std::string outcome_in_words(std::string_view outcome)
{
    if (outcome == "holds") return say("holds");
    if (outcome == "fails") return say("fails");
    if (outcome == "warns") return say("warns");
    return say("could not be told");
}

std::string report(json::object const& run, std::string_view kind)
{
    if (kind == "json") return json::serialize(run) + "\n";
    if (kind == "html") return as_html(run);
    if (kind == "junit") return as_junit(run);
    return as_text(run);
}

}  // namespace postroom::cli
