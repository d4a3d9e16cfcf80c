-- Who can sign in with what, who is signed in, and how often somebody tried.
-- All of it is primary. Tokens stand here as SHA-256; codes, names and addresses
-- as keyed hashes; what is sealed is sealed under the instance key, together with
-- whom it belongs to, so that a row that was altered or moved does not open.
-- +goose Up
CREATE TABLE signin_session (
  id      TEXT PRIMARY KEY,          -- random; not the token
  token   BYTEA NOT NULL UNIQUE,     -- SHA-256 of the token in the cookie
  user_id TEXT NOT NULL,             -- empty until somebody is named during the first run
  device  BYTEA NOT NULL,            -- SHA-256 of the device's token
  stage   TEXT NOT NULL,             -- setting up, open, locked
  code    BYTEA NOT NULL,            -- keyed hash of the set-up code that let it in; 32 zero bytes otherwise
  seen    BIGINT NOT NULL,           -- Unix microseconds
  ends    BIGINT NOT NULL,           -- Unix microseconds
  sealed  BYTEA NOT NULL             -- device in words, times, what let it in
);
CREATE INDEX signin_session_user ON signin_session (user_id);
CREATE INDEX signin_session_ends ON signin_session (ends);
-- Browsers that a user signed in with. A user who ever had one keeps one row, so
-- that the next device is known not to be the first.
CREATE TABLE signin_device (
  device    BYTEA NOT NULL,          -- SHA-256 of the device's token
  user_id   TEXT NOT NULL,
  held_till BIGINT NOT NULL,         -- Unix microseconds; 0: never held
  seen      BIGINT NOT NULL,         -- last sign-in, Unix microseconds; 0: forgotten
  PRIMARY KEY (device, user_id)
);
CREATE INDEX signin_device_user ON signin_device (user_id);
-- Passphrases and secrets of one-time codes.
CREATE TABLE signin_login (
  owner  TEXT PRIMARY KEY,           -- user, or session in which a new way in is set up
  draft  BOOLEAN NOT NULL,           -- the owner is a session
  ready  BOOLEAN NOT NULL,           -- there are both
  step   BIGINT NOT NULL,            -- of the last one-time code that was used, half minutes since 1970; 0: none
  sealed BYTEA NOT NULL              -- hash of the passphrase, secret of the codes; empty: neither
);
CREATE TABLE signin_recovery_code (
  owner TEXT NOT NULL,               -- as in signin_login
  draft BOOLEAN NOT NULL,            -- the owner is a session
  code  BYTEA NOT NULL,              -- keyed hash
  PRIMARY KEY (owner, code)
);
CREATE TABLE signin_passkey (
  id         TEXT PRIMARY KEY,       -- random
  credential BYTEA NOT NULL UNIQUE,  -- SHA-256 of the credential's identifier
  owner      TEXT NOT NULL,          -- as in signin_login
  draft      BOOLEAN NOT NULL,       -- the owner is a session
  added      BIGINT NOT NULL,        -- Unix microseconds
  used       BIGINT NOT NULL,        -- last time, Unix microseconds; 0: never
  sealed     BYTEA NOT NULL          -- name, public key, counter
);
CREATE INDEX signin_passkey_owner ON signin_passkey (owner);
-- Codes with which somebody sets up a way to sign in; one for each user.
CREATE TABLE signin_code (
  user_id  TEXT PRIMARY KEY,         -- empty: whoever runs this instance first
  code     BYTEA NOT NULL UNIQUE,    -- keyed hash
  until_at BIGINT NOT NULL,          -- Unix microseconds
  sealed   BYTEA NOT NULL            -- what it is for, who made it
);
-- What lies between the two steps of a sign-in.
CREATE TABLE signin_attempt (
  token    BYTEA PRIMARY KEY,        -- SHA-256 of the attempt's token
  until_at BIGINT NOT NULL,          -- Unix microseconds
  sealed   BYTEA NOT NULL            -- who has got the first step right
);
CREATE INDEX signin_attempt_until ON signin_attempt (until_at);
-- Tries that were wrong, or that have not turned out to be right.
CREATE TABLE signin_try (
  counted  BYTEA PRIMARY KEY,        -- keyed hash of a name, an address or a device
  count    BIGINT NOT NULL,
  last     BIGINT NOT NULL,          -- the last one, Unix microseconds
  until_at BIGINT NOT NULL           -- none before that, Unix microseconds; 0: no wait
);
-- New ways in that an adviser asked for and that wait.
CREATE TABLE signin_recovery (
  id      TEXT PRIMARY KEY,          -- random
  user_id TEXT NOT NULL,
  ready   BIGINT NOT NULL,           -- from then on it can be taken, Unix microseconds
  sealed  BYTEA NOT NULL             -- who asked, and when
);
CREATE INDEX signin_recovery_user ON signin_recovery (user_id);
-- +goose Down
DROP TABLE signin_recovery;
DROP TABLE signin_try;
DROP TABLE signin_attempt;
DROP TABLE signin_code;
DROP TABLE signin_passkey;
DROP TABLE signin_recovery_code;
DROP TABLE signin_login;
DROP TABLE signin_device;
DROP TABLE signin_session;
