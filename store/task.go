package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/internal/work"
)

// This file implements work.Queue and collectors.Queue: work as rows with a
// lease and a fence.

// taskPlace is what the arguments of tasks are sealed for.
const taskPlace = "task"

// maxLastErr is the length in bytes to which the text of a failure is cut.
const maxLastErr = 300

// Put implements work.Queue. The fence of a new row begins with a random
// number, so that a worker whose task was done and put again under the same ID
// cannot take the new one for its own.
func (db *DB) Put(ctx context.Context, tasks ...work.Task) error {
	for len(tasks) > 0 {
		n := min(len(tasks), rowsPerStatement)
		args := make([]any, 0, 13*n)
		for _, t := range tasks[:n] {
			sealed, err := db.sealArgs(ctx, t)
			if err != nil {
				return fmt.Errorf("put task: %w", err)
			}
			args = append(args, t.ID, t.Kind, taskAbout(t.ID), t.Case, sealed, micros(t.Due), t.Every.Microseconds(),
				"", int64(0), rand.Int64N(1<<62), int64(t.Tries), t.LastErr, false)
		}
		if _, err := db.to(ctx).ExecContext(ctx, `INSERT INTO task
			(id, kind, about, case_id, args, due, every, owner, lease, fence, tries, last_err, dead)
			VALUES `+db.values(n, 13)+` ON CONFLICT (id) DO NOTHING`, args...); err != nil {
			return fmt.Errorf("put task: %w", err)
		}
		tasks = tasks[n:]
	}
	return nil
}

func (db *DB) sealArgs(ctx context.Context, t work.Task) ([]byte, error) {
	if len(t.Args) == 0 {
		return []byte{}, nil
	}
	if t.Case == "" {
		return nil, fmt.Errorf("%w: a task with arguments needs a case", daybook.ErrInvalid)
	}
	key, err := db.Keys.Case(ctx, daybook.CaseID(t.Case))
	if err != nil {
		return nil, err
	}
	return key.Seal(taskPlace, t.Args), nil
}

// taskAbout returns the second part of a task's ID.
func taskAbout(id string) string {
	_, rest, _ := strings.Cut(id, "/")
	about, _, _ := strings.Cut(rest, "/")
	return about
}

// Claim implements work.Queue.
func (db *DB) Claim(ctx context.Context, kind, caseID, owner string, now time.Time, lease time.Duration, n int) ([]work.Task, error) {
	return db.claim(ctx, `WITH free AS MATERIALIZED (
			SELECT id FROM task WHERE kind = $1 AND (case_id = $2 OR $3 = '') AND due <= $4 AND lease <= $5 AND NOT dead
			ORDER BY due, id LIMIT $6`+db.skip+`)
		UPDATE task SET owner = $7, lease = $8, fence = fence + 1 WHERE id IN (SELECT id FROM free)
		RETURNING id, kind, case_id, args, due, every, fence, tries, last_err`,
		kind, caseID, caseID, micros(now), micros(now), n, owner, micros(now.Add(lease)))
}

// ClaimAbout implements collectors.Queue.
func (db *DB) ClaimAbout(ctx context.Context, kind, about, owner string, dueBy, now time.Time, lease time.Duration, n int) ([]work.Task, error) {
	return db.claim(ctx, `WITH free AS MATERIALIZED (
			SELECT id FROM task WHERE kind = $1 AND about = $2 AND due <= $3 AND lease <= $4 AND NOT dead
			ORDER BY due, id LIMIT $5`+db.skip+`)
		UPDATE task SET owner = $6, lease = $7, fence = fence + 1 WHERE id IN (SELECT id FROM free)
		RETURNING id, kind, case_id, args, due, every, fence, tries, last_err`,
		kind, about, micros(dueBy), micros(now), n, owner, micros(now.Add(lease)))
}

func (db *DB) claim(ctx context.Context, query string, args ...any) ([]work.Task, error) {
	rows, err := db.to(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	defer rows.Close()
	var tasks []work.Task
	for rows.Next() {
		var (
			t          work.Task
			due, every int64
		)
		if err := rows.Scan(&t.ID, &t.Kind, &t.Case, &t.Args, &due, &every, &t.Fence, &t.Tries, &t.LastErr); err != nil {
			return nil, fmt.Errorf("claim tasks: %w", err)
		}
		t.Due, t.Every = fromMicros(due), time.Duration(every)*time.Microsecond
		tasks = append(tasks, t)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	// The rows come in any order.
	slices.SortFunc(tasks, func(a, b work.Task) int {
		return cmpOr(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
	})
	return db.openArgs(ctx, tasks)
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// openArgs opens the arguments of claimed tasks. Those of a case whose key was
// destroyed can never be worked on: their rows are deleted.
func (db *DB) openArgs(ctx context.Context, tasks []work.Task) ([]work.Task, error) {
	open := tasks[:0]
	for _, t := range tasks {
		if len(t.Args) == 0 {
			t.Args = nil
			open = append(open, t)
			continue
		}
		key, err := db.Keys.Case(ctx, daybook.CaseID(t.Case))
		if errors.Is(err, archive.ErrErased) || errors.Is(err, daybook.ErrNotFound) {
			if err := db.Done(ctx, work.Task{ID: t.ID, Fence: t.Fence}, time.Time{}, nil); err != nil && !errors.Is(err, work.ErrLost) {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("claim tasks: %w", err)
		}
		if t.Args, err = key.Open(taskPlace, t.Args); err != nil {
			return nil, fmt.Errorf("claim task %s: %w", t.ID, err)
		}
		open = append(open, t)
	}
	return open, nil
}

// Done implements work.Queue. t.Every as it is handed in says when the task is
// due again; what is stored does not change. So a one-off that is handed in with
// an Every is put off without counting as a failure.
func (db *DB) Done(ctx context.Context, t work.Task, now time.Time, fail error) error {
	var (
		res interface{ RowsAffected() (int64, error) }
		err error
	)
	switch q := db.to(ctx); {
	case fail != nil:
		backoff := time.Second << min(t.Tries, 12)
		text := fail.Error()
		text = strings.ToValidUTF8(text[:min(len(text), maxLastErr)], "")
		res, err = q.ExecContext(ctx, `UPDATE task SET owner = '', lease = 0, due = $1, tries = tries + 1, last_err = $2,
			dead = (every = 0 AND tries + 1 >= $3) WHERE id = $4 AND fence = $5`,
			micros(now.Add(backoff)), text, int64(work.MaxTries), t.ID, t.Fence)
	case t.Every > 0:
		res, err = q.ExecContext(ctx, `UPDATE task SET owner = '', lease = 0, due = $1, tries = 0, last_err = ''
			WHERE id = $2 AND fence = $3`, micros(now.Add(t.Every)), t.ID, t.Fence)
	default:
		res, err = q.ExecContext(ctx, `DELETE FROM task WHERE id = $1 AND fence = $2`, t.ID, t.Fence)
	}
	if err != nil {
		return fmt.Errorf("end task %s: %w", t.ID, err)
	}
	return one(res, t.ID)
}

// Guard implements work.Queue. It is a write, so that it takes the row's lock
// on PostgreSQL and the write lock on SQLite.
func (db *DB) Guard(ctx context.Context, t work.Task) error {
	res, err := db.to(ctx).ExecContext(ctx, `UPDATE task SET fence = fence WHERE id = $1 AND fence = $2`, t.ID, t.Fence)
	if err != nil {
		return fmt.Errorf("hold task %s: %w", t.ID, err)
	}
	return one(res, t.ID)
}

func one(res interface{ RowsAffected() (int64, error) }, id string) error {
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("task %s: %w", id, err)
	}
	if n == 0 {
		return fmt.Errorf("task %s: %w", id, work.ErrLost)
	}
	return nil
}
