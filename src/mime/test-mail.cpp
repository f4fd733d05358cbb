#include "mime/test-mail.hpp"

#include "base/id.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

namespace postroom::mime {

namespace {

constexpr std::size_t seal_size = 32;  // hexadecimal digits

std::string seal(std::string_view id, std::string_view address, std::string_view key)
{
    std::array<unsigned char, crypto_generichash_KEYBYTES> hashed{};
    crypto_generichash(hashed.data(), hashed.size(), reinterpret_cast<unsigned char const*>(key.data()), key.size(),
                       nullptr, 0);
    auto const text = fmt::format("test-mail/{}/{}", id, to_lower(address));
    std::string hash(crypto_generichash_BYTES, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                       reinterpret_cast<unsigned char const*>(text.data()), text.size(), hashed.data(), hashed.size());
    return to_hex(hash).substr(0, seal_size);
}

}  // namespace

Result<Composed> test_mail(std::string_view address, std::string_view key, Instant now, std::string_view message_id)
{
    Draft draft;
    draft.from.address = address;
    draft.to.push_back(draft.from);
    draft.subject = "Postroom's test: may this mailbox be sent from?";
    draft.date = now;
    draft.message_id = message_id.empty() ? make_message_id(address) : std::string(message_id);
    draft.text =
        "Postroom, which answers the mail of this mailbox, sent this mail from it to itself, to find out whether it "
        "may. An administrator of Postroom agreed to that. Nothing needs to be done; the mail can be deleted.\n";
    draft.auto_submitted = "auto-generated";
    auto const id = to_hex(random_bytes(16));
    draft.test_mark = id + '.' + seal(id, address, key);
    return compose(draft);
}

bool is_test_mail(Mail const& mail, std::string_view key)
{
    auto const dot = mail.test_mark.find('.');
    if (key.empty() || dot == std::string::npos || mail.from.size() != 1) return false;
    auto const right = seal(mail.test_mark.substr(0, dot), mail.from.front().address, key);
    auto const given = mail.test_mark.substr(dot + 1);
    return given.size() == right.size() && sodium_memcmp(given.data(), right.data(), right.size()) == 0;
}

}  // namespace postroom::mime
