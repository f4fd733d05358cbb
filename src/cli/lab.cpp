// postroom lab: the simulated tenant, and the commands that talk to one that runs.
#include "lab/lab.hpp"

#include "cli/lab-address.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/asio/signal_set.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>

namespace postroom::cli {

namespace {

namespace asio = boost::asio;

struct Given {
    std::string directory = "var/lab", https = "127.0.0.1:8444", http = "127.0.0.1:8445", imap = "127.0.0.1:8993",
                pop3 = "127.0.0.1:8995", smtp = "127.0.0.1:8587", inbound = "127.0.0.1:8025", proxy, host = "localhost",
                tenant_file;
    std::vector<std::string> redirect_urls{"http://localhost:8080/oauth/callback"};
};

json::object facts_of(lab::Lab const& lab)
{
    auto const facts = lab.facts();
    auto const& at = lab.endpoints();
    json::object out{{"authority", facts.authority},
                     {"tenant", facts.tenant_id},
                     {"client_id", facts.client_id},
                     {"client_secret", facts.client_secret},
                     {"anchor", facts.anchor_file},
                     {"users", json::array{facts.user, facts.other_user, facts.desktop_user}},
                     {"administrator", facts.administrator},
                     {"password", facts.password},
                     {"page", fmt::format("http://localhost:{}/", at.http.port)},
                     {"imap", fmt::format("localhost:{}", at.imap.port)},
                     {"pop3", fmt::format("localhost:{}", at.pop3.port)},
                     {"smtp", fmt::format("localhost:{}", at.smtp.port)},
                     {"inbound", to_string(at.inbound)}};
    if (at.proxy) out["proxy"] = to_string(*at.proxy);
    return out;
}

int run_lab(Given const& given)
{
    lab::Options options;
    options.directory = given.directory;
    options.tenant_file = given.tenant_file;
    options.host_name = given.host;
    options.redirect_uris = given.redirect_urls;
    options.listen.https = or_exit(parse_endpoint(given.https, 8444), wrong_usage);
    options.listen.http = or_exit(parse_endpoint(given.http, 8445), wrong_usage);
    options.listen.imap = or_exit(parse_endpoint(given.imap, 8993), wrong_usage);
    options.listen.pop3 = or_exit(parse_endpoint(given.pop3, 8995), wrong_usage);
    options.listen.smtp = or_exit(parse_endpoint(given.smtp, 8587), wrong_usage);
    options.listen.inbound = or_exit(parse_endpoint(given.inbound, 8025), wrong_usage);
    if (!given.proxy.empty()) options.listen.proxy = or_exit(parse_endpoint(given.proxy, 8128), wrong_usage);
    auto const log = spdlog::stderr_logger_mt("lab");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    spdlog::set_default_logger(log);
    asio::io_context loop{1};
    auto const lab = or_exit(lab::Lab::start(loop.get_executor(), std::move(options)));
    auto const facts = facts_of(*lab);
    // For whoever sets Postroom up against it; none of it protects anything.
    std::ofstream(given.directory + "/facts.json") << json::serialize(facts) << '\n';
    print(fields(facts, {{say("The lab's page"), "page"},
                         {say("Authority"), "authority"},
                         {say("Client id"), "client_id"},
                         {say("Client secret"), "client_secret"},
                         {say("Trust"), "anchor"},
                         {say("IMAP"), "imap"},
                         {say("POP3"), "pop3"},
                         {say("SMTP"), "smtp"},
                         {say("Customers' mail"), "inbound"},
                         {say("Users"), "users"},
                         {say("Administrator"), "administrator"},
                         {say("Password"), "password"}}));
    std::fflush(stdout);
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](boost::system::error_code, int) {
        lab->stop();
        loop.stop();
    });
    loop.run();
    return done;
}

void add_lab(Commands& commands, CLI::App& lab)
{
    auto const given = std::make_shared<Given>();
    lab.add_option("--directory", given->directory, say("Certificates, keys and facts.json; var/lab otherwise"))
        ->type_name(say("FOLDER"));
    lab.add_option("--https", given->https, say("Identity provider, API and page"))->type_name(say("HOST:PORT"));
    lab.add_option("--http", given->http, say("The same without TLS"))->type_name(say("HOST:PORT"));
    lab.add_option("--imap", given->imap, say("IMAP, in TLS from the first byte"))->type_name(say("HOST:PORT"));
    lab.add_option("--pop3", given->pop3, say("POP3, in TLS from the first byte"))->type_name(say("HOST:PORT"));
    lab.add_option("--smtp", given->smtp, say("Submission, with STARTTLS"))->type_name(say("HOST:PORT"));
    lab.add_option("--inbound", given->inbound, say("Customers' mail, from any mail program"))
        ->type_name(say("HOST:PORT"));
    lab.add_option("--proxy", given->proxy,
                   say("An HTTP proxy that leads to the lab, whatever host is asked for; none otherwise"))
        ->type_name(say("HOST:PORT"));
    lab.add_option("--redirect-url", given->redirect_urls,
                   say("Registered for the application; http://localhost:8080/oauth/callback otherwise"))
        ->type_name(say("URL"));
    lab.add_option("--host", given->host, say("The name in its URLs and its certificate; localhost otherwise"))
        ->type_name(say("NAME"));
    lab.add_option("--tenant-file", given->tenant_file, say("JSON with further users, mailboxes and faults"))
        ->type_name(say("FILE"));
    // A callback of a parent runs after its sub-command's: only a lab without one is started.
    lab.callback([&commands, &lab, given] {
        if (lab.get_subcommands().empty()) commands.choose([given] { return run_lab(*given); });
    });
}

void add_status(Commands& commands, CLI::App& lab)
{
    auto& leaf = commands.leaf(lab, "status", say("What the running lab holds"), "postroom lab status");
    auto const at = std::make_shared<LabAddress>();
    at->add_to(leaf, true);
    commands.runs(leaf, [at] {
        auto const answer = at->call("GET", "status");
        at->show(answer, fields(answer.as_object(), {{say("Domain"), "domain"},
                                                     {say("Authority"), "authority"},
                                                     {say("Its time"), "now"},
                                                     {say("Users"), "users"},
                                                     {say("Mailboxes"), "mailboxes"},
                                                     {say("Mails that left"), "outside_mails"},
                                                     {say("IMAP connections"), "imap_connections"}}));
        return done;
    });
}

void add_mail(Commands& commands, CLI::App& lab)
{
    auto& leaf = commands.leaf(lab, "mail", say("Let a customer's mail arrive"),
                               "postroom lab mail --to sales@contoso.test samples/mails/order.eml");
    struct Mail {
        LabAddress at;
        std::string to, file;
    };
    auto const mail = std::make_shared<Mail>();
    leaf.add_option("--to", mail->to, say("The mailbox"))->required()->type_name(say("ADDRESS"));
    leaf.add_option("file", mail->file, say("The mail as it is on the wire; - is standard input"))->required();
    mail->at.add_to(leaf, true);
    commands.runs(leaf, [mail] {
        std::ifstream stream;
        if (mail->file != "-") {
            stream.open(mail->file, std::ios::binary);
            if (!stream) throw Exit(wrong_usage, say("the file {} can't be read", mail->file));
        }
        std::istream& from = mail->file == "-" ? std::cin : stream;
        std::string const bytes{std::istreambuf_iterator<char>(from), {}};
        auto const answer = mail->at.call("POST", "mail?mailbox=" + in_url(mail->to), bytes, "message/rfc822");
        mail->at.show(answer, say("It arrived in {} as UID {}.\n", mail->to, member(answer.as_object(), "uid")));
        return done;
    });
}

}  // namespace

void LabAddress::add_to(CLI::App& leaf, bool prints)
{
    leaf.add_option("--lab", url, say("Where the running lab is; http://localhost:8445 otherwise"))
        ->type_name(say("URL"));
    if (prints)
        leaf.add_option("--format", format, say("How to print: text, or json as the lab's API gives it"))
            ->check(CLI::IsMember({"text", "json"}));
}

json::value LabAddress::call(std::string_view method, std::string const& path, std::optional<std::string> const& body,
                             std::string_view type) const
{
    auto const answer = http_call(method, url + "/lab/api/" + path, {}, {}, body, type,
                                  say("Is the lab running? postroom lab starts it; --lab says where another one is."));
    boost::system::error_code error;
    auto value = json::parse(answer.body, error);
    if (answer.status < 400 && !error) return value;
    auto const* const object = error ? nullptr : value.if_object();
    throw Exit(failed,
               object ? member(*object, "message") : say("the lab answered {}: {}", answer.status, answer.body));
}

void LabAddress::show(json::value const& answer, std::string const& text) const
{
    print(format == "json" ? json::serialize(answer) + "\n" : text);
}

void add_lab_commands(Commands& commands)
{
    auto& lab =
        commands.leaf(commands.root(), "lab", say("Run a simulated Microsoft 365 tenant, to try Postroom against"),
                      "postroom lab --directory var/lab");
    lab.require_subcommand(0, 1);
    add_lab(commands, lab);
    add_status(commands, lab);
    add_mail(commands, lab);
    add_lab_ways(commands, lab);
}

}  // namespace postroom::cli
