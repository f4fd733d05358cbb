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
)sql"
