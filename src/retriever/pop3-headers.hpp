// Headers by TOP: what they tell of mail that is not retrieved, or not once more.
#pragma once

#include "pop3/session.hpp"
#include "retriever/mailbox-run.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace postroom::retriever {

class Pop3Headers {
public:
    explicit Pop3Headers(MailboxRun& run) : run_(run) {}

    /// Throws as Session::top(), and remembers at which mail that was.
    net::awaitable<pop3::Answer<std::string>> ask(pop3::Session& session, std::uint32_t number,
                                                  std::string const& unique_id);
    /// A session ended while its header was asked for.
    [[nodiscard]] bool broke(std::string const& unique_id) const { return broke_.contains(unique_id); }
    /// So many did that it is not asked for again.
    [[nodiscard]] bool is_hopeless(std::string const& unique_id) const;
    void forget(std::string const& unique_id) { broke_.erase(unique_id); }

    /// To be called between the many small things that take long in a session: the lease must not end meanwhile.
    net::awaitable<void> keep_lease();

private:
    MailboxRun& run_;
    std::map<std::string, int> broke_;  // how many sessions ended so
    std::chrono::steady_clock::time_point renewed_{};
};

}  // namespace postroom::retriever
