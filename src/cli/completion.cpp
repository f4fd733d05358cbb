// postroom completion: scripts for shells, made from the tree of commands itself.
#include "cli/commands.hpp"

#include <fmt/format.h>

#include <ranges>
#include <vector>

namespace postroom::cli {

namespace {

struct Node {
    std::string path;                ///< "account add"; empty for the root
    std::vector<std::string> words;  ///< sub-commands and options that may follow
};

void walk(CLI::App const& app, std::string const& path, std::vector<Node>& into)
{
    Node node{path, {}};
    for (auto const* const sub : app.get_subcommands({})) node.words.push_back(sub->get_name());
    for (auto const* const option : app.get_options({}))
        for (auto const& name : option->get_lnames()) node.words.push_back("--" + name);
    into.push_back(std::move(node));
    for (auto const* const sub : app.get_subcommands({}))
        walk(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), into);
}

std::string bash(std::vector<Node> const& nodes)
{
    std::string script =
        "_postroom() {\n"  // lint-strings: allow
        "    local path=() word\n"
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do [[ $word == -* ]] || path+=(\"$word\"); done\n"
        "    local words=\n"
        "    case \"${path[*]}\" in\n";
    // What is within another comes first; behind each there may be arguments.
    for (auto const& node : std::views::reverse(nodes)) {
        std::string all;
        for (auto const& word : node.words) all += (all.empty() ? "" : " ") + word;
        script += fmt::format("    {}) words='{}' ;;\n",
                              node.path.empty() ? "''" : fmt::format("'{0}'|'{0} '*", node.path), all);
    }
    script +=
        "    esac\n"  // lint-strings: allow
        "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
        "    [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
        "}\n"
        "complete -F _postroom postroom\n";
    return script;
}

std::string fish(std::vector<Node> const& nodes)
{
    std::string script = "complete -c postroom -e\n";
    for (auto const& node : nodes) {
        std::string condition = "__fish_use_subcommand";
        if (!node.path.empty()) {
            condition.clear();
            std::string_view rest = node.path;
            for (;;) {
                auto const blank = rest.find(' ');
                condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                                         rest.substr(0, blank));
                if (blank == rest.npos) break;
                rest.remove_prefix(blank + 1);
            }
        }
        for (auto const& word : node.words)
            script += word.starts_with("--")
                          ? fmt::format("complete -c postroom -n '{}' -l {}\n", condition, word.substr(2))
                          : fmt::format("complete -c postroom -n '{}' -f -a {}\n", condition, word);
    }
    return script;
}

}  // namespace

void add_completion_command(Commands& commands)
{
    auto& leaf = commands.leaf(commands.root(), "completion", say("Print a script that completes commands in a shell"),
                               "postroom completion bash > /etc/bash_completion.d/postroom");
    auto const shell = std::make_shared<std::string>();
    leaf.add_option("shell", *shell, say("bash, zsh or fish"))
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    commands.runs(leaf, [&commands, shell] {
        std::vector<Node> nodes;
        walk(commands.root(), "", nodes);
        if (*shell == "fish")
            print(fish(nodes));
        else
            print((*shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "") + bash(nodes));
        return done;
    });
}

}  // namespace postroom::cli
