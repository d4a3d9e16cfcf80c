package archive_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

// What was just appended need not be opened again: a follower that comes at
// once and one that comes later are handed the same.
func TestFollowersSeeTheSameAtOnceAndLater(t *testing.T) {
	ctx := t.Context()
	m := archivetest.NewMemory()
	l, c := setup(t, m, 0, nil)
	for i := range 12 {
		batch := make([]daybook.Record, 1+i*7%30)
		for k := range batch {
			batch[k] = archivetest.Item(fmt.Sprint(i, "/", k), "text")
		}
		if _, err := l.Append(ctx, c, batch); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 { // one that was taken back is never seen
			m.FailCommit = true
			if _, err := l.Append(ctx, c, batch); err == nil {
				t.Fatal("a failed commit gave no error")
			}
		}
	}
	at := read(ctx, t, l, c)
	later := read(ctx, t, l, c)
	sorted := cmpopts.SortSlices(func(a, b daybook.Field) bool { return a.Name < b.Name })
	if diff := cmp.Diff(later, at, sorted, cmpopts.IgnoreUnexported(archive.Entry{})); diff != "" {
		t.Errorf("at once (+) and later (-) differ:\n%s", diff)
	}
	appendItems(t, l, c, 5000) // more than are kept
	if n := len(read(ctx, t, l, c)); n != len(at)+5000 {
		t.Errorf("%d entries, want %d", n, len(at)+5000)
	}
}

func read(ctx context.Context, t *testing.T, l *archive.Log, c daybook.CaseID) (out []archive.Entry) {
	t.Helper()
	for e, err := range l.Entries(ctx, c, 0) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}
