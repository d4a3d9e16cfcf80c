-- +goose Up
-- What people did, for the access log that the person is shown: few entries
-- among many. Items and what comes with them are not in this index, so that
-- taking them in costs no more than before.
CREATE INDEX log_entry_act ON log_entry (case_id, idx, kind)
  WHERE kind NOT IN ('item', 'exchange', 'observation', 'media', 'gap');
-- +goose Down
DROP INDEX log_entry_act;
