R"sql(
-- What a person decided about the mail of a folder that was made anew on its server.
ALTER TABLE mailbox ADD COLUMN unexpected {text} NOT NULL DEFAULT 'ask' CHECK (unexpected IN ('ask', 'file', 'skip'));
)sql"
