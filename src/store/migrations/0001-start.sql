R"sql(
-- The first schema. {uuid}, {text}, {blob}, {sealed} (a blob that the vault sealed) and {clustered} are each database's
-- own words (store/migrations.hpp). Times are milliseconds since 1970 in UTC, lists and attachments JSON, booleans 0 or 1,
-- states the words of model/words.cpp.

CREATE TABLE setting (
    name {text} PRIMARY KEY,
    value {text} NOT NULL
);

-- Numbers that never come twice, a deleted case's neither.
CREATE TABLE counter (
    name {text} PRIMARY KEY,
    last_value BIGINT NOT NULL
);
INSERT INTO counter (name, last_value) VALUES ('case', 0);

CREATE TABLE department (
    id {uuid} PRIMARY KEY,
    name {text} NOT NULL CHECK (name <> ''),
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX department_name ON department (lower(name));

CREATE TABLE console_user (
    id {uuid} PRIMARY KEY,
    name {text} NOT NULL CHECK (name <> ''),
    password_hash {text} NOT NULL,
    role {text} NOT NULL CHECK (role IN ('system-administrator', 'department-administrator', 'agent', 'auditor')),
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX console_user_name ON console_user (lower(name));

CREATE TABLE console_session (
    token_digest {blob} PRIMARY KEY,
    console_user {uuid} NOT NULL REFERENCES console_user (id) ON DELETE CASCADE,
    ends BIGINT NOT NULL
);
CREATE INDEX console_session_user ON console_session (console_user);
CREATE INDEX console_session_ends ON console_session (ends);

CREATE TABLE application (
    id {uuid} PRIMARY KEY,
    name {text} NOT NULL CHECK (name <> ''),
    cloud {text} NOT NULL,
    tenant {text} NOT NULL,
    authority {text} NOT NULL,
    client_id {text} NOT NULL,
    client_secret {sealed} NOT NULL,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX application_name ON application (lower(name));

-- A removed account stays as a tombstone, without its application and its grant: what was sent and filed refers to it. One
-- with a password has no application.
CREATE TABLE account (
    id {uuid} PRIMARY KEY,
    department {uuid} NOT NULL REFERENCES department (id),
    application {uuid} REFERENCES application (id),
    name {text} NOT NULL CHECK (name <> ''),
    kind {text} NOT NULL CHECK (kind IN ('mailbox', 'shared')),
    retrieval {text} NOT NULL CHECK (retrieval IN ('imap', 'pop3')),
    user_name {text} NOT NULL,
    retrieval_host {text} NOT NULL,
    retrieval_port BIGINT NOT NULL CHECK (retrieval_port BETWEEN 0 AND 65535),
    retrieval_starttls BIGINT NOT NULL CHECK (retrieval_starttls IN (0, 1)),
    submission_host {text} NOT NULL,
    submission_port BIGINT NOT NULL CHECK (submission_port BETWEEN 0 AND 65535),
    submission_implicit_tls BIGINT NOT NULL CHECK (submission_implicit_tls IN (0, 1)),
    state {text} NOT NULL CHECK (state IN ('new', 'ready', 'needs-authorization')),
    state_reason {text} NOT NULL,
    state_since BIGINT NOT NULL,
    transcript BIGINT NOT NULL CHECK (transcript IN (0, 1)),
    created BIGINT NOT NULL,
    removed BIGINT
);
CREATE UNIQUE INDEX account_name ON account (lower(name)) WHERE removed IS NULL;
CREATE INDEX account_application ON account (application);
CREATE INDEX account_department ON account (department);

-- The same with a mailbox: cases and messages refer to it.
CREATE TABLE mailbox (
    id {uuid} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    department {uuid} NOT NULL REFERENCES department (id),
    address {text} NOT NULL CHECK (address <> ''),
    display_name {text} NOT NULL,
    folder {text} NOT NULL CHECK (folder <> ''),
    baseline BIGINT NOT NULL,
    after_action {text} NOT NULL CHECK (after_action IN ('leave', 'seen', 'move', 'delete')),
    after_folder {text} NOT NULL,
    poll BIGINT NOT NULL CHECK (poll > 0),
    uid_validity BIGINT NOT NULL,
    state {text} NOT NULL
        CHECK (state IN ('waiting', 'connecting', 'retrieving', 'idle', 'backing-off', 'stopped')),
    state_reason {text} NOT NULL,
    state_since BIGINT NOT NULL,
    last_success BIGINT,
    next_try BIGINT,
    created BIGINT NOT NULL,
    removed BIGINT
);
CREATE UNIQUE INDEX mailbox_address ON mailbox (lower(address)) WHERE removed IS NULL;
CREATE INDEX mailbox_account ON mailbox (account);
CREATE INDEX mailbox_department ON mailbox (department);

CREATE TABLE account_grant (
    account {uuid} PRIMARY KEY REFERENCES account (id),
    tenant_id {text} NOT NULL,
    object_id {text} NOT NULL,
    user_name {text} NOT NULL,
    scopes {text} NOT NULL,
    refresh_token {sealed} NOT NULL,
    access_token {sealed} NOT NULL,
    access_token_ends BIGINT NOT NULL,
    access_token_life BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    renewed BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- A sign-in under way; `used` is set when the browser comes back, by whoever is first.
CREATE TABLE account_authorization (
    id {uuid} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    state {text} NOT NULL UNIQUE,
    used BIGINT NOT NULL CHECK (used IN (0, 1)),
    nonce {text} NOT NULL,
    verifier {sealed} NOT NULL,
    redirect_url {text} NOT NULL,
    begun_by {text} NOT NULL,
    begun BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    outcome {text} NOT NULL CHECK (outcome IN ('waiting', 'accepted', 'refused')),
    reason {text} NOT NULL
);
CREATE INDEX account_authorization_account ON account_authorization (account);

-- A body is there once `published` is set; until then its chunks may be swept. Equal bytes are there once.
CREATE TABLE body (
    id {uuid} PRIMARY KEY,
    begun BIGINT NOT NULL,
    published BIGINT,
    size BIGINT,
    digest {blob},
    CHECK ((published IS NULL) = (digest IS NULL)),
    CHECK ((published IS NULL) = (size IS NULL))
);
CREATE UNIQUE INDEX body_digest ON body (digest);
CREATE INDEX body_unpublished ON body (begun) WHERE published IS NULL;

CREATE TABLE body_chunk (
    body {uuid} NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number >= 0),
    size BIGINT NOT NULL CHECK (size BETWEEN 0 AND 262144),
    zstd {blob} NOT NULL,
    PRIMARY KEY (body, number)
);

CREATE TABLE message (
    id {uuid} PRIMARY KEY,
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    body {uuid} NOT NULL REFERENCES body (id),
    size BIGINT NOT NULL CHECK (size >= 0),
    digest {blob} NOT NULL,
    fingerprint {blob} NOT NULL,
    possible_duplicate BIGINT NOT NULL CHECK (possible_duplicate IN (0, 1)),
    received BIGINT NOT NULL,
    filed BIGINT NOT NULL,
    triage {text} NOT NULL CHECK (triage IN ('pending', 'done', 'exception')),
    triage_tries BIGINT NOT NULL CHECK (triage_tries >= 0),
    exception {text} NOT NULL
);
CREATE UNIQUE INDEX message_digest ON message (mailbox, digest);
CREATE INDEX message_fingerprint ON message (mailbox, fingerprint);
CREATE INDEX message_body ON message (body);
CREATE INDEX message_pending ON message (filed, id) WHERE triage = 'pending';
CREATE INDEX message_exception ON message (filed, id) WHERE triage = 'exception';

-- A message that is deleted leaves its rows here, so that it is not retrieved again.
CREATE TABLE ledger (
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    folder {text} NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    state {text} NOT NULL CHECK (state IN ('skipped', 'filed', 'duplicate', 'unreadable')),
    message {uuid} REFERENCES message (id) ON DELETE SET NULL,
    due {text} NOT NULL CHECK (due IN ('leave', 'seen', 'move', 'delete')),
    tries BIGINT NOT NULL CHECK (tries >= 0),
    note {text} NOT NULL,
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (mailbox, folder, uid_validity, uid)
) {clustered};
CREATE INDEX ledger_due ON ledger (mailbox, folder, uid_validity, tries, uid) WHERE due <> 'leave';
CREATE INDEX ledger_message ON ledger (message) WHERE message IS NOT NULL;

CREATE TABLE customer_case (
    id {uuid} PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    department {uuid} NOT NULL REFERENCES department (id),
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    subject {text} NOT NULL,
    customer {text} NOT NULL,
    customer_name {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('open', 'closed')),
    activities BIGINT NOT NULL CHECK (activities >= 0),
    waiting_for_us BIGINT NOT NULL CHECK (waiting_for_us IN (0, 1)),
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE INDEX customer_case_state ON customer_case (state, number);
CREATE INDEX customer_case_department ON customer_case (department, number);
CREATE INDEX customer_case_mailbox ON customer_case (mailbox);

CREATE TABLE activity (
    id {uuid} PRIMARY KEY,
    customer_case {uuid} NOT NULL REFERENCES customer_case (id) ON DELETE CASCADE,
    kind {text} NOT NULL CHECK (kind IN ('received', 'sent', 'note', 'event')),
    from_address {text} NOT NULL,
    to_addresses {text} NOT NULL,
    cc_addresses {text} NOT NULL,
    subject {text} NOT NULL,
    message_id {text} NOT NULL,
    reference_ids {text} NOT NULL,
    plain_text {text} NOT NULL,
    has_html BIGINT NOT NULL CHECK (has_html IN (0, 1)),
    attachments {text} NOT NULL,
    message {uuid} REFERENCES message (id),
    body {uuid} REFERENCES body (id),
    automatic BIGINT NOT NULL CHECK (automatic IN (0, 1)),
    possible_duplicate BIGINT NOT NULL CHECK (possible_duplicate IN (0, 1)),
    happened BIGINT NOT NULL
);
CREATE INDEX activity_case ON activity (customer_case, happened, id);
-- A filed mail becomes one activity, however often triage is begun.
CREATE UNIQUE INDEX activity_message ON activity (message) WHERE message IS NOT NULL;
CREATE INDEX activity_body ON activity (body) WHERE body IS NOT NULL;

CREATE TABLE activity_message_id (
    message_id {text} NOT NULL,
    activity {uuid} NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, activity)
);
CREATE INDEX activity_message_id_activity ON activity_message_id (activity);

-- next_try is null where a doubt is a person's to settle. attempt is the number of the last attempt.
CREATE TABLE outbound (
    id {uuid} PRIMARY KEY,
    activity {uuid} NOT NULL UNIQUE REFERENCES activity (id),
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    account {uuid} NOT NULL REFERENCES account (id),
    body {uuid} NOT NULL REFERENCES body (id),
    size BIGINT NOT NULL CHECK (size >= 0),
    message_id {text} NOT NULL,
    provider_message_id {text} NOT NULL,
    sender {text} NOT NULL,
    recipients {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('queued', 'claimed', 'committing', 'sent', 'failed', 'in-doubt')),
    attempt BIGINT NOT NULL CHECK (attempt >= 0),
    tries BIGINT NOT NULL CHECK (tries >= 0),
    doubt_looks BIGINT NOT NULL CHECK (doubt_looks >= 0),
    next_try BIGINT,
    lease_owner {text},
    lease_length BIGINT,
    lease_ends BIGINT,
    reason {text} NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    CHECK ((state IN ('claimed', 'committing')) = (lease_owner IS NOT NULL)),
    CHECK ((lease_owner IS NULL) = (lease_ends IS NULL))
);
CREATE INDEX outbound_due ON outbound (account, state, next_try) WHERE state IN ('queued', 'in-doubt');
CREATE INDEX outbound_leased ON outbound (lease_ends) WHERE lease_ends IS NOT NULL;
CREATE INDEX outbound_state ON outbound (state, created);
CREATE INDEX outbound_mailbox ON outbound (mailbox);
CREATE INDEX outbound_body ON outbound (body);

CREATE TABLE attempt (
    outbound {uuid} NOT NULL REFERENCES outbound (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number > 0),
    owner {text} NOT NULL,
    begun BIGINT NOT NULL,
    committing BIGINT,
    ended BIGINT,
    outcome {text} CHECK (outcome IN ('sent', 'later', 'given-back', 'failed', 'in-doubt', 'lost')),
    reply {text} NOT NULL,
    PRIMARY KEY (outbound, number),
    CHECK ((ended IS NULL) = (outcome IS NULL))
);

-- A lease that is given up stays, so that its fence only ever grows.
CREATE TABLE lease (
    name {text} PRIMARY KEY,
    owner {text} NOT NULL,
    fence BIGINT NOT NULL,
    ends BIGINT NOT NULL
);

CREATE TABLE job (
    id {uuid} PRIMARY KEY,
    kind {text} NOT NULL,
    input {text} NOT NULL,
    output {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('waiting', 'claimed', 'done', 'failed')),
    owner {text},
    lease_ends BIGINT,
    created BIGINT NOT NULL,
    CHECK ((state = 'claimed') = (lease_ends IS NOT NULL))
);
CREATE INDEX job_open ON job (kind, created, id) WHERE state IN ('waiting', 'claimed');

CREATE TABLE audit (
    id {uuid} PRIMARY KEY,
    happened BIGINT NOT NULL,
    who {text} NOT NULL,
    what {text} NOT NULL,
    subject {text} NOT NULL,
    detail {text} NOT NULL
);

CREATE TABLE alarm (
    id {uuid} PRIMARY KEY,
    cause {text} NOT NULL,
    subject {text} NOT NULL,
    words {text} NOT NULL,
    times BIGINT NOT NULL,
    begun BIGINT NOT NULL,
    last_raised BIGINT NOT NULL,
    ended BIGINT
);
CREATE UNIQUE INDEX alarm_raised ON alarm (cause, subject) WHERE ended IS NULL;
)sql"
