// A store, by a clock that the test moves, and the smallest things that others refer to.
#pragma once

#include "store/accounts.hpp"
#include "store/after-actions.hpp"
#include "store/applications.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"
#include "store/outbound.hpp"
#include "store/people.hpp"
#include "store/store.hpp"

#include "support/scratch-folder.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::store {

/// One by one, the UIDs of a folder that the ledger knows.
inline std::vector<std::uint32_t> known_uids(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                             std::uint32_t uid_validity)
{
    std::vector<std::uint32_t> uids;
    for (auto const& range : known_ranges(c, mailbox, folder, uid_validity))
        for (auto uid = std::uint64_t{range.first}; uid <= range.last; ++uid)
            uids.push_back(static_cast<std::uint32_t>(uid));
    return uids;
}

class StoreFixture {
protected:
    /// `place` is where it is; otherwise it is an SQLite file.
    explicit StoreFixture(std::string place = {})
        : path(place.empty() ? folder / "store/postroom.db" : std::move(place))
    {
        open();
    }

    void open()
    {
        store.reset();
        auto opened = Store::open(options());
        if (!opened) throw std::runtime_error(opened.error().message);
        store = std::move(*opened);
    }
    [[nodiscard]] Options options() const { return {.path = path, .clock = &clock}; }

    template <class Work>
    auto write(Work work)
    {
        using T = std::invoke_result_t<Work&, Connection&>;
        if constexpr (std::is_void_v<T>) {
            store->write_now(std::move(work));
        } else {
            std::optional<T> result;
            store->write_now([&](Connection& c) { result.emplace(work(c)); });
            return std::move(*result);
        }
    }
    template <class Work>
    auto read(Work work)
    {
        std::optional<std::invoke_result_t<Work&, Connection&>> result;
        store->read_now([&](Connection& c) { result.emplace(work(c)); });
        return std::move(*result);
    }
    /// The kind of the Failure that the work throws.
    Trouble trouble(std::function<void(Connection&)> work)
    {
        try {
            store->write_now(std::move(work));
        } catch (Failure const& e) {
            return e.kind();
        }
        ADD_FAILURE() << "it threw no Failure";
        return Trouble::internal;
    }

    struct House {
        model::Department department{model::DepartmentId::make(), "Sales", Instant(Duration(1))};
        model::Application application;
        model::Account account;
        model::Mailbox mailbox;
        model::Case a_case;
    };
    /// Department, identity application, account, mailbox and one case.
    House furnish()
    {
        House house;
        house.application.id = model::ApplicationId::make();
        house.application.name = "Contoso";
        house.application.cloud = "worldwide";
        house.account.id = model::AccountId::make();
        house.account.department = house.department.id;
        house.account.application = house.application.id;
        house.account.name = "sales";
        house.account.user = "sales@contoso.com";
        house.account.retrieval_server = {"outlook.office365.com", 993};
        house.account.submission_server = {"smtp.office365.com", 587};
        house.mailbox.id = model::MailboxId::make();
        house.mailbox.account = house.account.id;
        house.mailbox.department = house.department.id;
        house.mailbox.address = "Sales@contoso.com";
        house.a_case.id = model::CaseId::make();
        house.a_case.department = house.department.id;
        house.a_case.mailbox = house.mailbox.id;
        write([&](Connection& c) {
            add_department(c, house.department);
            add_application(c, house.application);
            add_account(c, house.account);
            add_mailbox(c, house.mailbox);
            house.a_case.number = add_case(c, house.a_case);
        });
        return house;
    }

    [[nodiscard]] static model::Digest digest_of(std::uint64_t number)
    {
        model::Digest digest{};
        for (std::size_t i = 0; i < 8; ++i) digest[i] = static_cast<std::uint8_t>(number >> (8 * i));
        return digest;
    }

    [[nodiscard]] static model::BodyId add_body(Connection& c, std::string_view octets, std::uint64_t digest)
    {
        auto const body = model::BodyId::make();
        add_chunk(c, body, make_chunk(0, octets));
        return publish_body(c, body, static_cast<std::int64_t>(octets.size()), digest_of(digest));
    }

    test::ScratchFolder folder;
    std::string path;
    ManualClock clock{Instant(Duration(1'000'000))};
    boost::asio::io_context loop;  // before the store, whose threads post to it
    std::unique_ptr<Store> store;
};

class StoreTest : public testing::Test, public StoreFixture {};

}  // namespace postroom::store
