R"sql(
-- An alarm's row says what is wrong where. `why` is the catalogue's cause of it, where its words have one; `amount` how much
-- of it there is (mails that wait, say).
ALTER TABLE alarm ADD COLUMN why {text} NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN amount BIGINT NOT NULL DEFAULT 1;

-- What people are called for: one a cause, however many rows there are of it. `over` is since when none is; the call ends
-- when that has lasted. `told` is null until somebody was told of it.
CREATE TABLE alarm_call (
    id {uuid} PRIMARY KEY,
    cause {text} NOT NULL,
    why {text} NOT NULL,
    words {text} NOT NULL,
    begun BIGINT NOT NULL,
    over BIGINT,
    ended BIGINT,
    told BIGINT,
    told_amount BIGINT NOT NULL,
    acknowledged BIGINT,
    acknowledged_by {text} NOT NULL,
    silenced_until BIGINT
);
CREATE UNIQUE INDEX alarm_call_open ON alarm_call (cause, why) WHERE ended IS NULL;
CREATE INDEX alarm_call_begun ON alarm_call (begun, id);
INSERT INTO alarm_call (id, cause, why, words, begun, told_amount, acknowledged_by)
SELECT a.id, a.cause, '', a.words, a.begun, 0, '' FROM alarm a WHERE a.ended IS NULL AND NOT EXISTS (
    SELECT 1 FROM alarm b WHERE b.ended IS NULL AND b.cause = a.cause AND b.id < a.id);

-- The ways that mail about alarms takes, tried in the order of `place`. The first that accepts it is enough.
CREATE TABLE alarm_route (
    id {uuid} PRIMARY KEY,
    place BIGINT NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('account', 'server')),
    account {uuid} REFERENCES account (id),
    sender {text} NOT NULL,
    host {text} NOT NULL,
    port BIGINT NOT NULL CHECK (port BETWEEN 0 AND 65535),
    security {text} NOT NULL CHECK (security IN ('tls', 'starttls', 'none')),
    user_name {text} NOT NULL,
    password {sealed},
    used BIGINT,
    failed BIGINT,
    failure {text} NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX alarm_route_account ON alarm_route (account);

-- Mail about alarms, until a route has taken it. Its Message-ID is made of its id.
CREATE TABLE alarm_notification (
    id {uuid} PRIMARY KEY,
    alarm_call {uuid} REFERENCES alarm_call (id) ON DELETE CASCADE,
    what {text} NOT NULL CHECK (what IN ('begins', 'spreads', 'reminds', 'ends', 'test')),
    recipients {text} NOT NULL,
    subject {text} NOT NULL,
    words {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('waiting', 'sent', 'given-up', 'logged')),
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    route {text} NOT NULL,
    reason {text} NOT NULL,
    created BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX alarm_notification_call ON alarm_notification (alarm_call);
CREATE INDEX alarm_notification_due ON alarm_notification (next_try) WHERE state = 'waiting';
CREATE INDEX alarm_notification_created ON alarm_notification (created, id);

-- That a server's workers live: when they said so last, or that they were stopped in order.
CREATE TABLE server_pulse (
    server {text} NOT NULL,
    part {text} NOT NULL CHECK (part IN ('application', 'services')),
    begun BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    stopped BIGINT,
    disk_size BIGINT NOT NULL,
    disk_free BIGINT NOT NULL,
    PRIMARY KEY (server, part)
);

-- Other software that is told what happens.
CREATE TABLE webhook (
    id {uuid} PRIMARY KEY,
    name {text} NOT NULL CHECK (name <> ''),
    url {text} NOT NULL,
    events {text} NOT NULL,
    secret {sealed} NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    created BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX webhook_name ON webhook (lower(name));

-- What each is told, once an event and subject; repeated, or tried again, under the same id.
CREATE TABLE webhook_delivery (
    id {uuid} PRIMARY KEY,
    webhook {uuid} NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event {text} NOT NULL,
    subject {text} NOT NULL,
    payload {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('waiting', 'delivered', 'given-up')),
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    status BIGINT NOT NULL,
    reason {text} NOT NULL,
    created BIGINT NOT NULL,
    ended BIGINT
);
CREATE UNIQUE INDEX webhook_delivery_once ON webhook_delivery (webhook, event, subject);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next_try) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_created ON webhook_delivery (webhook, created, id);
)sql"
