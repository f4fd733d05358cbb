// A queue of small mails, over a store that fails when it is told to.
#pragma once

#include "dispatcher/account-run.hpp"
#include "store/fixture.hpp"

namespace postroom::dispatcher {

// Fails as often as it is told to, and is the other store otherwise.
class Failing final : public store::Store {
public:
    explicit Failing(store::Store& inner) : inner_(inner) {}
    void write_now(std::function<void(store::Connection&)> work) override { inner_.write_now(std::move(work)); }
    void read_now(std::function<void(store::Connection&)> work) override { inner_.read_now(std::move(work)); }
    [[nodiscard]] Counts counts() const override { return inner_.counts(); }
    int failures = 0;      // so many writes meet a store that stands still
    bool refuses = false;  // as it would for ever
    int unsaid = 0;        // so many writes are carried out, and then fail, as when the connection to the store breaks

protected:
    net::awaitable<void> submit_write(std::function<void(store::Connection&)> work, std::size_t) override
    {
        if (failures > 0) {
            --failures;
            throw store::Failure::standstill("the disk is not there");
        }
        if (refuses) throw store::Failure(Trouble::conflict, "a key is broken");
        inner_.write_now(std::move(work));
        if (unsaid > 0) {
            --unsaid;
            throw store::Failure(Trouble::store, "the store went away");
        }
        co_return;
    }
    net::awaitable<void> submit_read(std::function<void(store::Connection&)> work) override
    {
        inner_.read_now(std::move(work));
        co_return;
    }

private:
    store::Store& inner_;
};

class QueueTest : public store::StoreTest {
protected:
    QueueTest() { house = furnish(); }

    model::OutboundId enqueue()
    {
        model::Outbound mail;
        mail.id = model::OutboundId::make();
        mail.mailbox = house.mailbox.id;
        mail.account = house.account.id;
        std::string const bytes = "Subject: hello\r\n\r\nDear you";
        mail.size = static_cast<std::int64_t>(bytes.size());
        mail.message_id = to_string(mail.id) + "@contoso.com";
        mail.sender = "sales@contoso.com";
        mail.recipients = {"customer@example.com"};
        write([&](store::Connection& c) {
            mail.body = add_body(c, bytes, 1);
            model::Activity activity;
            activity.id = model::ActivityId::make();
            activity.case_id = house.a_case.id;
            activity.kind = model::ActivityKind::sent;
            activity.message_id = mail.message_id;
            activity.body = mail.body;
            store::add_activity(c, activity);
            mail.activity = activity.id;
            store::enqueue(c, mail);
        });
        return mail.id;
    }
    model::Outbound claim()
    {
        auto const claimed =
            write([&](store::Connection& c) { return store::claim(c, house.account.id, "here", 1, Duration(60'000)); });
        EXPECT_EQ(claimed.size(), 1U);
        return claimed.at(0);
    }
    [[nodiscard]] model::OutboundState state(model::OutboundId id)
    {
        return read([&](store::Connection& c) { return store::outbound(c, id)->state; });
    }

    House house;
    Failing failing{*store};
};

}  // namespace postroom::dispatcher
