// What a provider issues for an account, judged: what is accepted belongs to the account's user, can be renewed, and
// is read back from its row as it was put there; what is not is said without a token.
#include "base/text.hpp"
#include "grants/acceptance.hpp"
#include "oauth/json-fields.hpp"

#include "canary.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

using namespace postroom;
using namespace std::chrono_literals;

namespace {

grants::Ground const& ground()
{
    static auto const made = [] {
        grants::Ground fresh{};
        fresh.vault = vault::Vault::open(vault::Keys{{vault::new_key()}, {}}, false).value();
        return fresh;
    }();
    return made;
}

oauth::Identity identity_in(std::string_view claims)
{
    boost::system::error_code error;
    auto const value = boost::json::parse(boost::json::string_view(claims.data(), claims.size()), error);
    auto const* const object = error ? nullptr : value.if_object();
    oauth::Identity identity;
    if (object == nullptr) return identity;
    identity.tenant_id = oauth::text_member(*object, "tid");
    identity.object_id = oauth::text_member(*object, "oid");
    identity.subject = oauth::text_member(*object, "sub");
    identity.user_name = oauth::text_member(*object, "preferred_username");
    identity.email = oauth::text_member(*object, "email");
    return identity;
}

void must_keep(grants::Candidate const& candidate, oauth::TokenAnswer const& answer)
{
    model::Authorization row;
    row.id = model::AuthorizationId::make();
    grants::put_candidate(row, ground(), candidate, answer);
    fuzz::require(row.candidate.find(answer.access_token.expose()) == std::string::npos ||
                  answer.access_token.size() < 8);
    auto const again = grants::candidate_of(row);
    fuzz::require(again && again->scopes == candidate.scopes && again->notes == candidate.notes);
    fuzz::require(again->owner.tenant_id == candidate.owner.tenant_id &&
                  again->owner.object_id == candidate.owner.object_id &&
                  again->owner.user_name == candidate.owner.user_name);
    fuzz::require(again->life == candidate.life && again->issued == candidate.issued &&
                  again->application == candidate.application && again->access == candidate.access);
    auto const token = grants::candidate_token(ground(), row);
    fuzz::require(token && token->token == answer.access_token && token->ends == candidate.issued + candidate.life);
    fuzz::require(grants::grant_from(ground(), row, candidate.issued).has_value());
    row.id = model::AuthorizationId::make();  // sealed for that row, and no other
    fuzz::require(!grants::candidate_token(ground(), row));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view rest(reinterpret_cast<char const*>(data), size);
    if (fuzz::shows_canary(rest)) return 0;
    auto answer = oauth::read_token_answer(200, {}, fuzz::take_line(rest));
    if (!answer) return 0;
    grants::Issued issued;
    issued.account.name = "sales";
    issued.account.user = "sales@contoso.com";
    issued.account.application = model::ApplicationId::make();
    issued.asked = {"https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"};
    issued.issuer = "https://login.example.com";
    issued.identity = identity_in(rest);
    issued.now = Instant(1'795'348'800s);
    if (!answer->refresh_token.empty()) answer->refresh_token = Secret(std::string(fuzz::canary));
    issued.answer = *answer;
    for (bool const bound : {false, true}) {
        if (bound) issued.bound = model::Owner{"t", "o", "sales@contoso.com"};
        auto const candidate = grants::judge(issued);
        if (!candidate) {
            fuzz::require(fuzz::is_telling(candidate.error()));
            continue;
        }
        fuzz::require(!answer->refresh_token.empty() && candidate->life >= 10min);
        if (bound)
            fuzz::require(candidate->owner.tenant_id == "t" && candidate->owner.object_id == "o");
        else
            fuzz::require(equal_ignoring_case(candidate->owner.user_name, issued.account.user));
        fuzz::require(std::ranges::find(candidate->scopes, "offline_access") != candidate->scopes.end());
        must_keep(*candidate, *answer);
    }

    // The same token for the application itself.
    grants::IssuedToItself itself;
    itself.account = issued.account;
    itself.account.access = model::Access::application;
    itself.application.client_id = "client";
    itself.issuer = issued.issuer;
    itself.entra = size % 2 == 0;
    itself.asked = "https://outlook.office365.com/.default";
    itself.answer = *answer;
    itself.now = issued.now;
    auto const candidate = grants::judge(itself);
    if (candidate)
        must_keep(*candidate, *answer);
    else
        fuzz::require(fuzz::is_telling(candidate.error()));
    return 0;
}
