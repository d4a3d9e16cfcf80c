-- +goose Up
-- What was asked for when a bundle was made, so that it can be made again.
-- Primary: the log says that a bundle was made, and not which words it covers.
CREATE TABLE bundle (
  case_id TEXT NOT NULL,
  mac     BYTEA NOT NULL,            -- keyed hash of the bundle's SHA-256
  made    BIGINT NOT NULL,           -- Unix microseconds
  sealed  BYTEA NOT NULL,            -- the order, under the case key
  PRIMARY KEY (case_id, mac)
);
-- +goose Down
DROP TABLE bundle;
