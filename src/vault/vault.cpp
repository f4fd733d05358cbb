// Sealed bytes, version 1:
//   1 byte   the version
//   8 bytes  which master key
//   72 bytes a key made for this secret, under the master key: nonce (24), key (32), tag (16)
//   24 bytes nonce, then the secret under that key, then its tag (16)
// Both encryptions are bound to the first nine bytes and to the place.
#include "vault/vault.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
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

std::string system_words()
{
    return std::strerror(errno);
}

class File {
public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File()
    {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(File const&) = delete;
    File& operator=(File const&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

private:
    int descriptor_;
};

/// A new key under `path`, whole and on the disk, or, if another process was faster, what that one put there.
Result<void> make_key(std::string const& path)
{
    auto const folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    auto const trouble = [&](std::string_view what) {
        return failure(Trouble::invalid,
                       fmt::format("the vault's key file {} can't be {}: {}", path, what, system_words()));
    };
    std::string const unfinished = path + "." + to_hex(random_bytes(8));
    {
        File const file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file.is_open()) return trouble("made");
        std::string text = to_base64(Secret(random_bytes(key_size)).expose()) + "\n";
        bool const written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                             ::fsync(file.get()) == 0;
        wipe(text);
        if (!written) {
            auto const failed = trouble("written");
            ::unlink(unfinished.c_str());
            return failed;
        }
    }
    bool const linked = ::link(unfinished.c_str(), path.c_str()) == 0 || errno == EEXIST;
    auto const failed = linked ? Result<void>() : trouble("made");
    ::unlink(unfinished.c_str());
    File const directory(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.is_open()) ::fsync(directory.get());
    return failed;
}

Result<Secret> read_key(std::string const& path)
{
    File const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open())
        return failure(Trouble::invalid,
                       fmt::format("the vault's key file {} can't be read: {}. Put the key there that the store was "
                                   "sealed with: it is the same on every server",
                                   path, system_words()));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return failure(Trouble::invalid, fmt::format("the vault's key file {} is no file", path));
    if ((status.st_mode & 077) != 0)
        return failure(Trouble::invalid, fmt::format("the vault's key file {} is open to others (mode {:o}). Run: "
                                                     "chmod 600 {}",
                                                     path, status.st_mode & 07777, path));
    std::string text(256, '\0');
    auto const got = ::read(file.get(), text.data(), text.size());
    auto decoded =
        got < 0 ? std::nullopt : from_base64(trim(std::string_view(text).substr(0, static_cast<std::size_t>(got))));
    wipe(text);
    if (!decoded || decoded->size() != key_size) {
        if (decoded) wipe(*decoded);
        return failure(Trouble::invalid,
                       fmt::format("the vault's key file {} holds no key: {} bytes in base64 are expected. Bring it "
                                   "back from a backup; without it the stored grants can't be read",
                                   path, key_size));
    }
    return Secret(std::move(*decoded));
}

}  // namespace

Vault::Vault(Secret master) : master_(std::move(master)) {}

Result<std::shared_ptr<Vault const>> Vault::open(std::string const& key_file, bool create)
{
    if (sodium_init() < 0) return failure(Trouble::internal, "libsodium can't be initialised");
    if (create && !std::filesystem::exists(key_file))
        if (auto const made = make_key(key_file); !made) return std::unexpected(made.error());
    auto key = read_key(key_file);
    if (!key) return std::unexpected(key.error());
    return std::shared_ptr<Vault const>(new Vault(std::move(*key)));
}

model::Sealed Vault::seal(Secret const& secret, std::string_view place) const
{
    std::string sealed = format_version + name_of(master_);
    auto const bound = sealed + std::string(place);
    Secret const key(random_bytes(key_size));
    sealed += encrypt(key.expose(), bound, master_.expose());
    sealed += encrypt(secret.expose(), bound, key.expose());
    return {std::move(sealed)};
}

Result<Secret> Vault::unseal(model::Sealed const& sealed, std::string_view place) const
{
    std::string_view const bytes = sealed.bytes;
    if (bytes.size() < least_size)
        return failure(Trouble::store, fmt::format("{} holds nothing that was sealed", place));
    if (bytes.front() != format_version)
        return failure(Trouble::store, fmt::format("{} was sealed by a later release, or is damaged", place));
    if (bytes.substr(1, name_size) != name_of(master_))
        return failure(Trouble::store, fmt::format("{} was sealed with another key ({}) than this server's ({})", place,
                                                   to_hex(bytes.substr(1, name_size)), key_name()));
    auto const bound = std::string(bytes.substr(0, head_size)) + std::string(place);
    auto const key = decrypt(bytes.substr(head_size, wrapped_size), bound, master_.expose());
    auto secret = key ? decrypt(bytes.substr(head_size + wrapped_size), bound, key->expose()) : std::nullopt;
    if (!secret) return failure(Trouble::store, fmt::format("{} was changed, or sealed for another place", place));
    return std::move(*secret);
}

std::string Vault::key_name() const
{
    return to_hex(name_of(master_));
}

}  // namespace postroom::vault
