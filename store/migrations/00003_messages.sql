-- +goose Up
-- Everything here is derived from the log: it can be dropped and made again.
-- Numbers of messages and handles have a meaning within their case only.

-- How far each follower has come.
CREATE TABLE follower (
  case_id  TEXT NOT NULL,
  name     TEXT NOT NULL,            -- with its version: "messages/1"
  position BIGINT NOT NULL,          -- entries that are done
  PRIMARY KEY (case_id, name)
);
-- One row for each message, whatever number of captures it came through. What
-- ordering, filtering and counting need, and nothing that a person wrote. A row
-- without captures was told of (gone, an attachment) and not yet seen.
CREATE TABLE message (
  case_id     TEXT NOT NULL,
  id          BIGINT NOT NULL,       -- the entry that first tells of it, times 1024, plus its place there
  key_mac     BYTEA NOT NULL,        -- 16 bytes: about when (4), then the keyed hash of the message key, cut short
  account     TEXT NOT NULL,
  kind        TEXT NOT NULL,
  direction   TEXT NOT NULL,         -- in, out
  origin      TEXT NOT NULL,         -- collected, imported, entered
  state       TEXT NOT NULL,         -- present, edited, gone
  sender      BIGINT NOT NULL,       -- handle.id; 0: nobody
  sent        BIGINT NOT NULL,       -- Unix microseconds, as the platform says; else when it was first seen
  first_entry BIGINT NOT NULL,       -- its first capture; -1: none
  versions    BIGINT NOT NULL,       -- texts that it had
  captures    BIGINT NOT NULL,       -- entries that show it
  fact        TEXT NOT NULL,         -- what detection knows of it, in one word for each thing: see store/fact.go
  PRIMARY KEY (case_id, id)
);
-- The hash is keyed by case, so the case need not stand beside it. What stands
-- in front of it keeps messages of one time together, so that a batch writes few
-- pages.
CREATE UNIQUE INDEX message_key ON message (key_mac);
CREATE INDEX message_time ON message (case_id, sent, id) WHERE captures > 0;
CREATE INDEX message_sender ON message (case_id, sender, sent, id, captures) WHERE captures > 0;
-- What captures showed of a message. Apart from message, so that what reads all
-- messages of a case does not read their texts.
CREATE TABLE message_content (
  case_id TEXT NOT NULL,
  id      BIGINT NOT NULL,           -- message.id
  sealed  BYTEA NOT NULL,            -- under the case key
  PRIMARY KEY (case_id, id)
);
-- Captures of a message. The one that its id tells of has no row here.
CREATE TABLE message_capture (
  case_id TEXT NOT NULL,
  entry   BIGINT NOT NULL,
  place   BIGINT NOT NULL,           -- in the reading of that entry, from 0
  id      BIGINT NOT NULL,           -- message.id
  PRIMARY KEY (case_id, entry, place)
);
CREATE INDEX message_capture_id ON message_capture (case_id, id);
-- Whom an outgoing message addresses.
CREATE TABLE message_to (
  case_id TEXT NOT NULL,
  id      BIGINT NOT NULL,           -- message.id
  handle  BIGINT NOT NULL,           -- handle.id
  sent    BIGINT NOT NULL,           -- message.sent
  PRIMARY KEY (case_id, id, handle)
);
CREATE INDEX message_to_handle ON message_to (case_id, handle, sent, id);
-- Everyone who wrote, was written to, was blocked or is named by a decision.
CREATE TABLE handle (
  case_id TEXT NOT NULL,
  id      BIGINT NOT NULL,           -- from 1, in the order of first mention
  mac     BYTEA NOT NULL,            -- keyed hash of platform and native identifier
  own     BIGINT NOT NULL,           -- 1: an account of the person
  sealed  BYTEA NOT NULL,            -- the handle with every name that it was seen with
  PRIMARY KEY (case_id, id)
);
CREATE UNIQUE INDEX handle_mac ON handle (case_id, mac);
-- Every decision, those that were superseded or taken back too.
CREATE TABLE decision (
  case_id TEXT NOT NULL,
  entry   BIGINT NOT NULL,
  what    TEXT NOT NULL,
  handle  BIGINT NOT NULL,           -- handle.id; 0: about a day
  other   BIGINT NOT NULL,           -- handle.id, of a pair; else 0
  decided BIGINT NOT NULL,           -- Unix microseconds
  sealed  BYTEA NOT NULL,            -- the decision
  PRIMARY KEY (case_id, entry)
);
-- Blocks by the person as they were seen, and their end.
CREATE TABLE block_seen (
  case_id   TEXT NOT NULL,
  entry     BIGINT NOT NULL,
  account   TEXT NOT NULL,
  handle    BIGINT NOT NULL,         -- handle.id
  what      TEXT NOT NULL,           -- blocked, unblocked
  seen      BIGINT NOT NULL,         -- Unix microseconds
  last_seen BIGINT NOT NULL,         -- Unix microseconds: when the contrary was last seen; 0: never
  PRIMARY KEY (case_id, entry)
);
-- Times that were not watched.
CREATE TABLE gap (
  case_id TEXT NOT NULL,
  entry   BIGINT NOT NULL,
  account TEXT NOT NULL,
  class   TEXT NOT NULL,             -- late, hole
  begins  BIGINT NOT NULL,           -- Unix microseconds
  ends    BIGINT NOT NULL,           -- Unix microseconds
  sealed  BYTEA NOT NULL,            -- the gap, with lane and cause: a mail folder's name is personal
  PRIMARY KEY (case_id, entry)
);
-- Changes of consents, with the account as it was then.
CREATE TABLE consent_event (
  case_id TEXT NOT NULL,
  entry   BIGINT NOT NULL,
  account TEXT NOT NULL,
  event   TEXT NOT NULL,
  happened BIGINT NOT NULL,          -- Unix microseconds
  sealed  BYTEA NOT NULL,            -- the account
  PRIMARY KEY (case_id, entry)
);
-- Entries that this version cannot read. They are counted and shown.
CREATE TABLE unread (
  case_id TEXT NOT NULL,
  entry   BIGINT NOT NULL,
  kind    TEXT NOT NULL,             -- of the record
  PRIMARY KEY (case_id, entry)
);
-- When an archived capture was seen last, by the entry that holds it.
-- +goose Down
DROP TABLE unread;
DROP TABLE consent_event;
DROP TABLE gap;
DROP TABLE block_seen;
DROP TABLE decision;
DROP TABLE handle;
DROP TABLE message_to;
DROP TABLE message_capture;
DROP TABLE message_content;
DROP TABLE message;
DROP TABLE follower;
