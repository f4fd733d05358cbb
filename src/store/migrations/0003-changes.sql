R"sql(
-- What changed, in the order in which it was committed (one transaction writes at a time): for whoever shows it meanwhile.
-- Rows go after a while, and are no part of a copy.
CREATE TABLE change (
    number {growing},
    what {text} NOT NULL,
    subject {text} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('added', 'changed', 'removed')),
    department {uuid}
);

-- What people edit counts its versions.
ALTER TABLE customer_case ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE mailbox ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE console_user ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE setting ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Who changed it last?
CREATE INDEX audit_subject ON audit (subject, id);
)sql"
