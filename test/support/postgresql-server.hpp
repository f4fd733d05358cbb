// A PostgreSQL server of a test program's own: on a Unix socket in a scratch folder, as an ordinary user, with fsync as
// it comes. It ends with the program, however that ends.
#pragma once

#include "support/scratch-folder.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace postroom::test {

class PostgresqlServer {
public:
    /// The program's own, started when it is first asked for.
    static PostgresqlServer& running()
    {
        static PostgresqlServer server;
        return server;
    }

    /// One more, for a test that stops and starts it: with many tables that takes long.
    PostgresqlServer() : data_(folder_ / "data"), sockets_(folder_ / "sockets"), log_(folder_ / "log")
    {
        // The newest that Debian has here: 15 or later.
        std::filesystem::path newest;
        std::error_code none;
        for (auto const& each : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
            newest = std::max(newest, each.path());
        if (newest.empty()) throw std::runtime_error("PostgreSQL is not installed: run tools/bootstrap test");
        programs_ = (newest / "bin").string();
        std::filesystem::create_directory(sockets_);
        // PostgreSQL refuses to run as root.
        if (::geteuid() == 0) {
            auto const* const user = ::getpwnam("postgres") ? ::getpwnam("postgres") : ::getpwnam("nobody");
            user_ = user->pw_uid;
            group_ = user->pw_gid;
            for (auto const& path : {folder_ / "", sockets_})
                if (::chown(path.c_str(), user_, group_) != 0) throw std::runtime_error("chown failed");
        }
        pid_t const made = spawn({"initdb", "-D", data_, "-U", "postroom", "-A", "trust", "-E", "UTF8",
                                  "--locale=C.UTF-8", "--no-sync", "--no-instructions"});
        int status = 0;
        if (::waitpid(made, &status, 0) != made || status != 0)
            throw std::runtime_error("initdb failed; it says why in " + log_);
        start();
    }

    ~PostgresqlServer() { stop(); }
    PostgresqlServer(PostgresqlServer const&) = delete;
    PostgresqlServer& operator=(PostgresqlServer const&) = delete;

    /// An empty schema of its own user, as its URL. A database each would take ten times the disk, and the time.
    std::string create()
    {
        auto const name = "test" + std::to_string(++made_);
        run_sql("CREATE ROLE " + name + " LOGIN; CREATE SCHEMA AUTHORIZATION " + name);
        return url(name);
    }

    void run_sql(std::string const& sql)
    {
        std::unique_ptr<PGconn, decltype([](PGconn* c) { PQfinish(c); })> const connection(
            PQconnectdb(url("postroom").c_str()));
        std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> const result(
            PQexec(connection.get(), sql.c_str()));
        auto const status = PQresultStatus(result.get());
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            throw std::runtime_error(PQerrorMessage(connection.get()));
    }

    void start()
    {
        server_ = spawn({"postgres", "-D", data_, "-k", sockets_, "-c", "listen_addresses=", "-c", "max_connections=60",
                         "-c", "shared_buffers=32MB", "-c", "logging_collector=off"});
        for (int tries = 0; PQping(url("postroom").c_str()) != PQPING_OK; ++tries) {
            if (tries > 600 || ::waitpid(server_, nullptr, WNOHANG) == server_)
                throw std::runtime_error("the PostgreSQL server does not start; it says why in " + log_);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    /// At once, and without a checkpoint: nothing of it is needed again, and if it is, it recovers.
    void stop()
    {
        if (server_ <= 0) return;
        ::kill(server_, SIGQUIT);
        ::waitpid(server_, nullptr, 0);
        server_ = 0;
    }

private:
    [[nodiscard]] std::string url(std::string const& user) const
    {
        return "postgresql://" + user + "@/postgres?host=" + sockets_;
    }

    pid_t spawn(std::vector<std::string> words)
    {
        // By its whole path: initdb finds the server beside itself by what it was called.
        words.front() = programs_ + "/" + words.front();
        auto const program = words.front();
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        pid_t const parent = ::getpid();
        pid_t const child = ::fork();
        if (child != 0) return child;
        if (::geteuid() == 0 && (::setgid(group_) != 0 || ::setuid(user_) != 0)) ::_exit(126);
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
        if (::getppid() != parent) ::_exit(126);
        ::setsid();
        int const log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(log, 1);
        ::dup2(log, 2);
        if (::chdir("/") != 0) ::_exit(126);
        ::execv(program.c_str(), arguments.data());
        ::_exit(127);
    }

    // A schema is hundreds of small files: in memory, where there is room. What a disk keeps is not tried here.
    static std::filesystem::path where()
    {
        std::error_code none;
        auto const memory = std::filesystem::space("/dev/shm", none);
        return !none && memory.available > 2'000'000'000 ? std::filesystem::path("/dev/shm")
                                                         : std::filesystem::temp_directory_path();
    }

    ScratchFolder folder_{where()};
    std::string data_, sockets_, log_, programs_;
    uid_t user_ = 0;
    gid_t group_ = 0;
    pid_t server_ = 0;
    int made_ = 0;
};

}  // namespace postroom::test
