R"sql(
-- How many of the marked mails that the run sent are still to be removed.
ALTER TABLE check_run ADD COLUMN clearing BIGINT NOT NULL DEFAULT 0;
)sql"
