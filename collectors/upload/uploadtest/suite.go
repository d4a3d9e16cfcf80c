// Package uploadtest holds the contract of an upload.Format as tests that every
// format inherits, and files that mean harm.
package uploadtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daybook"
	"daybook/collectors/upload"
)

// A Suite is what is known of a format.
type Suite struct {
	Format upload.Format
	// Parse is the parser that reads what the format makes captures of.
	Parse    func(self daybook.Account, c daybook.Capture) (daybook.Reading, error)
	Fixtures []Fixture
	// At returns the bytes that a pointer leads to in a member: nil for JSON.
	At func(member []byte, pointer string) ([]byte, error)
	// Lead returns how many bytes stand before the data in a member: nil for
	// none.
	Lead func(member []byte) int
	// Large makes a file with as many messages. nil if there is none.
	Large func(t testing.TB, messages int) upload.File
	// Cuts is in how many places the fixtures are cut and changed; 0 for 64.
	Cuts int
}

// A Fixture is a file of which it is known what is in it.
type Fixture struct {
	File    upload.File
	Options upload.Options
	Owner   daybook.Handle // Native only
	Truth   []Truth
	// Others are the messages beside those of Truth, by kind.
	Others map[daybook.Kind]int
}

// A Truth is a message that has to be found.
type Truth struct {
	Key       daybook.MessageKey
	Sender    string // Handle.Native
	Direction daybook.Direction
	Thread    string
	Sent      time.Time
	Text      string
	// Attachment is the digest of its one attachment; zero if it has none.
	Attachment daybook.Digest
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if s.Cuts == 0 {
		s.Cuts = 64
	}
	for _, f := range s.Fixtures {
		t.Run(f.File.Name, func(t *testing.T) {
			t.Run("is recognized", func(t *testing.T) { s.recognized(t, f) })
			t.Run("all messages are found", func(t *testing.T) { s.found(t, f) })
			t.Run("figures agree", func(t *testing.T) { s.figures(t, f) })
			t.Run("twice is the same", func(t *testing.T) { s.twice(t, f) })
			t.Run("each item is where it says", func(t *testing.T) { s.places(t, f) })
			t.Run("parsed again", func(t *testing.T) { s.parsedAgain(t, f) })
			t.Run("stops when it is told", func(t *testing.T) { s.stops(t, f) })
			t.Run("cut", func(t *testing.T) { s.cut(t, f) })
			t.Run("changed", func(t *testing.T) { s.changed(t, f) })
			t.Run("changed between the readings", func(t *testing.T) { s.changedMeanwhile(t, f) })
		})
	}
	for _, f := range Hostile(t) {
		t.Run("hostile "+f.Name, func(t *testing.T) { s.hostile(t, f) })
	}
	if s.Large != nil {
		t.Run("memory does not grow", s.memory)
	}
}

// Open opens a file that has to be good.
func (s Suite) Open(t testing.TB, f upload.File, o upload.Options) upload.Export {
	t.Helper()
	e, err := s.Format.Open(t.Context(), f, o)
	if err != nil {
		t.Fatalf("open %s: %v", f.Name, err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// Items reads all items.
func Items(ctx context.Context, e upload.Export) (items []upload.Item, err error) {
	for it, err := range e.Items(ctx) {
		if err != nil {
			return items, err
		}
		items = append(items, it)
	}
	return items, nil
}

func (s Suite) items(t testing.TB, f Fixture) (upload.Summary, []upload.Item) {
	t.Helper()
	e := s.Open(t, f.File, f.Options)
	items, err := Items(t.Context(), e)
	if err != nil {
		t.Fatalf("read %s: %v", f.File.Name, err)
	}
	if len(items) == 0 {
		t.Fatalf("there is nothing in %s", f.File.Name)
	}
	return e.Summary(), items
}

func (s Suite) recognized(t *testing.T, f Fixture) {
	format, r, err := upload.Recognize(t.Context(), f.File, s.Format)
	if err != nil || format.Kind != s.Format.Kind || r.Kind != s.Format.Kind || r.Confidence < 90 || r.Needs != "" {
		t.Errorf("recognized as %q: %+v, %v; want %s with a confidence of 90 or more", format.Kind, r, err, s.Format.Kind)
	}
}

func (s Suite) found(t *testing.T, f Fixture) {
	_, items := s.items(t, f)
	var (
		messages = make(map[daybook.MessageKey][]daybook.ReadMessage)
		files    = make(map[daybook.MessageKey][]daybook.Digest)
		others   = make(map[daybook.Kind]int)
		known    = make(map[daybook.MessageKey]bool)
	)
	for _, w := range f.Truth {
		known[w.Key] = true
	}
	for _, it := range items {
		if it.Item.Reading == nil {
			continue
		}
		for _, m := range it.Item.Reading.Messages {
			if !known[m.Key] {
				others[m.Kind]++
				continue
			}
			messages[m.Key] = append(messages[m.Key], m)
			for _, a := range it.Media {
				files[m.Key] = append(files[m.Key], digest(t, a))
			}
		}
	}
	for _, w := range f.Truth {
		if n := len(messages[w.Key]); n != 1 {
			t.Errorf("%s was found %d times, want once", w.Key, n)
			continue
		}
		m := messages[w.Key][0]
		got := Truth{Key: m.Key, Sender: m.Sender.Native, Direction: m.Direction, Thread: m.Thread, Sent: m.Sent.At, Text: m.Text}
		if len(files[w.Key]) > 0 {
			got.Attachment = files[w.Key][0]
		}
		if diff := cmp.Diff(w, got, cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.Key, diff)
		}
	}
	if diff := cmp.Diff(f.Others, others, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("other messages (-want +got):\n%s", diff)
	}
}

func digest(t testing.TB, a upload.Attachment) daybook.Digest {
	t.Helper()
	if a.Open == nil {
		return daybook.Digest{}
	}
	r, err := a.Open()
	if err != nil {
		t.Fatalf("open %s: %v", a.Member, err)
	}
	defer r.Close()
	b, err := readAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", a.Member, err)
	}
	if int64(len(b)) != a.Size {
		t.Errorf("%s has %d bytes, and is said to have %d", a.Member, len(b), a.Size)
	}
	return daybook.DigestOf(b)
}

// figures holds the summary against what comes out.
func (s Suite) figures(t *testing.T, f Fixture) {
	sum, items := s.items(t, f)
	type figures struct{ Messages, In, Out int }
	var (
		got, want = make(map[string]figures), make(map[string]figures)
		kinds     = make(map[daybook.Kind]int)
	)
	for _, it := range items {
		n := want[it.Thread]
		if it.Observed != nil {
			n.Messages++
		} else if it.Item.Reading != nil {
			for _, m := range it.Item.Reading.Messages {
				n.Messages++
				kinds[m.Kind]++
				switch {
				case !m.Kind.Contact():
				case m.Direction == daybook.Out:
					n.Out++
				default:
					n.In++
				}
			}
		}
		want[it.Thread] = n
	}
	for _, th := range sum.Threads {
		got[th.ID] = figures{th.Messages, th.In, th.Out}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("threads (-items +summary):\n%s", diff)
	}
	if diff := cmp.Diff(kinds, sum.Report.ByKind); diff != "" {
		t.Errorf("kinds (-items +summary):\n%s", diff)
	}
	if sum.Kind != s.Format.Kind || sum.Parser == "" || sum.Owner.Native != f.Owner.Native {
		t.Errorf("summary of kind %q by %q for %q, want %q and %q", sum.Kind, sum.Parser, sum.Owner.Native, s.Format.Kind, f.Owner.Native)
	}
	if len(sum.Report.Never) == 0 || len(sum.Report.Assumed) == 0 {
		t.Errorf("the report does not say what such a file never contains, or what was assumed")
	}
	s.members(t, f, sum)
}

func (s Suite) twice(t *testing.T, f Fixture) {
	e := s.Open(t, f.File, f.Options)
	first, err := Items(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Items(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Items(t.Context(), s.Open(t, f.File, f.Options))
	if err != nil {
		t.Fatal(err)
	}
	open := cmpopts.IgnoreFields(upload.Attachment{}, "Open")
	if diff := cmp.Diff(first, second, open); diff != "" {
		t.Errorf("the second reading differs (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(first, again, open); diff != "" {
		t.Errorf("opened again it differs (-first +again):\n%s", diff)
	}
	ids := make(map[string]bool)
	for _, it := range first {
		id := string(it.Item.Capture.Lane) + " " + it.Item.Capture.NativeID
		if ids[id] {
			t.Errorf("two items are called %s", id)
		}
		ids[id] = true
	}
}

func (s Suite) parsedAgain(t *testing.T, f Fixture) {
	_, items := s.items(t, f)
	self := daybook.Account{Platform: s.Format.Platform, Handle: daybook.Handle{Platform: s.Format.Platform, Native: f.Owner.Native}}
	for _, it := range items {
		c := it.Item.Capture
		if c.Origin != daybook.Imported || c.Platform != s.Format.Platform || c.NativeID == "" || c.MediaType == "" || c.Exchange != nil || !c.File.IsZero() {
			t.Errorf("%s: the capture says %q, %q, %q", c.Member, c.Origin, c.Platform, c.MediaType)
		}
		if it.Item.Reading == nil {
			continue
		}
		r, err := s.Parse(self, c)
		if err != nil {
			t.Errorf("%s: parsed again: %v", c.Member, err)
			continue
		}
		if diff := cmp.Diff(*it.Item.Reading, r); diff != "" {
			t.Errorf("%s: parsed again it differs (-first +again):\n%s", c.Member, diff)
		}
		// What the log keeps of an item has to come back as it was.
		back, err := daybook.ParseItem(it.Item.Record())
		if err != nil {
			t.Errorf("%s: from the log: %v", c.Member, err)
			continue
		}
		if diff := cmp.Diff(it.Item.CaptureKey(), back.CaptureKey()); diff != "" {
			t.Errorf("%s: from the log it has another key (-first +back):\n%s", c.Member, diff)
		}
	}
}

// stops ends the readings early: by the context, and by taking no more.
func (s Suite) stops(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := s.Format.Open(ctx, f.File, f.Options); !errors.Is(err, context.Canceled) {
		t.Errorf("open after the end: %v, %v, want %v", e, err, context.Canceled)
	}
	e := s.Open(t, f.File, f.Options)
	if items, err := Items(ctx, e); !errors.Is(err, context.Canceled) {
		t.Errorf("items after the end: %d, %v, want %v", len(items), err, context.Canceled)
	}
	taken := 0
	for _, err := range e.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if taken++; taken == 2 {
			break
		}
	}
	if taken != 2 {
		t.Errorf("%d items were taken, want 2", taken)
	}
}

// says checks that an error is one that a person can do something about.
func says(err error) error {
	var refused *upload.RefusedError
	switch {
	case !errors.As(err, &refused):
		return fmt.Errorf("got %w, want a RefusedError", err)
	case refused.What == "" || refused.Hint == "" || len(refused.What) > 400:
		return fmt.Errorf("the error says %q and %q", refused.What, refused.Hint)
	case !errors.Is(err, daybook.ErrInvalid):
		return errors.New("the error is no ErrInvalid")
	}
	for _, r := range refused.What + refused.Hint {
		if r < ' ' || '\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069' {
			return fmt.Errorf("the error holds the character %U of the file", r)
		}
	}
	return nil
}
