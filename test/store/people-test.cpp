// Users, their sight, and the digests that sign them in.
#include "store/people.hpp"

#include "both-stores.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"
#include "store/outbound.hpp"
#include "store/session.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class PeopleTest : public OnBothStores {
protected:
    House house = furnish();

    model::User add(std::string name, model::Role role, std::vector<model::DepartmentId> departments = {})
    {
        model::User user{model::UserId::make(), std::move(name), "hash", role, clock.now(), std::move(departments)};
        write([&](Connection& c) { add_user(c, user); });
        return user;
    }
    model::Department add_other_department()
    {
        model::Department other{model::DepartmentId::make(), "Accounting", clock.now()};
        write([&](Connection& c) { add_department(c, other); });
        return other;
    }
};

POSTROOM_ON_BOTH_STORES(PeopleTest);

TEST_P(PeopleTest, KnowsItsUsersAndTheirSessions)
{
    model::User const user{model::UserId::make(), "ada", "$argon2id$", model::Role::agent, clock.now()};
    write([&](Connection& c) {
        add_user(c, user);
        set_password_hash(c, user.id, "$argon2id$2");
        add_session(c, "digest", user.id, clock.now() + 1h);
        add_session(c, std::string_view("\0other", 6), user.id, clock.now() + 2h);
        EXPECT_EQ(user_named(c, "ADA")->password_hash, "$argon2id$2");
        EXPECT_EQ(session_user(c, "digest", clock.now())->id, user.id);
        EXPECT_EQ(session_user(c, std::string_view("\0other", 6), clock.now())->role, model::Role::agent);
        EXPECT_EQ(session_user(c, "Digest", clock.now()), std::nullopt);
        EXPECT_EQ(session_user(c, "digest", clock.now() + 1h), std::nullopt);
        end_session(c, "digest");
        EXPECT_EQ(session_user(c, "digest", clock.now()), std::nullopt);
    });
    EXPECT_EQ(trouble([&](Connection& c) {
                  add_user(c, {model::UserId::make(), "Ada", "", model::Role::agent, clock.now()});
              }),
              Trouble::conflict);
}

TEST_P(PeopleTest, KeepsWhoseAUserIs)
{
    auto const other = add_other_department();
    (void)add("anna", model::Role::agent, {house.department.id, other.id});
    (void)add("bert", model::Role::auditor);
    auto const all = read([](Connection& c) { return users(c); });
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].departments, (std::vector{other.id, house.department.id})) << "by name";
    EXPECT_TRUE(all[1].departments.empty());
    auto anna = read([](Connection& c) { return user_named(c, "ANNA"); }).value();
    EXPECT_EQ(anna.departments, all[0].departments);

    anna.role = model::Role::department_administrator;
    anna.departments = {other.id};
    write([&](Connection& c) { change_user(c, anna); });
    auto const changed = read([&](Connection& c) { return user(c, anna.id); }).value();
    EXPECT_EQ(changed.role, model::Role::department_administrator);
    EXPECT_EQ(changed.departments, std::vector{other.id});

    write([&](Connection& c) { remove_user(c, anna.id); });
    EXPECT_FALSE(read([&](Connection& c) { return user(c, anna.id); }));
    EXPECT_EQ(trouble([&](Connection& c) { remove_user(c, anna.id); }), Trouble::not_found);
}

TEST_P(PeopleTest, NarrowsListsToASight)
{
    auto const other = add_other_department();
    auto account = house.account;
    account.id = model::AccountId::make();
    account.name = "other";
    account.department = other.id;
    auto mailbox = house.mailbox;
    mailbox.id = model::MailboxId::make();
    mailbox.account = account.id;
    mailbox.department = other.id;
    mailbox.address = "other@contoso.com";
    write([&](Connection& c) {
        add_account(c, account);
        add_mailbox(c, mailbox);
        raise_alarm(c, "grant-refresh", "sales", "", clock.now());
        raise_alarm(c, "grant-refresh", "other", "", clock.now());
        raise_alarm(c, "disk", "of nobody", "", clock.now());
        raise_alarm(c, "after-actions", "SALES@contoso.com", "", clock.now());
        auto const body = add_body(c, "octets", 1);
        for (auto const& where : {house.mailbox.id, mailbox.id}) {
            model::Message message{.id = model::MessageId::make(), .mailbox = where};
            message.body = body;
            message.digest = message.fingerprint = digest_of(1);
            add_message(c, message);
            triage_failed(c, message.id, "no MIME");
        }
        model::Activity const activity{
            .id = model::ActivityId::make(), .case_id = house.a_case.id, .kind = model::ActivityKind::sent};
        add_activity(c, activity);
        enqueue(c, {.id = model::OutboundId::make(),
                    .activity = activity.id,
                    .mailbox = house.mailbox.id,
                    .account = house.account.id,
                    .body = body});
    });
    struct Counts {
        std::size_t departments, accounts, mailboxes, cases, alarms, exceptions, outbounds;
        bool operator==(Counts const&) const = default;
    };
    auto const seen = [&](model::Sight const& sight) {
        return read([&](Connection& c) {
            return Counts{store::departments(c, sight).size(),
                          store::accounts(c, sight).size(),
                          store::mailboxes(c, sight).size(),
                          store::cases(c, {.sight = sight}).size(),
                          store::alarms(c, sight).size(),
                          store::exceptions(c, 10, sight).size(),
                          store::outbounds(c, model::OutboundState::queued, 10, sight).size()};
        });
    };
    EXPECT_EQ(seen({}), (Counts{2, 2, 2, 1, 4, 2, 1}));
    EXPECT_EQ(seen({std::vector{house.department.id, other.id}}), (Counts{2, 2, 2, 1, 3, 2, 1}));
    EXPECT_EQ(seen({std::vector{house.department.id}}), (Counts{1, 1, 1, 1, 2, 1, 1}));
    EXPECT_EQ(seen({std::vector{other.id}}), (Counts{1, 1, 1, 0, 1, 1, 0}));
    EXPECT_EQ(seen({std::vector<model::DepartmentId>{}}), (Counts{0, 0, 0, 0, 0, 0, 0}));

    write([&](Connection& c) { remove_account(c, account.id); });
    EXPECT_EQ(read([&](Connection& c) { return department_of(c, mailbox.id); }), other.id) << "removed or not";
    EXPECT_EQ(seen({std::vector{other.id}}).exceptions, 1U);
}

TEST_P(PeopleTest, CountsWhoElseCouldAdminister)
{
    auto const anna = add("anna", model::Role::system_administrator);
    auto const others = [&] { return write([&](Connection& c) { return other_system_administrators(c, anna.id); }); };
    EXPECT_EQ(others(), 0);
    (void)add("carl", model::Role::auditor);
    EXPECT_EQ(others(), 0);
    auto const bert = add("bert", model::Role::system_administrator);
    EXPECT_EQ(others(), 1);
    write([&](Connection& c) { set_password_hash(c, bert.id, ""); });
    EXPECT_EQ(others(), 0) << "bert has no password yet";
}

TEST_P(PeopleTest, EndsAllSessionsOfAUserButOne)
{
    auto const anna = add("anna", model::Role::agent);
    auto const bert = add("bert", model::Role::agent);
    write([&](Connection& c) {
        for (auto const* const digest : {"a1", "a2", "a3"}) add_session(c, digest, anna.id, clock.now() + 1h);
        add_session(c, "b1", bert.id, clock.now() + 1h);
        EXPECT_EQ(end_sessions_of(c, anna.id, "a2"), 2);
    });
    auto const whose = [&](std::string_view digest) {
        auto const user = read([&](Connection& c) { return session_user(c, digest, clock.now()); });
        return user ? user->name : "";
    };
    EXPECT_EQ(whose("a1"), "");
    EXPECT_EQ(whose("a2"), "anna");
    EXPECT_EQ(whose("b1"), "bert");
    write([&](Connection& c) { EXPECT_EQ(end_sessions_of(c, anna.id), 1); });
    EXPECT_EQ(whose("a2"), "");
}

TEST_P(PeopleTest, LetsALinkBeUsedOnce)
{
    auto const anna = add("anna", model::Role::agent);
    auto const there = [&](std::string_view digest) {
        return read([&](Connection& c) { return link_with(c, digest, clock.now()); }).has_value();
    };
    write([&](Connection& c) { put_link(c, {anna.id, clock.now() + 24h}, "first"); });
    EXPECT_TRUE(there("first"));
    write([&](Connection& c) { put_link(c, {anna.id, clock.now() + 24h}, "second"); });
    EXPECT_FALSE(there("first")) << "replaced";
    EXPECT_TRUE(there("second"));
    EXPECT_EQ(read([&](Connection& c) { return links(c, clock.now()); }).size(), 1U);
    write([](Connection& c) {
        EXPECT_TRUE(use_link(c, "second"));
        EXPECT_FALSE(use_link(c, "second"));
    });
    EXPECT_FALSE(there("second"));

    write([&](Connection& c) { put_link(c, {anna.id, clock.now() + 24h}, "third"); });
    clock.advance(24h);
    EXPECT_FALSE(there("third")) << "its time is over";
    write([&](Connection& c) { remove_user(c, anna.id); });
    EXPECT_TRUE(read([&](Connection& c) { return links(c, clock.now()); }).empty());
}

TEST_P(PeopleTest, KeepsAccessTokensByTheirDigest)
{
    auto const anna = add("anna", model::Role::agent);
    auto const bert = add("bert", model::Role::agent);
    auto const id = model::AccessTokenId::make();
    write([&](Connection& c) {
        add_access_token(c,
                         {.id = id,
                          .user = anna.id,
                          .name = "nightly",
                          .scopes = {"cases:read", "self:read"},
                          .created = clock.now(),
                          .ends = clock.now() + 1h},
                         "digest");
        add_access_token(c, {.id = model::AccessTokenId::make(), .user = bert.id, .name = "n"}, "another");
    });
    EXPECT_EQ(trouble([&](Connection& c) {
                  add_access_token(c, {.id = model::AccessTokenId::make(), .user = bert.id, .name = "n"}, "digest");
              }),
              Trouble::conflict);
    auto const token = [&] { return read([](Connection& c) { return access_token_with(c, "digest"); }).value(); };
    EXPECT_EQ(token().id, id);
    EXPECT_EQ(token().scopes, (std::vector<std::string>{"cases:read", "self:read"}));
    EXPECT_EQ(token().last_used, std::nullopt);
    EXPECT_TRUE(token().holds(clock.now()));
    EXPECT_FALSE(token().holds(clock.now() + 1h));
    EXPECT_EQ(read([&](Connection& c) { return access_tokens(c, anna.id); }).size(), 1U);
    EXPECT_EQ(read([&](Connection& c) { return access_tokens(c, std::nullopt); }).size(), 2U);

    write([&](Connection& c) {
        note_use(c, id, clock.now());
        EXPECT_TRUE(revoke_access_token(c, id, clock.now()));
        EXPECT_FALSE(revoke_access_token(c, id, clock.now() + 1s));
    });
    EXPECT_EQ(token().last_used, clock.now());
    EXPECT_EQ(token().revoked, clock.now());
    EXPECT_FALSE(token().holds(clock.now()));
    write([&](Connection& c) { remove_user(c, anna.id); });
    EXPECT_FALSE(read([](Connection& c) { return access_token_with(c, "digest"); }));
}

}  // namespace
}  // namespace postroom::store
