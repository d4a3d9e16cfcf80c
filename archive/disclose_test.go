package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

func TestADisclosureGivesTheLeafAgain_B5(t *testing.T) {
	l, c := setup(t, archivetest.NewMemory(), 9, nil)
	cp := mustCheckpoint(t, l, c)
	appendItems(t, l, c, 4) // what comes later changes nothing
	tree, err := l.Tree(t.Context(), c, cp.Size)
	if err != nil {
		t.Fatal(err)
	}
	if tree.Root() != cp.Root {
		t.Errorf("root %v, want the checkpoint's %v", tree.Root(), cp.Root)
	}
	n := uint64(0)
	for d, err := range l.Disclosures(t.Context(), c, []uint64{0, 1, 3, 4, 5, 9}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		names, digests := make([]string, len(d.Fields)), make([]daybook.Digest, len(d.Fields))
		for i, f := range d.Fields {
			names[i], digests[i] = f.Name, archive.FieldDigest(d.Salts[i][:], f.Name, f.Value)
		}
		if got := archive.CanonicalRecord(names, digests); !bytes.Equal(got, d.Record) {
			t.Errorf("entry %d: record %s, want %s", d.Index, d.Record, got)
		}
		if leaf := archive.Leaf(d.Index, d.Kind, archive.Commitment(d.LeafSalt[:], d.Record)); !bytes.Equal(leaf, d.Leaf) {
			t.Errorf("entry %d: leaf %s, want %s", d.Index, d.Leaf, leaf)
		}
		text, err := tree.Proof(d.Index, d.Leaf, cp.Signed)
		if err != nil {
			t.Fatal(err)
		}
		var p proof.TLogProof
		if err := p.Unmarshal(text); err != nil {
			t.Fatal(err)
		}
		hashes := make([]tlog.Hash, len(p.Hashes))
		for i, h := range p.Hashes {
			hashes[i] = h
		}
		if err := tlog.CheckRecord(hashes, int64(cp.Size), tlog.Hash(cp.Root), int64(d.Index), tlog.RecordHash(p.ExtraData)); err != nil {
			t.Errorf("entry %d: %v", d.Index, err)
		}
		if !bytes.Equal(p.Checkpoint, cp.Signed) {
			t.Errorf("entry %d: the proof's checkpoint is another", d.Index)
		}
	}
	if n != 6 {
		t.Errorf("%d entries, want 6", n)
	}
	i := 0
	for leaf, err := range l.Leaves(t.Context(), c, cp.Size) {
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(leaf, fmt.Appendf(nil, "daybook-leaf/v1 %d ", i)) {
			t.Errorf("leaf %d is %s", i, leaf)
		}
		i++
	}
	if uint64(i) != cp.Size {
		t.Errorf("%d leaves, want %d", i, cp.Size)
	}
}

func TestAProofOfTenThousandEntriesIsSmall_B5(t *testing.T) {
	l, c := setup(t, archivetest.NewMemory(), 9999, nil)
	cp := mustCheckpoint(t, l, c)
	tree, err := l.Tree(t.Context(), c, cp.Size)
	if err != nil {
		t.Fatal(err)
	}
	for leaf, err := range l.Leaves(t.Context(), c, cp.Size) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := tree.Proof(4711, leaf, cp.Signed)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 1536 {
			t.Fatalf("%d bytes, want 1,536 at most", len(text))
		}
	}
}

func TestWhatCannotBeDisclosed(t *testing.T) {
	m := archivetest.NewMemory()
	l, c := setup(t, m, 5, nil)
	other, err := l.NewCase(t.Context(), archivetest.Actor, "another", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Erase(t.Context(), archivetest.Actor, c, []uint64{2}, "asked for"); err != nil {
		t.Fatal(err)
	}
	m.Log[c][4].Commitment[0] ^= 1
	within := archive.Within(t.Context(), other)
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"erased":        {second(l.Disclose(t.Context(), c, 2)), archive.ErrErased},
		"altered":       {second(l.Disclose(t.Context(), c, 4)), archive.ErrBroken},
		"not there":     {second(l.Disclose(t.Context(), c, 70)), daybook.ErrNotFound},
		"another case":  {second(l.Disclose(within, c, 1)), daybook.ErrForbidden},
		"another tree":  {second(l.Tree(within, c, 3)), daybook.ErrForbidden},
		"longer tree":   {second(l.Tree(t.Context(), c, 70)), daybook.ErrNotFound},
		"no checkpoint": {second(l.CheckpointAt(t.Context(), c, 3)), daybook.ErrNotFound},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.err, tc.want)
		}
	}
	for _, err := range l.Leaves(within, c, 3) {
		if !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("another case's leaves: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
