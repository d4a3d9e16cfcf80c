-- +goose Up
-- Everything here is primary: it cannot be made again from the log, but for the
-- tombstones of erasures that are done.

-- Erasures that were asked for.
CREATE TABLE erasure (
  id      TEXT PRIMARY KEY,          -- random
  case_id TEXT NOT NULL,
  state   TEXT NOT NULL,             -- waiting, erasing, cancelled, done, failed
  whole   BOOLEAN NOT NULL,          -- the whole case
  asked   BIGINT NOT NULL,           -- Unix microseconds
  due     BIGINT NOT NULL,           -- Unix microseconds
  ended   BIGINT NOT NULL,           -- done or cancelled, Unix microseconds; 0: neither
  sealed  BYTEA NOT NULL             -- of what, why and by whom, under the case key; empty once a whole case is gone
);
CREATE INDEX erasure_case ON erasure (case_id, asked);
CREATE INDEX erasure_due ON erasure (state, due);
-- Messages that are neither derived nor collected again.
CREATE TABLE tombstone (
  case_id TEXT NOT NULL,
  mac     BYTEA NOT NULL,            -- as message.key_mac; 16 zero bytes: every message of the case
  erasure TEXT NOT NULL,             -- erasure.id; '' if only the log tells of it
  PRIMARY KEY (case_id, mac)
);
CREATE INDEX tombstone_erasure ON tombstone (erasure);
-- Files of erased blobs that are not removed yet.
CREATE TABLE blob_erased (
  case_id TEXT NOT NULL,
  name    TEXT NOT NULL,             -- blob.name
  PRIMARY KEY (case_id, name)
);
-- +goose Down
DROP TABLE blob_erased;
DROP TABLE tombstone;
DROP TABLE erasure;
