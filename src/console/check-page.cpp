#include "console/check-page.hpp"

#include "checks/commands.hpp"
#include "console/responses.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace postroom::console {

namespace {

constexpr std::string_view style =
    // lint-strings: allow
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "section{border:1px solid #c8c8c8;border-inline-start:.4rem solid #107c10;border-radius:.3rem;padding:.6rem 1rem;"
    "margin:.8rem 0;break-inside:avoid}section.fails{border-inline-start-color:#b10e1c}"
    "section.warns{border-inline-start-color:#8a5300}section.could-not-be-told{border-inline-start-color:#616161}"
    "h3{margin:0 0 .3rem;font-size:1rem;overflow-wrap:anywhere}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .8rem;margin:0}"
    "pre{background:#f3f3f3;padding:.4rem .6rem;margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "user-select:all}dt{color:#5a5a5a}dd{margin:0;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "td{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:start;vertical-align:top;"
    "overflow-wrap:anywhere}tr{break-inside:avoid}h2{break-after:avoid}@page{margin:15mm}"
    "@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}section{print-color-adjust:exact}"
    "pre{border:1px solid #c8c8c8;background:none}}";

std::string member(json::object const& from, std::string_view name)
{
    auto const* const found = from.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// What is not in the page's language, and need not run in its direction.
std::string apart(std::string_view text)
{
    // lint-strings: allow
    return fmt::format("<bdi>{}</bdi>", escape_html(text));
}

std::string about(json::object const& found)
{
    auto const subject = member(found, "subject");
    return apart(subject.empty() ? member(found, "item") : fmt::format("{} ({})", member(found, "item"), subject));
}

class Page {
public:
    Page(json::object const& run, words::Language const& language) : run_(run), language_(language) {}

    [[nodiscard]] std::string whole() const
    {
        auto const title = say(tr("What must hold for mail to flow"));
        auto text = fmt::format(
            // lint-strings: allow
            "<!doctype html>\n<html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{}</style>"
            "</head><body>\n<h1>{}</h1>\n<p>{}</p>\n",
            language_.code(), language_.code() == "ar" ? "rtl" : "ltr", title, style, title,
            apart(member(run_, "begun")));
        text += fmt::format("<p>{}</p>\n",
                            say(tr("{} checked: {} hold, {} fail, {} warn, {} could not be told\n",
                                   run_.at("findings").as_array().size(), with("holds").size(), with("fails").size(),
                                   with("warns").size(), with("could-not-be-told").size())));
        for (std::string_view const outcome : {"fails", "warns", "could-not-be-told"})
            for (auto const* const each : with(outcome)) text += section(*each);
        text += fmt::format("<h2>{}</h2>\n<table><tbody>\n", say(outcome_in_words("holds")));
        for (auto const* const each : with("holds"))
            // lint-strings: allow
            text += fmt::format("<tr><td>{}</td><td>{}</td><td dir=\"auto\">{}</td></tr>\n", about(*each),
                                escape_html(member(*each, "must")), escape_html(member(*each, "evidence")));
        return text + "</tbody></table>\n</body></html>\n";
    }

private:
    [[nodiscard]] std::string say(Words const& words) const { return escape_html(language_.say(words)); }

    [[nodiscard]] std::vector<json::object const*> with(std::string_view outcome) const
    {
        std::vector<json::object const*> all;
        for (auto const& each : run_.at("findings").as_array())
            if (member(each.as_object(), "outcome") == outcome) all.push_back(&each.as_object());
        return all;
    }

    // What is wrong, since when, whose it is, what to do: in that order.
    [[nodiscard]] std::string section(json::object const& found) const
    {
        auto const outcome = member(found, "outcome");
        // lint-strings: allow
        auto text = fmt::format("<section class=\"{}\"><h3>{}: {}</h3><p>{}</p><dl>", escape_html(outcome),
                                say(outcome_in_words(outcome)), about(found), escape_html(member(found, "must")));
        auto const row = [&](Words const& title, std::string_view name) {
            auto const value = member(found, name);
            if (value.empty()) return;
            // lint-strings: allow
            text += fmt::format("<dt>{}</dt><dd dir=\"auto\">{}</dd>", say(title), escape_html(value));
        };
        row(tr("Cause"), "title");
        row(tr("Since"), "since");
        row(tr("Whose"), "whose");
        row(tr("To do"), "remedy");
        row(tr("Seen"), "evidence");
        row(tr("On"), "server");
        return text + "</dl>" + commands(found) + "</section>\n";
    }

    // Each in a block that one click selects whole.
    [[nodiscard]] std::string commands(json::object const& found) const
    {
        std::string text;
        for (auto const& each : found.at("commands").as_array()) {
            auto const& command = each.as_object();
            auto shell = checks::CommandShell::server;
            for (auto const known : {checks::CommandShell::exchange, checks::CommandShell::graph})
                if (to_string(known) == member(command, "shell")) shell = known;
            // lint-strings: allow
            text += fmt::format("<p>{}: {}</p><pre dir=\"ltr\">{}</pre>", escape_html(title_of(shell)),
                                escape_html(member(command, "changes")), escape_html(member(command, "text")));
            if (auto const undo = member(command, "undo"); !undo.empty())
                // lint-strings: allow
                text += fmt::format("<p>{}:</p><pre dir=\"ltr\">{}</pre>", say(tr("Undo")), escape_html(undo));
        }
        return text;
    }

    json::object const& run_;
    words::Language const& language_;
};

}  // namespace

std::string check_page(json::object const& run, words::Language const& language)
{
    return Page(run, language).whole();
}

Words outcome_in_words(std::string_view outcome)
{
    if (outcome == "holds") return tr("holds");
    if (outcome == "fails") return tr("fails");
    if (outcome == "warns") return tr("warns");
    return tr("could not be told");
}

}  // namespace postroom::console
