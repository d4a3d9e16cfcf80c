package xarchive_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors/upload"
	"daybook/collectors/upload/xarchive"
)

// recorded is an archive in the layout that X gives, with made-up people.
const recorded = "twitter-2026-11-18.zip"

func fixture(t testing.TB, name string) upload.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return inMemory(name, b)
}

func inMemory(name string, b []byte) upload.File {
	return upload.File{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}
}

// open reads a file that has to be good, and everything in it.
func open(t testing.TB, f upload.File) (upload.Summary, []upload.Item) {
	t.Helper()
	e, err := xarchive.Format().Open(t.Context(), f, upload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	var items []upload.Item
	for it, err := range e.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	return e.Summary(), items
}

// told is one message as the truth has it.
type told struct {
	NativeID     string         `json:"native_id"`
	Time         time.Time      `json:"time_utc"`
	Sender       string         `json:"sender_id"`
	Conversation string         `json:"conversation"`
	Text         string         `json:"text"`
	Attachment   daybook.Digest `json:"attachment_sha256"`
	Traps        []string       `json:"traps"`
}

func truth(t testing.TB) []told {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []told
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRecorded(t *testing.T) {
	_, items := open(t, fixture(t, recorded))
	found := make(map[daybook.MessageKey][]daybook.ReadMessage)
	for _, it := range items {
		if it.Item.Reading == nil {
			continue
		}
		for _, m := range it.Item.Reading.Messages {
			found[m.Key] = append(found[m.Key], m)
		}
	}
	for _, want := range truth(t) {
		got := found[daybook.MessageKey("x:dm/"+want.NativeID)]
		if len(got) != 1 {
			t.Errorf("message %s was found %d times, want once", want.NativeID, len(got))
			continue
		}
		m := got[0]
		if m.Text != want.Text || !m.Sent.At.Equal(want.Time) || m.Sender.Native != want.Sender || m.Thread != want.Conversation {
			t.Errorf("message %s: got %q of %s by %s in %s, want %q of %s by %s in %s", want.NativeID,
				m.Text, m.Sent.At, m.Sender.Native, m.Thread, want.Text, want.Time, want.Sender, want.Conversation)
		}
	}
}

// TestProgress holds that the first reading tells how far it is, and comes to its
// end.
func TestProgress(t *testing.T) {
	f := large(t, 100_000)
	var told []int64
	var of int64
	e, err := xarchive.Format().Open(t.Context(), f, upload.Options{Progress: func(done, total int64) { told, of = append(told, done), total }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if len(told) < 2 || !slices.IsSorted(told) || told[len(told)-1] != of || of <= 0 || of > f.Size {
		t.Errorf("told %d of %d, of a file of %d bytes", told, of, f.Size)
	}
}
