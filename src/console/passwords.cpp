#include "console/passwords.hpp"

#include <sodium.h>

#include <array>

namespace postroom::console {

Result<std::string> hash_password(Secret const& password)
{
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (crypto_pwhash_str(hash.data(), password.expose().data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return failure(Trouble::limit, tr("there is not enough memory to hash a password (64 MiB); try again"));
    return std::string(hash.data());
}

bool password_fits(std::string const& hash, Secret const& password)
{
    static Result<std::string> const nobodys =
        hash_password(Secret("a password that nobody has"));  // lint-strings: allow
    std::string const& compared = hash.empty() && nobodys ? *nobodys : hash;
    bool const fits = crypto_pwhash_str_verify(compared.c_str(), password.expose().data(), password.size()) == 0;
    return fits && !hash.empty();
}

}  // namespace postroom::console
