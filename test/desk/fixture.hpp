// Two departments with a mailbox each, and mails that are filed as a retriever files them.
#pragma once

#include "desk/desk.hpp"
#include "mime/read.hpp"
#include "store/coordination.hpp"
#include "store/fixture.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <sodium.h>

namespace postroom::desk {

using store::Connection;

class DeskTest : public store::StoreTest {
protected:
    DeskTest()
    {
        application.id = model::ApplicationId::make();
        application.name = "Contoso";
        application.cloud = "worldwide";
        write([&](Connection& c) {
            store::set_setting(c, "case-token-key", key);
            store::add_application(c, application);
            sales = furnish(c, "Sales", "sales@contoso.test");
            support = furnish(c, "Support", "support@contoso.test");
        });
    }

    model::Mailbox furnish(Connection& c, std::string const& name, std::string const& address)
    {
        model::Department const department{model::DepartmentId::make(), name, clock.now()};
        model::Account account{
            .id = model::AccountId::make(), .department = department.id, .application = application.id};
        account.name = address;
        account.user = address;
        account.retrieval_server = {"localhost", 993};
        account.submission_server = {"localhost", 587};
        model::Mailbox mailbox{.id = model::MailboxId::make(), .account = account.id, .department = department.id};
        mailbox.address = address;
        mailbox.display_name = "Contoso " + name;
        store::add_department(c, department);
        store::add_account(c, account);
        store::add_mailbox(c, mailbox);
        return mailbox;
    }

    /// Files the bytes, as they came to this mailbox.
    model::Message add_mail(Connection& c, model::Mailbox const& mailbox, std::string_view bytes,
                            bool possible_duplicate = false)
    {
        model::Message message{.id = model::MessageId::make(), .mailbox = mailbox.id};
        message.size = static_cast<std::int64_t>(bytes.size());
        crypto_hash_sha256(message.digest.data(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
        message.fingerprint = mime::fingerprint(bytes);
        message.possible_duplicate = possible_duplicate;
        message.received = message.filed = clock.now();
        auto const body = model::BodyId::make();
        int number = 0;
        for (std::size_t at = 0; at < bytes.size(); at += store::chunk_bytes)
            store::add_chunk(c, body, store::make_chunk(number++, bytes.substr(at, store::chunk_bytes)));
        message.body = store::publish_body(c, body, message.size, message.digest);
        store::add_message(c, message);
        return message;
    }

    /// Files it and makes it an activity.
    Filed deliver(model::Mailbox const& mailbox, std::string const& bytes, bool possible_duplicate = false)
    {
        clock.advance(Duration(1000));
        return write([&](Connection& c) {
            auto const message = add_mail(c, mailbox, bytes, possible_duplicate);
            auto const mail = mime::read(bytes);
            if (!mail) throw std::runtime_error(mail.error().message);
            auto filed = file_mail(c, message, *mail, terms_of(c), clock.now());
            if (!filed) throw std::runtime_error(filed.error().message);
            store::triage_done(c, message.id);
            return *filed;
        });
    }

    static std::string mail(std::string_view subject, std::string_view id, std::string_view fields = "")
    {
        return fmt::format(
            "From: Jane Doe <jane@example.com>\r\nTo: sales@contoso.test\r\nSubject: {}\r\n"
            "Message-ID: <{}>\r\n{}\r\nHello\r\n",
            subject, id, fields);
    }

    model::Case case_of(model::CaseId id)
    {
        return *read([&](Connection& c) { return store::case_by_id(c, id); });
    }
    std::vector<model::Activity> activities(model::CaseId id)
    {
        return read([&](Connection& c) { return store::activities_of(c, id); });
    }

    std::string const key = "a key of the partition";
    model::Application application;
    model::Mailbox sales, support;
};

}  // namespace postroom::desk
