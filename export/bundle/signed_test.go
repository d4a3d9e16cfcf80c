package bundle_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"daybook"
	"daybook/archive"
	"daybook/export"
	"daybook/export/bundle"
)

// The key of the checkpoint signs the manifest, and with it every file.
func TestTheManifestIsSigned_B3_B4(t *testing.T) {
	r := newRecord(t, 3)
	for _, spec := range []export.Spec{{Kind: export.Complete}, {Kind: export.Selection, Entries: []uint64{1}}} {
		b, _ := write(t, r.input(t, spec))
		files := unzip(t, b)
		v, err := note.NewVerifier(strings.TrimSpace(string(files["data/log/key.txt"])))
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open(files["manifest-sha256.note"], note.VerifierList(v))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(files["manifest-sha256.txt"])
		want := fmt.Sprintf("daybook-bundle/v1\n%s\n4\n%s\n", v.Name(), base64.StdEncoding.EncodeToString(sum[:]))
		if n.Text != want {
			t.Errorf("it signs %q, want %q", n.Text, want)
		}
	}
	in := r.input(t, export.Spec{Kind: export.Complete})
	if _, err := bundle.Write(archive.Within(t.Context(), "other"), io.Discard, in, nil); !errors.Is(err, daybook.ErrForbidden) {
		t.Errorf("within another case: %v", err)
	}
}
