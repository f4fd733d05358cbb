// The limit for retrieval: one IMAP connection, UID FETCH commands kept in flight, every body read and thrown away. Or
// handed to SQLite as it is, committed every 100 mails, which is what storing costs before anything is known of a mail.
//
//     bench-bare-fetch PORT ANCHOR USER TOKEN-FILE discard|sha256|FILE.db
//
//     bench-bare-fetch digests FILE.db
//
// "sha256" and "digests" print the digest of every mail, for whoever compares.
#include "bare-tls.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>

namespace {

constexpr int mails_per_command = 25;
constexpr int commands_in_flight = 4;
constexpr int mails_per_commit = 100;

class Database {
public:
    explicit Database(std::string const& name)
    {
        check(sqlite3_open(name.c_str(), &database_));
        run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000");
        run("CREATE TABLE mail (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL); BEGIN");
        check(sqlite3_prepare_v2(database_, "INSERT INTO mail (bytes) VALUES (?)", -1, &insert_, nullptr));
    }
    ~Database()
    {
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }
    Database(Database const&) = delete;
    Database& operator=(Database const&) = delete;

    void add(std::string const& mail)
    {
        sqlite3_bind_blob64(insert_, 1, mail.data(), mail.size(), SQLITE_STATIC);
        if (sqlite3_step(insert_) != SQLITE_DONE) check(SQLITE_ERROR);
        sqlite3_reset(insert_);
        if (++count_ % mails_per_commit == 0) run("COMMIT; BEGIN");
    }
    void commit() { run("COMMIT"); }

private:
    void run(char const* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
    void check(int code)
    {
        if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(database_));
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    int count_ = 0;
};

void print_digest(std::string_view mail)
{
    std::array<unsigned char, 32> digest{};
    EVP_Digest(mail.data(), mail.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    std::string hex;
    for (auto const octet : digest) hex += fmt::format("{:02x}", octet);
    std::puts(hex.c_str());
}

void print_digests(char const* file)
{
    sqlite3* database = nullptr;
    sqlite3_stmt* every = nullptr;
    if (sqlite3_open_v2(file, &database, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "SELECT bytes FROM mail", -1, &every, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(database));
    while (sqlite3_step(every) == SQLITE_ROW)
        print_digest({static_cast<char const*>(sqlite3_column_blob(every, 0)),
                      static_cast<std::size_t>(sqlite3_column_bytes(every, 0))});
    sqlite3_finalize(every);
    sqlite3_close(database);
}

// The size of the literal that ends this line.
std::optional<std::size_t> literal(std::string_view line)
{
    auto const open = line.rfind('{');
    if (!line.ends_with('}') || open == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    std::from_chars(line.data() + open + 1, line.data() + line.size() - 1, size);
    return size;
}

void until_tagged(bare::Tls& server, std::string_view tag)
{
    for (;;) {
        auto const line = server.line();
        if (!line.starts_with(tag)) continue;
        if (!line.substr(tag.size()).starts_with(" OK")) throw std::runtime_error(std::string(line));
        return;
    }
}

int fetch(std::uint16_t port, std::string const& anchor, std::string const& user, std::string const& token,
          std::string const& into)
{
    std::optional<Database> database;
    bool const digests = into == "sha256";
    if (into != "discard" && !digests) database.emplace(into);

    bare::Stopwatch const watch;
    bare::Tls server(port, anchor);
    server.handshake();
    server.line();
    server.write("a AUTHENTICATE XOAUTH2 " + bare::xoauth2(user, token) + "\r\n");
    until_tagged(server, "a");
    server.write("b SELECT INBOX\r\n");
    int exists = 0;
    for (;;) {
        auto const line = server.line();
        if (line.starts_with("* ") && line.ends_with(" EXISTS"))
            std::from_chars(line.data() + 2, line.data() + line.size(), exists);
        if (line.starts_with("b ")) break;
    }

    int asked = 0;
    auto ask = [&] {
        auto const last = std::min(asked + mails_per_command, exists);
        server.write(
            fmt::format("c FETCH {}:{} (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n", asked + 1, last));
        asked = last;
    };
    for (int i = 0; i < commands_in_flight && asked < exists; ++i) ask();
    int mails = 0;
    std::uint64_t bytes = 0;
    std::string mail;
    while (mails < exists || asked < exists) {
        auto const line = server.line();
        if (line.starts_with("c ")) {
            if (!line.starts_with("c OK")) throw std::runtime_error(std::string(line));
            if (asked < exists) ask();
            continue;
        }
        auto const size = literal(line);
        if (!size) continue;
        bytes += *size;
        ++mails;
        if (!database && !digests) {
            server.octets(*size, [](std::string_view) {});
            continue;
        }
        mail.clear();
        server.octets(*size, [&](std::string_view piece) { mail.append(piece); });
        if (database)
            database->add(mail);
        else
            print_digest(mail);
    }
    if (database) database->commit();
    auto const seconds = watch.seconds();
    if (!digests) fmt::print("{{\"mails\": {}, \"bytes\": {}, \"seconds\": {:.6f}}}\n", mails, bytes, seconds);
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    bool const look = argc == 3 && std::string_view(argv[1]) == "digests";
    if (argc != 6 && !look) {
        std::fputs("usage: bench-bare-fetch PORT ANCHOR USER TOKEN-FILE discard|sha256|FILE.db, or digests FILE.db\n",
                   stderr);
        return 2;
    }
    try {
        if (look) {
            print_digests(argv[2]);
            return 0;
        }
        return fetch(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], argv[3], bare::file(argv[4]), argv[5]);
    } catch (std::exception const& e) {
        fmt::print(stderr, "bench-bare-fetch: {}\n", e.what());
        return 1;
    }
}
