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
        throw DamagedMail("a mail in parts has no Message-ID of ours");
    header.replace(at + field.size(), end - at - field.size(), message_id);
}

}  // namespace

std::string read_chunk(store::Connection& c, model::Outbound const& mail, int number)
{
    std::string chunk;
    try {
        chunk = store::read_chunk(c, mail.body, number);
    } catch (store::Damaged const& damage) {
        throw DamagedMail(mail.message_id + ": " + damage.what());
    }
    if (chunk.empty()) throw DamagedMail("the store has lost a part of " + mail.message_id);
    if (number == 0 && mail.part > 1) put_message_id(chunk, mail.message_id);
    return chunk;
}

net::awaitable<std::string> chunk_of(Ground const& ground, model::Outbound const& mail, int number)
{
    auto read = [&mail, number](store::Connection& c) { return read_chunk(c, mail, number); };
    co_return co_await ground.store->read(std::move(read));
}

}  // namespace postroom::dispatcher
