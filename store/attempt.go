package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/internal/work"
)

// Task returns one task without taking it; ErrNotFound if there is none.
func (db *DB) Task(ctx context.Context, id string) (work.Task, error) {
	found, err := db.tasks(ctx, `SELECT id, kind, case_id, args, due, every, fence, tries, last_err FROM task WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return work.Task{}, fmt.Errorf("task: %w", err)
	}
	return found[0], nil
}

// TasksOf returns the tasks of a kind in a case, the one that is due first
// first, without taking them.
func (db *DB) TasksOf(ctx context.Context, kind string, c daybook.CaseID) ([]work.Task, error) {
	if err := inScope(ctx, c); err != nil {
		return nil, err
	}
	found, err := db.tasks(ctx, `SELECT id, kind, case_id, args, due, every, fence, tries, last_err FROM task
		WHERE kind = $1 AND case_id = $2 AND NOT dead ORDER BY due, id`, kind, string(c))
	if err != nil {
		return nil, fmt.Errorf("tasks: %w", err)
	}
	return found, nil
}

// SetTask replaces the arguments of a task that the caller has claimed and gives
// it back, to be due at t.Due. work.ErrLost if the lease has moved on.
func (db *DB) SetTask(ctx context.Context, t work.Task) error {
	sealed, err := db.sealArgs(ctx, t)
	if err != nil {
		return fmt.Errorf("change task: %w", err)
	}
	res, err := db.to(ctx).ExecContext(ctx, `UPDATE task SET args = $1, due = $2, owner = '', lease = 0 WHERE id = $3 AND fence = $4`,
		sealed, micros(t.Due), t.ID, t.Fence)
	if err != nil {
		return fmt.Errorf("change task: %w", err)
	}
	return one(res, t.ID)
}

// tasks opens the rows of a query.
func (db *DB) tasks(ctx context.Context, query string, args ...any) ([]work.Task, error) {
	rows, err := db.from(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []work.Task
	for rows.Next() {
		var (
			t          work.Task
			due, every int64
		)
		if err := rows.Scan(&t.ID, &t.Kind, &t.Case, &t.Args, &due, &every, &t.Fence, &t.Tries, &t.LastErr); err != nil {
			return nil, err
		}
		t.Due, t.Every = fromMicros(due), time.Duration(every)*time.Microsecond
		found = append(found, t)
	}
	// Closed before the keys are asked for: those may need the connection.
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return db.openArgs(ctx, found)
}
