// What a device endpoint answers: a code that can be shown on a terminal and polled in bounds, or a refusal; and the
// device code is in no words.
#include "oauth/device-flow.hpp"

#include "canary-answer.hpp"

#include <algorithm>

using namespace postroom;
using namespace std::chrono_literals;

namespace {

bool is_plain(std::string_view text)
{
    return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_link(std::string_view url)
{
    return is_plain(url) && (url.starts_with("https://") || url.starts_with("http://"));
}

void look_at(unsigned status, std::string_view body)
{
    auto const answer = oauth::read_device_answer(status, {{"retry-after", std::string(body)}}, body);
    if (!answer) {
        auto const& error = answer.error();
        fuzz::require(error.status == status && fuzz::is_telling(error.message()));
        if (auto const wait = oauth::wait_after(error, 5s)) fuzz::require(*wait >= 5s && *wait <= 24h);
        return;
    }
    fuzz::require(status == 200 && !answer->device_code.empty());
    fuzz::require(!answer->user_code.empty() && answer->user_code.size() <= 64 && is_plain(answer->user_code));
    fuzz::require(is_link(answer->verification_url));
    fuzz::require(answer->complete_url.empty() || is_link(answer->complete_url));
    fuzz::require(answer->expires_in >= 30s && answer->expires_in <= 1h);
    fuzz::require(answer->interval >= 1s && answer->interval <= 60s);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const body(reinterpret_cast<char const*>(data), size);
    for (unsigned const status : {200U, 400U, 503U}) look_at(status, body);
    fuzz::look_with_canary(body, {"device_code"}, [](std::string_view text) {
        if (auto const answer = oauth::read_device_answer(200, {}, text); !answer)
            fuzz::require(!fuzz::shows_canary(answer.error().message()));
    });
    return 0;
}
