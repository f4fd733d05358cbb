#include "cli/retrieval-progress.hpp"

#include "cli/output.hpp"
#include "cli/speech.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace postroom::cli {

namespace {

std::string bar_of(int length, double part)
{
    auto const full = static_cast<std::size_t>(part * length);
    return "[" + std::string(full, '#') + std::string(static_cast<std::size_t>(length) - full, '.') + "] ";
}

std::string size_of(double bytes)
{
    if (bytes < 1'000'000) return fmt::format("{:.0f} kB", bytes / 1'000);
    return fmt::format("{:.1f} MB", bytes / 1'000'000);
}

std::string time_of(double seconds)
{
    auto const whole = std::llround(seconds);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3'600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
    return fmt::format("{}:{:02} h", whole / 3'600, whole / 60 % 60);
}

}  // namespace

std::optional<RetrievalProgress> RetrievalProgress::of(boost::json::object const& mailbox)
{
    auto const& progress = mailbox.at("figures").as_object().at("progress");
    if (!progress.is_object()) return std::nullopt;
    auto const& told = progress.get_object();
    auto const begun = from_rfc3339(member(told, "begun"));
    if (!begun) return std::nullopt;
    return RetrievalProgress{told.at("wanted").as_int64(), told.at("come").as_int64(), told.at("bytes").as_int64(),
                             *begun};
}

RetrievalProgress& RetrievalProgress::operator+=(RetrievalProgress const& other)
{
    begun = wanted == 0 ? other.begun : std::min(begun, other.begun);
    wanted += other.wanted;
    come += other.come;
    bytes += other.bytes;
    return *this;
}

std::string RetrievalProgress::words(Instant now, int bar) const
{
    double const part = wanted > 0 ? std::clamp(static_cast<double>(come) / static_cast<double>(wanted), 0.0, 1.0) : 0;
    double const took = static_cast<double>((now - begun).count()) / 1'000;
    auto text = bar > 0 ? bar_of(bar, part) : std::string();
    text += say("{} of {} mails, {}", come, wanted, size_of(static_cast<double>(bytes)));
    if (took < 1) return text;
    text += say(", {}/s", size_of(static_cast<double>(bytes) / took));
    if (come > 0 && come < wanted) text += say(", {} left", time_of(took * (1 - part) / part));
    return text;
}

}  // namespace postroom::cli
