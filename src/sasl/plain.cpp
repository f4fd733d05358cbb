// PLAIN (RFC 4616): NUL user NUL password, with no authorization identity.
#include "sasl/check.hpp"
#include "sasl/mechanism.hpp"

namespace postroom::sasl {

namespace {

class Plain final : public Mechanism {
public:
    Plain(std::string_view user, Secret const& password) : user_(user), password_(password) {}

    std::string_view name() const override { return "PLAIN"; }
    std::optional<Secret> initial() const override
    {
        constexpr std::string_view nul("\0", 1);
        return join(nul, user_, nul, password_.expose());
    }
    Result<Secret> answer(std::string_view) override
    {
        return failure(Trouble::protocol, "the server asks for more than PLAIN has to say");
    }

private:
    std::string user_;
    Secret password_;
};

}  // namespace

Result<std::unique_ptr<Mechanism>> plain(std::string_view user, Secret const& password)
{
    if (auto good = check_user(user); !good) return std::unexpected(good.error());
    if (auto good = check_password(password); !good) return std::unexpected(good.error());
    return std::make_unique<Plain>(user, password);
}

}  // namespace postroom::sasl
