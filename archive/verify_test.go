package archive_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

// setup returns a log in memory with n entries beside the one that opens it.
func setup(t testing.TB, m *archivetest.Memory, n int, water *archive.HighWater) (*archive.Log, daybook.CaseID) {
	t.Helper()
	ctx := context.Background()
	var key archive.InstanceKey
	rand.Read(key[:])
	keys, err := archive.OpenKeyring(ctx, key, m)
	if err != nil {
		t.Fatal(err)
	}
	l, err := archive.Open(ctx, archive.Config{Storage: m, Keys: keys, Blobs: m, HighWater: water})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.NewCase(ctx, archivetest.Actor, "a case", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	appendItems(t, l, c, n)
	return l, c
}

func appendItems(t testing.TB, l *archive.Log, c daybook.CaseID, n int) {
	t.Helper()
	batch := make([]daybook.Record, n)
	for i := range batch {
		batch[i] = archivetest.Item(fmt.Sprint(i), "text of a message")
	}
	if _, err := l.Append(context.Background(), c, batch); err != nil {
		t.Fatal(err)
	}
}

func mustCheckpoint(t testing.TB, l *archive.Log, c daybook.CaseID) archive.Checkpoint {
	t.Helper()
	cp, err := l.Checkpoint(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return cp
}

func verify(t testing.TB, l *archive.Log, c daybook.CaseID, anchors ...archive.Anchor) archive.Report {
	t.Helper()
	r, err := l.Verify(context.Background(), c, anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rehashed gives rows the tree hashes that fit them, as a careful attacker would,
// and returns the head over them.
func rehashed(t testing.TB, rows []archive.Row) archive.Head {
	t.Helper()
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(ix []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(ix))
		for i, x := range ix {
			out[i] = stored[x]
		}
		return out, nil
	})
	for i := range rows {
		r := &rows[i]
		hs, err := tlog.StoredHashes(int64(i), archive.Leaf(r.Index, r.Kind, r.Commitment), read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hs...)
		r.Hashes = nil
		for _, h := range hs {
			r.Hashes = append(r.Hashes, h[:]...)
		}
	}
	n := int64(len(rows))
	h := archive.Head{Size: uint64(n)}
	for level := range 63 {
		if n>>level&1 == 1 {
			x := stored[tlog.StoredHashIndex(level, n>>level-1)]
			h.Frontier = append(h.Frontier, x[:]...)
		}
	}
	return h
}

// The attacks of requirement B-2 by somebody who has the database and no keys,
// at random places of random logs.
func TestAttacks_B2(t *testing.T) {
	renumber := func(rows []archive.Row) []archive.Row {
		for i := range rows {
			rows[i].Index = uint64(i)
		}
		return rows
	}
	rehash := func(m *archivetest.Memory, c daybook.CaseID) { m.Heads[c] = rehashed(t, m.Log[c]) }
	attacks := []struct {
		name   string
		do     func(m *archivetest.Memory, c daybook.CaseID, at int)
		answer archive.Answer
		says   string
	}{
		{"nothing", func(*archivetest.Memory, daybook.CaseID, int) {}, archive.OK, ""},
		{"edit content", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c][at].Sealed = slices.Clone(m.Log[c][at].Sealed)
			m.Log[c][at].Sealed[20] ^= 1
		}, archive.Broken, "does not open"},
		{"edit the leaf", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c][at].Commitment[3] ^= 1
		}, archive.Broken, "content does not match"},
		{"edit the leaf and all hashes", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c][at].Commitment[3] ^= 1
			rehash(m, c)
		}, archive.Broken, "root differs"},
		{"delete and renumber", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c] = renumber(slices.Delete(m.Log[c], at, at+1))
			rehash(m, c)
		}, archive.Broken, ""},
		{"insert a copy and renumber", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c] = renumber(slices.Insert(m.Log[c], at, m.Log[c][at]))
			rehash(m, c)
		}, archive.Broken, "root differs"},
		{"swap and renumber", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c][at], m.Log[c][at-1] = m.Log[c][at-1], m.Log[c][at]
			renumber(m.Log[c])
			rehash(m, c)
		}, archive.Broken, "root differs"},
		{"cut off the end", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c] = m.Log[c][:at]
			rehash(m, c)
		}, archive.Broken, "the log was cut"},
		{"cut off the end and its checkpoints", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c] = m.Log[c][:at]
			m.Notes[c] = nil
			rehash(m, c)
		}, archive.OK, ""}, // only an outside anchor or the high-water file notices: the tests below
		{"take content away", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			m.Log[c][at].WrappedKey, m.Log[c][at].Sealed = nil, nil
		}, archive.Broken, "no entry says that it was erased"},
		{"move content", func(m *archivetest.Memory, c daybook.CaseID, at int) {
			a, b := &m.Log[c][at], &m.Log[c][at-1]
			a.WrappedKey, a.Sealed, b.WrappedKey, b.Sealed = b.WrappedKey, b.Sealed, a.WrappedKey, a.Sealed
		}, archive.Broken, "does not open"},
		{"alter the checkpoint", func(m *archivetest.Memory, c daybook.CaseID, _ int) {
			m.Notes[c][0] = []byte(strings.Replace(string(m.Notes[c][0]), "\n", "0\n", 2))
		}, archive.Broken, "signature"},
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				n := rapid.IntRange(2, 40).Draw(rt, "entries")
				at := rapid.IntRange(1, n-1).Draw(rt, "at")
				m := archivetest.NewMemory()
				l, c := setup(t, m, n, nil)
				mustCheckpoint(t, l, c)
				a.do(m, c, at)
				r := verify(t, l, c)
				if r.Answer != a.answer {
					rt.Fatalf("answer %q (%v), want %q", r.Answer, r.Problems, a.answer)
				}
				if !strings.Contains(fmt.Sprint(r.Problems), a.says) {
					rt.Errorf("problems %v, want one that says %q", r.Problems, a.says)
				}
			})
		})
	}
}

func TestAnOutsideAnchorNoticesACutLog_B2_B3(t *testing.T) {
	m := archivetest.NewMemory()
	l, c := setup(t, m, 5, nil)
	before := mustCheckpoint(t, l, c)
	rows, head, notes := slices.Clone(m.Log[c]), m.Heads[c], slices.Clone(m.Notes[c])
	appendItems(t, l, c, 3)
	late := mustCheckpoint(t, l, c)
	m.Log[c], m.Heads[c], m.Notes[c] = rows, head, notes // the newest part and its checkpoint are gone

	if r := verify(t, l, c); r.Answer != archive.OK {
		t.Errorf("without an anchor: %q; an archive alone cannot notice this", r.Answer)
	}
	if r := verify(t, l, c, archive.Anchor{Where: "adviser's mail", Size: late.Size, Root: late.Root}); r.Answer != archive.Broken || r.Anchors[0].Matches {
		t.Errorf("with an anchor over the lost part: %+v, want broken", r)
	}
	r := verify(t, l, c, archive.Anchor{Where: "adviser's mail", Size: before.Size, Prefix: before.Root.String()[:16]})
	if r.Answer != archive.OK || !r.Anchors[0].Matches {
		t.Errorf("with an older anchor: %+v, want ok and a match", r)
	}
}

func TestTheUncoveredTailIsNamed_B3(t *testing.T) {
	l, c := setup(t, archivetest.NewMemory(), 5, nil)
	mustCheckpoint(t, l, c)
	appendItems(t, l, c, 2)
	if r := verify(t, l, c); r.Answer != archive.OK || r.Entries != 8 || r.Covered != 6 {
		t.Errorf("got %+v, want ok with 8 entries of which 6 are covered", r)
	}
}

func TestAnOlderStoreIsRefusedUntilTheBreakIsDeclared_B7(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "high-water.json")
	m := archivetest.NewMemory()
	var key archive.InstanceKey
	rand.Read(key[:])
	reopen := func() *archive.Log {
		keys, err := archive.OpenKeyring(ctx, key, m)
		if err != nil {
			t.Fatal(err)
		}
		w, err := archive.OpenHighWater(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := archive.Open(ctx, archive.Config{Storage: m, Keys: keys, Blobs: m, HighWater: w})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := reopen()
	c, err := l.NewCase(ctx, archivetest.Actor, "a case", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	appendItems(t, l, c, 4)
	mustCheckpoint(t, l, c)
	rows, head, notes := slices.Clone(m.Log[c]), m.Heads[c], slices.Clone(m.Notes[c]) // the backup
	appendItems(t, l, c, 3)
	mustCheckpoint(t, l, c)
	m.Log[c], m.Heads[c], m.Notes[c] = rows, head, notes // is put back

	l = reopen()
	if len(l.Refused()) != 1 {
		t.Fatalf("refused: %v, want the case", l.Refused())
	}
	if _, err := l.Append(ctx, c, []daybook.Record{archivetest.Item("x", "y")}); err == nil {
		t.Error("append to an older log: no error")
	}
	if _, err := l.Checkpoint(ctx, c); err == nil {
		t.Error("checkpoint of an older log: no error")
	}
	if _, err := l.SignManifest(ctx, c, 1, daybook.Digest{}); !errors.Is(err, archive.ErrRolledBack) {
		t.Errorf("sign a manifest of an older log: %v", err)
	}
	if r := verify(t, l, c); r.Answer != archive.Broken || !strings.Contains(fmt.Sprint(r.Problems), "high-water") {
		t.Errorf("verify: %+v, want broken by the high-water file", r)
	}
	if err := l.DeclareRestore(ctx, archivetest.Actor, c, "disk failed, backup of Monday put back"); err != nil {
		t.Fatal(err)
	}
	mustCheckpoint(t, l, c)
	if r := verify(t, reopen(), c); r.Answer != archive.OK || r.Entries != 6 {
		t.Errorf("after the declared break: %+v, want ok with 6 entries", r)
	}
	var declared daybook.Restore
	e, err := l.Entry(ctx, c, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Record.Decode(&declared); err != nil || declared.Size != 5 || declared.LostSize != 8 {
		t.Errorf("declared %+v, %v; want 5 entries in place of 8", declared, err)
	}
}

func TestCheckpointRefusesAnotherHistory_B7(t *testing.T) {
	m := archivetest.NewMemory()
	l, c := setup(t, m, 3, nil)
	mustCheckpoint(t, l, c)
	other := archivetest.NewMemory()
	l2, c2 := setup(t, other, 5, nil)
	_ = l2
	m.Log[c], m.Heads[c] = other.Log[c2], other.Heads[c2]
	if _, err := l.Checkpoint(context.Background(), c); err == nil || !strings.Contains(err.Error(), "not those that the last one covers") {
		t.Errorf("checkpoint over another history: %v, want a refusal", err)
	}
}

func TestFailedCommits_B1(t *testing.T) {
	for _, persist := range []bool{false, true} {
		t.Run(fmt.Sprintf("persisted %v", persist), func(t *testing.T) {
			ctx := t.Context()
			m := archivetest.NewMemory()
			l, c := setup(t, m, 3, nil)
			m.FailCommit, m.Persist = true, persist
			if _, err := l.Append(ctx, c, []daybook.Record{archivetest.Item("a", "b")}); err == nil {
				t.Fatal("a failed commit gave no error")
			}
			want := uint64(4)
			if persist {
				want = 5
			}
			if n, _, err := l.Head(ctx, c); err != nil || n != want {
				t.Errorf("head %d, %v; want %d", n, err, want)
			}
			mustCheckpoint(t, l, c)
			if r := verify(t, l, c); r.Answer != archive.OK {
				t.Errorf("verify: %+v", r)
			}
		})
	}
}

func TestBlobs_B6(t *testing.T) {
	ctx := t.Context()
	m := archivetest.NewMemory()
	l, c := setup(t, m, 1, nil)
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 200_000} {
		b := make([]byte, size)
		rand.Read(b)
		d, err := l.PutBlob(ctx, c, b)
		if err != nil {
			t.Fatal(err)
		}
		rec := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Media: daybook.Media{Digest: d}})
		rec.Blobs = []daybook.Digest{d}
		first, err := l.Append(ctx, c, []daybook.Record{rec})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.Blob(ctx, c, d); err != nil || !slices.Equal(got, b) {
			t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
		}
		if size == 200_000 { // the last one
			if err := l.Erase(ctx, archivetest.Actor, c, []uint64{first}, "asked for"); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Blob(ctx, c, d); err == nil {
				t.Error("an erased blob can be read")
			}
		}
	}
	if len(m.Blobs) != 4 {
		t.Errorf("%d blobs are kept, want 4", len(m.Blobs))
	}
	if r := verify(t, l, c); r.Answer != archive.OK {
		t.Fatalf("verify: %+v", r)
	}
	for name, b := range m.Blobs {
		b[len(b)-1] ^= 1
		m.Blobs[name] = b
		break
	}
	if r := verify(t, l, c); r.Answer != archive.Broken {
		t.Errorf("with an altered blob: %+v, want broken", r)
	}
}

// Inclusion in the tree is checked with the library alone.
func TestInclusion_B4(t *testing.T) {
	ctx := t.Context()
	m := archivetest.NewMemory()
	l, c := setup(t, m, 20, nil)
	size, root, err := l.Head(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range size {
		path, err := l.Inclusion(ctx, c, i, size)
		if err != nil {
			t.Fatal(err)
		}
		p := make(tlog.RecordProof, len(path))
		for k, h := range path {
			p[k] = tlog.Hash(h)
		}
		row := m.Log[c][i]
		if err := tlog.CheckRecord(p, int64(size), tlog.Hash(root), int64(i), tlog.RecordHash(archive.Leaf(i, row.Kind, row.Commitment))); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

// A leaf and a tree tell nothing about who wrote what.
func TestLeavesHoldNoPersonalData_B5(t *testing.T) {
	m := archivetest.NewMemory()
	_, c := setup(t, m, 3, nil)
	for _, r := range m.Log[c] {
		for _, b := range [][]byte{archive.Leaf(r.Index, r.Kind, r.Commitment), r.Sealed, r.WrappedKey} {
			for _, w := range []string{"kestrel", "text of a message", "birds.example"} {
				if strings.Contains(string(b), w) {
					t.Errorf("entry %d holds %q in the clear", r.Index, w)
				}
			}
		}
	}
}
