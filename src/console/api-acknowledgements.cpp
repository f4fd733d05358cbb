// How a mailbox acknowledges what opens a case.
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "desk/acknowledgement.hpp"
#include "store/acknowledgements.hpp"

namespace postroom::console {

namespace {

constexpr std::size_t longest_subject = 500;
constexpr std::size_t longest_text = 64 * 1024;

json::object view(model::Acknowledgement const& it, std::string const& address)
{
    json::value since;
    if (it.active) since = to_rfc3339(it.since);
    return {{"mailbox", address},
            {"active", it.active},
            {"subject", it.subject},
            {"text", it.text},
            {"default_text", desk::default_acknowledgement()},
            {"since", std::move(since)},
            {"etag", etag(it.version, it.mailbox.value)}};
}

}  // namespace

Answer show_acknowledgement(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        return view(store::acknowledgement(c, mailbox.id), mailbox.address);
    });
    co_return edited_response(body);
}

Answer set_acknowledgement(House& house, Request const& request)
{
    Members const members(request.http, {"active", "subject", "text"});
    bool const active = members.flag("active");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const mailbox = mailbox_at(c, request.caller.sight, request.path("address"));
        auto it = store::acknowledgement(c, mailbox.id);
        check_match(c, request, etag(it.version, it.mailbox.value), "acknowledgement.", mailbox.address);
        if (active && !it.active) it.since = house.now();
        it.active = active;
        it.subject = members.text_or("subject", it.subject, longest_subject);
        it.text = members.text_or("text", it.text, longest_text);
        or_problem(desk::check_acknowledgement(it), members.has("text") ? "text" : "subject");
        store::set_acknowledgement(c, it);
        note(c, request.caller, "acknowledgement.set", mailbox.address, {{"active", active}}, house.now());
        return view(store::acknowledgement(c, mailbox.id), mailbox.address);
    });
    co_return edited_response(body);
}

}  // namespace postroom::console
