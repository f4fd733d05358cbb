#include "cli/server-client.hpp"

#include "base/text.hpp"
#include "cli/exit.hpp"
#include "cli/speech.hpp"
#include "net/http-server.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstring>
#include <memory>

namespace postroom::cli {

namespace {

constexpr std::size_t most_bytes = 256 * 1024 * 1024;

std::size_t take(char* bytes, std::size_t, std::size_t size, void* into)
{
    auto& body = *static_cast<std::string*>(into);
    if (body.size() + size > most_bytes) return 0;
    body.append(bytes, size);
    return size;
}

struct Ending {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// The server's words, the member it means, and nothing of its machinery.
std::string words_of(HttpAnswer const& answer)
{
    boost::system::error_code error;
    auto const problem = json::parse(answer.body, error);
    auto const* const object = error ? nullptr : problem.if_object();
    auto const* const detail = object ? object->if_contains("detail") : nullptr;
    if (!detail || !detail->is_string())
        return say("the server answered {} and said: {}", answer.status, printable(answer.body, 300));
    return std::string(detail->as_string());
}

}  // namespace

HttpAnswer http_call(std::string_view method, std::string const& url, std::string const& socket,
                     std::string const& anchors, std::optional<std::string> const& body, std::string_view content_type,
                     std::string_view how_to_start)
{
    std::unique_ptr<CURL, Ending> const curl(curl_easy_init());
    if (!curl) throw Exit(failed, say("libcurl could not be started"));
    HttpAnswer answer;
    std::array<char, CURL_ERROR_SIZE> why{};
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    if (!socket.empty()) curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    if (!anchors.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, anchors.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, std::string(method).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, why.data());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 330L);  // a retrieval answers within five minutes
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
    // What the server says of causes and refusals is to be in the command's language, too.
    std::unique_ptr<curl_slist, Ending> headers(
        curl_slist_append(nullptr, fmt::format("Accept-Language: {}", spoken().code()).c_str()));
    if (body && headers) curl_slist_append(headers.get(), fmt::format("Content-Type: {}", content_type).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    if (body) {
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->c_str());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    }
    auto const result = curl_easy_perform(curl.get());
    if (result != CURLE_OK) {
        long number = 0;
        curl_easy_getinfo(curl.get(), CURLINFO_OS_ERRNO, &number);
        bool const unreached = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST;
        // libcurl words a Unix socket's refusal as one of localhost's port 80.
        std::string const reason = unreached && !socket.empty() ? std::strerror(static_cast<int>(number))
                                   : why[0] != '\0'             ? why.data()
                                                                : curl_easy_strerror(result);
        auto const& where = socket.empty() ? url : socket;
        throw Exit(no_server, unreached ? say("{} can't be reached: {}. {}", where, reason, how_to_start)
                                        : say("{} gave no answer: {}. {}", where, reason, how_to_start));
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<unsigned>(status);
    return answer;
}

json::value ServerClient::get(std::string const& path) const
{
    return send("GET", path);
}

json::value ServerClient::all(std::string const& path) const
{
    json::array items;
    std::string after;
    for (;;) {
        auto page = get(path + after).as_object();
        for (auto& each : page.at("items").as_array()) items.push_back(std::move(each));
        auto const* const next = page.if_contains("next");
        if (!next || !next->is_string()) break;
        after = "?after=" + in_url(std::string_view(next->as_string()));
    }
    return json::object{{"items", std::move(items)}};
}

json::value ServerClient::send(std::string_view method, std::string const& path,
                               std::optional<json::object> const& body) const
{
    std::optional<std::string> text;
    if (body) text = json::serialize(*body);
    auto value = call(method, path, text, "application/json");
    if (text) wipe(*text);
    return value;
}

json::value ServerClient::upload(std::string const& path, std::string const& octets) const
{
    return call("POST", path, octets, "application/octet-stream");
}

json::value ServerClient::call(std::string_view method, std::string const& path, std::optional<std::string> const& body,
                               std::string_view type) const
{
    auto const answer =
        http_call(method, "http://localhost" + path, socket_, {}, body, type,
                  say("Is the server running? postroom serve starts it; --socket says where another one listens."));
    if (answer.status >= 400) throw Exit(failed, words_of(answer));
    if (answer.body.empty()) return nullptr;
    boost::system::error_code error;
    auto value = json::parse(answer.body, error);
    if (error) throw Exit(failed, say("the server's answer is not JSON: {}", error.message()));
    return value;
}

std::string in_url(std::string_view text)
{
    return net::percent_encode(text);
}

}  // namespace postroom::cli
