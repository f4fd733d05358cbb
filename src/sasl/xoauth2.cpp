// XOAUTH2, as Google defined it and Exchange Online takes it (Microsoft, "Authenticate an IMAP, POP or SMTP connection
// using OAuth"): user=… ^A auth=Bearer … ^A ^A
#include "sasl/check.hpp"
#include "sasl/mechanism.hpp"

namespace postroom::sasl {

namespace {

class Xoauth2 final : public Mechanism {
public:
    Xoauth2(std::string_view user, Secret const& token) : user_(user), token_(token) {}

    std::string_view name() const override { return "XOAUTH2"; }
    std::optional<Secret> initial() const override
    {
        return join("user=", user_,
                    "\x01"
                    "auth=Bearer ",
                    token_.expose(), "\x01\x01");
    }

    // Whatever is asked after the token is an error report: an empty line lets the server say its final word.
    Result<Secret> answer(std::string_view challenge) override
    {
        if (answered_) return failure(Trouble::protocol, "the server goes on asking after its XOAUTH2 error report");
        answered_ = true;
        refusal_ = challenge;
        return Secret();
    }

private:
    std::string user_;
    Secret token_;
    bool answered_ = false;
};

}  // namespace

Result<std::unique_ptr<Mechanism>> xoauth2(std::string_view user, Secret const& token)
{
    if (auto good = check_user(user); !good) return std::unexpected(good.error());
    if (auto good = check_token(token); !good) return std::unexpected(good.error());
    return std::make_unique<Xoauth2>(user, token);
}

}  // namespace postroom::sasl
