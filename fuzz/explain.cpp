// Whatever a server says is explained within bounds, and what is shown of it is printable.
#include "model/causes.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace postroom::model;
    std::string_view const said(reinterpret_cast<char const*>(data), size);
    for (auto const& hints : {Hints{}, Hints{Speaker::smtp, true}, Hints{Speaker::imap, false}}) {
        auto const explanation = explain(said, hints);
        if (explanation.causes.size() > 16 || explanation.unknown_codes.size() > 8) std::abort();
        for (auto const& each : explanation.causes)
            if (!each.cause || each.said.empty()) std::abort();
        for (auto const& each : explanation.particulars) {
            if (each.value.empty() || each.value.size() > 300) std::abort();
            for (char const c : each.value)
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
        }
        if (advice_on_unknown(explanation).english().empty()) std::abort();
    }
    return 0;
}
