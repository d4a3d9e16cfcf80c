package uploadtest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"daybook"
	"daybook/collectors/upload"
)

// places holds the place of each item against the bytes that stand there, with
// nothing of the format itself: with the standard library's ZIP reader and a
// plain JSON pointer.
func (s Suite) places(t *testing.T, f Fixture) {
	_, items := s.items(t, f)
	members := unpack(t, f.File)
	for _, it := range items {
		c := it.Item.Capture
		name, pointer := daybook.SplitPlace(c.Member)
		b, ok := members[name]
		if !ok {
			t.Errorf("%s is in a member that is not there", c.Member)
			continue
		}
		if c.Offset < 0 || c.Offset+int64(len(c.Raw)) > int64(len(b)) || !bytes.Equal(b[c.Offset:c.Offset+int64(len(c.Raw))], c.Raw) {
			t.Errorf("%s: at byte %d stands something else", c.Member, c.Offset)
		}
		at := s.At
		if at == nil {
			at = jsonAt
		}
		if s.Lead != nil {
			b = b[s.Lead(b):]
		}
		got, err := at(b, pointer)
		if err != nil || !bytes.Equal(got, c.Raw) {
			t.Errorf("%s leads to %.60q, %v, want %.60q", c.Member, got, err, c.Raw)
		}
		for _, a := range it.Media {
			if _, ok := members[a.Member]; ok != (a.Open != nil) || ok != (a.Member != "") {
				t.Errorf("%s: the attachment %q is there: %t", c.Member, a.Member, ok)
			}
		}
	}
}

// members holds the list of members against the file.
func (s Suite) members(t *testing.T, f Fixture, sum upload.Summary) {
	t.Helper()
	members := unpack(t, f.File)
	for _, m := range sum.Members {
		b, ok := members[m.Name]
		if !ok || m.Bytes != int64(len(b)) || m.Digest != daybook.DigestOf(b) {
			t.Errorf("%s is said to have %d bytes and the digest %s", m.Name, m.Bytes, m.Digest)
		}
	}
	if len(sum.Members) != len(members) {
		t.Errorf("%d members, want %d", len(sum.Members), len(members))
	}
}

// unpack returns the members of a ZIP file; a file that is none is its own.
func unpack(t testing.TB, f upload.File) map[string][]byte {
	t.Helper()
	members := make(map[string][]byte)
	z, err := zip.NewReader(f, f.Size)
	if err != nil {
		members[f.Name] = content(t, f)
		return members
	}
	for _, m := range z.File {
		if m.FileInfo().IsDir() {
			continue
		}
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		if members[m.Name], err = readAll(r); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return members
}

// jsonAt returns the exact bytes of the value that a JSON pointer leads to.
func jsonAt(b []byte, pointer string) ([]byte, error) {
	for token := range jsontext.Pointer(pointer).Tokens() {
		v, err := child(b, token)
		if err != nil {
			return nil, fmt.Errorf("at %q: %w", token, err)
		}
		b = v
	}
	return b, nil
}

// child returns the value of a member of an object or of an element of an array.
func child(b []byte, token string) ([]byte, error) {
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowInvalidUTF8(true))
	open, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	for n := 0; d.PeekKind() != ']' && d.PeekKind() != '}'; n++ {
		name := strconv.Itoa(n)
		if open.Kind() == '{' {
			t, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			name = t.String()
		}
		v, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		if name == token {
			return v, nil
		}
	}
	return nil, errors.New("there is none")
}
