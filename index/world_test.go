package index_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/index"
)

// A world is a real log in memory, one case, and an index that follows it.
type world struct {
	t       testing.TB
	storage *archivetest.Memory
	keys    *archive.Keyring
	log     *archive.Log
	x       *index.Index
	dir     string
	c       daybook.CaseID
	names   map[[32]byte]string // what a test calls a message, by its keyed hash
}

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, storage: archivetest.NewMemory(), dir: filepath.Join(t.TempDir(), "index"), names: map[[32]byte]string{}}
	var key archive.InstanceKey
	rand.Read(key[:])
	var err error
	if w.keys, err = archive.OpenKeyring(t.Context(), key, w.storage); err != nil {
		t.Fatal(err)
	}
	w.log, err = archive.Open(t.Context(), archive.Config{Storage: w.storage, Keys: w.keys, Blobs: w.storage, Clock: func() time.Time { return day }})
	if err != nil {
		t.Fatal(err)
	}
	w.c = w.newCase()
	w.open()
	t.Cleanup(func() { w.close() })
	return w
}

func (w *world) newCase() daybook.CaseID {
	w.t.Helper()
	c, err := w.log.NewCase(w.t.Context(), daybook.Actor{ID: "test", Role: "operator"}, "made up", "Europe/London")
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) config() index.Config {
	return index.Config{Dir: w.dir, Keys: w.keys, Heads: w.storage, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil))}
}

func (w *world) open() { w.openWith(w.config()) }

func (w *world) openWith(cfg index.Config) {
	w.t.Helper()
	var err error
	if w.x, err = index.Open(cfg); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	if w.x == nil {
		return
	}
	if err := w.x.Close(); err != nil {
		w.t.Error(err)
	}
	w.x = nil
}

// message is one message as a test writes it.
type message struct {
	name string // and its key
	text string
	from string
	kind daybook.Kind
	way  daybook.Direction
	at   time.Time
	part bool // Incomplete
	alt  string
}

func (m message) item() daybook.Item {
	if m.from == "" {
		m.from = "https://birds.example/users/kestrel_74"
	}
	if m.kind == "" {
		m.kind = daybook.KindMention
	}
	if m.way == "" {
		m.way = daybook.In
	}
	if m.at.IsZero() {
		m.at = day
	}
	r := daybook.ReadMessage{
		Key: m.key(), Kind: m.kind, Direction: m.way, Sender: sender(m.from),
		Sent: daybook.When{At: m.at}, Text: m.text, Incomplete: m.part,
	}
	if m.alt != "" {
		r.Media = []daybook.Media{{Native: "1", Type: "image", Description: m.alt}}
	}
	return daybook.Item{
		Capture: daybook.Capture{Account: "acct", Platform: "mastodon", Lane: "notifications", NativeID: m.name, Raw: []byte(`{}`), Offset: -1, Origin: daybook.Collected},
		Reading: &daybook.Reading{Parser: "test/1", Messages: []daybook.ReadMessage{r}},
	}
}

func (m message) key() daybook.MessageKey { return daybook.MessageKey("mastodon:" + m.name) }

func sender(native string) daybook.Handle {
	return daybook.Handle{Platform: "mastodon", Native: native}
}

// put appends messages to the log of the case and has the index follow.
func (w *world) put(messages ...message) (first uint64) {
	w.t.Helper()
	return w.putIn(w.c, messages...)
}

func (w *world) putIn(c daybook.CaseID, messages ...message) (first uint64) {
	w.t.Helper()
	key := w.key(c)
	var records []daybook.Record
	for _, m := range messages {
		w.names[key.MessageMAC(m.key())] = m.name
		records = append(records, m.item().Record())
	}
	first, err := w.log.Append(w.t.Context(), c, records)
	if err != nil {
		w.t.Fatal(err)
	}
	w.follow(c)
	return first
}

func (w *world) key(c daybook.CaseID) *archive.CaseKey {
	w.t.Helper()
	key, err := w.keys.Case(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

func (w *world) follow(c daybook.CaseID) {
	w.t.Helper()
	if err := w.log.CatchUp(w.t.Context(), c, w.x); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) parse(text string) index.Query {
	w.t.Helper()
	q, err := index.Parse(text)
	if err != nil {
		w.t.Fatalf("Parse(%q): %v", text, err)
	}
	q.Case = w.c
	return q
}

func (w *world) search(q index.Query) index.Result {
	w.t.Helper()
	r, err := w.x.Search(w.t.Context(), q)
	if err != nil {
		w.t.Fatalf("Search(%q): %v", q.Text, err)
	}
	return r
}

// found searches and returns the names of the messages, sorted.
func (w *world) found(q index.Query) []string {
	w.t.Helper()
	q.Limit = 1000
	names := w.hits(w.search(q))
	slices.Sort(names)
	return names
}

// hits returns the names of the messages in the order of the hits.
func (w *world) hits(r index.Result) []string {
	names := []string{}
	for _, h := range r.Hits {
		name, ok := w.names[h.Message]
		if !ok {
			name = fmt.Sprintf("unknown %x", h.Message[:4])
		}
		names = append(names, name)
	}
	return names
}

// edits is an index.Versions.
type edits map[daybook.MessageKey][]string

func (e edits) Edited(context.Context, daybook.CaseID, uint64, uint64) (map[daybook.MessageKey][]string, error) {
	return e, nil
}
