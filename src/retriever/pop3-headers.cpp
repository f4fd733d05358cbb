#include "retriever/pop3-headers.hpp"

#include "mime/read.hpp"

#include <exception>

namespace postroom::retriever {

namespace {

// Between two looks at the clock and the lease.
constexpr auto lease_kept = std::chrono::minutes(1);
constexpr int most_broke = 3;

}  // namespace

net::awaitable<pop3::Answer<std::string>> Pop3Headers::ask(pop3::Session& session, std::uint32_t number,
                                                           std::string const& unique_id)
{
    co_await keep_lease();
    pop3::Answer<std::string> header;
    std::exception_ptr broke;
    try {
        header = co_await session.top(number, 0, mime::header_limit);
    } catch (...) {
        broke = std::current_exception();
    }
    if (broke) {
        ++broke_[unique_id];
        std::rethrow_exception(broke);
    }
    co_return header;
}

bool Pop3Headers::is_hopeless(std::string const& unique_id) const
{
    auto const found = broke_.find(unique_id);
    return found != broke_.end() && found->second >= most_broke;
}

net::awaitable<void> Pop3Headers::keep_lease()
{
    auto const now = std::chrono::steady_clock::now();
    if (now - renewed_ < lease_kept) co_return;
    renewed_ = now;
    co_await run_.custody().renew();
}

}  // namespace postroom::retriever
