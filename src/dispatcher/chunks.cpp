// The bytes of a mail that goes out, by the chunk.
#include "dispatcher/account-run.hpp"
#include "store/bodies.hpp"

namespace postroom::dispatcher {

namespace {

// The parts of a mail have the same bytes but for this line, which compose() writes among the first.
void put_message_id(std::string& header, std::string_view message_id)
{
    constexpr std::string_view field = "\r\nMessage-Id: <";
    auto const at = header.find(field);
    auto const end = header.find(">\r\n", at);
    if (at == std::string::npos || end == std::string::npos)
        throw store::Failure(Trouble::store, "a mail in parts has no Message-ID of ours");
    header.replace(at + field.size(), end - at - field.size(), message_id);
}

}  // namespace

net::awaitable<std::string> chunk_of(Ground const& ground, model::Outbound const& mail, int number)
{
    auto read = [body = mail.body, number](store::Connection& c) { return store::read_chunk(c, body, number); };
    auto chunk = co_await ground.store->read(std::move(read));
    // Before anything was committed: the mail is given back, and the account shows why.
    if (chunk.empty()) throw store::Failure(Trouble::store, "the store has lost a part of " + mail.message_id);
    if (number == 0 && mail.part > 1) put_message_id(chunk, mail.message_id);
    co_return chunk;
}

}  // namespace postroom::dispatcher
