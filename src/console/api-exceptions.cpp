// The exception queue: mail that triage could not digest, its bytes intact.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/raw-mail.hpp"
#include "console/responses.hpp"
#include "store/accounts.hpp"
#include "store/messages.hpp"

namespace postroom::console {

namespace {

model::Message exception_or_problem(store::Connection& c, model::Sight const& sight, model::MessageId id)
{
    auto found = store::message(c, id);
    if (!found || found->triage != model::TriageState::exception ||
        !sight.sees(store::department_of(c, found->mailbox)))
        throw Problem(Trouble::not_found,
                      tr("there is no such mail in the exception queue; postroom exception list shows "
                         "those there are"));
    return std::move(*found);
}

}  // namespace

Answer list_exceptions(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 1000, 1000);
    auto const after = moment_after(page);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        json::array found;
        auto mails = store::exceptions(c, page.limit + 1, request.caller.sight, after);
        next = cut(mails, page, [](auto const& last) { return to_cursor({last.filed, last.id.value}); });
        for (auto const& each : mails) found.emplace_back(exception_to_json(each, names));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer retry_exception(House& house, Request const& request)
{
    auto const id = request.id<model::MessageId>("id");
    co_await house.store().write([&](store::Connection& c) {
        (void)exception_or_problem(c, request.caller.sight, id);
        store::triage_again(c, id);
        note(c, request.caller, "exception.retry", to_string(id), {}, house.now());
    });
    house.hooks.triage_due();
    co_return no_content();
}

Answer show_exception_raw(House& house, Request const& request)
{
    auto const id = request.id<model::MessageId>("id");
    auto const body = co_await house.store().read(
        [&](store::Connection& c) { return exception_or_problem(c, request.caller.sight, id).body; });
    co_return raw_mail(house, body, to_string(id) + ".eml");
}

}  // namespace postroom::console
