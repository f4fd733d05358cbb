#include "lab/api.hpp"

#include "base/text.hpp"
#include "lab/delivery.hpp"
#include "lab/identity-provider.hpp"
#include "lab/tenant-json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <ranges>

namespace postroom::lab {

namespace json = boost::json;
using net::http::status;
using net::http::verb;

namespace {

net::HttpResponse json_response(json::value const& body, status code = status::ok)
{
    return {code,
            {{"content-type", "application/json; charset=utf-8"}, {"cache-control", "no-store"}},
            json::serialize(body),
            {}};
}

net::HttpResponse problem(Error const& error)
{
    auto const code = error.kind == Trouble::not_found   ? status::not_found
                      : error.kind == Trouble::conflict  ? status::conflict
                      : error.kind == Trouble::limit     ? status::insufficient_storage
                      : error.kind == Trouble::forbidden ? status::forbidden
                                                         : status::bad_request;
    return json_response(json::object{{"error", to_string(error.kind)}, {"message", error.message}}, code);
}

net::HttpResponse raw_mail(std::string const& raw)
{
    return {status::ok, {{"content-type", "message/rfc822"}}, raw, {}};
}

Result<json::object> read_object(net::HttpRequest const& request)
{
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 16;
    auto value = json::parse(request.body, error, {}, options);
    if (error || !value.is_object()) return failure(Trouble::invalid, "the body must be a JSON object");
    return std::move(value.get_object());
}

std::string text_at(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object mail_summary(std::string const& raw)
{
    json::object out{{"size", raw.size()}};
    for (auto const* const name :
         {"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"})
        if (auto const value = field(raw, name)) out[name] = to_valid_utf8(*value);
    return out;
}

// RFC 2047, so that any subject can be typed into the page.
std::string encoded_words(std::string_view text)
{
    bool const plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
    if (plain) return std::string(text);
    std::string out;
    auto rest = text;
    while (!rest.empty()) {
        std::size_t size = std::min<std::size_t>(rest.size(), 42);
        while (size < rest.size() && size > 1 && (static_cast<unsigned char>(rest[size]) & 0xC0U) == 0x80U) --size;
        out += (out.empty() ? "" : "\r\n ") + ("=?UTF-8?B?" + to_base64(rest.substr(0, size)) + "?=");
        rest.remove_prefix(size);
    }
    return out;
}

std::string one_line(std::string text)
{
    std::ranges::replace_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    return text;
}

// A customer's mail from a few words: {"from", "to", "subject", "text"}, and "in_reply_to" for an answer.
std::string compose(State const& state, json::object const& said)
{
    auto const from = one_line(text_at(said, "from"));
    auto const id = '<' + to_hex(random_bytes(12)) + "@customer.example>";
    auto const senders = addresses(from);
    std::string raw =
        trace_header(state, senders.empty() ? from : senders.front(), "203.0.113.7", "mail.customer.example");
    raw += "From: " + from + "\r\nTo: " + one_line(text_at(said, "to")) +
           "\r\nSubject: " + encoded_words(one_line(text_at(said, "subject"))) +
           "\r\nDate: " + mail_date(state.clock.now()) + "\r\nMessage-ID: " + id + "\r\n";
    if (auto const answered = one_line(text_at(said, "in_reply_to")); !answered.empty())
        raw += "In-Reply-To: " + answered + "\r\nReferences: " + answered + "\r\n";
    raw += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    auto const body = to_base64(with_crlf(text_at(said, "text")));
    for (std::size_t at = 0; at < body.size(); at += 76) raw += body.substr(at, 76) + "\r\n";
    return raw;
}

// 0 where it is none.
int copies_wanted(net::HttpRequest const& request)
{
    auto const said = request.parameter("copies");
    if (!said) return 1;
    int copies = 0;
    auto const [end, error] = std::from_chars(said->data(), said->data() + said->size(), copies);
    bool const whole = error == std::errc() && end == said->data() + said->size();
    return whole && copies <= 200'000 ? std::max(copies, 0) : 0;
}

// A mailbox of years is made of one mail, and no two in it are the same.
std::string numbered(std::string const& raw, int number)
{
    std::string const own = std::to_string(number);
    return "X-Copy: " + own + "\r\nMessage-ID: <copy-" + own + '.' + to_hex(random_bytes(6)) +
           "@customer.example>\r\n" + raw;
}

net::HttpResponse post_mail(State& state, net::HttpRequest const& request)
{
    std::vector<std::string> recipients;
    std::string raw;
    auto const type = request.header("content-type");
    if (starts_ignoring_case(type, "application/json")) {
        auto const said = read_object(request);
        if (!said) return problem(said.error());
        recipients = addresses(text_at(*said, "to"));
        raw = compose(state, *said);
        if (text_at(*said, "from").empty()) return problem({Trouble::invalid, "\"from\" must be given"});
    } else {
        // As it is, bytes and all; whose it is says ?mailbox=, or else the mail's own To.
        raw = request.body;
        if (auto const mailbox = request.parameter("mailbox"))
            recipients.emplace_back(*mailbox);
        else
            recipients = addresses(field(raw, "To").value_or(""));
        if (raw.find("\r\n") == std::string::npos) raw = with_crlf(raw);
    }
    int const copies = copies_wanted(request);
    if (copies < 1) return problem({Trouble::invalid, "copies must be a number from 1 to 200000"});
    auto const folder = request.parameter("folder").value_or("INBOX");
    Result<std::uint32_t> uid = 0;
    for (int i = 1; i <= copies && uid; ++i)
        uid = deliver_from_outside(state, recipients, copies == 1 ? raw : numbered(raw, i), folder);
    if (!uid) return problem(uid.error());
    return json_response(json::object{{"uid", *uid}}, status::created);
}

net::HttpResponse mailbox_messages(State& state, net::HttpRequest const& request, std::string_view address)
{
    auto const mailbox = state.tenant.mailbox(address);
    auto const folder = mailbox ? mailbox->folder(request.parameter("folder").value_or("INBOX")) : nullptr;
    if (!folder) return problem({Trouble::not_found, "there is no such mailbox or folder"});
    if (auto const uid = request.parameter("uid")) {
        auto const* const message = folder->find(static_cast<std::uint32_t>(to_number(*uid, 0)));
        if (message == nullptr) return problem({Trouble::not_found, "there is no such mail"});
        return raw_mail(*message->raw);
    }
    json::array list;
    for (auto const& message : std::views::reverse(folder->messages)) {
        if (list.size() >= 10'000) break;
        auto each = mail_summary(*message.raw);
        each["uid"] = message.uid;
        each["flags"] = flags_to_text(message.flags);
        each["received"] = to_rfc3339(message.internal_date);
        list.emplace_back(std::move(each));
    }
    return json_response(list);
}

net::HttpResponse outside(State& state, std::string_view id)
{
    if (!id.empty()) {
        auto const number = static_cast<std::uint64_t>(to_number(id, 0));
        auto const found = std::ranges::find(state.outside, number, &OutsideMail::id);
        if (found == state.outside.end()) return problem({Trouble::not_found, "there is no such mail"});
        return raw_mail(*found->raw);
    }
    json::array list;
    for (auto const& mail : std::views::reverse(state.outside)) {
        if (list.size() >= 10'000) break;
        auto each = mail_summary(*mail.raw);
        each["id"] = mail.id;
        each["sender"] = mail.sender;
        each["at"] = to_rfc3339(mail.at);
        json::array recipients;
        for (auto const& recipient : mail.recipients) recipients.emplace_back(recipient);
        each["recipients"] = std::move(recipients);
        list.emplace_back(std::move(each));
    }
    return json_response(list);
}

net::HttpResponse faults(State& state, net::HttpRequest const& request)
{
    if (request.method == verb::delete_) {
        // No id: all are switched off.
        bool const gone = state.faults.clear(request.parameter("id").value_or(""), request.parameter("scope"));
        if (gone) state.wake_all();
        return json_response(json::object{{"cleared", gone}});
    }
    json::array known, active;
    for (auto const& row : fault_table()) known.emplace_back(to_json(row));
    for (auto const& each : state.faults.active()) active.emplace_back(to_json(each));
    return json_response(json::object{{"known", std::move(known)}, {"active", std::move(active)}});
}

// GET: all, and which are broken. POST {"way": ITEM or ITEM/WAY, "mailbox", "before"}. DELETE ?way=&mailbox=: without a
// way all of them.
net::HttpResponse ways(State& state, net::HttpRequest const& request)
{
    if (request.method == verb::post) {
        auto const said = read_object(request);
        if (!said) return problem(said.error());
        auto const way = find_way(text_at(*said, "way"));
        if (!way) return problem(way.error());
        auto const* const before = said->if_contains("before");
        auto const done = break_way(state, **way, text_at(*said, "mailbox"), text_at(*said, "value"),
                                    before != nullptr ? *before : json::value());
        return done ? json_response(to_json(**way)) : problem(done.error());
    }
    if (request.method == verb::delete_) {
        Way const* way = nullptr;
        if (auto const name = request.parameter("way")) {
            auto const found = find_way(*name);
            if (!found) return problem(found.error());
            way = *found;
        }
        std::optional<std::string> mailbox;
        if (auto const given = request.parameter("mailbox")) mailbox = std::string(*given);
        auto const mended = mend_ways(state, way, mailbox);
        return mended ? json_response(json::object{{"mended", *mended}}) : problem(mended.error());
    }
    json::array known, broken;
    for (auto const& each : way_table()) known.emplace_back(to_json(each));
    for (auto const& each : state.broken) broken.emplace_back(to_json(each));
    return json_response(json::object{{"known", std::move(known)}, {"broken", std::move(broken)}});
}

net::HttpResponse move_clock(State& state, net::HttpRequest const& request)
{
    auto const said = read_object(request);
    auto const* const seconds = said ? said->if_contains("advance_s") : nullptr;
    if (seconds == nullptr || !seconds->is_int64() || seconds->get_int64() < 0 || seconds->get_int64() > 315'360'000)
        return problem({Trouble::invalid, "\"advance_s\" must be a number of seconds, at most ten years"});
    state.clock.advance(std::chrono::seconds(seconds->get_int64()));
    state.wake_all();
    return json_response(json::object{{"now", to_rfc3339(state.clock.now())}});
}

// As if each of them had signed in: {"users": [upn…], "client_id", "scope"}.
net::HttpResponse issue_refresh_tokens(State& state, net::HttpRequest const& request)
{
    auto const said = read_object(request);
    if (!said) return problem(said.error());
    auto const* const users = said->if_contains("users");
    if (users == nullptr || !users->is_array()) return problem({Trouble::invalid, "\"users\" must be a list"});
    auto client_id = text_at(*said, "client_id");
    if (client_id.empty()) client_id = default_client_id;
    json::object tokens;
    for (auto const& each : users->get_array()) {
        auto const* const user = each.is_string() ? state.tenant.user(std::string(each.get_string())) : nullptr;
        if (user == nullptr) return problem({Trouble::not_found, "there is no such user"});
        tokens[user->upn] = make_refresh_token(state, client_id, *user, text_at(*said, "scope"));
    }
    return json_response(tokens);
}

json::object refreshes(State const& state)
{
    json::object counted;
    for (auto const& [user, count] : state.counters.refreshes_by_user) counted[user] = count;
    return counted;
}

json::object overview(State const& state)
{
    return {{"tenant_id", state.tenant.id},
            {"domain", state.tenant.domain},
            {"authority", state.base_url + '/' + state.tenant.id},
            {"now", to_rfc3339(state.clock.now())},
            {"clock_ahead_ms", state.clock.ahead().count()},
            {"users", state.tenant.users.size()},
            {"mailboxes", state.tenant.mailboxes.size()},
            {"outside_mails", state.outside.size()},
            {"imap_connections", state.imap_transports.size()},
            {"stored_bytes", state.bodies.used()}};
}

template <class Map>
net::HttpResponse list_of(Map const& things)
{
    json::array list;
    for (auto const& [key, thing] : things) {
        if constexpr (requires { *thing; })
            list.emplace_back(to_json(*thing));
        else
            list.emplace_back(to_json(thing));
    }
    return json_response(list);
}

// POST of one object, or of a list of them.
net::HttpResponse post(State& state, net::HttpRequest const& request,
                       Result<void> (*apply)(State&, json::object const&))
{
    auto const said = read_object(request);
    if (!said) return problem(said.error());
    if (auto const done = apply(state, *said); !done) return problem(done.error());
    return json_response(json::object{{"done", true}});
}

net::HttpResponse answer(State& state, net::HttpRequest const& request, std::string_view path)
{
    bool const posts = request.method == verb::post;
    if (path == "status") return json_response(overview(state));
    if (path == "users") return posts ? post(state, request, apply_user) : list_of(state.tenant.users);
    if (path == "mailboxes") return posts ? post(state, request, apply_mailbox) : list_of(state.tenant.mailboxes);
    if (path == "applications")
        return posts ? post(state, request, apply_application) : list_of(state.tenant.applications);
    if (path == "settings")
        return posts ? post(state, request, apply_settings) : json_response(to_json(state.settings));
    if (path == "faults") return posts ? post(state, request, apply_fault) : faults(state, request);
    if (path == "ways") return ways(state, request);
    if (path == "refreshes") return json_response(refreshes(state));
    if (path == "refresh-tokens" && posts) return issue_refresh_tokens(state, request);
    if (path == "counters") return json_response(to_json(state.counters));
    if (path == "mail" && posts) return post_mail(state, request);
    if (path == "clock" && posts) return move_clock(state, request);
    if (path == "outside") return outside(state, "");
    if (path.starts_with("outside/")) return outside(state, path.substr(8));
    static constexpr std::string_view mailboxes = "mailboxes/", messages = "/messages";
    if (path.starts_with(mailboxes) && path.ends_with(messages)) {
        path.remove_prefix(mailboxes.size());
        path.remove_suffix(messages.size());
        return mailbox_messages(state, request, path);
    }
    return problem({Trouble::not_found, "the lab's API has no " + printable(path, 128) + "; see docs/lab.md"});
}

}  // namespace

bool is_from_here(net::HttpRequest const& request, std::string_view host_name)
{
    auto const host = request.header("host");
    auto name = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
    bool const ours = name == "localhost" || name == "127.0.0.1" || name == "[::1]" || name == host_name;
    auto const origin = request.header("origin");
    bool const same =
        origin.empty() || (origin.ends_with(host) && origin.substr(0, origin.size() - host.size()).ends_with("://"));
    return ours && same;
}

std::optional<net::HttpResponse> answer_api(State& state, net::HttpRequest const& request)
{
    static constexpr std::string_view api = "/lab/api/";
    if (request.path == "/")
        return net::HttpResponse{status::ok,
                                 {{"content-type", "text/html; charset=utf-8"}, {"x-frame-options", "DENY"}},
                                 std::string(lab_page()),
                                 {}};
    if (!request.path.starts_with(api)) return std::nullopt;
    return answer(state, request, std::string_view(request.path).substr(api.size()));
}

}  // namespace postroom::lab
