-- +goose Up
-- Values of the instance: its id, its sealed signing key, a check of the instance key.
CREATE TABLE instance (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);
-- +goose StatementBegin
CREATE TABLE case_ (
  id          TEXT PRIMARY KEY,      -- random
  wrapped_key BYTEA,                 -- the case key under the instance key; NULL: the case was erased
  name        BYTEA NOT NULL,        -- sealed under the case key
  zone        TEXT NOT NULL,         -- IANA
  created     BIGINT NOT NULL        -- Unix microseconds
);
-- +goose StatementEnd
CREATE TABLE log_head (
  case_id  TEXT PRIMARY KEY,
  size     BIGINT NOT NULL,          -- entries
  frontier BYTEA NOT NULL,           -- right edge of the tree, 32 bytes a hash
  erasures BIGINT NOT NULL,          -- grows with each erasure
  changed  BIGINT NOT NULL,          -- Unix microseconds
  told     BIGINT NOT NULL           -- newest entry that is not of kind access; 0 if there is none
);
-- Kept for ever; no personal data.
CREATE TABLE log_entry (
  case_id    TEXT NOT NULL,
  idx        BIGINT NOT NULL,        -- from 0, without gaps
  kind       TEXT NOT NULL,
  logged     BIGINT NOT NULL,        -- Unix microseconds
  commitment BYTEA NOT NULL,         -- 32 bytes
  hashes     BYTEA NOT NULL,         -- tree hashes that this entry completes, 32 bytes each
  PRIMARY KEY (case_id, idx)
);
-- What can be erased.
CREATE TABLE log_payload (
  case_id     TEXT NOT NULL,
  idx         BIGINT NOT NULL,
  wrapped_key BYTEA NOT NULL,        -- the entry's key under the case key
  sealed      BYTEA NOT NULL,
  PRIMARY KEY (case_id, idx)
);
CREATE TABLE checkpoint (
  case_id TEXT NOT NULL,
  size    BIGINT NOT NULL,           -- entries that it covers
  note    BYTEA NOT NULL,            -- C2SP signed note
  made    BIGINT NOT NULL,           -- Unix microseconds
  PRIMARY KEY (case_id, size)
);
CREATE TABLE blob (
  case_id     TEXT NOT NULL,
  ref         BYTEA NOT NULL,        -- keyed hash of the content's digest
  name        TEXT NOT NULL,         -- in the blob store; random
  size        BIGINT NOT NULL,       -- bytes of the content
  wrapped_key BYTEA NOT NULL,
  PRIMARY KEY (case_id, ref)
);
-- +goose Down
DROP TABLE blob;
DROP TABLE checkpoint;
DROP TABLE log_payload;
DROP TABLE log_entry;
DROP TABLE log_head;
DROP TABLE case_;
DROP TABLE instance;
