// OAUTHBEARER (RFC 7628): n,a=user, ^A host=… ^A port=… ^A auth=Bearer … ^A ^A
#include "sasl/check.hpp"
#include "sasl/mechanism.hpp"

namespace postroom::sasl {

namespace {

// RFC 5801 section 4: "," and "=" in a saslname.
std::string escaped(std::string_view name)
{
    std::string out;
    for (char const c : name) {
        if (c == ',')
            out += "=2C";
        else if (c == '=')
            out += "=3D";
        else
            out += c;
    }
    return out;
}

class OauthBearer final : public Mechanism {
public:
    OauthBearer(std::string_view user, Endpoint server, Secret const& token)
        : user_(escaped(user)), server_(std::move(server)), token_(token)
    {
    }

    std::string_view name() const override { return "OAUTHBEARER"; }
    std::optional<Secret> initial() const override
    {
        auto const port = std::to_string(server_.port);
        return join("n,a=", user_, ",\x01host=", server_.host, "\x01port=", port,
                    "\x01"
                    "auth=Bearer ",
                    token_.expose(), "\x01\x01");
    }

    // Section 3.2.3: the error report is answered with a single ^A.
    Result<Secret> answer(std::string_view challenge) override
    {
        if (answered_)
            return failure(Trouble::protocol, "the server goes on asking after its OAUTHBEARER error report");
        answered_ = true;
        refusal_ = challenge;
        return Secret("\x01");
    }

private:
    std::string user_;
    Endpoint server_;
    Secret token_;
    bool answered_ = false;
};

}  // namespace

Result<std::unique_ptr<Mechanism>> oauthbearer(std::string_view user, Endpoint const& server, Secret const& token)
{
    if (auto good = check_user(user); !good) return std::unexpected(good.error());
    if (auto good = check_user(server.host); !good)
        return failure(Trouble::invalid, "the server's name has control characters or is empty");
    if (auto good = check_token(token); !good) return std::unexpected(good.error());
    return std::make_unique<OauthBearer>(user, server, token);
}

}  // namespace postroom::sasl
