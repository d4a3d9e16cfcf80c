package alerts_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
	"daybook/store"
)

// A house is a real log and store with everything that alerts need, and a clock
// that a test moves.
type house struct {
	t        *testing.T
	db       *store.DB
	log      *archive.Log
	messages *store.MessageFollower
	follower *alerts.Follower
	notifier alerts.Notifier
	c        daybook.CaseID
	now      time.Time
	received int
	logged   *bytes.Buffer
}

func newHouse(t *testing.T, now time.Time) *house {
	t.Helper()
	h := &house{t: t, now: now, logged: &bytes.Buffer{}}
	dir := t.TempDir()
	var key archive.InstanceKey
	rand.Read(key[:])
	var err error
	if h.db, err = store.OpenSQLite(t.Context(), filepath.Join(dir, "daybook.db"), key); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	blobs, err := archive.NewFolder(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	if h.log, err = archive.Open(t.Context(), archive.Config{Storage: h.db, Keys: h.db.Keys, Blobs: blobs, Clock: h.clock}); err != nil {
		t.Fatal(err)
	}
	if h.c, err = h.log.NewCase(t.Context(), daybook.Actor{ID: "test", Role: "operator"}, "made up", "Europe/London"); err != nil {
		t.Fatal(err)
	}
	h.messages = h.db.Messages(nil)
	h.follower = alerts.NewFollower(h.db, h.db, h.log, h.clock)
	return h
}

func (h *house) clock() time.Time { return h.now }

// recipient adds somebody who is told.
func (h *house) recipient(kind alerts.RecipientKind, change ...func(*alerts.Recipient)) alerts.Recipient {
	h.t.Helper()
	r := alerts.NewRecipient(h.c, kind, string(kind)+"@charity.example", "Europe/London")
	for _, f := range change {
		f(&r)
	}
	if err := h.db.SaveRecipient(h.t.Context(), r); err != nil {
		h.t.Fatal(err)
	}
	return r
}

var kestrel = daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel"}

const secretWords = "a text that nobody but the person should see"

// receive appends n messages that were sent a moment ago.
func (h *house) receive(n int) { h.receiveMany(kestrel, n) }

func (h *house) receiveFrom(sender daybook.Handle) { h.receiveMany(sender, 1) }

func (h *house) receiveMany(sender daybook.Handle, n int) {
	h.t.Helper()
	var batch []daybook.Record
	for range n {
		h.received++
		key := fmt.Sprintf("mastodon:https://birds.example/%d", h.received)
		it := daybook.Item{
			Capture: daybook.Capture{Account: "acc", Platform: "mastodon", Lane: "notifications", NativeID: key, MediaType: "application/json",
				Raw: []byte(`{}`), Offset: -1, Origin: daybook.Collected},
			Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{{Key: daybook.MessageKey(key), Kind: daybook.KindMention,
				Direction: daybook.In, Sender: sender, Sent: daybook.When{At: h.now}, Text: secretWords}}},
		}
		r := it.Record()
		r.Actor, r.Logged = daybook.Actor{ID: "mastodon/1", Role: "collector"}, h.now
		batch = append(batch, r)
	}
	h.append(batch...)
}

func (h *house) append(batch ...daybook.Record) {
	h.t.Helper()
	if _, err := h.log.Append(h.t.Context(), h.c, batch); err != nil {
		h.t.Fatal(err)
	}
	h.follow()
}

func (h *house) askToStop() {
	h.t.Helper()
	r := daybook.NewRecord(daybook.RecordDecision, daybook.Decision{What: daybook.MarkStop, Handle: kestrel, When: daybook.When{At: h.now}, At: h.now})
	r.Actor, r.Logged = daybook.Actor{ID: "mara", Role: "owner"}, h.now
	h.append(r)
}

func (h *house) follow() {
	h.t.Helper()
	if err := h.log.CatchUp(h.t.Context(), h.c, h.messages, h.follower); err != nil {
		h.t.Fatal(err)
	}
}

// mail plans and sends what is due.
func (h *house) mail() {
	h.t.Helper()
	m := alerts.NewMailer(h.db, h.log, h.notifier, h.clock, slog.New(slog.NewTextHandler(h.logged, nil)))
	if err := m.Queue(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if err := m.Send(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// until lets time pass in steps, with the mailer at work.
func (h *house) until(end time.Time, step time.Duration) {
	h.t.Helper()
	for h.now.Before(end) {
		h.now = h.now.Add(step)
		h.mail()
	}
}

// A fakeNotifier takes mails over, or fails as it is told.
type fakeNotifier struct {
	mu   sync.Mutex
	sent []alerts.Notification
	fail []error // of the next deliveries
}

func (f *fakeNotifier) Notify(_ context.Context, n alerts.Notification) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.fail) > 0 {
		err := f.fail[0]
		f.fail = f.fail[1:]
		if err != nil {
			return err
		}
	}
	f.sent = append(f.sent, n)
	return nil
}

var afterStopLine = regexp.MustCompile(`request to stop, or after a block: (\d+)`)

// counted returns how many contacts after a request to stop a mail tells of.
func counted(t *testing.T, body string) int {
	t.Helper()
	m := afterStopLine.FindStringSubmatch(body)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
