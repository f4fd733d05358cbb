// A transport that replays a dialogue, and fails on a byte out of turn. It can give the server's bytes in small
// pieces, and break at any step. A dialogue is text:
//
//     # a comment
//     S: * OK ready            the server's line; CRLF is added
//     C: A1 NOOP               what the session must send
//     <tls> <timeout> <nudge>  start_tls() is called; wait() ends so
//     <close>                  the server closes; also at the end
#pragma once

#include "net/transport.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postroom::test {

struct Step {
    enum class Kind { server, client, tls, timeout, nudge, close };
    Kind kind;
    std::string bytes{};
};
using Dialogue = std::deque<Step>;

inline Dialogue to_dialogue(std::string_view text)
{
    Dialogue steps;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        auto const begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos || line[begin] == '#') continue;
        line.remove_prefix(begin);
        using Kind = Step::Kind;
        auto const content = line.size() > 3 ? std::string(line.substr(3)) + "\r\n" : "\r\n";
        if (line.starts_with("S:"))
            steps.push_back({Kind::server, content});
        else if (line.starts_with("C:"))
            steps.push_back({Kind::client, content});
        else if (line == "<tls>")
            steps.push_back({Kind::tls});
        else if (line == "<timeout>")
            steps.push_back({Kind::timeout});
        else if (line == "<nudge>")
            steps.push_back({Kind::nudge});
        else if (line == "<close>")
            steps.push_back({Kind::close});
        else
            ADD_FAILURE() << "a line of a dialogue that is none: " << line;
    }
    return steps;
}

/// The file below test/, with every {name} replaced.
inline std::string read_replay(std::string const& path, std::vector<std::pair<std::string, std::string>> const& names)
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/test/" + path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (auto const& [name, value] : names)
        for (std::size_t at = 0; (at = text.find('{' + name + '}', at)) != std::string::npos; at += value.size())
            text.replace(at, name.size() + 2, value);
    return text;
}

/// What a run leaves behind.
struct Stage {
    std::size_t operations = 0;  ///< reads, writes, waits, handshakes
    std::string shown;           ///< what a transcript would show of what was sent
    bool at_end = false;         ///< every step was played
    bool closed = false;         ///< close() was called
    std::optional<net::Broken> broken;
};

struct Playing {
    std::size_t piece = 64 * 1024;             ///< bytes a read
    std::optional<std::size_t> break_at = {};  ///< the operation that throws
    bool orderly = false;                      ///< at break_at a read says that the peer closed, instead
};

class Script final : public net::Transport {
public:
    Script(Dialogue dialogue, Playing how, std::shared_ptr<Stage> stage)
        : steps_(std::move(dialogue)), how_(how), stage_(std::move(stage))
    {
    }
    ~Script() override { stage_->at_end = steps_.empty(); }

    net::awaitable<bool> read_more(std::string& into) override
    {
        if (!deadline_) ADD_FAILURE() << "a read without a deadline";
        if (operate() && how_.orderly) co_return false;
        if (breaks()) throw net::Broken(Trouble::closed, "the script broke the connection");
        if (!steps_.empty() && steps_.front().kind == Step::Kind::close) {
            steps_.pop_front();
            co_return false;
        }
        if (steps_.empty()) co_return false;
        if (steps_.front().kind != Step::Kind::server) out_of_turn("read, where this is due: " + steps_.front().bytes);
        // Whole lines at once where pieces are large.
        auto left = how_.piece;
        while (left > 0 && !steps_.empty() && steps_.front().kind == Step::Kind::server) {
            auto& bytes = steps_.front().bytes;
            auto const count = std::min(left, bytes.size());
            into.append(bytes, 0, count);
            bytes.erase(0, count);
            left -= count;
            if (bytes.empty()) steps_.pop_front();
        }
        co_return true;
    }

    net::awaitable<void> write(Wire const& wire) override
    {
        if (!deadline_) ADD_FAILURE() << "a write without a deadline";
        operate();
        if (breaks()) throw net::Broken(Trouble::closed, "the script broke the connection");
        stage_->shown += wire.masked();
        for (auto bytes = wire.bytes(); !bytes.empty();) {
            if (steps_.empty() || steps_.front().kind != Step::Kind::client)
                out_of_turn("wrote out of turn: " + std::string(bytes));
            auto& due = steps_.front().bytes;
            auto const count = std::min(due.size(), bytes.size());
            if (bytes.substr(0, count) != std::string_view(due).substr(0, count))
                out_of_turn("wrote:\n  " + std::string(bytes) + "\nwhere this was due:\n  " + due);
            bytes.remove_prefix(count);
            due.erase(0, count);
            if (due.empty()) steps_.pop_front();
        }
        co_return;
    }

    net::awaitable<void> start_tls() override
    {
        operate();
        if (breaks()) throw net::Broken(Trouble::tls, "the script broke the handshake");
        if (steps_.empty() || steps_.front().kind != Step::Kind::tls) out_of_turn("began TLS out of turn");
        steps_.pop_front();
        co_return;
    }

    void expire_after(Duration limit) override
    {
        EXPECT_GT(limit, Duration::zero());
        deadline_ = true;
    }

    net::awaitable<net::Woken> wait(Duration limit) override
    {
        EXPECT_GT(limit, Duration::zero());
        operate();
        if (breaks()) throw net::Broken(Trouble::closed, "the script broke the connection");
        auto const kind = steps_.empty() ? Step::Kind::close : steps_.front().kind;
        if (kind == Step::Kind::timeout || kind == Step::Kind::nudge) {
            steps_.pop_front();
            co_return kind == Step::Kind::timeout ? net::Woken::timeout : net::Woken::nudged;
        }
        if (kind == Step::Kind::client || kind == Step::Kind::tls) out_of_turn("waits, where it is due to write");
        co_return net::Woken::readable;
    }

    void nudge() override {}
    void close() noexcept override { stage_->closed = true; }
    std::string const& peer() const override { return peer_; }

private:
    bool operate()
    {
        ++stage_->operations;
        return breaks();
    }
    bool breaks() const { return stage_->closed || stage_->operations - 1 == how_.break_at; }

    [[noreturn]] static void out_of_turn(std::string const& what)
    {
        ADD_FAILURE() << "the session " << what;
        throw net::Broken(Trouble::internal, "out of turn");
    }

    Dialogue steps_;
    Playing how_;
    std::shared_ptr<Stage> stage_;
    std::string peer_ = "script:1";
    bool deadline_ = false;
};

/// One side of a dialogue. Whatever it refers to outlives the run.
using Conversation = std::function<net::awaitable<void>(std::unique_ptr<net::Transport>)>;

inline Stage play(std::string_view dialogue, Conversation const& conversation, Playing how = {})
{
    auto const stage = std::make_shared<Stage>();
    net::asio::io_context loop;
    std::exception_ptr thrown;
    auto done = [&](std::exception_ptr error) { thrown = error; };
    auto transport = std::make_unique<Script>(to_dialogue(dialogue), how, stage);
    net::asio::co_spawn(loop, conversation(std::move(transport)), done);
    loop.run();
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (net::Broken const& broken) {
        stage->broken = broken;
    }
    return *stage;
}

/// The whole dialogue must be played without a break, whatever the size of the pieces.
inline Stage expect_played(std::string_view dialogue, Conversation const& conversation)
{
    Stage whole;
    for (std::size_t const piece : {65536U, 1U, 2U, 3U, 5U}) {
        SCOPED_TRACE("in pieces of " + std::to_string(piece));
        auto const stage = play(dialogue, conversation, {.piece = piece});
        EXPECT_TRUE(stage.at_end) << "the dialogue was not played to its end";
        EXPECT_FALSE(stage.broken) << stage.broken->what();
        if (piece == 64 * 1024) whole = stage;
        if (testing::Test::HasFailure()) break;
    }
    return whole;
}

/// Reruns the dialogue, cutting the connection at each step: every one of them must be told as Broken.
inline void broken_at_every_step(std::string_view dialogue, Conversation const& conversation)
{
    auto const operations = play(dialogue, conversation, {.piece = 40}).operations;
    EXPECT_GT(operations, 0U);
    for (std::size_t at = 0; at < operations; ++at) {
        for (bool const orderly : {false, true}) {
            SCOPED_TRACE("cut at step " + std::to_string(at) + (orderly ? ", in an orderly way" : ""));
            auto const stage = play(dialogue, conversation, {.piece = 40, .break_at = at, .orderly = orderly});
            EXPECT_TRUE(stage.broken);
            if (stage.broken) {
                EXPECT_NE(stage.broken->kind(), Trouble::internal) << stage.broken->what();
            }
            if (testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace postroom::test
