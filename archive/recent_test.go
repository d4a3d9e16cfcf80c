package archive_test

import (
	"context"
	"errors"
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
	var f gathering
	if err := l.CatchUp(ctx, c, &f); err != nil {
		t.Fatal(err)
	}
	at, later := f.entries, read(ctx, t, l, c)
	sorted := cmpopts.SortSlices(func(a, b daybook.Field) bool { return a.Name < b.Name })
	if diff := cmp.Diff(later, at, sorted, cmpopts.IgnoreUnexported(archive.Entry{})); diff != "" {
		t.Errorf("at once (+) and later (-) differ:\n%s", diff)
	}
	appendItems(t, l, c, 5000) // more than are kept
	if err := l.CatchUp(ctx, c, &f); err != nil || len(f.entries) != len(at)+5000 {
		t.Errorf("%d entries, %v; want %d", len(f.entries), err, len(at)+5000)
	}
}

// What was erased before a follower came is not handed to it, however recent.
func TestFollowersDoNotSeeWhatWasErased_B6(t *testing.T) {
	ctx := t.Context()
	m := archivetest.NewMemory()
	l, c := setup(t, m, 0, nil)
	first, err := l.Append(ctx, c, []daybook.Record{archivetest.Item("1", "kept"), archivetest.Item("2", "erased")})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.EraseRows(ctx, c, []uint64{first + 1}); err != nil {
		t.Fatal(err)
	}
	var f gathering
	if err := l.CatchUp(ctx, c, &f); err != nil {
		t.Fatal(err)
	}
	for _, e := range f.entries[first:] {
		if e.Erased != (e.Index == first+1) {
			t.Errorf("entry %d: erased is %t", e.Index, e.Erased)
		}
	}
}

// A gathering is a follower that keeps what it is handed.
type gathering struct{ entries []archive.Entry }

func (f *gathering) Name() string { return "gathering/1" }

func (f *gathering) Position(context.Context, daybook.CaseID) (uint64, error) {
	return uint64(len(f.entries)), nil
}

func (f *gathering) Handle(_ context.Context, _ daybook.CaseID, batch []archive.Entry) error {
	f.entries = append(f.entries, batch...)
	return nil
}

func (f *gathering) Erased(context.Context, daybook.CaseID, []daybook.MessageKey) error { return nil }

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

// Two who catch up at the same time do not take one another for damage: the other
// may append, and bring the follower there, between two steps of the first.
func TestFollowersAreBroughtOnMeanwhile(t *testing.T) {
	l, c := setup(t, archivetest.NewMemory(), 0, nil)
	f := &overtaken{meanwhile: func() { appendItems(t, l, c, 3) }}
	if err := l.CatchUp(t.Context(), c, f); err != nil {
		t.Error(err)
	}
	f.ahead = 1
	if err := l.CatchUp(t.Context(), c, f); !errors.Is(err, archive.ErrBroken) {
		t.Errorf("a follower that has seen more than there is: %v, want ErrBroken", err)
	}
}

// An overtaken follower is at the end of the log, to which something is added
// just before it is asked.
type overtaken struct {
	gathering
	meanwhile func()
	at, ahead uint64
}

func (f *overtaken) Position(context.Context, daybook.CaseID) (uint64, error) {
	if f.meanwhile != nil {
		f.meanwhile()
		f.at, f.meanwhile = 4, nil
	}
	return f.at + f.ahead, nil
}
