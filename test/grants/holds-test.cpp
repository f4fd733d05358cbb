// Sign-ins that mail servers refuse, and how often they are tried again: by one worker, for all.
#include "grants/holds.hpp"

#include "grants/sign-in.hpp"
#include "house.hpp"
#include "mail-servers.hpp"

namespace postroom::grants {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto no = "NO [AUTHENTICATIONFAILED] Authentication failed.";

class HoldsTest : public HouseTest {
protected:
    HoldsTest()
    {
        auto const files = authority.issue("mail", "DNS:localhost");
        servers = std::make_unique<test::MailServers>(loop.get_executor(),
                                                      net::TlsContext::server(files.certificate, files.key).value());
        servers->rules.imap_capabilities = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR";
        roads = {.tokens = &workers,
                 .resolver = &resolver,
                 .tls = net::TlsContext::client({authority.file()}).value(),
                 .host_name = "here",
                 .clock = &clock,
                 .vault = ground.vault,
                 .store = store.get()};
    }
    void has_password()
    {
        account.access = model::Access::password;
        account.application.reset();
        account.password = ground.vault->seal(Secret("pass word"), place_of_password(account.id));
        put();
    }
    void put()
    {
        account.user = "sales@contoso.com";
        account.retrieval_server = {"localhost", servers->imap->port()};
        account.submission_server = {"localhost", servers->smtp->port()};
        write([&](store::Connection& c) { store::convert_account(c, account, clock.now()); });
    }
    model::Mailbox add_mailbox(std::string address, model::MailboxState state)
    {
        model::Mailbox mailbox{.id = model::MailboxId::make(),
                               .account = account.id,
                               .department = account.department,
                               .address = std::move(address)};
        mailbox.state = state;
        write([&](store::Connection& c) { store::add_mailbox(c, mailbox); });
        return mailbox;
    }
    /// What the retriever's sign-in comes to; empty where it is let in.
    std::string retrieve(std::optional<model::Mailbox> mailbox = {})
    {
        auto const signed_in = run(sign_in_imap(roads, stored_account(), std::move(mailbox)));
        return signed_in ? std::string() : signed_in.error().message;
    }
    std::string submit()
    {
        auto const signed_in = run(sign_in_smtp(roads, stored_account(), std::nullopt));
        return signed_in ? std::string() : signed_in.error().message;
    }
    std::vector<store::Alarm> alarms()
    {
        return read([](store::Connection& c) { return store::alarms(c); });
    }
    [[nodiscard]] std::size_t tries() const { return servers->imap_users.size(); }

    net::Resolver resolver{loop.get_executor()};
    Tokens workers{ground};
    std::unique_ptr<test::MailServers> servers;
    Roads roads{};
};

TEST_F(HoldsTest, APasswordThatIsRefusedIsTriedHourlySixTimesThenDaily)
{
    has_password();
    servers->rules.imap_refuses["sales@contoso.com"] = no;
    EXPECT_THAT(retrieve(), HasSubstr("AUTHENTICATIONFAILED"));
    EXPECT_EQ(tries(), 1U);
    EXPECT_EQ(stored_account().state, model::AccountState::needs_authorization);
    EXPECT_THAT(stored_account().state_reason, HasSubstr("AUTHENTICATIONFAILED"));
    ASSERT_THAT(alarms(), SizeIs(1));
    EXPECT_EQ(alarms()[0].subject, "sales");
    // Every mailbox and every server asks, every five minutes; the mail server is asked as often as it says here.
    EXPECT_THAT(retrieve(), HasSubstr("the next try is at"));
    std::vector<int> asked_in_hour;
    for (int hour = 0; hour < 9; ++hour) {
        auto const before = tries();
        for (int i = 0; i < 12; ++i) {
            clock.advance(5min);
            (void)retrieve();
            (void)retrieve();
        }
        asked_in_hour.push_back(static_cast<int>(tries() - before));
    }
    EXPECT_THAT(asked_in_hour, ElementsAre(1, 1, 1, 1, 1, 1, 0, 0, 0));
}

TEST_F(HoldsTest, AnotherPasswordIsTriedAtOnce)
{
    has_password();
    servers->rules.imap_refuses["sales@contoso.com"] = no;
    (void)retrieve();
    (void)retrieve();
    EXPECT_EQ(tries(), 1U);
    servers->rules.imap_refuses.clear();
    write([&](store::Connection& c) {
        store::set_account_password(c, account.id, ground.vault->seal(Secret("another"), place_of_password(account.id)),
                                    clock.now());
    });
    EXPECT_EQ(retrieve(), "");
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(HoldsTest, BeingLetInEndsIt)
{
    has_password();
    servers->rules.imap_refuses["sales@contoso.com"] = no;
    (void)retrieve();
    servers->rules.imap_refuses.clear();
    EXPECT_NE(retrieve(), "");
    clock.advance(1h + 1min);
    EXPECT_EQ(retrieve(), "");
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_THAT(alarms(), IsEmpty());
    EXPECT_EQ(retrieve(), "") << "and it is forgotten";
}

TEST_F(HoldsTest, WhatOneServerRefusesIsStillShownToTheOther)
{
    has_password();
    servers->rules.imap_refuses["sales@contoso.com"] = no;
    (void)retrieve();
    EXPECT_EQ(submit(), "");
    EXPECT_EQ(stored_account().state, model::AccountState::needs_authorization) << "it is not all well yet";
    EXPECT_THAT(alarms(), SizeIs(1));
}

TEST_F(HoldsTest, TroubleThatPassesHoldsNothing)
{
    has_password();
    servers->rules.imap_refuses["sales@contoso.com"] = "NO [UNAVAILABLE] Temporary authentication failure.";
    (void)retrieve();
    (void)retrieve();
    EXPECT_EQ(tries(), 2U);
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(HoldsTest, ATokenIsReplacedOnceAndThenTheAccountNeedsAuthorization)
{
    claims["preferred_username"] = "sales@contoso.com";
    put();
    ASSERT_TRUE(sign_in().accepted);
    auto const mailbox = add_mailbox("sales@contoso.com", model::MailboxState::connecting);
    servers->rules.imap_refuses["sales@contoso.com"] = "NO AUTHENTICATE failed.";
    auto const calls_before = calls.size();
    EXPECT_THAT(retrieve(mailbox), HasSubstr("AUTHENTICATE failed."));
    EXPECT_EQ(tries(), 2U) << "with the token, and with a fresh one";
    EXPECT_EQ(calls.size(), calls_before + 1);
    EXPECT_EQ(stored_account().state, model::AccountState::needs_authorization);
    EXPECT_THAT(alarms(), SizeIs(1));
    EXPECT_TRUE(grant().has_value()) << "it is kept";
    EXPECT_TRUE(read([&](store::Connection& c) { return store::may_be_tried(c, stored_account()); }));
    servers->rules.imap_refuses.clear();
    EXPECT_EQ(retrieve(mailbox), "") << "nothing holds a token back";
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(HoldsTest, ATokenThatOpensAnotherMailboxIsNotTheAccountsTrouble)
{
    account.kind = model::AccountKind::shared;
    put();
    ASSERT_TRUE(sign_in().accepted);
    (void)add_mailbox("orders@contoso.com", model::MailboxState::idle);
    auto const mailbox = add_mailbox("typo@contoso.com", model::MailboxState::connecting);
    servers->rules.imap_refuses["typo@contoso.com"] = "NO AUTHENTICATE failed.";
    EXPECT_THAT(retrieve(mailbox), HasSubstr("AUTHENTICATE failed."));
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(HoldsTest, ARenewalDoesNotEndWhatAMailServerRefuses)
{
    put();
    ASSERT_TRUE(sign_in().accepted);
    auto const mailbox = add_mailbox("sales@contoso.com", model::MailboxState::connecting);
    servers->rules.imap_refuses["sales@contoso.com"] = "NO AUTHENTICATE failed.";
    (void)retrieve(mailbox);
    clock.advance(58min);
    EXPECT_TRUE(run(workers.access(account.id)).has_value());
    EXPECT_EQ(stored_account().state, model::AccountState::needs_authorization);
    EXPECT_THAT(alarms(), SizeIs(1));
}

}  // namespace
}  // namespace postroom::grants
