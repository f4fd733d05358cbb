R"sql(
-- What a department keeps from its agents, and how it knows the reports that its mail could not be delivered. A department
-- without a row has the defaults.
CREATE TABLE department_screens (
    department {uuid} PRIMARY KEY REFERENCES department (id),
    largest BIGINT CHECK (largest > 0),
    above {text} NOT NULL CHECK (above IN ('hold', 'cut', 'accept')),
    default_phrases BIGINT NOT NULL CHECK (default_phrases IN (0, 1)),
    version BIGINT NOT NULL
);
CREATE TABLE screen_rule (
    department {uuid} NOT NULL REFERENCES department_screens (department),
    kind {text} NOT NULL CHECK (kind IN ('sender', 'file-name', 'content', 'permanent-phrase', 'temporary-phrase')),
    pattern {text} NOT NULL CHECK (pattern <> ''),
    added BIGINT NOT NULL,
    added_by {text} NOT NULL,
    PRIMARY KEY (department, kind, pattern)
) {clustered};

-- Which screen a mail met, and which of its rules; both empty where it met none. One that a person released meets none.
ALTER TABLE message ADD COLUMN screen {text} NOT NULL DEFAULT '' CHECK (screen IN ('', 'sender', 'file-name', 'content', 'size', 'delivery'));
ALTER TABLE message ADD COLUMN screen_rule {text} NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN released BIGINT NOT NULL DEFAULT 0 CHECK (released IN (0, 1));
CREATE INDEX message_screened ON message (mailbox) WHERE screen <> '';
)sql"
