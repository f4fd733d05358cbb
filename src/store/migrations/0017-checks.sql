R"sql(
-- What the check list was asked for at once: which items of whom (JSON), and by whom, or 'schedule'. It is done in `parts`, a part a
-- server; `expected` findings were announced by the parts that have begun.
CREATE TABLE check_run (
    id {uuid} PRIMARY KEY,
    asked {text} NOT NULL,
    asker {text} NOT NULL,
    begun BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    parts_begun BIGINT NOT NULL,
    parts_ended BIGINT NOT NULL,
    expected BIGINT NOT NULL
);
CREATE INDEX check_run_begun ON check_run (begun, id);

-- What each item found, on which server and about what. Of the same three the last one is the latest, and `since` is when the first
-- of those in a row was found that came to the same.
CREATE TABLE check_finding (
    id {uuid} PRIMARY KEY,
    run {uuid} NOT NULL REFERENCES check_run (id) ON DELETE CASCADE,
    item {text} NOT NULL,
    server {text} NOT NULL,
    subject {text} NOT NULL,
    account {uuid} REFERENCES account (id),
    mailbox {uuid} REFERENCES mailbox (id),
    outcome {text} NOT NULL CHECK (outcome IN ('holds', 'fails', 'warns', 'could-not-be-told')),
    cause {text} NOT NULL,
    evidence {text} NOT NULL,
    remedy {text} NOT NULL,
    owner {text} NOT NULL,
    because {text} NOT NULL,
    found BIGINT NOT NULL,
    took BIGINT NOT NULL,
    since BIGINT NOT NULL,
    latest BIGINT NOT NULL CHECK (latest IN (0, 1))
);
CREATE INDEX check_finding_run ON check_finding (run, id);
CREATE INDEX check_finding_of ON check_finding (item, server, subject, found);
CREATE INDEX check_finding_latest ON check_finding (latest, found);
CREATE INDEX check_finding_account ON check_finding (account);
CREATE INDEX check_finding_mailbox ON check_finding (mailbox);
)sql"
