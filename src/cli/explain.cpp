// postroom explain: what a server's words mean, whose trouble it is, and what to do. Needs no server.
#include "cli/commands.hpp"

#include "base/text.hpp"
#include "cli/explanation.hpp"
#include "console/json.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <iostream>

namespace postroom::cli {

namespace {

constexpr std::size_t most_input = 1024 * 1024;

std::string all_of_stdin()
{
    std::string text(most_input, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::cin.gcount()));
    return text;
}

}  // namespace

void add_explain_command(Commands& commands)
{
    struct Given {
        std::vector<std::string> words;
        std::string format = "text";
    };
    auto const given = std::make_shared<Given>();
    auto& leaf =
        commands.leaf(commands.root(), "explain", say("What a refusal of a mail server or identity provider means"),
                      "postroom explain \"535 5.7.3 Authentication unsuccessful\"",
                      say("A number such as AADSTS50011 or 50011 will do. Needs no running server. Ends with 1 where "
                          "nothing is known, and says what to send to whom."));
    leaf.add_option("text", given->words, say("What was said; - reads it from standard input"))->type_name(say("TEXT"));
    // POP3 refuses with -ERR, which is no option.
    leaf.allow_extras();
    leaf.add_option("--format", given->format, say("How to print: text, or json as the API gives it"))
        ->check(CLI::IsMember({"text", "json"}));
    commands.runs(leaf, [given, &leaf] {
        auto words = leaf.remaining();
        if (!words.empty() && !words.front().starts_with("-ERR"))
            throw Exit(wrong_usage, say("there is no option {}", words.front()));
        words.insert(words.end(), given->words.begin(), given->words.end());
        auto const said =
            words == std::vector<std::string>{"-"} ? all_of_stdin() : fmt::format("{}", fmt::join(words, " "));
        if (trim(said).empty()) throw Exit(wrong_usage, say("there is nothing to explain"));
        auto const explanation = model::explain(said);
        print(given->format == "json" ? json::serialize(console::to_json(explanation, said, spoken())) + "\n"
                                      : explained(explanation, said));
        return explanation.known() ? done : failed;
    });
}

}  // namespace postroom::cli
