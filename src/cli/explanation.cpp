#include "cli/explanation.hpp"

#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/remedy-commands.hpp"
#include "cli/speech.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

std::string shown(model::RankedCause const& ranked, std::size_t rank, std::size_t of)
{
    auto const& cause = *ranked.cause;
    auto const& tongue = spoken();
    bool const sure = cause.evidence == model::Evidence::observed || cause.evidence == model::Evidence::documented;
    auto const owner = tongue.say(in_words(cause.owner));
    json::object const about{
        {"remedy", tongue.say_marked(cause.remedy)},
        {"owner", cause.transient ? say("{}; passes by itself", owner) : owner},
        {"check", cause.check},
        {"source", sure ? cause.source : fmt::format("{} ({})", cause.source, tongue.say(in_words(cause.evidence)))}};
    return fmt::format("{}{} ({})\n  {}\n", of > 1 ? fmt::format("{}. ", rank) : "", tongue.say_marked(cause.title),
                       cause.id, tongue.say_marked(cause.meaning)) +
           fields(about, {{"  " + say("Remedy"), "remedy"}}) +
           commands_in_text(checks::commands_for(cause.id, {}), "    ") +
           fields(about,
                  {{"  " + say("Whose"), "owner"}, {"  " + say("Check"), "check"}, {"  " + say("Source"), "source"}});
}

}  // namespace

std::string explained(model::Explanation const& explanation, std::string_view said)
{
    std::string text = explanation.causes.size() > 1 ? say("It may mean, the likeliest first:") + "\n\n" : "";
    std::size_t rank = 0;
    for (auto const& each : explanation.causes) text += shown(each, ++rank, explanation.causes.size()) + "\n";
    if (!explanation.known()) text += fmt::format("{}\n\n", trim(said));
    if (!explanation.known() || !explanation.unknown_codes.empty())
        text += say(model::advice_on_unknown(explanation)) + "\n\n";
    if (!explanation.particulars.empty()) text += say("Found in the text, for whoever looks into it:") + "\n";
    for (auto const& [name, value] : explanation.particulars)
        text += fmt::format("  {}: {}\n", spoken().say_marked(name), value);
    return std::string(trim(for_terminal(text))) + "\n";
}

std::string explained(std::string_view said)
{
    return explained(model::explain(said), said);
}

}  // namespace postroom::cli
