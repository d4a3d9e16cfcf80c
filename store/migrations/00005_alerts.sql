-- Who is told of what is new, what they have been told, and the mails that wait.
-- All of it is primary: it is never made again from the log, and rebuilding
-- leaves it alone.
-- +goose Up
CREATE TABLE alert_state (
  case_id  TEXT PRIMARY KEY,
  position BIGINT NOT NULL,          -- entries of the log that were looked at
  seq      BIGINT NOT NULL           -- number of the newest event
);
-- Rules that were chosen for a case; a case without a row has the default ones.
CREATE TABLE alert_rule (
  case_id TEXT NOT NULL,
  kind    TEXT NOT NULL,             -- "after-stop", …; "" stands for a choice of no rule at all
  quiet   BIGINT NOT NULL,           -- microseconds; 0: the default
  PRIMARY KEY (case_id, kind)
);
-- What rules found: counts and entry numbers, nothing personal.
CREATE TABLE alert_event (
  case_id TEXT NOT NULL,
  seq     BIGINT NOT NULL,           -- from 1; gaps are possible
  id      TEXT NOT NULL,             -- the same for the same stretch of the log
  rule    TEXT NOT NULL,
  count   BIGINT NOT NULL,           -- contacts, or accounts that stopped
  first   BIGINT NOT NULL,           -- entry
  last    BIGINT NOT NULL,           -- entry
  at      BIGINT NOT NULL,           -- when the newest was appended, Unix microseconds
  newest  BIGINT NOT NULL,           -- when the newest was sent, Unix microseconds
  late    BOOLEAN NOT NULL,          -- never told at once
  PRIMARY KEY (case_id, seq),
  UNIQUE (case_id, id)
);
CREATE TABLE alert_recipient (
  id       TEXT PRIMARY KEY,         -- random
  case_id  TEXT NOT NULL,
  settings BYTEA NOT NULL,           -- address, names, hours, rules; sealed under the case key
  told     BYTEA NOT NULL,           -- when they were last told of what; sealed
  told_seq BIGINT NOT NULL           -- the last event that they were told of
);
CREATE INDEX alert_recipient_case ON alert_recipient (case_id);
-- The outbox.
CREATE TABLE alert_mail (
  id        TEXT PRIMARY KEY,        -- the Message-ID is made from it
  case_id   TEXT NOT NULL,
  recipient TEXT NOT NULL,
  sealed    BYTEA NOT NULL,          -- the text, sealed under the case key; empty once it was sent or dropped
  state     TEXT NOT NULL,           -- waiting, sent, failed, dropped
  made      BIGINT NOT NULL,         -- Unix microseconds
  due       BIGINT NOT NULL,         -- not before, Unix microseconds
  lease     BIGINT NOT NULL,         -- held until, Unix microseconds; 0: free
  fence     BIGINT NOT NULL,         -- grows with each claim
  tries     BIGINT NOT NULL,         -- failures
  error     BYTEA NOT NULL,          -- the last failure, sealed; empty: none
  ended     BIGINT NOT NULL          -- when it was sent, failed or dropped, Unix microseconds; 0: waiting
);
CREATE INDEX alert_mail_due ON alert_mail (state, due);
CREATE INDEX alert_mail_recipient ON alert_mail (recipient, state);
-- +goose Down
DROP TABLE alert_mail;
DROP TABLE alert_recipient;
DROP TABLE alert_event;
DROP TABLE alert_rule;
DROP TABLE alert_state;
