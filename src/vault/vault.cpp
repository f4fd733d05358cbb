// Sealed bytes, version 1:
//   1 byte   the version
//   8 bytes  which master key
//   72 bytes a key made for this secret, under the master key: nonce (24), key (32), tag (16)
//   24 bytes nonce, then the secret under that key, then its tag (16)
// Both encryptions are bound to the first nine bytes and to the place.
#include "vault/vault.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace postroom::vault {

namespace {

constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t name_size = 8;
constexpr std::size_t head_size = 1 + name_size;
constexpr std::size_t wrapped_size = nonce_size + key_size + tag_size;
constexpr std::size_t least_size = head_size + wrapped_size + nonce_size + tag_size;
constexpr char format_version = 1;

unsigned char const* octets(std::string_view bytes)
{
    return reinterpret_cast<unsigned char const*>(bytes.data());
}

unsigned char* octets(std::string& bytes)
{
    return reinterpret_cast<unsigned char*>(bytes.data());
}

/// Nonce, ciphertext, tag.
std::string encrypt(std::string_view plain, std::string_view bound, std::string_view key)
{
    std::string sealed(nonce_size + plain.size() + tag_size, '\0');
    randombytes_buf(sealed.data(), nonce_size);
    crypto_aead_xchacha20poly1305_ietf_encrypt(octets(sealed) + nonce_size, nullptr, octets(plain), plain.size(),
                                               octets(bound), bound.size(), nullptr, octets(sealed), octets(key));
    return sealed;
}

std::optional<Secret> decrypt(std::string_view sealed, std::string_view bound, std::string_view key)
{
    std::string plain(sealed.size() - nonce_size - tag_size, '\0');
    auto const rest = sealed.substr(nonce_size);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(octets(plain), nullptr, nullptr, octets(rest), rest.size(),
                                                   octets(bound), bound.size(), octets(sealed), octets(key)) != 0)
        return std::nullopt;
    return Secret(std::move(plain));
}

std::string name_of(Secret const& master)
{
    constexpr std::string_view purpose = "postroom: the name of a master key";
    std::string name(crypto_generichash_BYTES, '\0');
    crypto_generichash(octets(name), name.size(), octets(purpose), purpose.size(), octets(master.expose()),
                       master.size());
    return name.substr(0, name_size);
}

// What tells one content of the file from the next: it is replaced by renaming.
struct Version {
    ino_t number = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    friend bool operator==(Version const&, Version const&) = default;
};

Version version_of(std::string const& file)
{
    struct stat status{};
    if (file.empty() || ::stat(file.c_str(), &status) != 0) return {};
    return {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace

struct Vault::Ring {
    struct Key {
        std::string name;
        Secret secret;
    };
    std::vector<Key> keys;
    std::size_t sealing = 0;
    Version version;

    Ring(std::vector<Secret> secrets, Version its_version) : version(its_version)
    {
        for (auto& secret : secrets) {
            auto name = name_of(secret);
            keys.push_back({std::move(name), std::move(secret)});
        }
    }
    [[nodiscard]] Key const* find(std::string_view name) const
    {
        auto const found = std::ranges::find(keys, name, &Key::name);
        return found == keys.end() ? nullptr : &*found;
    }
};

Vault::Vault(std::shared_ptr<Ring const> ring, std::string file) : file_(std::move(file)), ring_(std::move(ring)) {}

Result<std::shared_ptr<Vault const>> Vault::open(Keys keys, bool create)
{
    if (sodium_init() < 0) return failure(Trouble::internal, tr("libsodium can't be initialised"));
    if (keys.keys.empty()) {
        std::error_code error;
        if (create && !std::filesystem::exists(keys.file, error))
            if (auto const made = make_key_file(keys.file); !made) return std::unexpected(made.error());
        auto read = read_key_file(keys.file);
        if (!read) return std::unexpected(read.error());
        keys.keys = std::move(*read);
    }
    auto ring = std::make_shared<Ring const>(std::move(keys.keys), version_of(keys.file));
    return std::shared_ptr<Vault const>(new Vault(std::move(ring), std::move(keys.file)));
}

Result<std::shared_ptr<Vault const>> Vault::open(std::string const& key_file, bool create)
{
    return open(Keys{{}, key_file}, create);
}

std::shared_ptr<Vault::Ring const> Vault::ring() const
{
    std::lock_guard const lock(mutex_);
    return ring_;
}

model::Sealed Vault::seal(Secret const& secret, std::string_view place) const
{
    auto const keys = ring();
    auto const& master = keys->keys[keys->sealing];
    std::string sealed = format_version + master.name;
    auto const bound = sealed + std::string(place);
    Secret const key(random_bytes(key_size));
    sealed += encrypt(key.expose(), bound, master.secret.expose());
    sealed += encrypt(secret.expose(), bound, key.expose());
    return {std::move(sealed)};
}

Result<Secret> Vault::unseal(model::Sealed const& sealed, std::string_view place) const
{
    std::string_view const bytes = sealed.bytes;
    if (bytes.size() < least_size) return failure(Trouble::store, tr("{} holds nothing that was sealed", place));
    if (bytes.front() != format_version)
        return failure(Trouble::store, tr("{} was sealed by a later release, or is damaged", place));
    auto const name = bytes.substr(1, name_size);
    auto keys = ring();
    auto const* master = keys->find(name);
    if (!master && read_again()) {
        keys = ring();
        master = keys->find(name);
    }
    if (!master)
        return failure(Trouble::store, tr("{} was sealed with another key ({}) than this server's ({})", place,
                                          to_hex(name), key_name()));
    auto const bound = std::string(bytes.substr(0, head_size)) + std::string(place);
    auto const key = decrypt(bytes.substr(head_size, wrapped_size), bound, master->secret.expose());
    auto secret = key ? decrypt(bytes.substr(head_size + wrapped_size), bound, key->expose()) : std::nullopt;
    if (!secret) return failure(Trouble::store, tr("{} was changed, or sealed for another place", place));
    return std::move(*secret);
}

std::string Vault::key_name() const
{
    auto const keys = ring();
    return to_hex(keys->keys[keys->sealing].name);
}

std::vector<std::string> Vault::key_names() const
{
    std::vector<std::string> names;
    for (auto const& key : ring()->keys) names.push_back(to_hex(key.name));
    return names;
}

bool Vault::has(std::string_view key_name) const
{
    auto const names = key_names();
    return std::ranges::find(names, key_name) != names.end();
}

bool Vault::seal_with(std::string_view key_name) const
{
    if (!has(key_name)) (void)read_again();
    std::lock_guard const lock(mutex_);
    for (std::size_t at = 0; at < ring_->keys.size(); ++at) {
        if (to_hex(ring_->keys[at].name) != key_name) continue;
        if (at != ring_->sealing) {
            auto changed = std::make_shared<Ring>(*ring_);
            changed->sealing = at;
            ring_ = std::move(changed);
        }
        return true;
    }
    return false;
}

Result<void> Vault::read_again() const
{
    // Before it is read: what is written meanwhile is seen the next time.
    auto const version = version_of(file_);
    std::lock_guard const lock(mutex_);
    if (version == Version{} || version == ring_->version) return {};
    auto keys = read_key_file(file_);
    if (!keys) return std::unexpected(keys.error());
    auto fresh = std::make_shared<Ring>(std::move(*keys), version);
    // Whatever the file says comes first now, the key that is sealed with changes by seal_with() alone.
    auto const& sealing = ring_->keys[ring_->sealing];
    if (auto const* const same = fresh->find(sealing.name))
        fresh->sealing = static_cast<std::size_t>(same - fresh->keys.data());
    else {
        fresh->sealing = fresh->keys.size();
        fresh->keys.push_back(sealing);
    }
    ring_ = std::move(fresh);
    return {};
}

std::string name_of_key(Secret const& master)
{
    return to_hex(name_of(master));
}

std::string key_of(model::Sealed const& sealed)
{
    if (sealed.bytes.size() < least_size || sealed.bytes.front() != format_version) return {};
    return to_hex(std::string_view(sealed.bytes).substr(1, name_size));
}

}  // namespace postroom::vault
