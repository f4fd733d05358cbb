#include "grants/candidate.hpp"

#include "grants/places.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

namespace postroom::grants {

namespace json = boost::json;

namespace {

json::array texts(std::vector<std::string> const& list)
{
    return json::array(list.begin(), list.end());
}

std::int64_t milliseconds(Instant at)
{
    return at.time_since_epoch().count();
}

}  // namespace

void put_candidate(model::Authorization& authorization, Ground const& ground, Candidate const& candidate,
                   oauth::TokenAnswer const& answer)
{
    auto const& owner = candidate.owner;
    authorization.candidate = json::serialize(json::object{{"tenant_id", owner.tenant_id},
                                                           {"object_id", owner.object_id},
                                                           {"user_name", owner.user_name},
                                                           {"scopes", texts(candidate.scopes)},
                                                           {"life", candidate.life.count()},
                                                           {"notes", texts(candidate.notes)},
                                                           {"issued", milliseconds(candidate.issued)},
                                                           {"application", to_string(candidate.application)},
                                                           {"access", std::string(to_string(candidate.access))}});
    authorization.candidate_access_token =
        ground.vault->seal(answer.access_token, place_of_candidate_access_token(authorization.id));
    // An application gets a new token as it got this one.
    authorization.candidate_refresh_token = {};
    if (candidate.access == model::Access::delegated && !answer.refresh_token.empty())
        authorization.candidate_refresh_token =
            ground.vault->seal(answer.refresh_token, place_of_candidate_refresh_token(authorization.id));
}

Result<Candidate> candidate_of(model::Authorization const& authorization)
{
    try {
        auto const object = json::parse(authorization.candidate).as_object();
        auto const text = [&](char const* name) { return json::value_to<std::string>(object.at(name)); };
        auto const list = [&](char const* name) { return json::value_to<std::vector<std::string>>(object.at(name)); };
        auto const application = parse_uuid(text("application"));
        auto const access = model::parse_access(text("access"));
        if (!application) return std::unexpected(application.error());
        if (!access) return std::unexpected(access.error());
        return Candidate{.owner = {text("tenant_id"), text("object_id"), text("user_name")},
                         .scopes = list("scopes"),
                         .life = Duration(object.at("life").as_int64()),
                         .notes = list("notes"),
                         .issued = Instant(Duration(object.at("issued").as_int64())),
                         .application = {*application},
                         .access = *access};
    } catch (std::exception const&) {  // ours, and never so
        return failure(Trouble::internal, "what the provider issued for the authorization is not there (any more)");
    }
}

Result<AccessToken> candidate_token(Ground const& ground, model::Authorization const& authorization)
{
    auto const candidate = candidate_of(authorization);
    if (!candidate) return std::unexpected(candidate.error());
    auto token =
        ground.vault->unseal(authorization.candidate_access_token, place_of_candidate_access_token(authorization.id));
    if (!token) return std::unexpected(token.error());
    return AccessToken{std::move(*token), candidate->issued + candidate->life, candidate->owner.user_name};
}

Result<model::Grant> grant_from(Ground const& ground, model::Authorization const& authorization, Instant accepted)
{
    auto const candidate = candidate_of(authorization);
    if (!candidate) return std::unexpected(candidate.error());
    auto const access =
        ground.vault->unseal(authorization.candidate_access_token, place_of_candidate_access_token(authorization.id));
    if (!access) return std::unexpected(access.error());
    model::Grant grant;
    grant.account = authorization.account;
    grant.owner = candidate->owner;
    grant.scopes = candidate->scopes;
    grant.access_token = ground.vault->seal(*access, place_of_access_token(grant.account));
    if (!authorization.candidate_refresh_token.bytes.empty()) {
        auto const refresh = ground.vault->unseal(authorization.candidate_refresh_token,
                                                  place_of_candidate_refresh_token(authorization.id));
        if (!refresh) return std::unexpected(refresh.error());
        grant.refresh_token = ground.vault->seal(*refresh, place_of_refresh_token(grant.account));
    }
    grant.accepted = accepted;
    grant.renewed = candidate->issued;
    grant.access_token_life = candidate->life;
    grant.access_token_ends = candidate->issued + candidate->life;
    return grant;
}

}  // namespace postroom::grants
