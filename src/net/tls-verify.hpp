// Why a certificate was not accepted, in words that help: which name was missing and which there are, or the chain as
// far as it could be built.
#pragma once

#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace postroom::net {

/// Makes whatever is opened with the context verify its peer. The reason of a refusal is written to the string that
/// was given for the connection, or else for the context.
void verify_peer(ssl_ctx_st* context);
void report_refusal_to(ssl_st* connection, std::string* report);
void report_refusal_to(ssl_ctx_st* context, std::string* report);
/// The name, or literal address, that the certificate must have.
void expect_name(ssl_st* connection, std::string const& name);
void expect_name(ssl_ctx_st* context, std::string const& name);

}  // namespace postroom::net
