// Every literal that is known, from the words of a server to the likeliest cause; and what is no literal at all.
#include "model/causes.hpp"

#include <gmock/gmock.h>

#include <random>

namespace postroom::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> ids(Explanation const& explanation)
{
    std::vector<std::string> all;
    for (auto const& each : explanation.causes) all.push_back(each.cause->id);
    return all;
}

std::string first(std::string_view said, Hints const& hints = {})
{
    auto const explanation = explain(said, hints);
    return explanation.known() ? explanation.causes.front().cause->id : "";
}

std::string particular(Explanation const& explanation, std::string_view name)
{
    for (auto const& each : explanation.particulars)
        if (each.name == name) return each.value;
    return "";
}

struct Literal {
    std::string_view said;
    std::string_view cause;
};

constexpr Literal literals[] = {
    // IMAP
    {"A01 NO AUTHENTICATE failed.", "token-for-another-resource"},
    {"A01 NO LOGIN failed.", "imap-login-refused"},
    {"A02 BAD User is authenticated but not connected.", "mailbox-right-missing"},
    {"A02 BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14", "mailbox-right-missing"},
    {"* BYE Connection closed. 14", "imap-closed"},
    {"* BYE Session invalidated - AccessTokenExpired", "token-expired-in-session"},
    {"* BYE Connection is closed. 13", "imap-idle-ended"},
    {"A3 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds", "imap-throttled"},
    {"A3 BAD Request is throttled. Suggested Backoff Time: 12 milliseconds\r\n* BYE Connection closed. 14",
     "imap-throttled"},
    {"A3 NO Server Unavailable. 15", "back-end-unavailable"},
    {"* Server Unavailable. 15", "back-end-unavailable"},
    {"A3 BAD Command Argument Error. 11", "imap-argument-unsupported"},
    {"A3 BAD Command Argument Error. 12", "imap-argument-unsupported"},
    {"A3 BAD Command Error. 10", "imap-command-refused"},
    {"A3 BAD Command received in Invalid state.", "imap-wrong-state"},
    {"A3 NO The specified message set is invalid.", "imap-stale-numbers"},
    {"A3 BAD The specified message set is invalid.", "imap-stale-numbers"},
    {"A3 NO [BADCHARSET (US-ASCII)] The specified charset is not supported.", "imap-charset"},
    {"A3 NO Maximum size of appendable message has been exceeded", "imap-append-too-large"},
    {"A3 BAD command line limit exceeded", "imap-line-too-long"},
    {"A3 NO Folder name is reserved", "folder-name-reserved"},
    {"A3 NO [SERVERBUG] Internal server error.", "imap-server-bug"},
    {"Retrieval using the IMAP4 protocol failed for the following message: 20004", "mail-not-converted"},
    {"The server couldn't retrieve the following message:", "mail-not-converted"},
    {"TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2. Visit "
     "https://aka.ms/popimap_tls.",
     "tls-too-old"},
    // POP3
    {"-ERR Authentication failure: unknown user name or bad password.", "pop3-sign-in-refused"},
    {"-ERR Logon failure: unknown user name or bad password.", "basic-authentication-off"},
    {"-ERR Command is not valid in this state.", "pop3-wrong-state"},
    {"-ERR Protocol error. 14", "pop3-one-line"},
    {"-ERR Protocol error. 19", "pop3-one-line"},
    {"-ERR Protocol error.", "pop3-one-line"},
    {"-ERR Server Unavailable. 21", "back-end-unavailable"},
    // SMTP
    {"535 5.7.3 Authentication unsuccessful [HOST 2024-07-11T11:46:49.042Z 08DCA18218166FB4]", "smtp-token-refused"},
    {"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit "
     "https://aka.ms/smtp_auth_disabled for more information. [HOST 2024-07-11T11:46:49.042Z 08DCA18218166FB4]",
     "smtp-auth-off-tenant"},
    {"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit "
     "https://aka.ms/smtp_auth_disabled for more information.",
     "smtp-auth-off-mailbox"},
    {"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "basic-authentication-off"},
    {"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", "password-wrong"},
    {"535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact "
     "your administrator.",
     "security-defaults"},
    {"535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. "
     "Contact your administrator.",
     "policy-criteria"},
    {"535 5.7.139 Authentication unsuccessful, federated STS service was unreachable.", "federation-unreachable"},
    {"535 5.7.139 Authentication unsuccessful, the federated STS URL does not support HTTPS.", "federation-no-https"},
    {"535 5.7.139 Authentication unsuccessful, account locked", "account-locked"},
    {"535 5.7.139 Authentication unsuccessful, something that nobody knows yet", "smtp-auth-off-tenant"},
    {"504 5.7.4 Unrecognized authentication type", "smtp-mechanism-unknown"},
    {"530 5.7.57 Client not authenticated to send mail", "smtp-not-signed-in"},
    {"550 5.7.57 Client was not authenticated to send anonymous mail during MAIL FROM", "smtp-not-signed-in"},
    {"500 5.3.3 Unrecognized command 'unknown'", "smtp-out-of-step"},
    {"550 5.7.60 SMTP; Client does not have permissions to send as this sender", "send-as-missing"},
    {"554 5.2.252 SendAsDenied; a@contoso.com not allowed to send as b@contoso.com; "
     "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to "
     "a "
     "permanent exception with message [BeginDiagnosticData]Cannot submit message.",
     "send-as-missing"},
    {"554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", "send-as-missing"},
    {"432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information. "
     "[Hostname=AM0PR01MB0001.eurprd01.prod.outlook.com]",
     "smtp-too-many-connections"},
    {"432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "smtp-too-many-connections"},
    {"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "recipient-quota"},
    {"554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
     "mailbox-full"},
    {"554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded",
     "mailbox-full"},
    {"MapiExceptionMaxSubmissionExceeded; Message size exceeds maximum size limit.; "
     "STOREDRV.Submission.Exception:MessageSubmissionExceededException",
     "message-too-large"},
    {"552 5.3.4 Header size exceeds fixed maximum size", "header-too-large"},
    {"552 5.3.4 Message size exceeds fixed maximum message size", "message-over-size"},
    {"550 5.1.8 Access denied, bad outbound sender", "sender-restricted"},
    {"451 4.7.0 Temporary server error. Please try again later. PRX4", "server-proxy-trouble"},
    {"451 4.7.0 Temporary server error. Please try again later. PRX5", "server-proxy-trouble"},
    {"421 4.3.2 Service not available", "server-closing"},
    {"421 4.4.1 Connection timed out. Total session duration: 00:20:55.123", "session-too-long"},
    {"421 4.4.2 Message submission rate for this client has exceeded the configured limit", "submission-rate"},
    {"452 4.5.3 Too many recipients", "too-many-recipients"},
    {"450 4.2.3", "server-busy"},
    {"451 4.7.500 Server busy", "server-busy"},
    {"451 4.7.699", "server-busy"},
    {"550 5.7.232", "external-recipients-limit"},
    {"550 5.7.233", "external-recipients-limit"},
    {"550 5.1.90", "receive-limit"},
    {"550 5.2.121", "receive-limit"},
    {"550 5.2.122", "receive-limit"},
    {"550 5.7.501", "sending-blocked"},
    {"550 5.7.502", "sending-blocked"},
    {"550 5.7.503", "sending-blocked"},
    {"550 5.7.703", "sending-blocked"},
    {"550 5.7.705", "sending-blocked"},
    {"550 5.7.708", "sending-blocked"},
    {"550 5.7.750", "sending-blocked"},
    {"450 4.7.26", "sender-not-authenticated"},
    {"550 5.7.26", "sender-not-authenticated"},
    {"550 5.7.509", "sender-not-authenticated"},
    {"550 5.7.512", "sender-not-authenticated"},
    {"550 5.6.11", "bare-line-feed"},
    {"550 5.7.30 Basic authentication is not supported for Client Submission.", "basic-authentication-ended"},
    {"501 5.5.124 Invalid XOAUTH2 auth data", "xoauth2-malformed"},
    {"501 5.5.127 Invalid XOAUTH2 auth data - Token will expire soon error", "token-ends-soon"},
    // Entra
    {"AADSTS50011", "AADSTS50011"},
    {"50011", "AADSTS50011"},
    {" 700082\r\n", "AADSTS700082"},
    {"aadsts7000222: The provided client secret keys are expired.", "AADSTS7000222"},
    {"AADSTS70002: Error validating credentials. AADSTS70008: The refresh token has expired", "AADSTS70008"},
    {"AADSTS70008: The refresh token has expired. AADSTS70002", "AADSTS70008"},
    {R"({"error":"invalid_grant","error_description":"expired","error_codes":[700082]})", "AADSTS700082"},
    {R"({"error":"invalid_grant","error_description":"AADSTS999999: no one knows"})", "entra-invalid-grant"},
    {"interaction_required", "entra-interaction"},
    {"consent_required", "entra-interaction"},
    {"login_required", "entra-interaction"},
    {"invalid_client", "entra-invalid-client"},
    {"unauthorized_client", "entra-unauthorized-client"},
    {"invalid_request", "entra-configuration"},
    {"unsupported_grant_type", "entra-configuration"},
    {"unsupported_response_type", "entra-configuration"},
    {"invalid_scope", "entra-configuration"},
    {"invalid_resource", "entra-configuration"},
    {"invalid_tenant", "entra-configuration"},
    {"invalid_instance", "entra-configuration"},
    {"temporarily_unavailable", "entra-temporary"},
    {"server_error", "entra-temporary"},
    {"authorization_pending", "entra-device-pending"},
    {"authorization_declined", "entra-device-ended"},
    {"bad_verification_code", "entra-device-ended"},
    {"expired_token", "entra-device-ended"},
    {"access_denied", "entra-access-denied"},
    {"user_password_expired", "entra-interaction"},
    {"the identity provider gave no usable answer (HTTP 429)", "provider-too-many-requests"},
    // This machine, in the words of src/net and src/grants
    {"outlook.office365.com has no address: Domain name not found", "name-not-resolved"},
    {"cannot reach outlook.office365.com:993: 192.0.2.1: Connection refused", "port-closed"},
    {"outlook.office365.com:993 is not trusted: the certificate is not for outlook.office365.com: it names proxy",
     "certificate-not-trusted"},
    {"account sales has not been authorized yet", "not-authorized-yet"},
};

TEST(Explain, KnowsEveryLiteral)
{
    for (auto const& [said, cause] : literals) EXPECT_EQ(first(said), cause) << said;
}

TEST(Explain, KnowsEveryExampleOfTheCatalogue)
{
    for (auto const& refusal : refusals())
        EXPECT_EQ(first(refusal.example), refusal.causes.front()->id) << refusal.example;
}

TEST(Explain, KnowsEveryNumber)
{
    for (auto const& cause : causes()) {
        if (!cause.id.starts_with("AADSTS")) continue;
        EXPECT_EQ(first(cause.id), cause.id);
        EXPECT_EQ(first(cause.id + ": whatever it says"), cause.id);
    }
}

TEST(Explain, RanksWhatOneSymptomMayMean)
{
    EXPECT_THAT(
        ids(explain("the server refused to open the folder INBOX: BAD User is authenticated but not connected.")),
        ElementsAre("mailbox-right-missing", "imap-off", "alias-not-primary", "no-mailbox-licence", "access-policy",
                    "imap-throttled"));
}

TEST(Explain, KeepsBothNumbersOfADescription)
{
    EXPECT_THAT(ids(explain("AADSTS70002: Error validating credentials. AADSTS70008: expired")),
                ElementsAre("AADSTS70008", "AADSTS70002"));
}

TEST(Explain, TakesHintsIntoAccount)
{
    std::string_view const said = "A1 NO AUTHENTICATE failed.";
    EXPECT_EQ(first(said, {.application_only = true}), "service-principal-unknown");
    EXPECT_THAT(ids(explain(said, {.application_only = false})), Not(testing::Contains("service-principal-unknown")));
    EXPECT_EQ(first(said, {.speaker = Speaker::smtp}), "");
    EXPECT_EQ(first("535 5.7.3 no", {.speaker = Speaker::smtp}), "smtp-token-refused");
    EXPECT_EQ(first("AADSTS50011", {.speaker = Speaker::imap}), "");
    EXPECT_EQ(first("TLS 1.0 and 1.1 are not supported.", {.speaker = Speaker::pop3}), "tls-too-old");
}

TEST(Explain, FindsNoNumberInsideAnother)
{
    for (auto const* const said : {"550 5.7.3012 what", "535 15.7.3 x", "192.5.2.2", "5.2.2.7", "AADSTS123",
                                   "AADSTS123456789", "123456789", "123", "my_invalid_grant_x", "not_server_error",
                                   "2432 14.3.2", "", " ", "250 2.0.0 OK", "A OK FETCH completed."})
        EXPECT_THAT(ids(explain(said)), IsEmpty()) << said;
}

TEST(Explain, GivesWhatHelpsToLookIntoIt)
{
    auto const throttled = explain("NO Request is throttled. Suggested Backoff Time: 299961 milliseconds");
    EXPECT_EQ(particular(throttled, "wait (ms)"), "299961");

    auto const entra = explain(
        "AADSTS700082: The refresh token has expired due to inactivity.\r\nTrace ID: t-1\r\nCorrelation ID: c-1\r\n"
        "Timestamp: 2026-01-09 02:02:12Z");
    EXPECT_EQ(particular(entra, "trace id"), "t-1");
    EXPECT_EQ(particular(entra, "correlation id"), "c-1");
    EXPECT_EQ(particular(entra, "time"), "2026-01-09 02:02:12Z");

    auto const ours = explain(
        "the identity provider refused: invalid_grant: AADSTS50173: x [correlation id c-2, trace id t-2, time "
        "2026-01-09]");
    EXPECT_EQ(particular(ours, "correlation id"), "c-2");
    EXPECT_EQ(particular(ours, "trace id"), "t-2");
    EXPECT_EQ(particular(ours, "time"), "2026-01-09");

    auto const smtp = explain(
        "535 5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com "
        "2024-07-11T11:46:49.042Z 08DCA18218166FB4]");
    EXPECT_EQ(particular(smtp, "server"), "AM0PR01CA0001.eurprd01.prod.exchangelabs.com");
    EXPECT_EQ(particular(smtp, "time"), "2024-07-11T11:46:49.042Z");
    EXPECT_EQ(particular(smtp, "session"), "08DCA18218166FB4");

    auto const busy = explain("432 4.3.2 Concurrent connections limit exceeded. [Hostname=a.prod.outlook.com]");
    EXPECT_EQ(particular(busy, "hostname"), "a.prod.outlook.com");

    auto const denied =
        explain("554 5.2.252 SendAsDenied; a@contoso.com not allowed to send as b@contoso.com; STOREDRV");
    EXPECT_EQ(particular(denied, "mailbox that signed in"), "a@contoso.com");
    EXPECT_EQ(particular(denied, "sender"), "b@contoso.com");
}

TEST(Explain, SaysWhatToDoAboutWhatNobodyKnows)
{
    auto const code = explain("AADSTS999999: what is this? Correlation ID: c-9");
    EXPECT_FALSE(code.known());
    EXPECT_THAT(code.unknown_codes, ElementsAre(999999U));
    EXPECT_EQ(particular(code, "correlation id"), "c-9");
    EXPECT_THAT(advice_on_unknown(code).english(), HasSubstr("error?code=999999"));

    auto const words = explain("599 9.9.9 Something else");
    EXPECT_FALSE(words.known());
    EXPECT_THAT(advice_on_unknown(words).english(), StartsWith("Nothing is known"));
}

TEST(Explain, IsBoundedAndTotal)
{
    std::mt19937 random{7};
    for (int round = 0; round < 2000; ++round) {
        std::string said;
        for (unsigned n = random() % 6; n > 0; --n) {
            auto const& literal = literals[random() % std::size(literals)].said;
            said += literal.substr(random() % literal.size());
            said += static_cast<char>(random());
        }
        auto const explanation = explain(said);
        EXPECT_LE(explanation.causes.size(), 16U);
        for (auto const& each : explanation.particulars) EXPECT_LE(each.value.size(), 300U);
    }
    // What is beyond the bound is not read.
    EXPECT_THAT(ids(explain(std::string(1 << 20, '5') + " AADSTS50011")), IsEmpty());
    EXPECT_EQ(first("AADSTS50011" + std::string(1 << 20, ' ')), "AADSTS50011");
    std::string many;
    for (int code = 50000; code < 60000; ++code) many += "AADSTS" + std::to_string(code) + " ";
    EXPECT_LE(explain(many).causes.size(), 16U);
}

}  // namespace
}  // namespace postroom::model
