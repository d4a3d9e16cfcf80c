package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/export"
)

// What a bundle says of the first entries of a log is the same at any time after,
// whatever came later.
func TestViewOfTheFirstEntriesStays_B10(t *testing.T) {
	r := newReplay(t, "", nil)
	var early *export.View
	r.play(func(string) {
		if early != nil {
			return
		}
		early = r.view(r.head())
	})
	late := r.view(early.Size)
	if diff := cmp.Diff(early, late, compareZones()); diff != "" {
		t.Errorf("the first %d entries say something else now (-then +now):\n%s", early.Size, diff)
	}
	all := r.view(r.head())
	if len(all.Messages) <= len(early.Messages) || len(all.Messages) != len(r.messages()) {
		t.Errorf("%d messages at first, %d at the end, %d on the pages", len(early.Messages), len(all.Messages), len(r.messages()))
	}
	again := r.view(all.Size)
	if diff := cmp.Diff(all, again, compareZones()); diff != "" {
		t.Errorf("made twice, a view differs:\n%s", diff)
	}
	t.Logf("%d entries, %d messages, %d findings, %d of %d entries unread", all.Size, len(all.Messages), len(all.Findings), len(all.Unread), all.Size)
	if _, err := r.app.view(t.Context(), r.id, all.Size+1); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("a view of more entries than there are: %v", err)
	}
}

// A view has the messages that the pages have, but for when they were met last
// without anything new: that is no entry.
func TestViewHasTheMessagesOfThePages_B10(t *testing.T) {
	r := newReplay(t, "", nil)
	r.play(nil)
	want := r.messages()
	for _, m := range r.view(r.head()).Messages {
		w := want[m.Key]
		if m.LastSeen.After(w.LastSeen) {
			t.Errorf("message of entry %d was last seen at %v, on the pages at %v", m.Captures[0], m.LastSeen, w.LastSeen)
		}
		w.LastSeen = m.LastSeen
		if diff := cmp.Diff(w, m); diff != "" {
			t.Errorf("message of entry %d differs (-pages +view):\n%s", m.Captures[0], diff)
		}
	}
}

func (r *replay) head() uint64 {
	r.Helper()
	size, _, err := r.app.log.Head(r.Context(), r.id)
	if err != nil {
		r.Fatal(err)
	}
	return size
}

func (r *replay) view(size uint64) *export.View {
	r.Helper()
	v, err := r.app.view(r.Context(), r.id, size)
	if err != nil {
		r.Fatal(err)
	}
	return v
}

// compareZones compares zones by name.
func compareZones() cmp.Option {
	return cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
}
