#include "vault/key-file.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace postroom::vault {

namespace {

constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t most_keys = 16;
constexpr auto const* unfinished_mark = ".unfinished-";

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

std::string folder_of(std::string const& path)
{
    auto const folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

// So that a name that was given survives a power cut.
void sync_folder(std::string const& path)
{
    File const folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.is_open()) ::fsync(folder.get());
}

std::unexpected<Error> not_written(std::string const& path)
{
    return failure(Trouble::invalid, tr("the vault's key file {} can't be written: {}", path, system_words()));
}

// What a process that was killed has left, with keys in it. A young one may be another's that goes on.
void sweep_beside(std::string const& path)
{
    namespace fs = std::filesystem;
    auto const begins = fs::path(path).filename().string() + unfinished_mark;
    auto const old = fs::file_time_type::clock::now() - std::chrono::minutes(1);
    std::error_code error;
    for (fs::directory_iterator each(folder_of(path), error), end; !error && each != end; each.increment(error)) {
        std::error_code gone;
        bool const ours = each->path().filename().string().starts_with(begins);
        if (ours && each->last_write_time(gone) < old && !gone) fs::remove(each->path(), gone);
    }
}

// A file beside `path`, whole and on the disk.
Result<std::string> write_beside(std::string const& path, std::vector<Secret> const& keys)
{
    std::error_code error;
    std::filesystem::create_directories(folder_of(path), error);
    sweep_beside(path);
    std::string unfinished = path + unfinished_mark + to_hex(random_bytes(8));
    File const file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) return not_written(path);
    bool written = true;
    for (auto const& key : keys) {
        auto text = to_base64(key.expose()) + "\n";
        written = written && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
        wipe(text);
    }
    if (written && ::fsync(file.get()) == 0) return unfinished;
    auto const failed = not_written(path);
    ::unlink(unfinished.c_str());
    return failed;
}

// Overwritten where the kernel shows it, then taken away.
Secret take_variable(char const* name)
{
    char* const given = std::getenv(name);
    if (!given) return {};
    Secret taken{std::string(given)};
    ::sodium_memzero(given, taken.size());
    ::unsetenv(name);
    return taken;
}

std::string credential_file()
{
    char const* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (!folder || *folder == '\0') return {};
    auto path = std::string(folder) + "/" + credential_name;
    return std::filesystem::exists(path) ? path : std::string();
}

}  // namespace

Secret new_key()
{
    return Secret(random_bytes(key_size));
}

Result<std::vector<Secret>> parse_keys(std::string_view text, std::string const& called)
{
    std::vector<Secret> keys;
    for (std::size_t at = 0; at < text.size();) {
        auto const begin = text.find_first_not_of(" \t\r\n", at);
        if (begin == text.npos) break;
        at = std::min(text.find_first_of(" \t\r\n", begin), text.size());
        auto decoded = from_base64(text.substr(begin, at - begin));
        bool const right = decoded && decoded->size() == key_size && keys.size() < most_keys;
        if (right) {
            keys.emplace_back(std::move(*decoded));
            continue;
        }
        if (decoded) wipe(*decoded);
        keys.clear();
        break;
    }
    if (keys.empty())
        return failure(Trouble::invalid,
                       tr("{} holds no key: {} bytes in base64 are expected, a line each key. Bring it "
                          "back from a backup; without it the stored grants can't be read",
                          called, key_size));
    return keys;
}

Result<std::vector<Secret>> read_key_file(std::string const& path)
{
    File const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open())
        return failure(Trouble::invalid, tr("the vault's key file {} can't be read: {}. Put the key there that the "
                                            "store was sealed with: it is the same on every server",
                                            path, system_words()));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return failure(Trouble::invalid, tr("the vault's key file {} is no file", path));
    if ((status.st_mode & 077) != 0)
        return failure(Trouble::invalid, tr("the vault's key file {} is open to others (mode {}). Run: chmod 600 {}",
                                            path, fmt::format("{:o}", status.st_mode & 07777), path));
    std::array<char, 2048> text{};
    auto const got = ::read(file.get(), text.data(), text.size());
    auto keys = parse_keys({text.data(), got < 0 ? 0 : static_cast<std::size_t>(got)},
                           tr("the vault's key file {}", path).english());
    ::sodium_memzero(text.data(), text.size());
    return keys;
}

Result<void> make_key_file(std::string const& path)
{
    std::vector<Secret> keys;
    keys.push_back(new_key());
    auto const unfinished = write_beside(path, keys);
    if (!unfinished) return std::unexpected(unfinished.error());
    bool const linked = ::link(unfinished->c_str(), path.c_str()) == 0 || errno == EEXIST;
    auto const outcome = linked ? Result<void>() : not_written(path);
    ::unlink(unfinished->c_str());
    sync_folder(path);
    return outcome;
}

Result<void> write_key_file(std::string const& given, std::vector<Secret> const& keys)
{
    // More could not be read back, by any server.
    if (keys.size() > most_keys)
        return failure(Trouble::invalid, tr("the vault's key file {} holds {} keys already, and no server reads more: "
                                            "run postroom vault forget first, which takes old ones out",
                                            given, most_keys));
    // Where it is a link to a file elsewhere, it stays one.
    std::error_code error;
    auto const target = std::filesystem::canonical(given, error);
    auto const path = error ? given : target.string();
    auto const unfinished = write_beside(path, keys);
    if (!unfinished) return std::unexpected(unfinished.error());
    struct stat before{};
    // Run by root for a server that is another user's: the file stays that user's.
    bool const there = ::stat(path.c_str(), &before) == 0;
    bool const owned = !there || ::geteuid() != 0 || ::chown(unfinished->c_str(), before.st_uid, before.st_gid) == 0;
    if (!owned || ::rename(unfinished->c_str(), path.c_str()) != 0) {
        auto const failed = not_written(path);
        ::unlink(unfinished->c_str());
        return failed;
    }
    sync_folder(path);
    return {};
}

Result<Keys> find_keys(std::string const& key_file)
{
    if (auto const given = take_variable(environment_name); !given.empty()) {
        auto keys = parse_keys(given.expose(), tr("the environment's {}", environment_name).english());
        if (!keys) return std::unexpected(keys.error());
        return Keys{std::move(*keys), {}};
    }
    auto const credential = credential_file();
    auto const& path = credential.empty() ? key_file : credential;
    std::error_code error;
    if (credential.empty() && !std::filesystem::exists(path, error)) return Keys{{}, path};
    auto keys = read_key_file(path);
    if (!keys) return std::unexpected(keys.error());
    return Keys{std::move(*keys), path};
}

}  // namespace postroom::vault
