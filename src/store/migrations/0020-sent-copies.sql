R"sql(
-- Mail that was sent, and whose copy we have to put where sent mail is, since its server keeps none.
CREATE TABLE sent_copy (
    outbound {uuid} PRIMARY KEY REFERENCES outbound (id) ON DELETE CASCADE,
    account {uuid} NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    tries BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    words {text} NOT NULL
);
CREATE INDEX sent_copy_due ON sent_copy (account, next_try);
)sql"
