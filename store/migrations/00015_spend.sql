-- +goose Up
-- What the reading of an account has cost, where a platform charges for it.
-- Primary: it says when the cap for a month is reached. Amounts and days alone;
-- what was read is not in it.
CREATE TABLE spend (
  case_id    TEXT NOT NULL,
  account_id TEXT NOT NULL,
  day        BIGINT NOT NULL,        -- its beginning in UTC, Unix microseconds
  millionths BIGINT NOT NULL,        -- of a US dollar
  PRIMARY KEY (case_id, account_id, day)
);
-- What an amount of the last days was for, so that it is counted once in a day.
CREATE TABLE spend_seen (
  case_id TEXT NOT NULL,
  day     BIGINT NOT NULL,           -- as in spend
  ref     BYTEA NOT NULL,            -- keyed hash of account, day and what it was
  PRIMARY KEY (case_id, day, ref)
);
-- +goose Down
DROP TABLE spend_seen;
DROP TABLE spend;
