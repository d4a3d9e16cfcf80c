-- +goose Up
-- Everything here is primary: it cannot be made again from the log.

-- When somebody last opened the overview of a case: what "since your last
-- visit" counts from. Not an entry of the log; each opening of the page is one.
CREATE TABLE visit (
  case_id     TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  session     TEXT NOT NULL,         -- identifier of the session that opened it last
  seen        BIGINT NOT NULL,       -- Unix microseconds: last opening in that session
  size        BIGINT NOT NULL,       -- entries of the log then
  before_at   BIGINT NOT NULL,       -- Unix microseconds: last opening in an earlier session; 0: none
  before_size BIGINT NOT NULL,       -- entries of the log then
  PRIMARY KEY (case_id, user_id)
);
-- When somebody last marked a case as reviewed. The mark is also an entry.
CREATE TABLE review (
  case_id  TEXT NOT NULL,
  user_id  TEXT NOT NULL,
  reviewed BIGINT NOT NULL,          -- Unix microseconds
  size     BIGINT NOT NULL,          -- entries of the log then, the mark's own included
  PRIMARY KEY (case_id, user_id)
);
-- +goose Down
DROP TABLE review;
DROP TABLE visit;
