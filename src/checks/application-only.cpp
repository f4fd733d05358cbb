// application-only: an application that opens mailboxes by its own permissions has them in its token, is known to
// Exchange, and may open each mailbox. Told by: the roles in the token, and signing in for the mailbox; where another
// mailbox of the account opens, Exchange knows the application.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const renewal = co_await bench->renewal(target.account);
    if (renewal->refusal) {
        auto refused = judge_refusal("application-only", renewal->refusal->message, target);
        if (refused.outcome == model::Outcome::fails || !renewal->token) co_return refused;
    }
    if (!renewal->token) co_return untold(renewal->token.error().message);
    auto const fit = claims_fit(renewal->token->token.expose(), *target.account, bench->now());
    if (fit.cause == "app-role-missing") co_return fails(fit.cause, fit.wrong.front() + "; " + fit.said, target);
    auto const inbound = co_await bench->retrieval(target);
    auto const standing = co_await bench->standing(target, inbound);
    if (inbound->broken() != nullptr)
        co_return judge("application-only", *inbound, StepKind::mailbox, standing, target);
    auto const outbound = co_await bench->submission(target);
    auto const sending = co_await bench->standing(target, outbound);
    if (outbound->broken() != nullptr)
        co_return judge("application-only", *outbound, StepKind::sign_in, sending, target);
    co_return holds("the mailbox opens, and may be sent from: " + fit.said);
}

}  // namespace

Item item::application_only()
{
    return {
        .id = "application-only",
        .must = mark("The application may open the mailbox by its own permissions"),
        .about = About::mailbox,
        .grounds = {"port-993", "port-995", "port-587", "tls-path", "client-credential"},
        .concerns = [](Target const& target) { return target.account->account.access == model::Access::application; },
        .look = look};
}

}  // namespace postroom::checks
