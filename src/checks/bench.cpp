#include "checks/bench.hpp"

#include "base/text.hpp"
#include "grants/guard.hpp"
#include "grants/provider.hpp"
#include "grants/sign-in.hpp"
#include "model/alarm.hpp"
#include "oauth/code-flow.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"
#include "store/migrations.hpp"
#include "store/sendings.hpp"
#include "store/settings.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>

namespace postroom::checks {

namespace {

// Of an identity provider's URL.
std::optional<Place> place_of(std::string const& url)
{
    auto const parsed = boost::urls::parse_uri(url);
    if (!parsed) return std::nullopt;
    bool const tls = parsed->scheme() == "https";
    auto const port = parsed->port_number() != 0 ? parsed->port_number() : std::uint16_t(tls ? 443 : 80);
    auto host = parsed->host_address();
    return Place{Purpose::provider, {std::string(host.data(), host.size()), port}, true};
}

std::shared_ptr<ApplicationFile const> file_of(store::Connection& c, model::Application const& application)
{
    auto file = std::make_shared<ApplicationFile>();
    file->application = application;
    file->credentials = store::credentials_of(c, application.id);
    if (auto const authority = grants::authority_of(application)) {
        file->authority = *authority;
        file->place = place_of(*authority);
    }
    return file;
}

Error no_token(model::Account const& account)
{
    return {Trouble::not_found, "there is nothing to sign in with for " + account.name};
}

}  // namespace

Files read_files(store::Connection& c, std::string const& account, Instant now)
{
    Files files;
    files.external_url = store::setting(c, "external-url");
    files.test_key = store::setting(c, "case-token-key");
    files.patience = model::parse_span(store::setting(c, "check-round-trip")).value_or(Duration(30'000));
    files.schema = store::schema_version(c);
    files.console_names = store::console_names(c, now);
    for (auto const& each : store::applications(c)) files.applications.push_back(file_of(c, each));
    auto const sendings = store::sendings(c, now);
    for (auto& each : store::accounts(c)) {
        if (!account.empty() && !equal_ignoring_case(each.name, account)) continue;
        auto file = std::make_shared<AccountFile>();
        file->grant = store::grant(c, each.id);
        for (auto& mailbox : store::mailboxes_of(c, each.id)) {
            MailboxFile box{.mailbox = std::move(mailbox), .sending = {}};
            if (auto const found = sendings.find(box.mailbox.id); found != sendings.end())
                box.sending = {found->second.last_minute, found->second.recipients_of_a_day, found->second.last_outcome,
                               found->second.last_words, found->second.last};
            box.invitations = store::invitations(c, box.mailbox);
            file->mailboxes.push_back(std::move(box));
        }
        for (auto const& application : files.applications)
            if (each.application == application->application.id) file->application = application;
        if (file->application && file->application->place) file->places.push_back(*file->application->place);
        file->places.push_back({each.retrieval == model::Protocol::pop3 ? Purpose::pop3 : Purpose::imap,
                                each.retrieval_server, !each.retrieval_starttls});
        file->places.push_back({Purpose::smtp, each.submission_server, each.submission_implicit_tls});
        file->account = std::move(each);
        files.accounts.push_back(std::move(file));
    }
    if (!account.empty())
        std::erase_if(files.applications, [&](auto const& application) {
            return std::ranges::none_of(files.accounts,
                                        [&](auto const& each) { return each->application == application; });
        });
    return files;
}

Way Bench::way_to(Place const& place) const
{
    Way way;
    way.purpose = place.purpose;
    way.server = place.server;
    way.implicit_tls = place.implicit_tls;
    way.host_name = on_.host_name;
    way.tls = on_.tls;
    way.proxy = on_.proxy;
    way.stop = on_.stop;
    way.clock = on_.ground.clock;
    return way;
}

net::awaitable<std::shared_ptr<Conversation const>> Bench::reach(Place place)
{
    auto key = "reach " + std::string(to_string(place.purpose)) + (place.implicit_tls ? " tls " : " plain ") +
               to_string(place.server);
    auto question = [this, place] { return converse(*on_.resolver, way_to(place)); };
    return conversations_.ask(std::move(key), std::move(question));
}

net::awaitable<Conversation> Bench::signed_in(Target target, Purpose purpose)
{
    auto const& account = target.account->account;
    auto const place = std::ranges::find(target.account->places, purpose, &Place::purpose);
    auto way = way_to(*place);
    Result<grants::Proof> proof = std::unexpected(no_token(account));
    if (account.access == model::Access::password) {
        grants::Roads roads{};
        roads.vault = on_.ground.vault;
        proof = grants::password_of(roads, account);
    } else {
        auto const renewal = co_await this->renewal(target.account);
        if (renewal->token)
            proof = grants::proof_of(*renewal->token);
        else
            proof = std::unexpected(renewal->token.error());
    }
    std::optional<model::Mailbox> mailbox;
    if (target.mailbox) mailbox = target.mailbox->mailbox;
    auto const owner = proof ? proof->owner : account.user;
    auto const user = purpose == Purpose::smtp ? grants::submission_user(account, mailbox, owner)
                                               : grants::retrieval_user(account, mailbox, owner);
    if (!proof || !user) {
        auto const& error = !proof ? proof.error() : user.error();
        co_return Conversation{
            .purpose = purpose,
            .server = way.server,
            .steps = {{.kind = StepKind::sign_in,
                       .asked = "a token",
                       .came = error.message,
                       .trouble = error.kind == Trouble::refused ? Trouble::not_found : error.kind}}};
    }
    way.user = *user;
    way.proof = std::move(*proof);
    if (mailbox) way.folder = mailbox->folder;
    if (mailbox && sends_ && purpose == Purpose::smtp) {
        way.test_mail_from = mailbox->address;
        way.test_key = files_.test_key;
    }
    auto talk = co_await converse(*on_.resolver, std::move(way));
    if (talk.held(StepKind::send) || talk.in_doubt)
        marked_.insert_or_assign(target.mailbox->mailbox.id, Marked{target, Steady::now()});
    co_return talk;
}

net::awaitable<std::shared_ptr<Conversation const>> Bench::retrieval(Target target)
{
    auto const purpose = target.account->account.retrieval == model::Protocol::pop3 ? Purpose::pop3 : Purpose::imap;
    auto key = "retrieval " + to_string(target.account->account.id) + " " +
               (target.mailbox ? to_string(target.mailbox->mailbox.id) : "");
    auto question = [this, target, purpose] { return signed_in(target, purpose); };
    return conversations_.ask(std::move(key), std::move(question));
}

net::awaitable<std::shared_ptr<Conversation const>> Bench::submission(Target target)
{
    auto key = "submission " + to_string(target.account->account.id) + " " +
               (target.mailbox ? to_string(target.mailbox->mailbox.id) : "");
    auto question = [this, target] { return signed_in(target, Purpose::smtp); };
    return conversations_.ask(std::move(key), std::move(question));
}

net::awaitable<Standing> Bench::standing(Target target, std::shared_ptr<Conversation const> talk)
{
    auto const renewal = co_await this->renewal(target.account);
    auto standing = standing_of(target, *talk, *renewal);
    if (!standing.application_only || !target.mailbox || talk->broken() == nullptr) co_return standing;
    for (auto const& each : target.account->mailboxes) {
        if (each.mailbox.id == target.mailbox->mailbox.id) continue;
        auto other = target;
        other.mailbox = std::shared_ptr<MailboxFile const>(target.account, &each);
        auto const its = co_await retrieval(other);
        if (its->held(StepKind::mailbox)) {
            standing.principal_known = true;
            break;
        }
    }
    co_return standing;
}

net::awaitable<Renewal> Bench::renew(model::AccountId account)
{
    Renewal renewal;
    if (on_.tokens == nullptr) co_return renewal;
    renewal.token = co_await on_.tokens->renew(account);
    if (renewal.token) {
        renewal.renewed = true;
    } else if (renewal.token.error().kind != Trouble::not_found) {
        renewal.refusal = renewal.token.error();
        // What there is may last for a while.
        renewal.token = co_await on_.tokens->access(account);
    }
    co_return renewal;
}

net::awaitable<std::shared_ptr<Renewal const>> Bench::renewal(std::shared_ptr<AccountFile const> account)
{
    auto const id = account->account.id;
    auto question = [this, id] { return renew(id); };
    return renewals_.ask(to_string(id), std::move(question));
}

net::awaitable<Page> Bench::fetch(std::string url)
{
    Page page;
    net::HttpsCall call;
    call.url = std::move(url);
    call.limit = Duration(15'000);
    try {
        page.answer = co_await on_.ground.https->call(std::move(call));
    } catch (net::Broken const& broken) {
        page.error = broken.error();
    }
    page.at = now();
    co_return page;
}

net::awaitable<std::shared_ptr<Page const>> Bench::page(std::string url)
{
    auto question = [this, url] { return fetch(url); };
    return pages_.ask(url, std::move(question));
}

net::awaitable<std::shared_ptr<Result<oauth::Provider> const>> Bench::provider(
    std::shared_ptr<ApplicationFile const> application)
{
    auto const wanted = application->application;
    auto question = [this, wanted] { return grants::find_provider(on_.ground, wanted); };
    return providers_.ask(to_string(wanted.id), std::move(question));
}

net::awaitable<Page> Bench::ask_sign_in_page(std::shared_ptr<ApplicationFile const> application)
{
    auto const provider = co_await this->provider(application);
    if (!*provider) co_return Page{.answer = {}, .error = provider->error()};
    auto scopes = grants::scopes_of(application->application, model::Protocol::imap, **provider);
    if (!scopes) co_return Page{.answer = {}, .error = scopes.error()};
    oauth::Ask ask;
    ask.client_id = application->application.client_id;
    ask.redirect_url = files_.external_url + std::string(grants::redirect_path);
    ask.scopes = std::move(*scopes);
    ask.prompt = "none";
    auto sign_in = oauth::begin_sign_in(**provider, ask);
    co_return co_await fetch(std::move(sign_in.url));
}

net::awaitable<std::shared_ptr<Page const>> Bench::sign_in_page(std::shared_ptr<ApplicationFile const> application)
{
    auto question = [this, application] { return ask_sign_in_page(application); };
    return pages_.ask("sign-in " + to_string(application->application.id), std::move(question));
}

}  // namespace postroom::checks
