#include "cli/progress-line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace postroom::cli {

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine()
{
    if (terminal_ && shown_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::show(std::function<std::string()> const& text)
{
    auto const now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(10));
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", text(), terminal_ ? "" : "\n");
    std::fflush(stderr);
    shown_ = true;
}

}  // namespace postroom::cli
