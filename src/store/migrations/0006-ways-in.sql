R"sql(
-- Every way to get a token: what applications prove themselves with, whose permissions an account uses, grants that are
-- tried before they count, and what is remembered of a renewal that did not succeed.

-- Two at once, so that one can be replaced by the next without a gap. The newest that the provider takes is used.
CREATE TABLE credential (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    kind {text} NOT NULL CHECK (kind IN ('secret', 'certificate')),
    sealed_value {sealed} NOT NULL,
    subject {text} NOT NULL,
    thumbprint {text} NOT NULL,
    ends BIGINT,
    created BIGINT NOT NULL,
    accepted BIGINT,
    refused BIGINT,
    refusal {text} NOT NULL
);
CREATE INDEX credential_application ON credential (application, created);
-- The vault binds a secret to its place: that of an application's first one was named by the application's id.
INSERT INTO credential (id, application, kind, sealed_value, subject, thumbprint, created, refusal)
SELECT id, id, 'secret', client_secret, '', '', created, '' FROM application WHERE length(client_secret) > 0;
ALTER TABLE application DROP COLUMN client_secret;

-- What a custom provider is asked for, as a list; empty: as the cloud needs.
ALTER TABLE application ADD COLUMN scopes {text} NOT NULL DEFAULT '[]';
ALTER TABLE application ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE account ADD COLUMN access {text} NOT NULL DEFAULT 'delegated' CHECK (access IN ('delegated', 'application', 'password'));
ALTER TABLE account ADD COLUMN retrieve_as {text} NOT NULL DEFAULT 'mailbox' CHECK (retrieve_as IN ('mailbox', 'owner'));
ALTER TABLE account ADD COLUMN submit_as {text} NOT NULL DEFAULT 'owner' CHECK (submit_as IN ('mailbox', 'owner'));
ALTER TABLE account ADD COLUMN password {sealed};

-- asked: a renewal was sent to the provider then, and its answer is not stored yet.
ALTER TABLE account_grant ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_grant ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_grant ADD COLUMN next_try BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_grant ADD COLUMN trouble {text} NOT NULL DEFAULT '';
ALTER TABLE account_grant ADD COLUMN asked BIGINT;
-- What the refresher plans by, without the tokens' pages.
CREATE INDEX account_grant_plan ON account_grant (access_token_ends, account, access_token_life, version, next_try, refusals);

-- A sign-in under way lasts minutes: whoever is in the middle of one begins again.
DROP TABLE account_authorization;
CREATE TABLE account_authorization (
    id {uuid} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    flow {text} NOT NULL CHECK (flow IN ('code', 'device', 'application')),
    state {text} NOT NULL UNIQUE,
    used BIGINT NOT NULL CHECK (used IN (0, 1)),
    nonce {text} NOT NULL,
    verifier {sealed},
    redirect_url {text} NOT NULL,
    device_code {sealed},
    user_code {text} NOT NULL,
    verification_url {text} NOT NULL,
    poll_every BIGINT NOT NULL,
    test_mail BIGINT NOT NULL CHECK (test_mail IN (0, 1)),
    begun_by {text} NOT NULL,
    begun BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    outcome {text} NOT NULL CHECK (outcome IN ('waiting', 'trying', 'accepted', 'refused')),
    reason {text} NOT NULL,
    candidate {text} NOT NULL,
    candidate_refresh_token {sealed},
    candidate_access_token {sealed},
    job {uuid}
);
CREATE INDEX account_authorization_account ON account_authorization (account);
CREATE INDEX account_authorization_open ON account_authorization (outcome, ends) WHERE outcome IN ('waiting', 'trying');

-- What the account's grant was seen to allow with each mailbox: that it opens, and that it may be sent from.
CREATE TABLE mailbox_right (
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    what {text} NOT NULL CHECK (what IN ('open', 'send')),
    outcome {text} NOT NULL CHECK (outcome IN ('holds', 'fails', 'warns', 'could-not-be-told')),
    evidence {text} NOT NULL,
    looked BIGINT NOT NULL,
    PRIMARY KEY (mailbox, what)
);
)sql"
