R"sql(
-- Whom a mail about an alarm has reached: they are not written to again for those whom every route refuses.
ALTER TABLE alarm_notification ADD COLUMN reached {text} NOT NULL DEFAULT '[]';
)sql"
