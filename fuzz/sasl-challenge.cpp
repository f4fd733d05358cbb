// SASL: no value breaks out of a mechanism's frame, and no challenge makes a mechanism talk without end.
#include "sasl/mechanism.hpp"

#include "splits.hpp"

#include <algorithm>

using namespace postroom;

namespace {

void talk(sasl::Mechanism& mechanism, std::string_view challenge)
{
    unsigned answers = 0;
    while (mechanism.answer(challenge)) fuzz::require(++answers <= 2);
    fuzz::require(mechanism.refusal().empty() || mechanism.refusal() == challenge);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const half = text.find('\n');
    auto const user = text.substr(0, half);
    auto const rest = half == std::string_view::npos ? std::string_view() : text.substr(half + 1);
    Secret const secret{std::string(rest)};

    auto const separators = [](std::string_view said, char c) { return std::ranges::count(said, c); };
    if (auto made = sasl::xoauth2(user, secret)) {
        fuzz::require(separators((*made)->initial()->expose(), '\x01') == 3);
        talk(**made, rest);
    }
    if (auto made = sasl::oauthbearer(user, {"localhost", 993}, secret)) {
        auto const said = *(*made)->initial();
        fuzz::require(separators(said.expose(), '\x01') == 5);
        // n,a=user, and no comma more ahead of the first key.
        fuzz::require(separators(said.expose().substr(0, said.expose().find('\x01')), ',') == 2);
        talk(**made, rest);
    }
    if (auto made = sasl::plain(user, secret)) {
        fuzz::require(separators((*made)->initial()->expose(), '\0') == 2);
        talk(**made, rest);
    }
    if (auto made = sasl::login(user, secret)) talk(**made, rest);
    return 0;
}
