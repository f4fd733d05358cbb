R"sql(
-- What kind of trouble a mailbox is in; empty where it is in none.
ALTER TABLE mailbox ADD COLUMN trouble {text} NOT NULL DEFAULT '';

-- What was counted of a mailbox. Each figure in all, and as it was when the server that retrieves it now began (`since`). What a
-- look is at: how many mails it wants, how many came, and their bytes; all 0 between looks.
CREATE TABLE mailbox_figures (
    mailbox {uuid} PRIMARY KEY REFERENCES mailbox (id),
    since BIGINT NOT NULL,
    retrieved BIGINT NOT NULL,
    retrieved_before BIGINT NOT NULL,
    filed BIGINT NOT NULL,
    filed_before BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    duplicates_before BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    skipped_before BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    refused_before BIGINT NOT NULL,
    octets BIGINT NOT NULL,
    octets_before BIGINT NOT NULL,
    connections BIGINT NOT NULL,
    connections_before BIGINT NOT NULL,
    wanted BIGINT NOT NULL,
    come BIGINT NOT NULL,
    come_octets BIGINT NOT NULL,
    begun BIGINT NOT NULL
);

-- Times that a mailbox was in each kind of trouble, in the same two ways, and the last one.
CREATE TABLE mailbox_failure (
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    trouble {text} NOT NULL,
    times BIGINT NOT NULL,
    times_before BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    last_words {text} NOT NULL,
    PRIMARY KEY (mailbox, trouble)
);

-- Mail that a server lists and does not give, in the ledger as unreadable: what is known of it, for the exception queue.
CREATE TABLE unreadable_mail (
    id {uuid} PRIMARY KEY,
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    folder {text} NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    size BIGINT NOT NULL,
    received BIGINT,
    tries BIGINT NOT NULL,
    reason {text} NOT NULL,
    noted BIGINT NOT NULL
);
CREATE INDEX unreadable_mail_noted ON unreadable_mail (noted, id);
CREATE INDEX unreadable_mail_mailbox ON unreadable_mail (mailbox);

-- A user name that a server refused for its password, or for a token that was fresh: nobody signs in by it, to that server of
-- that account, before next_try.
CREATE TABLE sign_in_hold (
    account {uuid} NOT NULL REFERENCES account (id),
    server {text} NOT NULL CHECK (server IN ('retrieval', 'submission')),
    user_name {text} NOT NULL,
    refusals BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    reason {text} NOT NULL,
    PRIMARY KEY (account, server, user_name)
);
)sql"
