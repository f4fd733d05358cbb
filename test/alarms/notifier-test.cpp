// Every condition is made true over both stores, by a clock that the test moves: people are told once that it begins,
// are reminded, and told that it has ended.
//
// Mutations of the program under which it was seen to fail:
//  - alarms/course.cpp, step() does not set `over`: nothing ends.
//  - alarms/conditions.cpp, servers() looks at a pulse's `begun`: no worker has stopped.
#include "alarms/notifier.hpp"

#include "alarms/pulse.hpp"
#include "grants/credential-ends.hpp"
#include "store/alarms.hpp"
#include "store/figures.hpp"
#include "store/grants.hpp"
#include "store/settings.hpp"
#include "store/webhooks.hpp"
#include "support/loop.hpp"

#include "../store/both-stores.hpp"

#include <gmock/gmock.h>

namespace postroom::alarms {
namespace {

using namespace std::chrono_literals;
using store::Connection;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NotifierTest : public store::OnBothStores {
protected:
    NotifierTest()
    {
        clock.advance(24h * 365);
        write([&](Connection& c) {
            store::set_account_state(c, house.account.id, model::AccountState::ready, "", clock.now());
            c.execute("UPDATE mailbox SET created = ?", clock.now());
            store::set_setting(c, "alarm-recipients", "ann@contoso.com, bob@contoso.com");
        });
        retrieved();
        live();
    }

    // As a retriever and a server that work leave it.
    void retrieved()
    {
        write([&](Connection& c) {
            store::set_mailbox_status(
                c, house.mailbox.id,
                {.state = model::MailboxState::idle, .reason = "", .next_try = {}, .success = true}, clock.now());
        });
    }
    void live(std::int64_t free = 900)
    {
        write([&](Connection& c) {
            for (auto const* part : {"services", "application"})
                store::note_pulse(c, {.server = "one", .part = part, .disk_size = 1000, .disk_free = free});
        });
    }

    void look() { test::run(loop, notifier.look()); }
    // Lets time pass in which everything works that is not said to be broken.
    void pass(Duration time, std::set<std::string> const& broken = {})
    {
        clock.advance(time);
        if (!broken.contains("retriever")) retrieved();
        if (!broken.contains("servers")) live(broken.contains("disk") ? 50 : 900);
        look();
    }
    /// What people were told of a cause, oldest first.
    std::vector<std::string> told(std::string_view cause)
    {
        return read([&](Connection& c) {
            std::vector<std::string> all;
            auto found = store::notifications(c, 1000);
            std::ranges::reverse(found);
            for (auto const& each : found)
                if (each.words.find("Cause: " + std::string(cause)) != std::string::npos)
                    all.emplace_back(to_string(each.what));
            return all;
        });
    }
    std::vector<model::AlarmCall> calls()
    {
        return read([](Connection& c) { return store::calls(c); });
    }

    // From nothing to begins, one reminder and the end, and nothing more often than that.
    void course(std::string const& cause, std::set<std::string> const& broken, Duration until_it_holds,
                std::function<void(Connection&)> const& make, std::function<void(Connection&)> const& mend)
    {
        SCOPED_TRACE(cause);
        look();
        ASSERT_THAT(told(cause), IsEmpty());
        write(make);
        pass(until_it_holds, broken);
        pass(20min, broken);
        pass(20min, broken);
        EXPECT_THAT(told(cause), ElementsAre("begins"));
        ASSERT_THAT(calls(), Contains(testing::Field(&model::AlarmCall::cause, cause)));
        pass(4h, broken);
        pass(1min, broken);
        EXPECT_THAT(told(cause), ElementsAre("begins", "reminds"));
        write(mend);
        pass(1s);
        pass(20min);
        pass(20min);
        EXPECT_THAT(told(cause), ElementsAre("begins", "reminds", "ends"));
        EXPECT_THAT(calls(), testing::Not(Contains(testing::Field(&model::AlarmCall::cause, cause))));
    }
    static void nothing(Connection&) {}
    /// Their addresses.
    std::vector<std::string> add_mailboxes(int count)
    {
        std::vector<std::string> all;
        write([&](Connection& c) {
            for (int i = 0; i < count; ++i) {
                auto mailbox = house.mailbox;
                mailbox.id = model::MailboxId::make();
                mailbox.address = all.emplace_back(fmt::format("box{}@contoso.com", i));
                mailbox.created = clock.now();
                store::add_mailbox(c, mailbox);
            }
        });
        return all;
    }

    model::OutboundId add_mail(Connection& c, model::OutboundState state, std::uint64_t digest)
    {
        model::Activity const activity{
            .id = model::ActivityId::make(), .case_id = house.a_case.id, .kind = model::ActivityKind::sent};
        store::add_activity(c, activity);
        model::Outbound const mail{.id = model::OutboundId::make(),
                                   .activity = activity.id,
                                   .mailbox = house.mailbox.id,
                                   .account = house.account.id,
                                   .body = add_body(c, "octets", digest),
                                   .recipients = {"customer@example.com"},
                                   .next_try = clock.now(),
                                   .created = clock.now(),
                                   .updated = clock.now()};
        store::enqueue(c, mail);
        c.execute("UPDATE outbound SET state = ?, updated = ? WHERE id = ?", to_string(state), clock.now(), mail.id);
        if (state == model::OutboundState::in_doubt)
            c.execute("UPDATE outbound SET next_try = NULL WHERE id = ?", mail.id);
        return mail.id;
    }

    House house = furnish();
    Notifier notifier{{store.get(), {}, loop.get_executor(), "one", &clock}};
};

POSTROOM_ON_BOTH_STORES(NotifierTest);

TEST_P(NotifierTest, AnAccountThatNeedsAuthorization)
{
    course(
        "grant-refresh", {"retriever"}, 1s,
        [&](Connection& c) {
            store::set_account_state(c, house.account.id, model::AccountState::needs_authorization,
                                     "AADSTS50173: The provided grant has expired", clock.now());
        },
        [&](Connection& c) {
            store::set_account_state(c, house.account.id, model::AccountState::ready, "", clock.now());
        });
    EXPECT_THAT(told("mailbox-not-retrieved"), IsEmpty()) << "its mailboxes' trouble is the account's";
}

TEST_P(NotifierTest, RenewalsThatGetNoAnswer)
{
    model::Grant grant;
    grant.account = house.account.id;
    write([&](Connection& c) { store::accept_grant(c, grant); });
    course(
        "refresh-failing", {}, 1s,
        [&](Connection& c) {
            c.execute("UPDATE account_grant SET failures = 3, trouble = 'no route' WHERE account = ?",
                      house.account.id);
        },
        [&](Connection& c) {
            c.execute("UPDATE account_grant SET failures = 0, trouble = '' WHERE account = ?", house.account.id);
        });
}

TEST_P(NotifierTest, ACredentialThatRunsOut)
{
    model::Credential credential{.id = model::CredentialId::make()};
    credential.application = house.application.id;
    credential.ends = clock.now() + 24h * 20;
    course(
        "credential-ends", {}, 1s,
        [&](Connection& c) {
            store::add_credential(c, credential);
            grants::note_credential_ends(c, clock.now());
        },
        [&](Connection& c) {
            store::remove_credential(c, credential.id);
            grants::note_credential_ends(c, clock.now());
        });
}

TEST_P(NotifierTest, AMailboxThatIsTriedAndNotRetrieved)
{
    auto const failing = [&] {
        write([&](Connection& c) {
            store::set_mailbox_status(c, house.mailbox.id,
                                      {.state = model::MailboxState::backing_off,
                                       .reason = "the connection was refused",
                                       .next_try = clock.now() + 1min},
                                      clock.now());
        });
    };
    for (int i = 0; i < 5; ++i) {
        clock.advance(5min);
        failing();
        live();
        look();
    }
    EXPECT_THAT(told("mailbox-not-retrieved"), ElementsAre("begins"));
    EXPECT_THAT(told("mailbox-not-tried"), IsEmpty());
    for (int i = 0; i < 25; ++i) {
        clock.advance(10min);
        failing();
        live();
        look();
    }
    EXPECT_THAT(told("mailbox-not-retrieved"), ElementsAre("begins", "reminds"));
    pass(1s);
    pass(1min);
    EXPECT_THAT(told("mailbox-not-retrieved"), ElementsAre("begins", "reminds", "ends"));
}

TEST_P(NotifierTest, AMailboxThatNobodyTries)
{
    course("mailbox-not-tried", {"retriever"}, 16min, nothing, nothing);
    EXPECT_THAT(told("mailbox-not-retrieved"), IsEmpty()) << "one cause, one alarm";
}

TEST_P(NotifierTest, AMailboxThatIsStopped)
{
    course(
        "mailbox-stopped", {"retriever"}, 1s,
        [&](Connection& c) {
            store::set_mailbox_status(c, house.mailbox.id,
                                      {.state = model::MailboxState::stopped, .reason = "501 unexpected mails"},
                                      clock.now());
        },
        nothing);
}

TEST_P(NotifierTest, AQueueThatWaits)
{
    course(
        "queue-waits", {}, 16min, [&](Connection& c) { add_mail(c, model::OutboundState::queued, 1); },
        [&](Connection& c) { c.execute("UPDATE outbound SET state = 'sent'"); });
}

TEST_P(NotifierTest, AMailThatIsToBeSentTomorrowDoesNotWait)
{
    write([&](Connection& c) {
        auto const id = add_mail(c, model::OutboundState::queued, 1);
        c.execute("UPDATE outbound SET next_try = ? WHERE id = ?", clock.now() + 24h, id);
    });
    for (int i = 0; i < 24; ++i) pass(1h);
    EXPECT_THAT(told("queue-waits"), IsEmpty());
    pass(16min);
    pass(1min);
    EXPECT_THAT(told("queue-waits"), ElementsAre("begins"));
}

TEST_P(NotifierTest, MailsThatAreRefused)
{
    write([&](Connection& c) { store::set_setting(c, "alarm-mails-refused", "2"); });
    course(
        "mails-refused", {}, 1s,
        [&](Connection& c) {
            for (std::uint64_t i = 1; i < 4; ++i) add_mail(c, model::OutboundState::failed, i);
            c.execute("UPDATE outbound SET updated = ?", clock.now() + 5h);
        },
        [&](Connection& c) { c.execute("UPDATE outbound SET updated = ?", clock.now() - 2h); });
}

TEST_P(NotifierTest, MailsInDoubt)
{
    course(
        "mails-in-doubt", {}, 1s, [&](Connection& c) { add_mail(c, model::OutboundState::in_doubt, 1); },
        [&](Connection& c) { c.execute("UPDATE outbound SET state = 'sent'"); });
}

TEST_P(NotifierTest, ALongExceptionQueue)
{
    write([&](Connection& c) { store::set_setting(c, "alarm-exceptions", "0"); });
    course(
        "exceptions", {}, 1s,
        [&](Connection& c) {
            model::Message message{.id = model::MessageId::make(), .mailbox = house.mailbox.id};
            message.body = add_body(c, "octets", 1);
            message.digest = message.fingerprint = digest_of(1);
            store::add_message(c, message);
            store::triage_failed(c, message.id, "no MIME");
        },
        [&](Connection& c) { c.execute("UPDATE message SET triage = 'done'"); });
}

TEST_P(NotifierTest, ADiskThatFillsUp)
{
    course("disk-filling", {"disk"}, 1s, nothing, nothing);
}

TEST_P(NotifierTest, EveryServicesServerDeadForTwoHours)
{
    look();
    auto const only_this_one = [&] {
        write([&](Connection& c) { store::note_pulse(c, {.server = "one", .part = "application"}); });
        look();
    };
    for (int i = 0; i < 24; ++i) {
        clock.advance(5min);
        only_this_one();
    }
    EXPECT_THAT(told("worker-stopped"), ElementsAre("begins"));
    EXPECT_THAT(told("mailbox-not-tried"), ElementsAre("begins"));
    auto const call = calls().front();
    EXPECT_EQ(call.cause, "worker-stopped");
    EXPECT_THAT(call.subjects, ElementsAre("one (services)", "services"));
    clock.advance(3h);
    only_this_one();
    EXPECT_THAT(told("worker-stopped"), ElementsAre("begins", "reminds"));
    pass(1s);
    pass(1min);
    EXPECT_THAT(told("worker-stopped"), ElementsAre("begins", "reminds", "ends"));
    EXPECT_THAT(told("mailbox-not-tried"), ElementsAre("begins", "reminds", "ends"));
}

TEST_P(NotifierTest, TheLastServicesServerIsMissedAlsoWhenItStoppedInOrder)
{
    write([&](Connection& c) { store::note_stopped(c, "one", "services"); });
    for (int i = 0; i < 3; ++i) {
        clock.advance(1min);
        write([&](Connection& c) { store::note_pulse(c, {.server = "one", .part = "application"}); });
        look();
    }
    ASSERT_THAT(told("worker-stopped"), ElementsAre("begins"));
    EXPECT_THAT(calls().front().subjects, ElementsAre("services"));
    // Another that took its place is enough.
    for (int i = 0; i < 2; ++i) {
        write([&](Connection& c) { store::note_pulse(c, {.server = "two", .part = "services"}); });
        look();
        clock.advance(1min);
    }
    EXPECT_THAT(told("worker-stopped"), ElementsAre("begins", "ends"));
}

TEST_P(NotifierTest, TriageThatDoesNothing)
{
    course(
        "worker-stopped", {}, 6min,
        [&](Connection& c) {
            model::Message message{.id = model::MessageId::make(), .mailbox = house.mailbox.id};
            message.body = add_body(c, "octets", 1);
            message.digest = message.fingerprint = digest_of(1);
            message.filed = clock.now();
            store::add_message(c, message);
        },
        [&](Connection& c) { c.execute("UPDATE message SET triage = 'done'"); });
}

// Those that workers raise: of an account, a mailbox, a check.
TEST_P(NotifierTest, WhatWorkersRaise)
{
    for (std::string const cause : {"dispatch-refused", "after-actions", "check-failed", "sign-in"})
        course(
            cause, {}, 1s,
            [&](Connection& c) {
                if (cause == "sign-in")
                    store::set_account_state(c, house.account.id, model::AccountState::needs_authorization, "no",
                                             clock.now());
                store::raise_alarm(c, cause, "sales", "535 5.7.3 Authentication unsuccessful", clock.now());
            },
            [&](Connection& c) {
                store::set_account_state(c, house.account.id, model::AccountState::ready, "", clock.now());
                if (cause != "sign-in") (void)store::end_alarm(c, cause, "sales", clock.now());
            });
}

TEST_P(NotifierTest, OneAlarmACauseHoweverManyMailboxesItHits)
{
    add_mailboxes(1'000);
    clock.advance(16min);
    live();
    look();
    clock.advance(1min);
    live();
    auto const began = std::chrono::steady_clock::now();
    look();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    ASSERT_THAT(told("mailbox-not-tried"), ElementsAre("begins"));
    auto const all = calls();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].amount, 1'001);
    EXPECT_EQ(all[0].subject_count, 1'001);
    EXPECT_EQ(all[0].subjects.size(), 100U);
    auto const mail = read([](Connection& c) { return store::notifications(c, 1); }).front();
    EXPECT_THAT(mail.subject, HasSubstr("1001 mailboxes"));
    EXPECT_THAT(mail.words, HasSubstr("and 971 more"));
    EXPECT_LT(mail.words.size(), 10'000U);
    EXPECT_THAT(mail.recipients, ElementsAre("ann@contoso.com", "bob@contoso.com"));
}

// One cause: each mailbox fails by words of its own, at a moment of its own, and some come back meanwhile.
TEST_P(NotifierTest, AStormIsToldOfAFewTimesAndEndsOnce)
{
    auto const mailboxes = add_mailboxes(200);
    auto const fail = [&](std::size_t first, std::size_t last) {
        write([&](Connection& c) {
            for (auto i = first; i < last; ++i)
                store::raise_alarm(c, "after-actions", mailboxes[i], fmt::format("mailbox {}: server away", i),
                                   clock.now());
        });
    };
    for (std::size_t i = 0; i < 20; ++i) {
        fail(10 * i, 10 * i + 10);
        pass(1min);
    }
    auto const begun = told("after-actions");
    ASSERT_FALSE(begun.empty());
    EXPECT_EQ(begun.front(), "begins");
    EXPECT_LE(begun.size(), 3U) << "it spreads by half at most from the first mail on";
    EXPECT_EQ(std::ranges::count(begun, "begins"), 1);
    for (int i = 0; i < 20; ++i) {
        write([&](Connection& c) { (void)store::end_alarm(c, "after-actions", mailboxes[0], clock.now()); });
        pass(10s);
        fail(0, 1);
        pass(10s);
    }
    EXPECT_EQ(told("after-actions"), begun) << "one that flaps is no news";
    write([&](Connection& c) {
        for (auto const& each : mailboxes) (void)store::end_alarm(c, "after-actions", each, clock.now());
    });
    pass(1s);
    pass(20min);
    auto after = begun;
    after.emplace_back("ends");
    EXPECT_EQ(told("after-actions"), after);
}

// A machine that was asleep, or whose clock was put right.
TEST_P(NotifierTest, AClockThatJumpsAheadStopsNobody)
{
    look();
    clock.advance(2h);
    look();
    EXPECT_FALSE(calls().empty()) << "the console has it at once";
    clock.advance(20s);
    retrieved();
    live();
    look();
    pass(1min);
    pass(5min);
    EXPECT_TRUE(read([](Connection& c) { return store::notifications(c, 10); }).empty());
}

TEST_P(NotifierTest, AClockThatIsSetBackDelaysNothing)
{
    auto const stop = [&](Connection& c) {
        store::set_mailbox_status(c, house.mailbox.id, {.state = model::MailboxState::stopped, .reason = "x"},
                                  clock.now());
    };
    write(stop);
    look();
    clock.advance(-24h);
    live();
    look();
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins"));
    // What waits for its next try, which was due at another time.
    write([&](Connection& c) {
        c.execute("UPDATE alarm_notification SET next_try = ?", clock.now() + 23h);
        EXPECT_EQ(store::due_notifications(c, clock.now(), 1h, 10).size(), 1U);
        c.execute("UPDATE alarm_notification SET next_try = ?", clock.now() + 30min);
        EXPECT_TRUE(store::due_notifications(c, clock.now(), 1h, 10).empty());
    });
}

TEST_P(NotifierTest, WhoAcknowledgedIsNotRemindedAndWhoSilencedIsToldNothing)
{
    auto const stop = [&](Connection& c) {
        store::set_mailbox_status(c, house.mailbox.id, {.state = model::MailboxState::stopped, .reason = "x"},
                                  clock.now());
    };
    write(stop);
    pass(1s, {"retriever"});
    pass(2min, {"retriever"});
    auto call = calls().front();
    call.acknowledged = clock.now();
    call.acknowledged_by = "ann";
    write([&](Connection& c) { store::set_call(c, call); });
    pass(5h, {"retriever"});
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins"));
    EXPECT_EQ(calls().front().acknowledged_by, "ann");
    pass(1s);
    pass(2min);
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins", "ends"));

    write(stop);
    pass(1s, {"retriever"});
    call = calls().front();
    call.silenced_until = clock.now() + 1h;
    write([&](Connection& c) { store::set_call(c, call); });
    pass(30min, {"retriever"});
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins", "ends"));
    pass(31min, {"retriever"});
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins", "ends", "begins"));
}

TEST_P(NotifierTest, AcknowledgedAndSilencedOutliveTheServer)
{
    write([&](Connection& c) {
        store::set_setting(c, "alarm-check-failed", "on");
        store::set_setting(c, "alarm-after-actions", "on");
        for (auto const* cause : {"check-failed", "after-actions"})
            store::raise_alarm(c, cause, "sales", "no", clock.now());
    });
    look();
    for (auto call : calls()) {
        if (call.cause == "check-failed")
            call.acknowledged = clock.now();
        else
            call.silenced_until = clock.now() + 8h;
        write([&](Connection& c) { store::set_call(c, call); });
    }
    Notifier after{{store.get(), {}, loop.get_executor(), "one", &clock}};
    for (int i = 0; i < 7; ++i) {
        clock.advance(1h);
        retrieved();
        live();
        test::run(loop, after.look());
    }
    EXPECT_THAT(told("check-failed"), ElementsAre("begins"));
    EXPECT_THAT(told("after-actions"), ElementsAre("begins"));
    clock.advance(2h);
    live();
    test::run(loop, after.look());
    EXPECT_THAT(told("check-failed"), ElementsAre("begins"));
    EXPECT_THAT(told("after-actions"), ElementsAre("begins", "reminds"));
}

TEST_P(NotifierTest, OnlyOneOfSeveralServersCalls)
{
    Notifier other{{store.get(), {}, loop.get_executor(), "two", &clock}};
    write([&](Connection& c) {
        store::set_mailbox_status(c, house.mailbox.id, {.state = model::MailboxState::stopped, .reason = "x"},
                                  clock.now());
        store::set_setting(c, "alarm-mailbox-stopped", "on");
    });
    look();
    test::run(loop, other.look());
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins"));
    // The first one dies; the other takes over where it was.
    pass(31s, {"servers", "retriever"});
    clock.advance(31s);
    test::run(loop, other.look());
    retrieved();
    test::run(loop, other.look());
    EXPECT_THAT(told("mailbox-stopped"), ElementsAre("begins", "ends"));
}

TEST_P(NotifierTest, TellsWebhooksAndKeepsWhatNobodyIsWrittenFor)
{
    model::Webhook hook{.id = model::WebhookId::make()};
    hook.name = "tickets";
    hook.url = "https://tickets.contoso.com/in";
    hook.events = {"alarm-begins", "alarm-ends"};
    hook.secret = {"sealed"};
    hook.created = clock.now();
    write([&](Connection& c) {
        store::add_webhook(c, hook);
        store::set_setting(c, "alarm-recipients", "");
        store::set_setting(c, "alarm-mailbox-stopped", "on");
        store::set_mailbox_status(c, house.mailbox.id, {.state = model::MailboxState::stopped, .reason = "x"},
                                  clock.now());
    });
    look();
    auto const told = read([](Connection& c) { return store::notifications(c, 10); });
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].state, model::NotificationState::logged);
    auto const deliveries = read([&](Connection& c) { return store::deliveries(c, hook.id, 10); });
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(deliveries[0].event, "alarm-begins");
    EXPECT_THAT(deliveries[0].payload, HasSubstr(R"("cause":"mailbox-stopped")"));
}

TEST_P(NotifierTest, WhatIsSwitchedOffIsNoAlarm)
{
    write([&](Connection& c) {
        for (auto const& kind : model::alarm_kinds()) store::set_setting(c, fmt::format("alarm-{}", kind.cause), "off");
        add_mail(c, model::OutboundState::in_doubt, 1);
        store::raise_alarm(c, "check-failed", "sales", "x", clock.now());
    });
    for (int i = 0; i < 3; ++i) pass(3h, {"retriever", "servers"});
    EXPECT_TRUE(read([](Connection& c) { return store::notifications(c, 10); }).empty());
}

}  // namespace
}  // namespace postroom::alarms
