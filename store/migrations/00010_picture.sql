-- +goose Up
-- Derived from the log, as what 00003 makes: it can be dropped and made again.

-- Pictures that accounts showed of themselves, as far as their bytes are kept.
CREATE TABLE picture (
  case_id TEXT NOT NULL,
  entry   BIGINT NOT NULL,           -- that tells of its bytes
  handle  BIGINT NOT NULL,           -- handle.id: whose account showed it
  sealed  BYTEA NOT NULL,            -- its address and digest and, once it was looked at, its likeness
  PRIMARY KEY (case_id, entry)
);
-- +goose Down
DROP TABLE picture;
