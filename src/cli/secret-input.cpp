#include "cli/secret-input.hpp"

#include "cli/exit.hpp"
#include "cli/speech.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace postroom::cli {

namespace {

Secret first_line(std::istream& from)
{
    std::string line;
    std::getline(from, line);
    if (line.ends_with('\r')) line.pop_back();
    return Secret(std::move(line));
}

// The terminal shows again what is typed, however the question ends.
class Unseen {
public:
    Unseen()
    {
        tcgetattr(STDIN_FILENO, &before_);
        auto hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    ~Unseen() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
    Unseen(Unseen const&) = delete;
    Unseen& operator=(Unseen const&) = delete;

private:
    termios before_{};
};

}  // namespace

Secret secret_from(std::string const& file)
{
    if (file == "-") return first_line(std::cin);
    std::ifstream stream(file);
    if (!stream) throw Exit(wrong_usage, say("the file {} can't be read", file));
    return first_line(stream);
}

Secret secret_from_terminal(std::string_view question, std::string_view option)
{
    if (isatty(STDIN_FILENO) == 0)
        throw Exit(wrong_usage,
                   say("there is no terminal to ask on: use {} FILE, or {} - for standard input", option, option));
    fmt::print(stderr, "{}: ", question);
    std::fflush(stderr);
    Unseen const unseen;
    auto secret = first_line(std::cin);
    fmt::print(stderr, "\n");
    return secret;
}

}  // namespace postroom::cli
