#include "cli/text-input.hpp"

#include "cli/exit.hpp"
#include "cli/speech.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

namespace postroom::cli {

void TextInput::add_to(CLI::App& leaf)
{
    auto* const words = leaf.add_option("--text", text, say("What to say"))->type_name(say("TEXT"));
    leaf.add_option("--text-file", file, say("A file that holds it; - is standard input"))
        ->type_name(say("FILE"))
        ->excludes(words);
}

std::string TextInput::read() const
{
    if (!text.empty()) return text;
    if (file.empty()) throw Exit(wrong_usage, say("there is nothing to say: use --text TEXT, or --text-file FILE"));
    if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw Exit(wrong_usage, say("the file {} can't be read", file));
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace postroom::cli
