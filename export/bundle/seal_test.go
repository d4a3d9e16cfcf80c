package bundle_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"daybook"
	"daybook/export"
	"daybook/export/bundle"
)

func TestSealed(t *testing.T) {
	one, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	two, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(t, 3)
	in := r.input(t, export.Spec{Kind: export.Complete})
	plain, res := write(t, in)
	for _, tc := range []struct {
		name string
		keys []string
		open []age.Identity
	}{
		{"two receivers", []string{one.Recipient().String(), " " + two.Recipient().String() + "\n"}, []age.Identity{one, two}},
		{"hybrid", []string{hybrid.Recipient().String()}, []age.Identity{hybrid}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if in.For, err = bundle.ParseRecipients(tc.keys); err != nil {
				t.Fatal(err)
			}
			sealed, got := write(t, in)
			if got.SHA256 != res.SHA256 || got.Size != res.Size || got.File != daybook.DigestOf(sealed) || got.FileSize != int64(len(sealed)) {
				t.Errorf("result %+v, want the digest of the ZIP file %v and that of the sealed one", got, res.SHA256)
			}
			for _, id := range tc.open {
				opened, err := age.Decrypt(bytes.NewReader(sealed), id)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(opened)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(b, plain) {
					t.Error("what was sealed is another bundle")
				}
			}
			if bytes.Contains(sealed, []byte("PK\x03\x04")) || bytes.Contains(sealed, []byte("bundle-")) {
				t.Error("the sealed file shows the bundle")
			}
		})
	}
}

func TestReceiversThatAreRefused(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]string{
		"a secret key":   {id.String()},
		"a passphrase":   {"correct horse"},
		"nothing":        {""},
		"a comment":      {"# " + id.Recipient().String()},
		"two in one":     {id.Recipient().String() + "\n" + id.Recipient().String()},
		"mixed kinds":    {id.Recipient().String(), hybrid.Recipient().String()},
		"too many":       strings.Split(strings.Repeat(id.Recipient().String()+"\n", 30), "\n")[:30],
		"a damaged one":  {id.Recipient().String()[:40]},
		"a key of SSH":   {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000"},
		"second is none": {id.Recipient().String(), "x"},
	} {
		_, err := bundle.ParseRecipients(keys)
		if !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), id.String()) || strings.Contains(err.Error(), "correct horse") {
			t.Errorf("%s: the error repeats what was given: %v", name, err)
		}
	}
}

func FuzzParseRecipients(f *testing.F) {
	f.Add("age1qqqq", "age1pq1qqq")
	f.Add("AGE-SECRET-KEY-1", "#")
	f.Fuzz(func(t *testing.T, a, b string) {
		r, err := bundle.ParseRecipients([]string{a, b})
		if err == nil && r.None() {
			t.Error("no error and nobody")
		}
		if err != nil && !r.None() {
			t.Error("an error and somebody")
		}
	})
}
