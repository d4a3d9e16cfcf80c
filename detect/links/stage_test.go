package links_test

import (
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
)

// A stage is a made-up case that goes on.
type stage struct {
	model  *style.Model
	facts  links.Facts
	places map[string]int
	entry  uint64
	names  []string   // of a crowd,
	texts  [][]string // and what each wrote
}

func newStage(tb testing.TB) *stage {
	tb.Helper()
	model, err := style.Shipped()
	if err != nil {
		tb.Fatal(err)
	}
	s := &stage{model: model, places: map[string]int{}}
	s.facts.Zone = time.UTC
	s.facts.Own = []string{"mastodon:mara_lindqvist"}
	s.facts.Said = links.NewSender(model)
	return s
}

// on returns a time: a day of September 2026, an hour and a minute.
func on(day, hour, minute int) time.Time {
	return time.Date(2026, 9, day, hour, minute, 0, 0, time.UTC)
}

func (s *stage) next() uint64 { s.entry++; return s.entry }

// who returns the place of a handle.
func (s *stage) who(name string) int {
	i, ok := s.places[name]
	if !ok {
		i = len(s.facts.Handles)
		s.places[name] = i
		s.facts.Handles = append(s.facts.Handles, daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/" + name,
			Names: []daybook.SeenName{{Account: name + "@birds.example"}}})
		s.facts.Senders = append(s.facts.Senders, links.NewSender(s.model))
	}
	return i
}

func keyOf(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// says adds a message of a handle.
func (s *stage) says(name string, at time.Time, text string, more ...func(*links.Message)) {
	h, e := s.who(name), s.next()
	s.facts.Contacts = append(s.facts.Contacts, detect.Contact{Entry: e, Handle: h, At: at, Kind: daybook.KindMention, Direction: daybook.In, Platform: "mastodon", Origin: daybook.Collected})
	m := links.Message{Entry: e, Key: keyOf(name + at.String() + text), At: at, Text: text, Lang: "en", Platform: "mastodon"}
	for _, f := range more {
		f(&m)
	}
	s.facts.Senders[h].Message(m)
}

// does adds a contact without text.
func (s *stage) does(name string, at time.Time, kind daybook.Kind) {
	s.facts.Contacts = append(s.facts.Contacts, detect.Contact{Entry: s.next(), Handle: s.who(name), At: at, Kind: kind, Direction: daybook.In, Platform: "mastodon", Origin: daybook.Collected})
}

// wrote adds a message of the person to a handle.
func (s *stage) wrote(name string, at time.Time, text string) {
	e := s.next()
	s.facts.Contacts = append(s.facts.Contacts, detect.Contact{Entry: e, Handle: s.who(name), At: at, Kind: daybook.KindDirectMessage, Direction: daybook.Out, Platform: "mastodon", Origin: daybook.Collected})
	s.facts.Said.Message(links.Message{Entry: e, Key: keyOf("mara" + at.String() + text), At: at, Text: text})
}

func (s *stage) shows(name string, at time.Time, p links.Profile) {
	p.Entry, p.Seen = s.next(), at
	s.facts.Senders[s.who(name)].Profile(p)
}

func (s *stage) blocks(name string, at time.Time) {
	s.facts.Blocks = append(s.facts.Blocks, detect.Block{Handle: s.who(name), Seen: at, Before: at.Add(-5 * time.Minute), Entry: s.next()})
}

func (s *stage) mark(what daybook.Mark, name string, at time.Time) {
	s.facts.Marks = append(s.facts.Marks, detect.Mark{What: what, Handle: s.who(name), When: daybook.When{At: at}, Entry: s.next(), At: at})
}

func (s *stage) decide(what daybook.Mark, a, b string) {
	s.facts.Decisions = append(s.facts.Decisions, links.Decision{A: s.who(a), B: s.who(b), What: what, Entry: s.next(), At: on(30, 12, 0)})
}

func (s *stage) group(names ...string) {
	var g []int
	for _, n := range names {
		g = append(g, s.who(n))
	}
	slices.Sort(g)
	s.facts.Groups = append(s.facts.Groups, g)
}

func (s *stage) detect(tb testing.TB) []detect.Finding {
	tb.Helper()
	f := s.facts
	f.Contacts = slices.Clone(f.Contacts)
	slices.SortStableFunc(f.Contacts, func(a, b detect.Contact) int { return a.At.Compare(b.At) })
	out, err := links.Detector{Model: s.model}.Detect(tb.Context(), f)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func (s *stage) explain(tb testing.TB, a, b string) detect.Finding {
	tb.Helper()
	out, err := links.Detector{Model: s.model}.Explain(tb.Context(), s.facts, s.who(a), s.who(b))
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// suggested returns the suggestions as "later>other other".
func suggested(found []detect.Finding) []string {
	var out []string
	for _, f := range found {
		names := make([]string, len(f.Handles))
		for i, h := range f.Handles {
			names[i] = h.Native[strings.LastIndexByte(h.Native, '/')+1:]
		}
		out = append(out, names[0]+">"+strings.Join(names[1:], " "))
	}
	return out
}

// about writes a finding with its reasons, for messages of tests.
func about(f detect.Finding) string {
	var b strings.Builder
	b.WriteString(f.Text)
	for _, r := range f.Reasons {
		b.WriteString("\n\t" + r.Feature + " " + bits(r.Weight) + " " + r.Text)
	}
	return b.String()
}

func bits(w detect.Millibits) string {
	return time.Duration(w * 1e6).String() // thousandths, as "1.5s"
}
