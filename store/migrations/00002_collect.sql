-- +goose Up
-- Work that outlives a process: polls, second looks, attachments, mails.
CREATE TABLE task (
  id       TEXT PRIMARY KEY,         -- "<kind>/<what it is about>" and, if there can be more, "/<rest>"; no personal data
  kind     TEXT NOT NULL,            -- poll, look, media, revoke, mail, …
  about    TEXT NOT NULL,            -- the second part of the id: an account's id
  case_id  TEXT NOT NULL,            -- whose key seals args; '' if there are none
  args     BYTEA NOT NULL,           -- sealed under the case key; empty if there are none
  due      BIGINT NOT NULL,          -- Unix microseconds
  every    BIGINT NOT NULL,          -- microseconds; 0: once, and then the row is deleted
  owner    TEXT NOT NULL,            -- the process that holds the lease; '' if nobody does
  lease    BIGINT NOT NULL,          -- until when, Unix microseconds; 0 if nobody holds it
  fence    BIGINT NOT NULL,          -- grows with each claim; begins with a random number
  tries    BIGINT NOT NULL,          -- failures since the last success
  last_err TEXT NOT NULL,            -- of the last failure; no personal data
  dead     BOOLEAN NOT NULL          -- given up
);
CREATE INDEX task_due ON task (kind, due) WHERE NOT dead;
CREATE INDEX task_about ON task (kind, about, due) WHERE NOT dead;
-- How far each place of each account has been read. Primary: it cannot be made again from the log.
CREATE TABLE lane (
  account_id TEXT NOT NULL,
  ref        BYTEA NOT NULL,         -- keyed hash of the lane's name: a mail folder's name is personal
  state      BYTEA NOT NULL,         -- LaneState as JSON with the lane's name, sealed under the case key
  PRIMARY KEY (account_id, ref)
);
-- What is in the log already, so that it is archived once.
CREATE TABLE seen (
  case_id TEXT NOT NULL,
  ref     BYTEA NOT NULL,            -- 16 bytes: about when (4), then the hash of the key, keyed by case, cut short
  entry   BIGINT NOT NULL,           -- where it stands in the log
  seen    BIGINT NOT NULL,           -- last time, Unix microseconds
  PRIMARY KEY (ref)
);
-- +goose Down
DROP TABLE seen;
DROP TABLE lane;
DROP TABLE task;
