R"sql(
-- Over POP3 a mail is known by a text, which the server gives it (UIDL). Such a row has it here for as long as the server
-- lists the mail: later the same text may be another mail's. Its uid counts the mails in the order in which they were seen,
-- its folder is INBOX, and its uid_validity is 0.
ALTER TABLE ledger ADD COLUMN unique_id {text} NOT NULL DEFAULT '';
CREATE UNIQUE INDEX ledger_unique_id ON ledger (mailbox, unique_id) WHERE unique_id <> '';
)sql"
