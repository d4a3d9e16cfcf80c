package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/internal/fakex"
	"daybook/internal/pgtest"
)

// A wayStory is what happened on X between two people, and the two archives that
// the person asked for: the first has everything, the second lacks one message,
// which X itself no longer hands out.
type wayStory struct {
	*desk
	me, other     *fakex.Person
	first, second string // files
}

const wayGone = "I will wait at the old bridge"

// newWayStory tells the story on an instance of its own; on PostgreSQL if there is
// a url.
func newWayStory(t *testing.T, url string) *wayStory {
	t.Helper()
	more := "enabled = true\n"
	if url != "" {
		file := filepath.Join(t.TempDir(), "url")
		if err := os.WriteFile(file, []byte(url), 0o600); err != nil {
			t.Fatal(err)
		}
		more += fmt.Sprintf("[database]\nengine = \"postgres\"\nurl_file = %q\n", file)
	}
	d := newDesk(t, more)
	s := &wayStory{desk: d, me: d.x.Person("rook_9", "Rook"), other: d.x.Person("kestrel_74", "Kestrel")}
	third := d.x.Person("ana_p", "Ana")
	begins := d.x.Now()
	at := func(days, hours int) { d.x.At(begins.Add(time.Duration(days*24+hours) * time.Hour)) }
	at(0, 0)
	gone := s.other.Message(s.me, wayGone)
	at(0, 2)
	s.other.Message(s.me, "do you still live there")
	for day := 35; day < 39; day++ {
		for hour := range 3 {
			at(day, hour)
			s.other.Message(s.me, fmt.Sprintf("message %d of day %d, you & I <3", hour, day))
		}
		at(day, 4)
		s.other.Mention(s.me, fmt.Sprintf("seen on day %d", day))
		at(day, 5)
		third.Message(s.me, fmt.Sprintf("lunch on day %d?", day))
	}
	at(38, 6)
	s.me.Message(s.other, "please do not write to me again")
	at(38, 7)
	s.me.Mention(s.other, "leave me alone")
	at(38, 8)
	s.other.Message(s.me, "I only want to talk")
	at(38, 12)
	s.first = d.write("first.zip", string(d.x.Archive(s.me)))
	gone.Unsend()
	at(39, 0)
	s.second = d.write("second.zip", string(d.x.Archive(s.me)))
	at(40, 0)
	return s
}

// The ways by which messages come.
const (
	byFirst  = "first archive"
	byLive   = "live"
	bySecond = "second archive"
)

func (s *wayStory) take(way string) {
	s.t.Helper()
	switch way {
	case byFirst:
		s.must(statusDone, "import", "--case", s.caseID, s.first)
	case bySecond:
		s.must(statusDone, "import", "--case", s.caseID, s.second)
	case byLive:
		access, refresh := s.x.Pair(s.me, s.client())
		pair := s.write("pair.json", fmt.Sprintf(`{"access":%q,"refresh":%q}`, access, refresh))
		s.must(statusDone, "connect", "x", "--case", s.caseID, "--token-file", pair, "--agree", "--agree-terms")
		s.must(statusDone, "collect", "--case", s.caseID)
	}
	s.x.Wait(time.Minute)
}

// ofOrder are what depends on the order of things alone: numbers of entries, when
// this machine saw something, which of two equal captures came first.
var ofOrder = []string{"entry", "entries", "captured_at", "last_seen", "first_seen", "account", "source", "from", "to", "parser"}

// told is what a command prints as JSON, without what depends on the order. Lines
// stand in the order of their text.
func (s *wayStory) told(args ...string) []string {
	s.t.Helper()
	var lines []string
	for line := range strings.Lines(s.must(statusDone, append(args, "--case", s.caseID, "--json")...)) {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			s.t.Fatal(err)
		}
		b, err := json.MarshalIndent(without(v, ofOrder), "", " ")
		if err != nil {
			s.t.Fatal(err)
		}
		lines = append(lines, string(b))
	}
	slices.Sort(lines)
	return lines
}

func without(v any, names []string) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			if slices.Contains(names, name) {
				delete(v, name)
			} else {
				v[name] = without(v[name], names)
			}
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], names)
		}
	}
	return v
}

// One message that comes by several ways is one message, and the same comes of it
// in whatever order: archive, live collection, and another archive that lacks one
// message (DESIGN §2.4).
func TestOneMessageByTwoWays(t *testing.T) {
	orders := [][]string{
		{byFirst, byLive, bySecond}, {byFirst, bySecond, byLive}, {byLive, byFirst, bySecond},
		{byLive, bySecond, byFirst}, {bySecond, byFirst, byLive}, {bySecond, byLive, byFirst},
	}
	var messages, handles, findings []string
	for i, order := range append(orders, orders[4]) {
		name := strings.Join(order, ", ")
		if i == len(orders) {
			name += "/postgres"
		}
		t.Run(name, func(t *testing.T) {
			url := ""
			if strings.HasSuffix(t.Name(), "postgres") {
				url = pgtest.Start(t)
			}
			s := newWayStory(t, url)
			for _, way := range order {
				s.take(way)
			}
			s.take(byFirst) // and once more
			list, who, found := s.told("list", "--content"), s.told("handles"), s.told("findings", "--explain")
			if i == 0 {
				messages, handles, findings = list, who, found
				s.once()
				return
			}
			for what, diff := range map[string]string{
				"messages": gocmp.Diff(messages, list), "handles": gocmp.Diff(handles, who), "findings": gocmp.Diff(findings, found),
			} {
				if diff != "" {
					t.Errorf("%s differ from those of the first order (-first +this):\n%s", what, diff)
				}
			}
		})
	}
}

// once checks the list of messages itself.
func (s *wayStory) once() {
	s.t.Helper()
	seen := map[string]int{}
	both, gone := 0, 0
	for _, line := range s.told("list", "--content") {
		var m messageJSON
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			s.t.Fatal(err)
		}
		seen[m.Key]++
		switch {
		case m.State == "gone":
			gone++
			if *m.Text != wayGone || m.Captures != 1 || m.GoneAt == "" {
				s.t.Errorf("gone: %s", line)
			}
		case m.Kind == "direct_message" && m.SentAt > s.x.Now().AddDate(0, 0, -30).Format(time.RFC3339):
			both++
			if m.Captures != 2 {
				s.t.Errorf("not by both ways: %s", line)
			}
		}
	}
	for key, n := range seen {
		if n != 1 {
			s.t.Errorf("%s stands there %d times", key, n)
		}
	}
	if want := 2 + 4*5 + 3; len(seen) != want || gone != 1 || both != 4*4+2 {
		s.t.Errorf("%d messages, want %d; %d gone, %d by both ways", len(seen), want, gone, both)
	}
	for _, line := range s.told("handles") {
		if strings.Contains(line, s.other.ID) && !strings.Contains(line, "kestrel_74") {
			s.t.Errorf("live collection gave the number no name: %s", line)
		}
	}
}

// What live collection has seen after an archive was made is there, whatever that
// archive lacks; what it saw before, and the archive lacks, is gone.
func TestGoneFromAnArchive(t *testing.T) {
	s := newWayStory(t, "")
	later := s.other.Message(s.me, "call me back tonight")
	s.take(byLive)
	s.x.Wait(time.Hour)
	third := s.write("third.zip", string(s.x.Archive(s.me)))
	s.must(statusDone, "import", "--case", s.caseID, third)
	later.Unsend()
	s.x.Wait(24 * time.Hour)
	fourth := s.write("fourth.zip", string(s.x.Archive(s.me)))
	s.must(statusDone, "import", "--case", s.caseID, fourth)
	got := s.must(statusDone, "list", "--case", s.caseID, "--state", "gone", "--content")
	if !strings.Contains(got, "call me back tonight") || strings.Count(got, "  gone") != 1 {
		t.Errorf("gone:\n%s", got)
	}
	// The first one, made before all that: it holds what nothing later holds.
	s.take(byFirst)
	got = s.must(statusDone, "list", "--case", s.caseID, "--state", "gone", "--content")
	if !strings.Contains(got, wayGone) || strings.Count(got, "  gone") != 2 {
		t.Errorf("gone, with an earlier archive:\n%s", got)
	}
}

// What a look at X does not find is there again if an archive has it that was made
// after the look; one that was made before says nothing of that. What is looked for
// still later decides again.
func TestBackInAnArchive(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprintf("in an archive before: %v", known), func(t *testing.T) {
			s := newWayStory(t, "")
			const text = "call me back tonight"
			gone := func(want int, when string) {
				t.Helper()
				got := s.must(statusDone, "list", "--case", s.caseID, "--state", "gone", "--content")
				if strings.Count(got, text) != want {
					t.Errorf("%s: gone:\n%s", when, got)
				}
			}
			later := s.other.Message(s.me, text)
			s.take(byLive)
			s.x.Wait(time.Hour)
			before := s.write("before.zip", string(s.x.Archive(s.me)))
			if known {
				s.must(statusDone, "import", "--case", s.caseID, before)
			}
			look := func() { // X is asked for as many messages as it lets one ask for
				t.Helper()
				for range 3 {
					s.run(s.process(io.Discard, &screen{}, nil), "collect", "--case", s.caseID)
					s.x.Wait(16 * time.Minute)
				}
			}
			later.Delete(s.me)
			s.x.Wait(25 * time.Hour)
			look()
			gone(1, "after a look that did not find it")
			s.must(statusDone, "import", "--case", s.caseID, before)
			gone(1, "after an archive from before the look")
			later.Restore(s.me)
			s.x.Wait(time.Hour)
			after := s.write("after.zip", string(s.x.Archive(s.me)))
			for range 2 {
				s.must(statusDone, "import", "--case", s.caseID, after)
				gone(0, "after an archive that has it")
			}
			if n := s.observed(daybook.SeenAgain); n != 1 {
				t.Errorf("it was said %d times that it is back", n)
			}
			later.Delete(s.me)
			s.x.Wait(7 * 24 * time.Hour)
			look()
			gone(1, "after a look that did not find it either")
		})
	}
}

// A message that was erased does not come back by the other way.
func TestErasedByOneWay_B6(t *testing.T) {
	for _, order := range [][]string{{byFirst, byLive, bySecond}, {byLive, byFirst, bySecond}, {bySecond, byLive, byFirst}} {
		t.Run(strings.Join(order, ", "), func(t *testing.T) {
			s := newWayStory(t, "")
			s.take(order[0])
			const text = "I only want to talk"
			entry := ""
			for line := range strings.Lines(s.must(statusDone, "list", "--case", s.caseID, "--content", "--json")) {
				var m messageJSON
				if err := json.Unmarshal([]byte(line), &m); err != nil {
					t.Fatal(err)
				}
				if *m.Text == text {
					entry = fmt.Sprint(m.Entry)
				}
			}
			s.must(statusDone, "erase", "--case", s.caseID, "--entry", entry, "--now", "--reason", "she asked for it")
			for _, way := range order[1:] {
				s.take(way)
				if got := s.must(statusDone, "list", "--case", s.caseID, "--content"); strings.Contains(got, text) {
					t.Errorf("after %s it is back", way)
				}
			}
			s.take(order[0])
			if got := s.must(statusDone, "list", "--case", s.caseID, "--content"); strings.Contains(got, text) {
				t.Errorf("after %s again it is back", order[0])
			}
			s.must(statusDone, "verify", "--case", s.caseID)
			s.nowhere(text)
			if files, err := filepath.Glob(filepath.Join(s.dir, "*.zip")); err != nil || len(files) != 2 {
				t.Errorf("the person's own files are %v, %v", files, err)
			}
		})
	}
}

// observed returns how many observations of a kind are in the log.
func (s *wayStory) observed(what daybook.ObservationKind) int {
	s.t.Helper()
	a, n := s.open(), 0
	for e, err := range a.log.Entries(s.t.Context(), daybook.CaseID(s.caseID), 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		var o daybook.Observation
		if e.Record.Kind == daybook.RecordObservation && e.Record.Decode(&o) == nil && o.What == what {
			n++
		}
	}
	if err := a.Close(); err != nil {
		s.t.Error(err)
	}
	return n
}

// nowhere checks that no entry of the log and no blob holds a text.
func (s *wayStory) nowhere(text string) {
	s.t.Helper()
	a := s.open()
	for e, err := range a.log.Entries(s.t.Context(), daybook.CaseID(s.caseID), 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range e.Record.Fields {
			if strings.Contains(string(f.Value), text) {
				s.t.Errorf("it stands in entry %d, of kind %s", e.Index, e.Record.Kind)
			}
		}
		if e.Record.Kind == daybook.RecordImport && len(e.Record.Blobs) > 0 {
			s.t.Errorf("entry %d keeps a file that holds it", e.Index)
		}
	}
	if err := a.Close(); err != nil {
		s.t.Error(err)
	}
}
