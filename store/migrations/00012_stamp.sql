-- +goose Up
-- Everything here is primary: it cannot be made again. Nothing of it is personal.

-- Tokens of time-stamp authorities over checkpoints.
CREATE TABLE stamp (
  case_id      TEXT NOT NULL,
  size         BIGINT NOT NULL,      -- checkpoint.size
  authority    TEXT NOT NULL,        -- its name in the configuration
  token        BYTEA NOT NULL,       -- TimeStampResp (RFC 3161), as it came
  stamped      BIGINT NOT NULL,      -- the time in it, Unix microseconds
  got          BIGINT NOT NULL,      -- when it came, by this machine's clock, Unix microseconds
  clock_offset BIGINT NOT NULL,      -- of this machine's clock then, microseconds; above 0 it was ahead
  PRIMARY KEY (case_id, size, authority)
);
-- How far each authority has come with each case.
CREATE TABLE stamp_wanted (
  case_id   TEXT NOT NULL,
  authority TEXT NOT NULL,
  size      BIGINT NOT NULL,         -- of the newest checkpoint that is to be stamped
  stamped   BIGINT NOT NULL,         -- of the newest that was; size is above it: one is waiting
  asked     BIGINT NOT NULL,         -- Unix microseconds; 0: never
  due       BIGINT NOT NULL,         -- not to be asked before, Unix microseconds
  tries     BIGINT NOT NULL,         -- since the last answer that counted
  failure   TEXT NOT NULL,           -- of the last try, one of a few words; '' if it was none
  PRIMARY KEY (case_id, authority)
);
CREATE INDEX stamp_due ON stamp_wanted (due);
-- Sizes and roots that somebody was given, to be held elsewhere.
CREATE TABLE anchor_given (
  case_id TEXT NOT NULL,
  given   BIGINT NOT NULL,           -- Unix microseconds
  form    TEXT NOT NULL,             -- file, line
  size    BIGINT NOT NULL,           -- entries
  root    BYTEA NOT NULL,            -- over them, 32 bytes
  PRIMARY KEY (case_id, given, form, size)
);
-- +goose Down
DROP TABLE anchor_given;
DROP TABLE stamp_wanted;
DROP TABLE stamp;
