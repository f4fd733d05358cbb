R"sql(
-- What reading a mail told beside its words (desk/reading.hpp), as JSON; empty for what is no received mail.
ALTER TABLE activity ADD COLUMN reading {text} NOT NULL DEFAULT '';
)sql"
