// What webhooks are told of changes, over both stores: once each, whoever reads them again, and nothing of before they
// were there.
//
// Mutation of the program under which it was seen to fail: webhooks/happenings.cpp does not set how far it read.
#include "webhooks/happenings.hpp"

#include "store/changes.hpp"
#include "store/webhooks.hpp"
#include "webhooks/webhooks.hpp"

#include "../store/both-stores.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>

namespace postroom::webhooks {
namespace {

using namespace std::chrono_literals;
using store::Connection;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class HappeningsTest : public store::OnBothStores {
protected:
    // Ids bear this machine's time, and the store's clock must be near it.
    HappeningsTest() { clock.advance(system_clock().now() - clock.now()); }

    model::Webhook add(std::string name, std::vector<std::string> events)
    {
        model::Webhook hook{.id = model::WebhookId::make()};
        hook.name = std::move(name);
        hook.url = "https://tickets.contoso.com/in";
        hook.events = std::move(events);
        hook.secret = {"sealed"};
        clock.advance(1s);
        hook.created = clock.now();
        write([&](Connection& c) { store::add_webhook(c, hook); });
        clock.advance(1s);
        return hook;
    }
    void take_in()
    {
        while (write([](Connection& c) { return take_in_changes(c); })) {
        }
    }
    std::vector<std::string> told(model::Webhook const& hook)
    {
        std::vector<std::string> all;
        for (auto const& each : read([&](Connection& c) { return store::deliveries(c, hook.id, 100); }))
            all.push_back(each.event);
        return all;
    }
    model::Activity receive(model::Case const& a_case, std::uint64_t digest)
    {
        model::Message message{.id = model::MessageId::make(), .mailbox = house.mailbox.id};
        model::Activity activity{.id = model::ActivityId::make(), .case_id = a_case.id};
        write([&](Connection& c) {
            message.body = add_body(c, "octets", digest);
            message.digest = message.fingerprint = digest_of(digest);
            message.filed = clock.now();
            store::add_message(c, message);
            activity.message = message.id;
            activity.from = "Ann <ann@example.com>";
            activity.subject = "Where is it?";
            activity.message_id = "1@example.com";
            store::add_activity(c, activity);
        });
        return activity;
    }
    House house = furnish();
};

POSTROOM_ON_BOTH_STORES(HappeningsTest);

TEST_P(HappeningsTest, TellsOfMailAndCasesOnce)
{
    receive(house.a_case, 1);
    auto const hook = add("tickets", {"mail-filed", "case-opened"});
    auto const other = add("crm", {"reply-sent"});
    take_in();
    EXPECT_THAT(told(hook), IsEmpty()) << "what was before it is nobody's to be told";

    auto next = house.a_case;
    next.id = model::CaseId::make();
    next.subject = "Where is it?";
    next.customer = "ann@example.com";
    next.created = clock.now();
    write([&](Connection& c) { next.number = store::add_case(c, next); });
    receive(next, 2);
    take_in();
    take_in();
    EXPECT_THAT(told(hook), UnorderedElementsAre("mail-filed", "case-opened"));
    EXPECT_THAT(told(other), IsEmpty());
    receive(next, 3);
    // Whoever reads again tells nothing twice.
    write([](Connection& c) { store::set_read_until(c, 0); });
    take_in();
    EXPECT_THAT(told(hook), UnorderedElementsAre("mail-filed", "mail-filed", "case-opened"));
    auto const deliveries = read([&](Connection& c) { return store::deliveries(c, hook.id, 100); });
    for (auto const& each : deliveries) {
        auto const payload = boost::json::parse(each.payload).as_object();
        EXPECT_EQ(payload.at("id").as_string(), to_string(each.id));
        EXPECT_EQ(payload.at("data").at("case").as_int64(), next.number);
        EXPECT_EQ(payload.at("data").at("department").as_string(), "Sales");
    }
}

TEST_P(HappeningsTest, TellsHowRepliesEnded)
{
    auto const hook = add("crm", {"reply-sent", "reply-failed"});
    model::Activity const activity{
        .id = model::ActivityId::make(), .case_id = house.a_case.id, .kind = model::ActivityKind::sent};
    model::Outbound mail{.id = model::OutboundId::make(),
                         .activity = activity.id,
                         .mailbox = house.mailbox.id,
                         .account = house.account.id};
    mail.recipients = {"customer@example.com"};
    auto const ends_as = [&](model::OutboundState state, int attempt) {
        write([&](Connection& c) {
            c.execute("UPDATE outbound SET state = ?, attempt = ?, updated = ? WHERE id = ?", to_string(state), attempt,
                      clock.now(), mail.id);
            store::outbound_changed(c, mail.id);
        });
        take_in();
    };
    write([&](Connection& c) {
        mail.body = add_body(c, "octets", 1);
        store::add_activity(c, activity);
        store::enqueue(c, mail);
    });
    take_in();
    EXPECT_THAT(told(hook), IsEmpty());
    ends_as(model::OutboundState::failed, 1);
    ends_as(model::OutboundState::failed, 1);
    EXPECT_THAT(told(hook), ElementsAre("reply-failed"));
    ends_as(model::OutboundState::failed, 2);
    EXPECT_THAT(told(hook), ElementsAre("reply-failed", "reply-failed"));
    clock.advance(1s);
    ends_as(model::OutboundState::sent, 3);
    ends_as(model::OutboundState::sent, 3);
    EXPECT_THAT(told(hook), ElementsAre("reply-sent", "reply-failed", "reply-failed"));
}

TEST_P(HappeningsTest, ChangesAreKeptUntilTheyWereRead)
{
    add("crm", {"case-opened"});
    auto const first = read([](Connection& c) { return store::read_until(c); });
    EXPECT_EQ(first, read([](Connection& c) { return store::last_change(c); }));
}

TEST(JudgeTest, TriesForThreeDaysWithGrowingPauses)
{
    model::Delivery delivery;
    Instant now{std::chrono::hours(24 * 365 * 50)};
    auto const begun = now;
    int tries = 0;
    Duration last{};
    while (delivery.state == model::DeliveryState::waiting && ++tries < 1000) {
        judge(delivery, tries % 2 == 0 ? 500 : 0, "no", now, 1.0);
        if (delivery.state != model::DeliveryState::waiting) break;
        auto const pause = delivery.next_try - now;
        EXPECT_GE(pause, last);
        EXPECT_LE(pause, 6h);
        last = pause;
        now = delivery.next_try;
    }
    EXPECT_EQ(delivery.state, model::DeliveryState::given_up);
    EXPECT_GE(now - begun, 24h * 3);
    EXPECT_LE(now - begun, 24h * 4);
    EXPECT_LT(tries, 40);
}

TEST(JudgeTest, EveryStatusFrom200To299IsEnough)
{
    for (unsigned const status : {200U, 202U, 204U, 299U}) {
        model::Delivery delivery;
        judge(delivery, status, "", Instant{}, 0.5);
        EXPECT_EQ(delivery.state, model::DeliveryState::delivered);
    }
    for (unsigned const status : {0U, 199U, 300U, 302U, 404U, 503U}) {
        model::Delivery delivery;
        judge(delivery, status, "no", Instant{}, 0.5);
        EXPECT_EQ(delivery.state, model::DeliveryState::waiting) << status;
    }
}

TEST(WebhookUrlTest, IsHttpsOrThisMachine)
{
    for (auto const* good : {"https://tickets.contoso.com", "https://tickets.contoso.com:8443/in?x=1",
                             "http://localhost:8080/", "http://127.0.0.1/", "http://[::1]:80/x"})
        EXPECT_TRUE(model::check_webhook_url(good)) << good;
    for (auto const* bad : {"", "http://tickets.contoso.com", "ftp://localhost", "https://", "https:///x",
                            "https://user:secret@host/", "http://localhost@evil.example/", "https://a b",
                            "http://localhost.evil.example/", "https://a\r\nX: y", "file:///etc/passwd"})
        EXPECT_FALSE(model::check_webhook_url(bad)) << bad;
}

}  // namespace
}  // namespace postroom::webhooks
