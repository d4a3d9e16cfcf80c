package main

import (
	"errors"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
)

const testOrigin = "daybook/3fk2a9qdaaaa/case/x81mmzplbbbb"

// Size and root as people have them on paper, in a mail or from a page.
func TestParseAnchor_B3(t *testing.T) {
	const root = "9f2c4be01d7a6653"
	for _, tt := range []struct {
		text string
		size uint64
		root string
		ok   bool
		err  error
	}{
		{"170:" + root, 170, root, true, nil},
		{"170:" + strings.ToUpper(root), 170, root, true, nil},
		{"170 " + root + " daybook/3fk2a9qd/x81mmzpl", 170, root, true, nil},
		{"170 9f2c 4be0 1d7a 6653", 170, root, true, nil},
		{"  170  9f2c4be0 1d7a6653  daybook/3fk2a9qd/x81mmzpl\n", 170, root, true, nil},
		{"170 " + root + " daybook/3fk2a9qd/other", 0, "", false, daybook.ErrInvalid},
		{"170 9f2c", 0, "", false, errUsage},
		{"170:notes.txt", 0, "", false, errUsage},
		{"170:" + strings.Repeat("0", 65), 0, "", false, errUsage},
		{"checkpoint.txt", 0, "", false, nil},
		{`C:\checkpoint.txt`, 0, "", false, nil},
		{"", 0, "", false, nil},
	} {
		t.Run(tt.text, func(t *testing.T) {
			a, ok, err := parseAnchor(tt.text, testOrigin)
			if ok != tt.ok || !errors.Is(err, tt.err) || a.Size != tt.size || a.Prefix != tt.root {
				t.Errorf("got %d, %q, %v, %v; want %d, %q, %v, %v", a.Size, a.Prefix, ok, err, tt.size, tt.root, tt.ok, tt.err)
			}
		})
	}
	cp := archive.Checkpoint{Origin: testOrigin, Size: 7, Root: daybook.DigestOf([]byte("x"))}
	if a, ok, err := parseAnchor(anchorLine(cp), testOrigin); err != nil || !ok || a.Size != 7 || !strings.HasPrefix(cp.Root.String(), a.Prefix) {
		t.Errorf("a line of our own: %+v, %v, %v", a, ok, err)
	}
}

func FuzzParseAnchor(f *testing.F) {
	f.Add("170:9f2c4be01d7a6653")
	f.Add("170 9f2c 4be0 1d7a 6653 daybook/3fk2a9qd/x81mmzpl")
	f.Add("C:\\checkpoint.txt")
	f.Fuzz(func(t *testing.T, s string) {
		a, ok, err := parseAnchor(s, testOrigin)
		if ok && (err != nil || len(a.Prefix) < minRootDigits || len(a.Prefix) > 64 || strings.Trim(a.Prefix, "0123456789abcdef") != "") {
			t.Errorf("%q is read as %+v, %v", s, a, err)
		}
	})
}
