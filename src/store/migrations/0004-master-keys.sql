R"sql(
-- The vault's master keys that were or are in use here, by name: a key itself is never in the store. The proof is a known
-- text that was sealed with it, so that a wrong key shows before the first mail does. One of them is current: what is
-- sealed from now on is sealed with that one.
CREATE TABLE master_key (
    name {text} PRIMARY KEY,
    state {text} NOT NULL CHECK (state IN ('current', 'old')),
    proof {blob} NOT NULL,
    since BIGINT NOT NULL
);
CREATE UNIQUE INDEX master_key_current ON master_key (state) WHERE state = 'current';

-- Which of them each running server has, and which it seals with.
CREATE TABLE master_key_holder (
    server {text} PRIMARY KEY,
    names {text} NOT NULL,
    seals_with {text} NOT NULL,
    seen BIGINT NOT NULL
);
)sql"
