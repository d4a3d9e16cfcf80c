package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/internal/work"
	"daybook/store"
)

var (
	_ collectors.Queue    = (*store.DB)(nil)
	_ collectors.Ledger   = (*store.DB)(nil)
	_ collectors.Accounts = (*store.DB)(nil)
)

var firstMonday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func collectedCase(t *testing.T, db *store.DB) daybook.CaseID {
	t.Helper()
	c, err := db.NewCase(t.Context(), "a made-up case", "Europe/London", firstMonday)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func claimTasks(t *testing.T, db *store.DB, kind string, now time.Time, n int) []work.Task {
	t.Helper()
	tasks, err := db.Claim(t.Context(), kind, "", "tester", now, time.Minute, n)
	if err != nil {
		t.Fatal(err)
	}
	return tasks
}

func taskIDs(tasks []work.Task) []string {
	out := []string{}
	for _, t := range tasks {
		out = append(out, t.ID)
	}
	return out
}

func putTasks(t *testing.T, db *store.DB, tasks ...work.Task) {
	t.Helper()
	if err := db.Put(t.Context(), tasks...); err != nil {
		t.Fatal(err)
	}
}

func TestTaskClaim(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c, other := string(collectedCase(t, db)), string(collectedCase(t, db))
		putTasks(t, db,
			work.Task{ID: "look/b/1", Kind: "look", Case: c, Args: []byte("second"), Due: firstMonday.Add(time.Second)},
			work.Task{ID: "look/a/1", Kind: "look", Case: c, Args: []byte("first"), Due: firstMonday},
			work.Task{ID: "look/a/2", Kind: "look", Case: other, Due: firstMonday.Add(2 * time.Second)},
			work.Task{ID: "look/a", Kind: "look", Case: c, Due: firstMonday.Add(time.Hour)},
			work.Task{ID: "poll/a", Kind: "poll", Case: c, Due: firstMonday},
		)
		putTasks(t, db, work.Task{ID: "look/a/1", Kind: "look", Case: c, Args: []byte("again"), Due: firstMonday.Add(-time.Hour)})

		if got := claimTasks(t, db, "look", firstMonday.Add(-time.Second), 9); len(got) != 0 {
			t.Errorf("before they are due: %v", taskIDs(got))
		}
		got := claimTasks(t, db, "look", firstMonday.Add(time.Minute), 2)
		if diff := cmp.Diff([]string{"look/a/1", "look/b/1"}, taskIDs(got)); diff != "" {
			t.Errorf("earliest first (-want +got):\n%s", diff)
		}
		if string(got[0].Args) != "first" || string(got[1].Args) != "second" {
			t.Errorf("arguments %q, %q", got[0].Args, got[1].Args)
		}
		if !got[0].Due.Equal(firstMonday) || got[0].Case != c || got[0].Kind != "look" {
			t.Errorf("claimed %+v", got[0])
		}
		if got := claimTasks(t, db, "look", firstMonday.Add(time.Minute), 9); !slices.Equal(taskIDs(got), []string{"look/a/2"}) {
			t.Errorf("what is free: %v", taskIDs(got))
		}
		later := firstMonday.Add(time.Minute + 61*time.Second)
		mine, err := db.Claim(t.Context(), "look", c, "tester", later, time.Minute, 9)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(taskIDs(mine), []string{"look/a/1", "look/b/1"}) || mine[0].Fence <= got[0].Fence {
			t.Errorf("after the lease, of one case: %v, fence %d after %d", taskIDs(mine), mine[0].Fence, got[0].Fence)
		}
		about, err := db.ClaimAbout(t.Context(), "look", "a", "tester", firstMonday.Add(2*time.Hour), later.Add(2*time.Minute), time.Minute, 9)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"look/a/1", "look/a/2", "look/a"}, taskIDs(about)); diff != "" {
			t.Errorf("about one thing (-want +got):\n%s", diff)
		}
	})
}

func TestTaskDone(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := string(collectedCase(t, db))
		putTasks(t, db, work.Task{ID: "poll/a", Kind: "poll", Due: firstMonday, Every: time.Minute},
			work.Task{ID: "once/a", Kind: "once", Case: c, Args: []byte("x"), Due: firstMonday})
		done := func(task work.Task, now time.Time, fail error) {
			t.Helper()
			if err := db.Done(t.Context(), task, now, fail); err != nil {
				t.Fatal(err)
			}
		}
		poll := claimTasks(t, db, "poll", firstMonday, 1)[0]
		done(poll, firstMonday.Add(5*time.Second), nil)
		if err := db.Done(t.Context(), poll, firstMonday, nil); err != nil {
			t.Errorf("ended twice under the same fence: %v", err)
		}
		if got := claimTasks(t, db, "poll", firstMonday.Add(59*time.Second), 1); len(got) != 0 {
			t.Error("due again before its time")
		}
		poll = claimTasks(t, db, "poll", firstMonday.Add(65*time.Second), 1)[0]
		if poll.Every != time.Minute {
			t.Errorf("every %s, want 1m", poll.Every)
		}
		poll.Every = 10 * time.Minute // put off
		done(poll, firstMonday, nil)
		if got := claimTasks(t, db, "poll", firstMonday.Add(9*time.Minute), 1); len(got) != 0 {
			t.Error("due before what it was put off to")
		}

		now := firstMonday
		for try := range work.MaxTries {
			tasks := claimTasks(t, db, "once", now, 1)
			if len(tasks) != 1 || tasks[0].Tries != try {
				t.Fatalf("try %d: %+v", try, tasks)
			}
			done(tasks[0], now, errors.New("no answer"))
			wait := time.Second << min(try, 12)
			if got := claimTasks(t, db, "once", now.Add(wait-time.Millisecond), 1); len(got) != 0 {
				t.Fatalf("try %d is due before %s", try+1, wait)
			}
			now = now.Add(wait)
		}
		if got := claimTasks(t, db, "once", now.AddDate(1, 0, 0), 1); len(got) != 0 {
			t.Error("a task that was given up is claimed")
		}
		putTasks(t, db, work.Task{ID: "once/b", Kind: "once", Due: firstMonday})
		b := claimTasks(t, db, "once", firstMonday, 1)[0]
		done(b, firstMonday, nil)
		if err := db.Done(t.Context(), b, firstMonday, nil); !errors.Is(err, work.ErrLost) {
			t.Errorf("end a deleted task: %v, want ErrLost", err)
		}
		putTasks(t, db, work.Task{ID: "once/b", Kind: "once", Due: firstMonday})
		claimTasks(t, db, "once", firstMonday, 1)
		if err := db.Guard(t.Context(), b); !errors.Is(err, work.ErrLost) {
			t.Errorf("the claim of a task that was done holds a new one of that name: %v", err)
		}
	})
}

// A worker whose lease has moved on commits nothing.
func TestTaskFence(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := collectedCase(t, db)
		putTasks(t, db, work.Task{ID: "poll/a", Kind: "poll", Due: firstMonday, Every: time.Minute})
		slow := claimTasks(t, db, "poll", firstMonday, 1)[0]
		commit := func(task work.Task, key string) error {
			return db.Update(t.Context(), func(ctx context.Context) error {
				if err := db.Guard(ctx, task); err != nil {
					return err
				}
				return db.Remember(ctx, c, []collectors.SeenKey{{What: key}}, []uint64{1}, firstMonday)
			})
		}
		if err := commit(slow, "while it holds the lease"); err != nil {
			t.Fatal(err)
		}
		quick := claimTasks(t, db, "poll", firstMonday.Add(2*time.Minute), 1)[0]
		if err := commit(slow, "too late"); !errors.Is(err, work.ErrLost) {
			t.Errorf("commit without the lease: %v, want ErrLost", err)
		}
		if err := db.Done(t.Context(), slow, firstMonday, nil); !errors.Is(err, work.ErrLost) {
			t.Errorf("end without the lease: %v, want ErrLost", err)
		}
		if err := commit(quick, "with the lease"); err != nil {
			t.Error(err)
		}
		got, err := db.Seen(t.Context(), c, []collectors.SeenKey{{What: "while it holds the lease"}, {What: "too late"}, {What: "with the lease"}}, firstMonday)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{1, -1, 1}, got); diff != "" {
			t.Errorf("what was committed (-want +got):\n%s", diff)
		}
	})
}

func TestTaskConcurrentClaims(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		const all = 120
		var tasks []work.Task
		for i := range all {
			tasks = append(tasks, work.Task{ID: fmt.Sprintf("look/a/%03d", i), Kind: "look", Due: firstMonday})
		}
		putTasks(t, db, tasks...)
		var (
			mu    sync.Mutex
			taken = map[string]int{}
			wg    sync.WaitGroup
		)
		for w := range 4 {
			wg.Go(func() {
				for {
					got, err := db.Claim(t.Context(), "look", "", fmt.Sprint("worker ", w), firstMonday, time.Hour, 7)
					if err != nil {
						t.Error(err)
						return
					}
					if len(got) > 7 {
						t.Errorf("%d tasks, want at most 7", len(got))
					}
					mu.Lock()
					for _, task := range got {
						taken[task.ID]++
					}
					done := len(taken) == all
					mu.Unlock()
					if len(got) == 0 && done || t.Failed() {
						return
					}
				}
			})
		}
		wg.Wait()
		for id, n := range taken {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
	})
}

// C-20: what a task says about a person stands in no column.
func TestTaskArgsAreSealed_C20(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := collectedCase(t, db)
		putTasks(t, db, work.Task{ID: "look/a/1", Kind: "look", Case: string(c), Args: []byte("a marker about kestrel"), Due: firstMonday})
		if err := db.Put(t.Context(), work.Task{ID: "look/a/2", Kind: "look", Args: []byte("no case")}); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("arguments without a case to seal them: %v", err)
		}
		columns, err := db.Columns(t.Context(), "task")
		if err != nil || len(columns) != 13 {
			t.Fatalf("%d columns, %v", len(columns), err)
		}
		for _, column := range columns {
			if strings.Contains(column, "marker") || strings.Contains(column, "kestrel") {
				t.Errorf("a column holds %q", column)
			}
		}
	})
}
