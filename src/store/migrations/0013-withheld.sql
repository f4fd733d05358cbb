R"sql(
-- Mail that its server lists and does not give so far: how many looks in a row asked for it, since when, and when it is
-- asked for again. `name` is its UID, over POP3 its unique id.
CREATE TABLE withheld_mail (
    mailbox {uuid} NOT NULL REFERENCES mailbox (id),
    folder {text} NOT NULL,
    uid_validity BIGINT NOT NULL,
    name {text} NOT NULL,
    looks BIGINT NOT NULL CHECK (looks > 0),
    since BIGINT NOT NULL,
    again BIGINT NOT NULL,
    words {text} NOT NULL,
    PRIMARY KEY (mailbox, folder, uid_validity, name)
) {clustered};

-- Of what is gone, 1 where a comparison found that the server lists it no more: somebody else took it away. What is
-- listed again is gone no more.
ALTER TABLE ledger ADD COLUMN missed BIGINT NOT NULL DEFAULT 0 CHECK (missed IN (0, 1));

-- The server, as host:port, at which the mailbox was retrieved until its account was given another one, and nothing was
-- compared with that one yet. Until now a UIDVALIDITY that no folder has said so.
ALTER TABLE mailbox ADD COLUMN left_server {text} NOT NULL DEFAULT '';
UPDATE mailbox SET left_server = 'another server', uid_validity = 0 WHERE uid_validity = 4294967295;
)sql"
