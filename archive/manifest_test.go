package archive_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

func TestASignedManifest_B3(t *testing.T) {
	ctx := t.Context()
	l, c := setup(t, archivetest.NewMemory(), 5, nil)
	cp := mustCheckpoint(t, l, c)
	sum := daybook.DigestOf([]byte("a manifest"))
	signed, err := l.SignManifest(ctx, c, cp.Size, sum)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(l.VerifierKey(c))
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	// SHA-256 of "a manifest", by another program.
	want := "daybook-bundle/v1\n" + l.Origin(c) + "\n6\n5ZYlqCJJfBZNYHBes/1pdcN1yiE7gUATeoJqd3kJhqk=\n"
	if n.Text != want || n.Text != archive.ManifestText(l.Origin(c), 6, sum) || len(n.Sigs) != 1 {
		t.Errorf("it signs %q, want %q", n.Text, want)
	}
	again, err := l.SignManifest(ctx, c, cp.Size, sum)
	if err != nil || !bytes.Equal(again, signed) {
		t.Errorf("the same again: %q, %v", again, err)
	}
	if _, err := l.SignManifest(ctx, c, cp.Size+1, sum); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("over more entries than there are: %v", err)
	}
	for name, within := range map[string]daybook.CaseID{"another case": "other", "no case": ""} {
		if _, err := l.SignManifest(archive.Within(ctx, within), c, cp.Size, sum); !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("in the scope of %s: %v", name, err)
		}
	}
	if _, err := l.SignManifest(archive.Within(ctx, c), c, cp.Size, sum); err != nil {
		t.Errorf("in its own scope: %v", err)
	}
}

// A signed manifest is never taken for a checkpoint, nor the other way round: the
// one has the origin in its second line, the other in its first.
func TestASignedManifestIsNoCheckpoint_B3(t *testing.T) {
	l, c := setup(t, archivetest.NewMemory(), 5, nil)
	cp := mustCheckpoint(t, l, c)
	signed, err := l.SignManifest(t.Context(), c, cp.Size, cp.Root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.ParseCheckpoint(c, signed); !errors.Is(err, archive.ErrBroken) {
		t.Errorf("read as a checkpoint: %v", err)
	}
	if lines := strings.Split(string(cp.Signed), "\n"); lines[0] != l.Origin(c) || lines[1] != "6" {
		t.Errorf("a checkpoint begins with %q", lines[:2])
	}
	to, _ := setup(t, archivetest.NewMemory(), 1, nil)
	r := daybook.Restore{Origin: l.Origin(c), Key: l.VerifierKey(c), Size: cp.Size, Root: cp.Root, Checkpoint: signed}
	if _, err := to.Restore(t.Context(), archivetest.Actor, archive.Handover{Restore: r}); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("put back with it as the checkpoint: %v", err)
	}
}
