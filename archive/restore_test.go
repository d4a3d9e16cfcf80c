package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

// hand returns a log as it is handed over: without the entries that are named.
func hand(t testing.TB, l *archive.Log, c daybook.CaseID, without ...uint64) archive.Handover {
	t.Helper()
	ctx := context.Background()
	cp := mustCheckpoint(t, l, c)
	return archive.Handover{
		Restore: daybook.Restore{Size: cp.Size, Root: cp.Root, Origin: cp.Origin, Key: l.VerifierKey(c), Checkpoint: cp.Signed, Reason: "the person moves"},
		Name:    "Garden",
		Leaves:  l.Leaves(ctx, c, cp.Size),
		Entry: func(index uint64) (archive.HandedEntry, error) {
			for _, i := range without {
				if i == index {
					return archive.HandedEntry{}, daybook.ErrNotFound
				}
			}
			d, err := l.Disclose(ctx, c, index)
			if errors.Is(err, archive.ErrErased) {
				err = daybook.ErrNotFound
			}
			return archive.HandedEntry{Seed: d.Seed, Fields: d.Fields, Blob: func(d daybook.Digest) ([]byte, error) { return l.Blob(ctx, c, d) }}, err
		},
	}
}

// fresh returns a log over a store that holds nothing.
func fresh(t testing.TB, m *archivetest.Memory, water *archive.HighWater) *archive.Log {
	t.Helper()
	l, _ := setup(t, m, 0, water)
	return l
}

// handed is a log with a picture, an entry that was erased and a look.
func handed(t testing.TB) (*archive.Log, daybook.CaseID) {
	t.Helper()
	ctx := context.Background()
	l, c := setup(t, archivetest.NewMemory(), 5, nil)
	d, err := l.PutBlob(ctx, c, []byte("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	media := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Media: daybook.Media{Digest: d}})
	media.Blobs = []daybook.Digest{d}
	look := daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "look"})
	if _, err := l.Append(ctx, c, []daybook.Record{media, look}); err != nil {
		t.Fatal(err)
	}
	if err := l.Erase(ctx, archivetest.Actor, c, []uint64{3}, "asked for"); err != nil {
		t.Fatal(err)
	}
	return l, c
}

const look = 7 // the number of its entry

func TestRestore_D14(t *testing.T) {
	ctx := t.Context()
	from, c := handed(t)
	h := hand(t, from, c, look)
	water, err := archive.OpenHighWater(filepath.Join(t.TempDir(), "high-water.json"))
	if err != nil {
		t.Fatal(err)
	}
	to := fresh(t, archivetest.NewMemory(), water)
	got, err := to.Restore(ctx, archivetest.Actor, h)
	if err != nil || got != c {
		t.Fatal(got, err)
	}
	for i := range h.Size {
		a, errA := from.Entry(ctx, c, i)
		b, errB := to.Entry(ctx, c, i)
		if i == look {
			if !errors.Is(errB, archive.ErrErased) {
				t.Errorf("entry %d came back: %v", i, errB)
			}
			continue
		}
		if fmt.Sprint(errA == nil) != fmt.Sprint(errB == nil) {
			t.Fatalf("entry %d: %v, %v", i, errA, errB)
		}
		if diff := cmp.Diff(a.Record, b.Record); errA == nil && diff != "" {
			t.Errorf("entry %d:\n%s", i, diff)
		}
	}
	if root, err := to.RootAt(ctx, c, h.Size); err != nil || root != h.Root {
		t.Errorf("root %s, %v", root, err)
	}
	if name, err := to.CaseName(ctx, c); err != nil || name != "Garden" {
		t.Errorf("%q, %v", name, err)
	}
	picture := daybook.DigestOf([]byte("a picture"))
	if b, err := to.Blob(ctx, c, picture); err != nil || string(b) != "a picture" {
		t.Errorf("%q, %v", b, err)
	}
	if cp, err := to.CheckpointAt(ctx, c, h.Size); err != nil || cp.Root != h.Root || cp.Origin == h.Origin {
		t.Errorf("the checkpoint of what was handed over: %+v, %v", cp, err)
	}
	cp := mustCheckpoint(t, to, c)
	if cp.Origin == h.Origin || cp.Size != h.Size+1 || to.Fingerprint() == from.Fingerprint() {
		t.Errorf("it goes on as %s with %d entries", cp.Origin, cp.Size)
	}
	appendItems(t, to, c, 3)
	r := verify(t, to, c, archive.Anchor{Where: "kept", Size: h.Size, Root: h.Root})
	if r.Answer != archive.OK || r.Erased != 1 || r.NotHandedOver != 1 || !r.Anchors[0].Matches {
		t.Errorf("%+v", r)
	}
	if len(r.Remarks) != 1 || !strings.Contains(r.Remarks[0].What, from.Fingerprint().String()) {
		t.Errorf("nothing says whose log it was: %+v", r.Remarks)
	}
	// It was here, so it is not put back again.
	if _, err := to.Restore(ctx, archivetest.Actor, h); !errors.Is(err, os.ErrExist) {
		t.Errorf("once more: %v", err)
	}
	// It can be handed on.
	third := fresh(t, archivetest.NewMemory(), nil)
	if _, err := third.Restore(ctx, archivetest.Actor, hand(t, to, c)); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, third, c); r.Answer != archive.OK || r.Erased != 1 || r.NotHandedOver != 1 {
		t.Errorf("handed on: %+v", r)
	}
}

// What does not fit the checkpoint is not put back, and leaves nothing.
func TestRestoreRefuses_D14(t *testing.T) {
	from, c := handed(t)
	other, d := handed(t)
	entry := func(change func(index uint64, e *archive.HandedEntry)) func(h *archive.Handover) {
		return func(h *archive.Handover) {
			was := h.Entry
			h.Entry = func(index uint64) (archive.HandedEntry, error) {
				e, err := was(index)
				change(index, &e)
				return e, err
			}
		}
	}
	for _, tt := range []struct {
		name string
		do   func(h *archive.Handover)
		says string
	}{
		{"a value", entry(func(i uint64, e *archive.HandedEntry) {
			if i == 2 {
				e.Fields[len(e.Fields)-1].Value = []byte("other")
			}
		}), "entry 2: invalid: it is not what its leaf commits to"},
		{"a seed", entry(func(i uint64, e *archive.HandedEntry) { e.Seed[0] ^= byte(i & 4) }), "it is not what its leaf commits to"},
		{"a field twice", entry(func(i uint64, e *archive.HandedEntry) {
			if i == 2 {
				e.Fields = append(e.Fields, e.Fields[len(e.Fields)-1])
			}
		}), "it is not what its leaf commits to"},
		{"the bytes of a picture", entry(func(_ uint64, e *archive.HandedEntry) {
			e.Blob = func(daybook.Digest) ([]byte, error) { return []byte("another"), nil }
		}), "its attachment is another"},
		{"a leaf", func(h *archive.Handover) {
			leaves := h.Leaves
			h.Leaves = func(yield func([]byte, error) bool) {
				for line, err := range leaves {
					if !yield(bytes.Replace(line, []byte(" access "), []byte(" diary "), 1), err) {
						return
					}
				}
			}
		}, "its entries do not give the root"},
		{"a leaf too few", func(h *archive.Handover) {
			leaves := h.Leaves
			h.Leaves = func(yield func([]byte, error) bool) {
				n := 0
				for line, err := range leaves {
					if n++; n > 4 || !yield(line, err) {
						return
					}
				}
			}
		}, "its entries do not give the root"},
		{"a leaf twice", func(h *archive.Handover) {
			leaves := h.Leaves
			h.Leaves = func(yield func([]byte, error) bool) {
				for line, err := range leaves {
					for range 2 {
						if !yield(line, err) {
							return
						}
					}
				}
			}
		}, "is not the leaf of entry 1"},
		{"reading fails", func(h *archive.Handover) {
			h.Leaves = func(yield func([]byte, error) bool) { yield(nil, archivetest.ErrFault) }
		}, "scripted fault"},
		{"another key", func(h *archive.Handover) { h.Key = other.VerifierKey(c) }, "its checkpoint is not signed by its key"},
		{"another checkpoint", func(h *archive.Handover) { h.Checkpoint = mustCheckpoint(t, other, d).Signed }, "its checkpoint is not signed by its key"},
		{"another size", func(h *archive.Handover) { h.Size-- }, "its checkpoint is over something else"},
		{"no log", func(h *archive.Handover) { h.Origin = "elsewhere" }, "it is not the log of a case"},
		{"without its first entry", func(h *archive.Handover) {
			h.Entry = func(uint64) (archive.HandedEntry, error) { return archive.HandedEntry{}, daybook.ErrNotFound }
		}, "the entry that opened the case is not in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := archivetest.NewMemory()
			l := fresh(t, m, nil)
			h := hand(t, from, c)
			tt.do(&h)
			if _, err := l.Restore(t.Context(), archivetest.Actor, h); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q", err, tt.says)
			}
			if len(m.CaseRows) != 1 || len(m.Log[c]) > 0 || len(m.Blobs) > 0 {
				t.Errorf("left behind: %d cases, %d entries, %d files", len(m.CaseRows)-1, len(m.Log[c]), len(m.Blobs))
			}
			// What failed does not stand in the way of what is right.
			if _, err := l.Restore(t.Context(), archivetest.Actor, hand(t, from, c)); err != nil {
				t.Error(err)
			}
			if r := verify(t, l, c); r.Answer != archive.OK {
				t.Errorf("%+v", r)
			}
		})
	}
}

// It falls at the end: before all of it is kept, or after, when the answer was
// lost.
func TestRestoreFalls_D14(t *testing.T) {
	from, c := handed(t)
	for _, persist := range []bool{false, true} {
		t.Run(fmt.Sprint("kept: ", persist), func(t *testing.T) {
			m := archivetest.NewMemory()
			l := fresh(t, m, nil)
			m.FailCommit, m.Persist = true, persist
			if _, err := l.Restore(t.Context(), archivetest.Actor, hand(t, from, c)); !errors.Is(err, archivetest.ErrFault) {
				t.Fatal(err)
			}
			if here := len(m.Log[c]) > 0; here != persist || len(m.Blobs) > 0 != persist {
				t.Errorf("entries: %v, files: %d", here, len(m.Blobs))
			}
			if !persist {
				if _, err := l.Restore(t.Context(), archivetest.Actor, hand(t, from, c)); err != nil {
					t.Fatal(err)
				}
			}
			if r := verify(t, l, c); r.Answer != archive.OK {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Verify compares with what was handed over for ever after.
func TestRestoredLogIsAttacked_B2_D14(t *testing.T) {
	from, c := handed(t)
	h := hand(t, from, c, look)
	for _, tt := range []struct {
		name string
		do   func(m *archivetest.Memory)
		says string
	}{
		{"one more entry has no content", func(m *archivetest.Memory) { m.Log[c][2].Sealed, m.Log[c][2].WrappedKey = nil, nil }, "entry 2: its content is missing, and no entry says"},
		{"the entry that says so has none", func(m *archivetest.Memory) {
			m.Log[c][h.Size].Sealed, m.Log[c][h.Size].WrappedKey = nil, nil
		}, "its content is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := archivetest.NewMemory()
			l := fresh(t, m, nil)
			if _, err := l.Restore(t.Context(), archivetest.Actor, h); err != nil {
				t.Fatal(err)
			}
			mustCheckpoint(t, l, c)
			tt.do(m)
			if r := verify(t, l, c); r.Answer != archive.Broken || !strings.Contains(fmt.Sprint(r.Problems), strings.TrimPrefix(tt.says, "entry 2: ")) {
				t.Errorf("%+v", r)
			}
		})
	}
	// Somebody with the keys of the new instance writes that another log was
	// handed over.
	t.Run("it says that another log was handed over", func(t *testing.T) {
		m := archivetest.NewMemory()
		l, d := setup(t, m, 3, nil)
		other := hand(t, from, c).Restore
		if _, err := l.Append(t.Context(), d, []daybook.Record{daybook.NewRecord(daybook.RecordRestore, other)}); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, l, d); r.Answer != archive.Broken || !strings.Contains(fmt.Sprint(r.Problems), "not those that were handed over") {
			t.Errorf("%+v", r)
		}
	})
}
