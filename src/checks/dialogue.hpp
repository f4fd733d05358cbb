// What was said in a conversation, for whoever asked for it from afar: so many lines, with no secret in them.
#pragma once

#include "base/secret.hpp"
#include "net/transcript.hpp"

#include <boost/json/array.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::checks {

/// Takes a secret out of what a server says: one may say back what it was sent.
class Mask {
public:
    Mask() = default;
    /// Plain, and as the ways to sign in send it for `user`.
    Mask(std::string_view user, Secret const& secret);
    [[nodiscard]] std::string over(std::string_view said) const;

private:
    std::vector<Secret> forms_;
};

class Dialogue final : public net::Transcript {
public:
    explicit Dialogue(Mask mask) : mask_(std::move(mask)) {}

    void sent(Wire const& wire) override;
    void received(std::string_view bytes) override;
    void note(std::string_view text) override;

    struct Line {
        std::string who;  ///< client, server, or note: neither said it
        std::string text;
    };
    [[nodiscard]] std::vector<Line> const& lines() const { return lines_; }
    [[nodiscard]] boost::json::array to_json() const;

private:
    void take(std::string_view line);
    void add(std::string_view who, std::string text);

    Mask mask_;
    std::vector<Line> lines_;
    std::string begun_;     // a line of the server's that has not ended
    bool header_ = false;   // what the server says now is a mail's header
    std::size_t size_ = 0;  // of all lines
    bool full_ = false;
};

}  // namespace postroom::checks
