R"sql(
-- What filing looks up, with fewer pages to write a mail. A message's digest is its body's, which has an index; and the
-- beginning of a fingerprint finds it as well as the whole.
DROP INDEX message_digest;
DROP INDEX message_body;
CREATE UNIQUE INDEX message_body ON message (body, mailbox);
DROP INDEX message_fingerprint;
CREATE INDEX message_fingerprint ON message (substr(fingerprint, 1, 8));
)sql"
