#include "cli/connection.hpp"

#include "checks/elsewhere.hpp"
#include "cli/exit.hpp"
#include "cli/output.hpp"
#include "cli/progress-line.hpp"
#include "cli/remedy-commands.hpp"
#include "cli/speech.hpp"
#include "console/json.hpp"
#include "model/causes.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

constexpr auto pause = std::chrono::milliseconds(200);
constexpr auto taken_limit = std::chrono::seconds(30);

std::string step_in_text(json::object const& step)
{
    auto text = fmt::format("{} {:<12} {:>6} ms  {}\n", step.at("held").as_bool() ? "+" : "x", member(step, "step"),
                            member(step, "took_ms"), member(step, "asked"));
    auto const came = member(step, "came");
    if (!came.empty()) text += fmt::format("                          {}\n", came);
    return text;
}

}  // namespace

json::object connection_here(checks::Conversation const& talk)
{
    auto shown = checks::to_json(talk);
    json::array causes;
    for (auto const& id : shown.at("causes").as_array())
        causes.emplace_back(console::to_json(
            model::RankedCause{.cause = model::find_cause(std::string_view(id.as_string())), .said = {}}, spoken()));
    shown["causes"] = std::move(causes);
    shown["account"] = nullptr;
    shown["dialogue"] = json::array();  // it was shown as it was held
    return shown;
}

json::object connection_elsewhere(ServerClient const& server, json::object const& asked)
{
    auto talk = server.send("POST", "/api/v1/connections", asked).as_object();
    auto const path = "/api/v1/connections/" + member(talk, "id");
    auto const begun = std::chrono::steady_clock::now();
    ProgressLine progress;
    while (member(talk, "state") != "done") {
        if (member(talk, "state") == "waiting" && std::chrono::steady_clock::now() - begun > taken_limit)
            throw Exit(failed, say("{} did not take it in time", member(talk, "on")));
        std::this_thread::sleep_for(pause);
        talk = server.get(path).as_object();
        progress.show([&] {
            auto const& steps = talk.at("steps").as_array();
            return fmt::format("{}: {}", member(talk, "on"),
                               steps.empty() ? std::string() : member(steps.back().as_object(), "step"));
        });
    }
    return talk;
}

std::string connection_in_text(json::object const& talk)
{
    auto text = fmt::format("{} {}\n", member(talk, "protocol"), member(talk, "server"));
    if (auto const on = member(talk, "on"); !on.empty()) text += say("from {}", on) + "\n";
    for (auto const& step : talk.at("steps").as_array()) text += step_in_text(step.as_object());
    if (talk.at("held").as_bool()) return for_terminal(text + say("All of it held.") + "\n");
    text += "\n";
    auto const& causes = talk.at("causes").as_array();
    if (causes.empty())
        text += say(model::advice_on_unknown({})) + "\n";
    else if (causes.size() > 1)
        text += say("It may mean, the likeliest first:") + "\n";
    for (auto const& each : causes) {
        auto const& cause = each.as_object();
        auto const owner = model::parse_responsible(member(cause, "owner"));
        text += fmt::format("  {} ({}; {})\n    {}\n", member(cause, "title"), member(cause, "id"),
                            owner ? spoken().say(in_words(*owner)) : member(cause, "owner"), member(cause, "remedy"));
        text += commands_in_text(checks::commands_for(member(cause, "id"), {}), "      ");
    }
    return for_terminal(text);
}

}  // namespace postroom::cli
