// LOGIN (draft-murchison-sasl-login): the server asks twice, in words that differ from server to server, so only the
// order of its questions counts.
#include "sasl/check.hpp"
#include "sasl/mechanism.hpp"

namespace postroom::sasl {

namespace {

class Login final : public Mechanism {
public:
    Login(std::string_view user, Secret const& password) : user_(user), password_(password) {}

    std::string_view name() const override { return "LOGIN"; }
    std::optional<Secret> initial() const override { return std::nullopt; }
    Result<Secret> answer(std::string_view) override
    {
        switch (asked_++) {
            case 0: return Secret(user_);
            case 1: return password_;
            default: return failure(Trouble::protocol, "the server asks for more than LOGIN has to say");
        }
    }

private:
    std::string user_;
    Secret password_;
    unsigned asked_ = 0;
};

}  // namespace

Result<std::unique_ptr<Mechanism>> login(std::string_view user, Secret const& password)
{
    if (auto good = check_user(user); !good) return std::unexpected(good.error());
    if (auto good = check_password(password); !good) return std::unexpected(good.error());
    return std::make_unique<Login>(user, password);
}

}  // namespace postroom::sasl
