R"sql(
-- Whose the users are, what signs them in for the first time, and what lets other software in for them.

CREATE TABLE user_department (
    console_user {uuid} NOT NULL REFERENCES console_user (id) ON DELETE CASCADE,
    department {uuid} NOT NULL REFERENCES department (id),
    PRIMARY KEY (console_user, department)
);
CREATE INDEX user_department_department ON user_department (department);

-- Until now everybody saw every department: whoever has to belong to some goes on seeing those there are.
INSERT INTO user_department (console_user, department)
SELECT u.id, d.id FROM console_user u CROSS JOIN department d WHERE u.role IN ('agent', 'department-administrator');

-- One a user: a new one replaces the last, and using it removes it. password_hash is '' until the first was used.
CREATE TABLE user_link (
    console_user {uuid} PRIMARY KEY REFERENCES console_user (id) ON DELETE CASCADE,
    digest {blob} NOT NULL,
    ends BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_link_digest ON user_link (digest);

CREATE TABLE access_token (
    id {uuid} PRIMARY KEY,
    console_user {uuid} NOT NULL REFERENCES console_user (id) ON DELETE CASCADE,
    name {text} NOT NULL CHECK (name <> ''),
    digest {blob} NOT NULL,
    scopes {text} NOT NULL,
    created BIGINT NOT NULL,
    ends BIGINT,
    last_used BIGINT,
    revoked BIGINT
);
CREATE UNIQUE INDEX access_token_digest ON access_token (digest);
CREATE INDEX access_token_user ON access_token (console_user);
)sql"
