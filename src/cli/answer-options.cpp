#include "cli/answer-options.hpp"

#include "cli/exit.hpp"
#include "cli/output.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace postroom::cli {

namespace {

constexpr std::uintmax_t most_of_a_file = 20UL * 1024 * 1024;

std::string contents_of(std::string const& path)
{
    std::error_code error;
    auto const size = std::filesystem::file_size(path, error);
    if (!error && size > most_of_a_file)
        throw Exit(wrong_usage, say("{} has {} octets, and a file may have {}", path, size, most_of_a_file));
    std::ifstream file(path, std::ios::binary);
    std::string octets{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) throw Exit(wrong_usage, say("{} can't be read", path));
    return octets;
}

json::array texts(std::vector<std::string> const& all)
{
    return json::array(all.begin(), all.end());
}

}  // namespace

void AnswerOptions::add_to(CLI::App& leaf)
{
    leaf.add_option("--cc", cc, say("A copy to; may be given again"))->type_name(say("ADDRESS"));
    leaf.add_option("--bcc", bcc, say("A copy that no header tells of; may be given again"))->type_name(say("ADDRESS"));
    leaf.add_option("--attach", files, say("A file to send with it; may be given again"))->type_name(say("FILE"));
    leaf.add_option("--html-file", html_file, say("The same words as HTML"))->type_name(say("FILE"));
    leaf.add_option("--send-at", send_at, say("When it goes out, such as 2026-11-24T08:00:00Z; at once otherwise"))
        ->type_name(say("TIME"));
    leaf.add_flag(
        "--undo", undo,
        say("Hold it back for as long as the setting undo-delay says: postroom outbound cancel takes it back"));
    leaf.add_flag("--no-signature", unsigned_, say("Without the department's signature"));
}

void AnswerOptions::put_into(json::object& body, Talk& talk) const
{
    if (!to.empty()) body["to"] = texts(to);
    if (!cc.empty()) body["cc"] = texts(cc);
    if (!bcc.empty()) body["bcc"] = texts(bcc);
    if (!html_file.empty()) body["html"] = contents_of(html_file);
    if (!send_at.empty()) body["send_at"] = send_at;
    if (undo) body["undo"] = true;
    if (unsigned_) body["sign"] = false;
    json::array attachments;
    for (auto const& path : files) {
        auto const name = std::filesystem::path(path).filename().string();
        auto const answer = talk.server.upload("/api/v1/uploads?name=" + in_url(name), contents_of(path));
        attachments.emplace_back(answer.at("id"));
    }
    if (!attachments.empty()) body["attachments"] = std::move(attachments);
}

}  // namespace postroom::cli
