R"sql(
-- By which name a console was reached when somebody signed in to it.
ALTER TABLE console_session ADD COLUMN host {text} NOT NULL DEFAULT '';

-- Marked mails of mailboxes to themselves, by Message-ID, that were retrieved again: when each was filed, and when triage knew it for
-- what it is. Rows go after a while.
CREATE TABLE test_mail (
    message_id {text} PRIMARY KEY,
    message {uuid} REFERENCES message (id) ON DELETE SET NULL,
    filed BIGINT NOT NULL,
    told BIGINT NOT NULL
);
CREATE INDEX test_mail_message ON test_mail (message) WHERE message IS NOT NULL;

-- The server that alone takes part in a run; '' is for all where its items must hold.
ALTER TABLE check_run ADD COLUMN server {text} NOT NULL DEFAULT '';

-- A conversation with a mail server that another server of the installation holds: which (JSON), with what secret, and its steps so
-- far (JSON). Rows go after a while, the secret once it was used.
CREATE TABLE connection_test (
    id {uuid} PRIMARY KEY,
    server {text} NOT NULL,
    asked {text} NOT NULL,
    secret {sealed},
    talk {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('waiting', 'working', 'done')),
    created BIGINT NOT NULL
);
CREATE INDEX connection_test_created ON connection_test (created);
)sql"
