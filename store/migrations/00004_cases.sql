-- +goose Up
-- Everything here is primary: it cannot be made again from the log.

-- People who can be given access. user is a reserved word.
CREATE TABLE user_ (
  id      TEXT PRIMARY KEY,          -- random
  sealed  BYTEA NOT NULL,            -- name, address, when they left; under the instance key
  created BIGINT NOT NULL            -- Unix microseconds
);
-- Who may do what in which case. What counts is what stands sealed: a row that
-- was altered does not open.
CREATE TABLE access_grant (
  id      TEXT PRIMARY KEY,          -- random
  case_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  begins  BIGINT NOT NULL,           -- Unix microseconds
  sealed  BYTEA NOT NULL             -- the whole grant, under the case key
);
CREATE INDEX access_grant_user ON access_grant (user_id, case_id);
CREATE INDEX access_grant_case ON access_grant (case_id);
-- The person's own accounts.
CREATE TABLE account (
  id        TEXT PRIMARY KEY,        -- random
  case_id   TEXT NOT NULL,
  handle    BYTEA NOT NULL,          -- keyed hash of the person's own handle
  state     TEXT NOT NULL,           -- active, paused, withdrawn, expired, stopped
  until_at  BIGINT NOT NULL,         -- Unix microseconds: end of the consent
  connected BIGINT NOT NULL,         -- Unix microseconds: first time
  tokens    BIGINT NOT NULL,         -- how many it has had
  sealed    BYTEA NOT NULL,          -- the account, under the case key
  consent   BYTEA NOT NULL           -- the consent, under the case key
);
CREATE UNIQUE INDEX account_handle ON account (case_id, handle);
CREATE INDEX account_until ON account (until_at);
-- Secrets of accounts. A token that is out of use stays until the platform has
-- confirmed that it is revoked.
CREATE TABLE account_token (
  account_id TEXT NOT NULL,
  number     BIGINT NOT NULL,        -- from 1; grows each time that the account is connected
  generation BIGINT NOT NULL,        -- from 1; grows with each refresh of this token
  sealed     BYTEA NOT NULL,         -- under the case key
  made       BIGINT NOT NULL,        -- Unix microseconds: last refresh
  ended      BIGINT NOT NULL,        -- Unix microseconds: out of use since; 0: in use
  PRIMARY KEY (account_id, number)
);
CREATE UNIQUE INDEX account_token_in_use ON account_token (account_id) WHERE ended = 0;
-- +goose Down
DROP TABLE account_token;
DROP TABLE account;
DROP TABLE access_grant;
DROP TABLE user_;
