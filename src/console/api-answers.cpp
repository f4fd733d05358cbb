// What agents write: answers, forwarded and new mail, the files with it, and taking it back.
#include "base/text.hpp"
#include "console/answer-fields.hpp"
#include "console/api.hpp"
#include "console/case-view.hpp"
#include "console/json.hpp"
#include "console/outbound-view.hpp"
#include "console/responses.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

using net::http::status;

constexpr std::size_t most_uploaded = 20UL * 1024 * 1024;   // one file
constexpr std::int64_t most_uploads = 200LL * 1024 * 1024;  // of one person, not used yet
constexpr std::size_t longest_name = 255;

constexpr std::size_t few_chunks = 4;

// Composed and compressed by the pool's thread, one after the other: whoever writes to the store meanwhile waits for no
// file of 25 MiB, and memory holds few of them. What is large is stored piece by piece; what is never queued is swept.
net::awaitable<desk::Written> write_down(House& house, std::function<desk::Drafted(store::Connection&)> draft)
{
    auto work = [&store = house.store(), draft = std::move(draft)] {
        std::optional<desk::Drafted> drafted;
        store.read_now([&](store::Connection& c) { drafted.emplace(draft(c)); });
        if (drafted->opens)
            store.write_now([&](store::Connection& c) { desk::number(c, *drafted, desk::tokens_of(c)); });
        return or_problem(desk::write_down(*std::move(drafted)));
    };
    auto written = co_await house.off_the_loop(std::move(work));
    while (written.chunks.size() > few_chunks) {
        auto const chunk = std::move(written.chunks.back());
        written.chunks.pop_back();
        auto add = [&](store::Connection& c) { store::add_chunk(c, written.body, chunk); };
        auto const size = chunk.packed.size();
        co_await house.store().write(std::move(add), size);
    }
    co_return written;
}

// What it was composed by holds still: the case is there, in the mailbox that it goes out from, and so are the files.
void check_still(store::Connection& c, Request const& request, Members const& members, desk::Written const& written)
{
    auto const& drafted = written.of;
    if (!drafted.opens) {
        auto const now = case_or_problem(c, request.caller.sight, drafted.number);
        if (now.mailbox != drafted.mailbox.id)
            throw Problem(Trouble::conflict, tr("the case was transferred meanwhile; look at it again"));
        (void)or_problem(desk::mailbox_of(c, now));  // or nobody would send it
    } else {
        (void)mailbox_at(c, request.caller.sight, drafted.mailbox.address, "mailbox");
    }
    (void)uploads_of(c, request.caller, members);
}

// Queued where that holds; its files are the mail's now.
desk::Queued queue_still(store::Connection& c, Request const& request, Members const& members,
                         desk::Written const& written)
{
    check_still(c, request, members, written);
    auto queued = desk::queue(c, written);
    forget_uploads(c, request.caller, members);
    return queued;
}

json::object queued_view(store::Connection& c, Request const& request, desk::Queued const& queued)
{
    Names names(c, request.language());
    auto const outbound = store::outbound(c, queued.outbound);
    if (!outbound) throw Problem(Trouble::internal, tr("the mail was queued and is not there"));
    return view_outbound(c, names, *outbound);
}

std::optional<model::ActivityId> activity_in(Members const& members, std::string_view member)
{
    auto const text = members.text_or(member, "");
    if (text.empty()) return std::nullopt;
    return model::ActivityId{or_problem(parse_uuid(text), member)};
}

}  // namespace

Answer reply_to_case(House& house, Request const& request)
{
    Members const members(request.http, {"text", "html", "to", "cc", "bcc", "attachments", "sign", "send_at", "undo",
                                         "close", "all", "quote", "activity"});
    auto const number = request.number("number");
    desk::Reply reply;
    reply.text = members.text("text", most_text);
    take_answer(members, reply, house.now());
    reply.audience = members.flag_or("all", false) ? desk::Audience::all : desk::Audience::sender;
    reply.quote = members.flag_or("quote", false);
    reply.answers = activity_in(members, "activity");
    bool const close = members.flag_or("close", false);
    auto draft = [&](store::Connection& c) {
        reply.case_id = case_or_problem(c, request.caller.sight, number).id;
        auto const now = house.now();
        finish_answer(c, request.caller, members, reply, now);
        auto drafted = or_problem(desk::draft(c, reply, desk::tokens_of(c), now));
        reply.attachments.clear();
        return drafted;
    };
    auto const written = co_await write_down(house, std::move(draft));
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        auto const now = house.now();
        auto const queued = queue_still(c, request, members, written);
        if (close && a_case.state == model::CaseState::open)
            or_problem(desk::close_case(c, a_case.id, request.caller.name, now));
        note(c, request.caller, "case.reply", case_named(number),
             {{"outbound", to_string(queued.outbound)}, {"close", close}}, now);
        return queued_view(c, request, queued);
    });
    house.hooks.mail_queued();
    co_return json_response(status::created, body);
}

Answer forward_from_case(House& house, Request const& request)
{
    Members const members(request.http, {"text", "html", "to", "cc", "bcc", "attachments", "sign", "send_at", "undo",
                                         "with_attachments", "activity"});
    auto const number = request.number("number");
    desk::Forward forward;
    forward.text = members.text_or("text", "", most_text);
    take_answer(members, forward, house.now());
    if (forward.to.empty()) throw Problem(Trouble::invalid, tr("the member \"to\" must name somebody"), "to");
    forward.with_attachments = members.flag_or("with_attachments", true);
    forward.what = activity_in(members, "activity");
    auto draft = [&](store::Connection& c) {
        forward.case_id = case_or_problem(c, request.caller.sight, number).id;
        auto const now = house.now();
        finish_answer(c, request.caller, members, forward, now);
        auto drafted = or_problem(desk::draft(c, forward, desk::tokens_of(c), now));
        forward.attachments.clear();
        return drafted;
    };
    auto const written = co_await write_down(house, std::move(draft));
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const now = house.now();
        auto const queued = queue_still(c, request, members, written);
        note(c, request.caller, "case.forward", case_named(number), {{"outbound", to_string(queued.outbound)}}, now);
        return queued_view(c, request, queued);
    });
    house.hooks.mail_queued();
    co_return json_response(status::created, body);
}

Answer send_message(House& house, Request const& request)
{
    Members const members(request.http, {"text", "html", "to", "cc", "bcc", "attachments", "sign", "send_at", "undo",
                                         "mailbox", "subject"});
    desk::NewMail mail;
    mail.text = members.text("text", most_text);
    take_answer(members, mail, house.now());
    if (mail.to.empty()) throw Problem(Trouble::invalid, tr("the member \"to\" must name somebody"), "to");
    mail.subject = members.text("subject", 998);
    auto const address = members.text("mailbox", 320);
    auto draft = [&](store::Connection& c) {
        mail.mailbox = mailbox_at(c, request.caller.sight, address, "mailbox").id;
        auto const now = house.now();
        finish_answer(c, request.caller, members, mail, now);
        auto drafted = or_problem(desk::draft(c, mail, now));
        mail.attachments.clear();
        return drafted;
    };
    auto const written = co_await write_down(house, std::move(draft));
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const now = house.now();
        auto const queued = queue_still(c, request, members, written);
        note(c, request.caller, "message.send", case_named(queued.number), {{"outbound", to_string(queued.outbound)}},
             now);
        return queued_view(c, request, queued);
    });
    house.hooks.mail_queued();
    co_return json_response(status::created, body);
}

Answer prepare_answer(House& house, Request const& request)
{
    request.only_parameters({"kind", "template", "activity"});
    auto const number = request.number("number");
    auto const kind = request.http.parameter("kind").value_or("reply");
    if (kind != "reply" && kind != "reply-all" && kind != "forward")
        throw Problem(Trouble::invalid, tr("\"kind\" must be reply, reply-all or forward"), "kind");
    desk::Preparation wanted{.agent = request.caller.name};
    wanted.forward = kind == "forward";
    wanted.audience = kind == "reply-all" ? desk::Audience::all : desk::Audience::sender;
    if (auto const name = request.http.parameter("template")) wanted.use_template = std::string(*name);
    if (auto const activity = request.http.parameter("activity"))
        wanted.about = model::ActivityId{or_problem(parse_uuid(*activity), "activity")};
    auto const prepared = co_await house.store().read([&](store::Connection& c) {
        wanted.case_id = case_or_problem(c, request.caller.sight, number).id;
        return or_problem(desk::prepare(c, wanted, house.now()));
    });
    auto const texts = [](std::vector<std::string> const& all) {
        json::array array;
        for (auto const& each : all) array.emplace_back(to_valid_utf8(each));
        return array;
    };
    co_return json_response(status::ok, {{"to", texts(prepared.to)},
                                         {"cc", texts(prepared.cc)},
                                         {"subject", to_valid_utf8(prepared.subject)},
                                         {"text", to_valid_utf8(prepared.text)},
                                         {"html", to_valid_utf8(prepared.html)},
                                         {"signature", to_valid_utf8(prepared.signature)},
                                         {"attachments", texts(prepared.attachments)}});
}

Answer add_upload(House& house, Request const& request)
{
    request.only_parameters({"name"});
    auto const name = std::string(request.http.parameter("name").value_or(""));
    bool const control = std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (trim(name).empty() || name.size() > longest_name || control || name.find('/') != name.npos)
        throw Problem(Trouble::invalid, tr("the parameter \"name\" must be a file's name"), "name");
    auto const& octets = request.http.body;
    if (octets.empty()) throw Problem(Trouble::invalid, tr("the file is empty"));
    if (octets.size() > most_uploaded)
        throw Problem(Trouble::limit, tr("the file has {} octets, and one may have {}", octets.size(), most_uploaded));
    auto type =
        to_lower(trim(request.http.header("content-type").substr(0, request.http.header("content-type").find(';'))));
    model::Upload const upload{.id = model::UploadId::make(),
                               .body = model::BodyId::make(),
                               .owner = request.caller.name,
                               .name = name,
                               .type = type.empty() ? "application/octet-stream" : std::move(type),
                               .size = static_cast<std::int64_t>(octets.size()),
                               .created = house.now()};
    // Compressed off the loop, and written piece by piece, so that nobody waits for a large one.
    int number = 0;
    for (std::size_t at = 0; at < octets.size(); at += store::chunk_bytes) {
        auto chunk = co_await house.off_the_loop([&, at, number] {
            return store::make_chunk(number, std::string_view(octets).substr(at, store::chunk_bytes));
        });
        ++number;
        auto const size = chunk.packed.size();
        co_await house.store().write([&](store::Connection& c) { store::add_chunk(c, upload.body, chunk); }, size);
    }
    co_await house.store().write([&](store::Connection& c) {
        if (store::uploaded_by(c, upload.owner) + upload.size > most_uploads)
            throw Problem(Trouble::limit, tr("too much was uploaded and not sent; what is not used goes after a day"));
        store::add_upload(c, upload);
    });
    co_return json_response(status::created, {{"id", to_string(upload.id)},
                                              {"name", upload.name},
                                              {"type", upload.type},
                                              {"size", upload.size},
                                              {"created", to_rfc3339(upload.created)}});
}

Answer remove_upload(House& house, Request const& request)
{
    auto const id = request.id<model::UploadId>("id");
    co_await house.store().write([&](store::Connection& c) {
        if (!store::upload(c, id, request.caller.name)) throw Problem(Trouble::not_found, tr("there is no such file"));
        store::remove_upload(c, id);
    });
    co_return no_content();
}

Answer cancel_outbound(House& house, Request const& request)
{
    auto const id = request.id<model::OutboundId>("id");
    Members const members(request.http, {});
    (void)members;
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const mail = store::outbound(c, id);
        if (!mail || !request.caller.sight.sees(store::department_of(c, mail->mailbox)))
            throw Problem(Trouble::not_found, tr("there is no such outbound mail; postroom outbound list shows them"));
        or_problem(desk::take_back(c, id, request.caller.name, house.now()));
        note(c, request.caller, "outbound.cancel", to_string(id), {}, house.now());
        Names names(c, request.language());
        return view_outbound(c, names, *store::outbound(c, id));
    });
    co_return json_response(status::ok, body);
}

}  // namespace postroom::console
