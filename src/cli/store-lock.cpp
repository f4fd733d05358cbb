#include "cli/store-lock.hpp"

#include "cli/speech.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace postroom::cli {

namespace {

std::string holder(int descriptor)
{
    std::array<char, 32> text{};
    auto const size = ::pread(descriptor, text.data(), text.size() - 1, 0);
    std::string const pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    bool const number = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
    return number ? say("process {}", pid) : say("another process");
}

}  // namespace

Result<StoreLock> StoreLock::take(std::string const& store_path)
{
    return take(store_path, [](std::string_view path, std::string_view user) {
        return tr(
            "the store {} is in use by {}: stop it first, or give this one another store in its configuration "
            "([store] path)",
            path, user);
    });
}

Result<StoreLock> StoreLock::for_server(Configuration const& configuration)
{
    if (configuration.store_url.empty()) return take(configuration.store_path);
    return take(configuration.socket, [](std::string_view path, std::string_view user) {
        return tr(
            "the socket {} is in use by {}: stop it first, or give this one another socket in its configuration "
            "([console] socket)",
            path, user);
    });
}

Result<StoreLock> StoreLock::take(std::string const& beside, InUse in_use)
{
    auto const path = beside + ".lock";
    std::error_code error;
    auto const folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    int const descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return failure(Trouble::store, fmt::format("{}: {}", path, std::strerror(errno)));
    StoreLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return failure(Trouble::store, fmt::format("{}: {}", path, std::strerror(errno)));
        return failure(Trouble::conflict, say(in_use(beside, holder(descriptor))));
    }
    auto const pid = std::to_string(::getpid());
    // The number only helps people; the lock holds without it.
    if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, pid.data(), pid.size(), 0);
    return lock;
}

StoreLock::StoreLock(StoreLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock::~StoreLock()
{
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace postroom::cli
