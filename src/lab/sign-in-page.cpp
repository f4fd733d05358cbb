#include "lab/sign-in-page.hpp"

#include <fmt/format.h>

namespace postroom::lab {

std::string escape(std::string_view text)
{
    std::string out;
    for (char const c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string page(std::string_view title, std::string_view body)
{
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>"
        "<meta name=\"viewport\" content=\"width=device-width\"><style>"
        "body{{font:15px/1.5 'Segoe UI',system-ui,sans-serif;background:#f2f2f2;margin:0}}"
        "main{{max-width:440px;margin:8vh auto;background:#fff;padding:2.5rem;box-shadow:0 2px 6px #0003}}"
        "input[type=text],input[type=password],input[type=email]{{width:100%;box-sizing:border-box;border:0;"
        "border-bottom:1px solid #666;padding:.5rem 0;margin:.5rem 0;font:inherit}}"
        "button{{background:#0067b8;color:#fff;border:0;padding:.5rem 1.5rem;margin:.5rem .5rem 0 0;font:inherit}}"
        "button.plain{{background:#ccc;color:#000}} .problem{{color:#a4262c}} small{{color:#555}}"
        "</style></head><body><main>{}</main></body></html>\n",
        escape(title), body);
}

std::string sign_in_page(SignInForm const& form)
{
    std::string body = "<small>Postroom lab, playing Microsoft</small>";
    if (!form.accounts.empty()) {
        body += "<h1>Pick an account</h1><form method=\"post\">";
        for (auto const& account : form.accounts)
            body += fmt::format("<p><button name=\"pick\" value=\"{0}\">{0}</button></p>", escape(account));
        body += "</form><h2>Use another account</h2>";
    } else {
        body += "<h1>Sign in</h1>";
    }
    if (!form.problem.empty()) body += fmt::format("<p class=\"problem\" role=\"alert\">{}</p>", escape(form.problem));
    body += fmt::format(
        "<form method=\"post\"><label>Email<input type=\"email\" name=\"login\" value=\"{}\" autocomplete=\"username\" "
        "required></label><label>Password<input type=\"password\" name=\"passwd\" autocomplete=\"current-password\" "
        "required></label><button>Sign in</button></form><p><small>to continue to {}</small></p>",
        escape(form.login), escape(form.application));
    return page("Sign in to your account", body);
}

std::string consent_page(std::string_view application, std::string_view user, std::vector<std::string> const& scopes,
                         std::string_view for_whom)
{
    std::string list;
    for (auto const& scope : scopes) list += fmt::format("<li>{}</li>", escape(scope));
    return page(
        "Permissions requested",
        fmt::format("<small>{}</small><h1>Permissions requested{}</h1><p><b>{}</b> would like to:</p><ul>{}</ul>"
                    "<form method=\"post\"><button name=\"consent\" value=\"accept\">Accept</button>"
                    "<button class=\"plain\" name=\"consent\" value=\"decline\">Cancel</button></form>",
                    escape(user), for_whom.empty() ? "" : " " + escape(for_whom), escape(application), list));
}

std::string error_page(std::string_view text, std::string_view trace_id, std::string_view correlation_id,
                       std::string_view timestamp)
{
    return page("Sign in to your account",
                fmt::format("<small>Postroom lab, playing Microsoft</small><h1>Sign in</h1>"
                            "<p>Sorry, but we’re having trouble signing you in.</p><p class=\"problem\" "
                            "id=\"error\">{}</p><p><small>Request Id: {}<br>Correlation Id: {}<br>Timestamp: "
                            "{}</small></p>",
                            escape(text), escape(trace_id), escape(correlation_id), escape(timestamp)));
}

}  // namespace postroom::lab
