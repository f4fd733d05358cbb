#include "sasl/exchange.hpp"

#include "base/text.hpp"

namespace postroom::sasl {

std::optional<Secret> Exchange::take_initial(std::size_t most)
{
    if (!initial_) return std::nullopt;
    Secret encoded(initial_->empty() ? std::string("=") : to_base64(initial_->expose()));
    if (encoded.size() > most) return std::nullopt;
    initial_.reset();
    return encoded;
}

Result<Wire> Exchange::answer(std::string_view challenge)
{
    if (cancelled_) return std::unexpected(*cancelled_);
    Result<Secret> said = initial_ ? Result<Secret>(std::move(*initial_))
                                   : mechanism_.answer(from_base64(challenge).value_or(std::string(challenge)));
    initial_.reset();
    Wire line;
    if (said) {
        Secret const encoded(to_base64(said->expose()));
        line.secret(encoded.expose());
    } else {
        cancelled_ = said.error();
        line.text("*");
    }
    line.text("\r\n");
    return line;
}

}  // namespace postroom::sasl
