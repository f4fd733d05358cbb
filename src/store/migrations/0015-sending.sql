R"sql(
-- One activity may go out in parts, where its recipients are more than the server takes at once; what waits may be taken
-- back. The database that has tables in files can't drop a constraint, so both tables are made anew.
CREATE TABLE outbound_before (
    id {uuid},
    activity {uuid},
    mailbox {uuid},
    account {uuid},
    body {uuid},
    size BIGINT,
    message_id {text},
    provider_message_id {text},
    sender {text},
    recipients {text},
    state {text},
    attempt BIGINT,
    tries BIGINT,
    doubt_looks BIGINT,
    next_try BIGINT,
    lease_owner {text},
    lease_length BIGINT,
    lease_ends BIGINT,
    reason {text},
    created BIGINT,
    updated BIGINT
);
CREATE TABLE attempt_before (
    outbound {uuid},
    number BIGINT,
    owner {text},
    begun BIGINT,
    committing BIGINT,
    ended BIGINT,
    outcome {text},
    reply {text}
);
INSERT INTO outbound_before (id, activity, mailbox, account, body, size, message_id, provider_message_id, sender, recipients, state, attempt, tries, doubt_looks, next_try, lease_owner, lease_length, lease_ends, reason, created, updated)
    SELECT id, activity, mailbox, account, body, size, message_id, provider_message_id, sender, recipients, state, attempt, tries, doubt_looks, next_try, lease_owner, lease_length, lease_ends, reason, created, updated FROM outbound;
INSERT INTO attempt_before (outbound, number, owner, begun, committing, ended, outcome, reply)
    SELECT outbound, number, owner, begun, committing, ended, outcome, reply FROM attempt;
DROP TABLE attempt;
DROP TABLE outbound;

-- next_try is null where a doubt is a person's to settle. attempt is the number of the last attempt. part is counted from
-- 1; the parts of one mail have the same bytes but for their Message-ID, which is the row's.
CREATE TABLE outbound (
    id {uuid} PRIMARY KEY,
    activity {uuid} NOT NULL REFERENCES activity (id),
    part BIGINT NOT NULL CHECK (part > 0),
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    account {uuid} NOT NULL REFERENCES account (id),
    body {uuid} NOT NULL REFERENCES body (id),
    size BIGINT NOT NULL CHECK (size >= 0),
    message_id {text} NOT NULL,
    provider_message_id {text} NOT NULL,
    sender {text} NOT NULL,
    recipients {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('queued', 'claimed', 'committing', 'sent', 'failed', 'in-doubt', 'cancelled')),
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
CREATE UNIQUE INDEX outbound_activity ON outbound (activity, part);
CREATE INDEX outbound_due ON outbound (account, state, next_try) WHERE state IN ('queued', 'in-doubt');
CREATE INDEX outbound_leased ON outbound (lease_ends) WHERE lease_ends IS NOT NULL;
CREATE INDEX outbound_state ON outbound (state, created);
CREATE INDEX outbound_mailbox ON outbound (mailbox);
CREATE INDEX outbound_body ON outbound (body);

-- pacer is whom the server counts it for: the account, or the mailbox where each signs in for itself; null where nothing
-- is counted. recipients are those that it was committed to.
CREATE TABLE attempt (
    outbound {uuid} NOT NULL REFERENCES outbound (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number > 0),
    owner {text} NOT NULL,
    begun BIGINT NOT NULL,
    committing BIGINT,
    ended BIGINT,
    outcome {text} CHECK (outcome IN ('sent', 'later', 'given-back', 'failed', 'in-doubt', 'lost')),
    reply {text} NOT NULL,
    pacer {uuid},
    recipients BIGINT NOT NULL,
    PRIMARY KEY (outbound, number),
    CHECK ((ended IS NULL) = (outcome IS NULL))
);
CREATE INDEX attempt_paced ON attempt (pacer, committing) WHERE pacer IS NOT NULL;
INSERT INTO outbound (id, activity, part, mailbox, account, body, size, message_id, provider_message_id, sender, recipients, state, attempt, tries, doubt_looks, next_try, lease_owner, lease_length, lease_ends, reason, created, updated)
    SELECT id, activity, 1, mailbox, account, body, size, message_id, provider_message_id, sender, recipients, state, attempt, tries, doubt_looks, next_try, lease_owner, lease_length, lease_ends, reason, created, updated FROM outbound_before;
INSERT INTO attempt (outbound, number, owner, begun, committing, ended, outcome, reply, recipients)
    SELECT outbound, number, owner, begun, committing, ended, outcome, reply, 0 FROM attempt_before;
DROP TABLE attempt_before;
DROP TABLE outbound_before;

-- What is known of one recipient of a mail that was sent: the server's answer to him, then the delivery reports.
CREATE TABLE recipient_outcome (
    activity {uuid} NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    address {text} NOT NULL,
    outcome {text} NOT NULL CHECK (outcome IN ('accepted', 'refused', 'delayed', 'delivered', 'failed')),
    words {text} NOT NULL,
    happened BIGINT NOT NULL,
    PRIMARY KEY (activity, address)
);

-- How an account's server is sent to; a null is the default for that server.
CREATE TABLE account_sending (
    account {uuid} PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    messages_a_minute BIGINT CHECK (messages_a_minute >= 0),
    recipients_a_day BIGINT CHECK (recipients_a_day >= 0),
    connections BIGINT CHECK (connections > 0),
    recipients_a_message BIGINT CHECK (recipients_a_message > 0),
    sent_folder {text} NOT NULL,
    append_sent BIGINT NOT NULL CHECK (append_sent IN (0, 1)),
    version BIGINT NOT NULL
);
-- Until when an account or a mailbox sends nothing, or over fewer connections, because its server said so or its
-- allowance is used up.
CREATE TABLE sending_pause (
    pacer {uuid} PRIMARY KEY,
    until BIGINT NOT NULL,
    connections BIGINT,
    fewer_until BIGINT,
    words {text} NOT NULL
);
-- What the mail of a department is signed with, and for how long it is tried. reply_to is of a mailbox.
CREATE TABLE department_sending (
    department {uuid} PRIMARY KEY REFERENCES department (id) ON DELETE CASCADE,
    signature {text} NOT NULL,
    signature_html {text} NOT NULL,
    patience BIGINT NOT NULL CHECK (patience > 0),
    version BIGINT NOT NULL
);
CREATE TABLE mailbox_sending (
    mailbox {uuid} PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    reply_to {text} NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE reply_template (
    department {uuid} NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    subject {text} NOT NULL,
    plain_text {text} NOT NULL,
    html {text} NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (department, name)
);

-- A file on its way into a mail: a body that is never published, and swept with it after a while.
CREATE TABLE upload (
    id {uuid} PRIMARY KEY,
    body {uuid} NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    owner {text} NOT NULL,
    name {text} NOT NULL,
    type {text} NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    created BIGINT NOT NULL
);
CREATE INDEX upload_body ON upload (body);
)sql"
