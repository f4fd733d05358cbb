#include "checks/dialogue.hpp"

#include "base/text.hpp"
#include "sasl/mechanism.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <functional>

namespace postroom::checks {

namespace {

constexpr std::size_t longest_line = 2'000;
constexpr std::size_t most = 64 * 1024;
constexpr std::size_t tellable = 16;  // so much of a secret's beginning is no chance

}  // namespace

Mask::Mask(std::string_view user, Secret const& secret)
{
    // What is shorter is in every other word.
    if (secret.size() < 4) return;
    forms_.push_back(secret);
    forms_.emplace_back(to_base64(secret.expose()));
    for (auto const make : {sasl::xoauth2, sasl::plain}) {
        auto const mechanism = make(user, secret);
        if (!mechanism) continue;
        if (auto const first = (*mechanism)->initial()) forms_.emplace_back(to_base64(first->expose()));
    }
    // What is sent may have the secret within it as it is written alone.
    std::ranges::sort(forms_, std::greater{}, &Secret::size);
}

std::string Mask::over(std::string_view said) const
{
    std::string text(said);
    for (auto const& form : forms_) {
        std::string_view const secret = form.expose();
        auto const begins = secret.substr(0, tellable);
        for (auto at = text.find(begins); at != std::string::npos; at = text.find(begins, at + 1)) {
            // Also where the server, or its line, ends in the middle of it.
            auto const here = std::string_view(text).substr(at);
            auto const end = std::ranges::mismatch(here, secret).in1;
            text.replace(at, static_cast<std::size_t>(end - here.begin()), "[secret]");
        }
    }
    return text;
}

void Dialogue::sent(Wire const& wire)
{
    auto const masked = wire.masked();
    for (auto const line : split(masked, '\n')) {
        auto const text = trim(line);
        if (text.empty()) continue;
        // Of a mail only that it is there is asked, and not what is in it (RFC 1939 section 7).
        header_ = text.starts_with("TOP ");
        add("client", std::string(text));
    }
}

void Dialogue::received(std::string_view bytes)
{
    for (;;) {
        auto const end = bytes.find('\n');
        // What was cut here may be the middle of a secret: nobody's line is that long.
        if (begun_.size() < 4 * longest_line) begun_.append(bytes.substr(0, end));
        if (end == std::string_view::npos) return;
        take(trim(begun_));
        wipe(begun_);
        bytes.remove_prefix(end + 1);
    }
}

void Dialogue::note(std::string_view text)
{
    add("note", std::string(text));
}

void Dialogue::take(std::string_view line)
{
    if (header_ && !line.starts_with("+OK") && !line.starts_with("-ERR")) return;
    if (!line.empty()) add("server", mask_.over(line));
}

void Dialogue::add(std::string_view who, std::string text)
{
    if (full_) return;
    text = printable(text, longest_line);
    size_ += text.size();
    full_ = size_ > most;
    lines_.push_back({std::string(who), full_ ? "…" : std::move(text)});
}

boost::json::array Dialogue::to_json() const
{
    boost::json::array all;
    for (auto const& each : lines_) all.push_back(boost::json::object{{"who", each.who}, {"text", each.text}});
    return all;
}

}  // namespace postroom::checks
