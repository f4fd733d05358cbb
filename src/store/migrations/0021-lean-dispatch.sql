R"sql(
-- What is held has a state that is rare: the index of states finds it as well, with a page less to write for every step of a mail.
DROP INDEX outbound_leased;
)sql"
