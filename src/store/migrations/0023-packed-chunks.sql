R"sql(
-- What a chunk is compressed by is told by its first bytes.
ALTER TABLE body_chunk RENAME COLUMN zstd TO packed;
)sql"
