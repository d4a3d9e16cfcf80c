package store_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/store"
)

// Whoever waits for the connection in order to prepare a statement keeps nobody
// from writing who has it.
func TestPreparingWaitsForTheConnectionAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, flagStory()...)
		brought := make(chan error, 1)
		err := db.Update(t.Context(), func(ctx context.Context) error {
			if _, err := db.LockHead(ctx, c); err != nil {
				return err
			}
			go func() {
				_, _, err := db.BringFlags(t.Context(), c, 0) // the first time: it prepares
				brought <- err
			}()
			for !isPreparing() {
				select {
				case err := <-brought: // where there are more connections it does not wait
					brought <- err
					return remember(ctx, db, c)
				default:
					runtime.Gosched()
				}
			}
			return remember(ctx, db, c)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-brought; err != nil {
			t.Error(err)
		}
	})
}

// isPreparing reports whether a goroutine waits for a connection in prepare.
func isPreparing() bool {
	b := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if strings.Contains(stack, "store.(*DB).prepare(") && strings.Contains(stack, "sql.(*DB).conn(") && strings.Contains(stack, "[select") {
			return true
		}
	}
	return false
}

// remember writes rows with a statement that is made for many.
func remember(ctx context.Context, db *store.DB, c daybook.CaseID) error {
	return db.Remember(ctx, c, []collectors.SeenKey{{}}, []uint64{1}, time.Unix(1, 0))
}
