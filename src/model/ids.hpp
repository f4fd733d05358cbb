// The identities of the things in this folder, one type each.
#pragma once

#include "base/id.hpp"

namespace postroom::model {

using UserId = Id<struct UserTag>;
using AccessTokenId = Id<struct AccessTokenTag>;
using DepartmentId = Id<struct DepartmentTag>;
using ApplicationId = Id<struct ApplicationTag>;
using CredentialId = Id<struct CredentialTag>;
using AccountId = Id<struct AccountTag>;
using MailboxId = Id<struct MailboxTag>;
using AuthorizationId = Id<struct AuthorizationTag>;
using BodyId = Id<struct BodyTag>;
using MessageId = Id<struct MessageTag>;
using UnreadableMailId = Id<struct UnreadableMailTag>;
using CaseId = Id<struct CaseTag>;
using ActivityId = Id<struct ActivityTag>;
using OutboundId = Id<struct OutboundTag>;
using UploadId = Id<struct UploadTag>;
using JobId = Id<struct JobTag>;

}  // namespace postroom::model
