#include "net/transcript.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace postroom::net {

namespace {

// Of a long run in one direction its beginning and its end are shown: a body's bytes lie between.
constexpr std::size_t shown_at_once = 4096;
constexpr std::size_t shown_of_end = 1024;
constexpr std::size_t longest_line = 1024;

std::string with_commas(std::size_t number)
{
    auto text = std::to_string(number);
    for (auto at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

class FileTranscript final : public Transcript {
public:
    FileTranscript(int descriptor, Clock const& clock) : descriptor_(descriptor), clock_(clock) {}

    ~FileTranscript() override
    {
        end_run();
        ::close(descriptor_);
    }

    void sent(Wire const& wire) override { add("C", wire.masked()); }
    void received(std::string_view bytes) override { add("S", bytes); }

    void note(std::string_view text) override
    {
        end_run();
        put_line("*", text);
    }

private:
    void add(std::string_view who, std::string_view bytes)
    {
        if (who != who_) end_run();
        who_ = who;
        if (shown_ < shown_at_once) {
            auto const now = std::min(bytes.size(), shown_at_once - shown_);
            shown_ += now;
            show(bytes.substr(0, now));
            bytes.remove_prefix(now);
        }
        if (bytes.empty()) return;
        held_back_ += bytes.size();
        end_.append(bytes.substr(bytes.size() - std::min(bytes.size(), shown_of_end)));
        if (end_.size() > shown_of_end) end_.erase(0, end_.size() - shown_of_end);
    }

    // Shows whole lines, and keeps what is not yet one.
    void show(std::string_view bytes)
    {
        for (;;) {
            auto const line_end = bytes.find('\n');
            if (line_end == std::string_view::npos) break;
            line_.append(bytes.substr(0, line_end));
            if (line_.ends_with('\r')) line_.pop_back();
            put_line(who_, line_);
            line_.clear();
            bytes.remove_prefix(line_end + 1);
        }
        line_.append(bytes);
    }

    void end_run()
    {
        if (held_back_ > 0) {
            if (!line_.empty()) put_line(who_, line_);
            line_.clear();
            std::string_view last = end_;
            if (held_back_ > last.size()) {
                // Half a line says nothing.
                auto const line_end = last.find('\n');
                last.remove_prefix(line_end == std::string_view::npos ? last.size() : line_end + 1);
                put_line(who_, fmt::format("… {} bytes", with_commas(held_back_ - last.size())));
            }
            show(last);
        }
        if (!line_.empty()) put_line(who_, line_);
        line_.clear();
        end_.clear();
        held_back_ = shown_ = 0;
    }

    void put_line(std::string_view who, std::string_view text)
    {
        auto const time = to_rfc3339(clock_.now());
        auto const line =
            fmt::format("{} {}: {}\n", std::string_view(time).substr(11, 12), who, printable(text, longest_line));
        // A full disk may cost the transcript, never the connection.
        [[maybe_unused]] auto const put = ::write(descriptor_, line.data(), line.size());
    }

    int descriptor_;
    Clock const& clock_;
    std::string_view who_;
    std::string line_;
    std::string end_;
    std::size_t shown_ = 0;
    std::size_t held_back_ = 0;
};

}  // namespace

Result<std::shared_ptr<Transcript>> transcript_to_file(std::string const& path, Clock const& clock)
{
    int const descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    // It may have been there, with another mode.
    if (descriptor < 0 || ::fchmod(descriptor, 0600) != 0) {
        auto const why = std::strerror(errno);
        if (descriptor >= 0) ::close(descriptor);
        return failure(Trouble::invalid, fmt::format("the transcript can't be written to {}: {}", path, why));
    }
    return std::make_shared<FileTranscript>(descriptor, clock);
}

}  // namespace postroom::net
