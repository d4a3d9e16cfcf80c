-- +goose Up
-- Searches that a user keeps. Primary: it cannot be made again from the log.
CREATE TABLE saved_search (
  id      TEXT PRIMARY KEY,          -- random
  case_id TEXT NOT NULL,
  user_id TEXT NOT NULL,             -- whose it is
  made    BIGINT NOT NULL,           -- Unix microseconds
  looked  BIGINT NOT NULL,           -- Unix microseconds: when its hits were last looked at
  found   BIGINT NOT NULL,           -- messages that it found then
  sealed  BYTEA NOT NULL             -- name and words, under the case key
);
CREATE INDEX saved_search_of ON saved_search (case_id, user_id, made);
-- +goose Down
DROP TABLE saved_search;
