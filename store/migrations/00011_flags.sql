-- +goose Up
-- What the person has told of themselves, so that messages that make it known
-- are found. Primary: it cannot be made again from the log, and is in no entry.
CREATE TABLE own (
  case_id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,           -- counts changes: what was derived from the list before is made again
  secret  BYTEA NOT NULL,            -- a key for this version alone, under the case key
  sealed  BYTEA NOT NULL             -- the list, under that key
);
-- Flags of messages. Derived: dropped and made again whenever rules or own
-- details change. Which flag and why is not said; it is found again in the text.
CREATE TABLE flag (
  case_id TEXT NOT NULL,
  mac     BYTEA NOT NULL,            -- 16 bytes: keyed hash of the flag's name, cut short
  sent    BIGINT NOT NULL,           -- message.sent
  id      BIGINT NOT NULL,           -- message.id
  ref     BYTEA NOT NULL,            -- 32 bytes: the keyed hash that the search index finds the message by
  PRIMARY KEY (case_id, mac, sent, id)
);
CREATE INDEX flag_message ON flag (case_id, id);
-- +goose Down
DROP TABLE flag;
DROP TABLE own;
