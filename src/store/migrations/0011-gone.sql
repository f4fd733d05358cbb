R"sql(
-- 1 where the mail is in its folder no more, as far as is known: an after-action took it out, or the server listed it no
-- longer. Until now that could be told over POP3 only, by the unique id that was taken away.
ALTER TABLE ledger ADD COLUMN gone BIGINT NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
UPDATE ledger SET gone = 1 WHERE due = 'leave' AND (
    (folder = 'INBOX' AND uid_validity = 0 AND unique_id = '') OR
    (state IN ('filed', 'duplicate') AND mailbox IN (SELECT id FROM mailbox WHERE after_action IN ('move', 'delete'))));
)sql"
