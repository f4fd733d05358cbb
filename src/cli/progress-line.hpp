// How far a command is that takes its time.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace postroom::cli {

/// One line on stderr that is written over on a terminal, and goes with this; elsewhere a line every ten seconds.
class ProgressLine {
public:
    ProgressLine();
    ~ProgressLine();
    ProgressLine(ProgressLine const&) = delete;
    ProgressLine& operator=(ProgressLine const&) = delete;

    /// `text` is asked for what to show, where it is time to show something.
    [[nodiscard]] bool on_terminal() const { return terminal_; }
    void show(std::function<std::string()> const& text);

private:
    bool const terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

}  // namespace postroom::cli
