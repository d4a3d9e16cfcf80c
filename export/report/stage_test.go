package report_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
)

// A stage makes the View of a made-up case, message by message.
type stage struct {
	t      testing.TB
	v      *export.View
	places map[string]int // in Facts.Handles, by Ref
	finder *flags.Finder
	media  map[daybook.Digest][]byte
}

var london = mustZone("Europe/London")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// at is a time in the person's zone in autumn 2026.
func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 7, 0, london)
}

func handle(native, account, display string) daybook.Handle {
	return daybook.Handle{Platform: "mastodon", Native: native, Names: []daybook.SeenName{{Account: account, Display: display}}}
}

var (
	wren    = handle("https://birds.example/users/wren", "wren@birds.example", "Wren")
	kestrel = handle("https://birds.example/users/kestrel", "kestrel_74@birds.example", "Kes")
	harbour = handle("https://meres.example/users/harbour", "quiet_harbour@meres.example", "Quiet Harbour")
	mere    = handle("https://meres.example/users/mere", "quiet_mere@meres.example", "")
	mother  = handle("https://birds.example/users/mo", "mo@birds.example", "Mo ❤")
)

func newStage(t testing.TB) *stage {
	s := &stage{t: t, places: map[string]int{}, finder: flags.New(flags.Own{}), media: map[daybook.Digest][]byte{}}
	s.v = &export.View{
		Case: daybook.CaseID("aaaaaaaaaaaaaaaaaaaaaaaaaa"), Zone: london, Facts: detect.Facts{Zone: london}, Hidden: map[daybook.MessageKey]bool{},
		Flags:    map[daybook.MessageKey][]flags.Found{},
		Accounts: []daybook.Account{{ID: "acct", Platform: "mastodon", Handle: wren, State: daybook.Active}},
	}
	s.entry(export.EntryLine{Kind: daybook.RecordKey, Logged: at(10, 1, 9, 0), Detail: "opened the case"})
	n := s.entry(export.EntryLine{Kind: daybook.RecordConsent, Logged: at(10, 1, 9, 5), Account: "acct", Actor: daybook.Actor{ID: "wren", Role: "owner"}})
	s.v.Consents = []export.ConsentLine{{Account: "acct", Consent: daybook.Consent{Account: "acct", Until: at(12, 30, 9, 5)},
		ConsentChange: daybook.ConsentChange{Event: daybook.ConsentGiven, At: at(10, 1, 9, 5), Entry: n}}}
	return s
}

// entry adds a line to the record and returns its number.
func (s *stage) entry(e export.EntryLine) uint64 {
	e.Index = uint64(len(s.v.Entries))
	s.v.Entries = append(s.v.Entries, e)
	return e.Index
}

// place returns the place of a handle in the facts.
func (s *stage) place(h daybook.Handle) int {
	i, known := s.places[h.Ref()]
	if !known {
		i = len(s.v.Facts.Handles)
		s.places[h.Ref()] = i
		s.v.Facts.Handles = append(s.v.Facts.Handles, h)
	}
	return i
}

// A told is one message of a story.
type told struct {
	from  daybook.Handle // wren: what the person wrote to `to`
	to    []daybook.Handle
	at    time.Time
	text  string
	kind  daybook.Kind
	edit  func(m *daybook.Message)
	entry func(e *export.EntryLine)
}

// tell adds a message and returns its entry.
func (s *stage) tell(m told) uint64 {
	if m.kind == "" {
		m.kind = daybook.KindDirectMessage
	}
	key := daybook.MessageKey(fmt.Sprintf("mastodon:https://birds.example/s/%d", len(s.v.Messages)))
	fetched := m.at.Add(20 * time.Minute)
	line := export.EntryLine{Kind: daybook.RecordItem, Logged: fetched.Add(2 * time.Second), Fetched: fetched, Origin: daybook.Collected,
		Parser: "mastodon/1", Account: "acct", Messages: []daybook.MessageKey{key}, Actor: daybook.Actor{ID: "collector", Role: "collector"}}
	if m.entry != nil {
		m.entry(&line)
	}
	n := s.entry(line)
	dm := daybook.Message{
		Key: key, Case: s.v.Case, Account: "acct", Platform: "mastodon", Kind: m.kind, Direction: daybook.In, Sender: m.from, To: m.to,
		Sent: daybook.When{At: m.at}, FirstSeen: fetched, LastSeen: fetched, Text: m.text, URL: fmt.Sprintf("https://birds.example/@s/%d", len(s.v.Messages)),
		Versions: []daybook.Version{{At: m.at, FirstSeen: fetched, Entry: n, Text: m.text}}, State: daybook.Present, Captures: []uint64{n}, Parser: "mastodon/1", Origin: line.Origin,
	}
	if m.from.Same(wren) {
		dm.Direction = daybook.Out
	}
	if m.edit != nil {
		m.edit(&dm)
	}
	s.v.Messages = append(s.v.Messages, dm)
	if found := s.finder.Find(dm.Text, "en"); dm.Direction == daybook.In && len(found) > 0 {
		for i := range found {
			found[i].Spans = nil
		}
		s.v.Flags[key] = found
	}
	c := detect.Contact{Entry: n, At: dm.Sent.At, Until: dm.Sent.Until, Precision: dm.Sent.Precision, Kind: dm.Kind, Direction: dm.Direction, Account: "acct",
		Platform: "mastodon", Origin: dm.Origin, Logged: line.Logged, Gone: dm.State == daybook.Gone, Edited: len(dm.Versions) > 1}
	if dm.Direction == daybook.In {
		c.Handle = s.place(dm.Sender)
		s.v.Facts.Contacts = append(s.v.Facts.Contacts, c)
	} else {
		for _, h := range dm.To {
			c.Handle = s.place(h)
			s.v.Facts.Contacts = append(s.v.Facts.Contacts, c)
		}
	}
	return n
}

// decide adds a decision of the person.
func (s *stage) decide(d daybook.Decision) uint64 {
	n := s.entry(export.EntryLine{Kind: daybook.RecordDecision, Logged: d.At, Actor: daybook.Actor{ID: "wren", Role: "owner"}})
	s.v.Decisions = append(s.v.Decisions, daybook.Decided{Decision: d, Index: n, Holds: true})
	switch d.What {
	case daybook.MarkLinked:
		s.v.Facts.Groups = append(s.v.Facts.Groups, []int{s.place(d.Handle), s.place(d.Other)})
	case daybook.MarkApart, daybook.MarkOpen:
	default:
		place := -1
		if !d.Handle.IsZero() {
			place = s.place(d.Handle)
		}
		s.v.Facts.Marks = append(s.v.Facts.Marks, detect.Mark{What: d.What, Handle: place, When: d.When, Entry: n, About: d.Entry, How: d.How, At: d.At})
	}
	return n
}

// picture adds a picture to a message and returns what it is.
func (s *stage) picture(description string) daybook.Media {
	m := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for x := range 60 {
		for y := range 40 {
			m.Set(x, y, color.RGBA{uint8(4 * x), uint8(6 * y), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		s.t.Fatal(err)
	}
	d := daybook.DigestOf(b.Bytes())
	s.media[d] = b.Bytes()
	return daybook.Media{Digest: d, Native: "https://birds.example/m/1", Type: "image/png", Bytes: int64(b.Len()), State: daybook.MediaKept, Description: description}
}

// attach adds the entries that tell of the attachments of the last message.
func (s *stage) attach() {
	m := &s.v.Messages[len(s.v.Messages)-1]
	for i := range m.Media {
		at := m.FirstSeen.Add(time.Second)
		s.entry(export.EntryLine{Kind: daybook.RecordMedia, Logged: at, Fetched: at, Account: "acct", Messages: []daybook.MessageKey{m.Key}, Media: &m.Media[i]})
	}
}

// bytesOf is the report.Media of the stage.
func (s *stage) bytesOf(_ context.Context, d daybook.Digest) ([]byte, error) {
	if b, there := s.media[d]; there {
		return b, nil
	}
	return nil, errors.New("not there")
}

// view finishes the View: lists, findings of every kind.
func (s *stage) view() *export.View {
	v := s.v
	v.Size = uint64(len(v.Entries))
	last := at(10, 1, 9, 0)
	for _, e := range v.Entries {
		if e.Logged.After(last) {
			last = e.Logged
		}
	}
	v.Facts.Now = last.UTC()
	v.Facts.Watched = []detect.Interval{{Account: "acct", Lane: "notifications", From: at(10, 1, 9, 10), To: last}}
	v.Handles = []daybook.HandleSummary{{Handle: wren, Own: true}}
	for i, h := range v.Facts.Handles {
		sum := daybook.HandleSummary{Handle: h}
		for _, c := range v.Facts.Contacts {
			if c.Handle != i {
				continue
			}
			if sum.First.IsZero() || c.At.Before(sum.First) {
				sum.First = c.At
			}
			if c.At.After(sum.Last) {
				sum.Last = c.At
			}
			if c.Direction == daybook.In {
				sum.In++
			} else {
				sum.Out++
			}
		}
		for k := range sum.Handle.Names {
			if sum.Handle.Names[k].From.IsZero() {
				sum.Handle.Names[k].From, sum.Handle.Names[k].To = sum.First, sum.Last
			}
		}
		for _, m := range v.Facts.Marks {
			if m.Handle == i {
				sum.Marks = append(sum.Marks, m.What)
			}
		}
		for g, members := range v.Facts.Groups {
			for _, m := range members {
				if m == i {
					sum.Group = g + 1
				}
			}
		}
		v.Handles = append(v.Handles, sum)
	}
	found, err := detect.RepeatedContact{}.Detect(context.Background(), v.Facts)
	if err != nil {
		s.t.Fatal(err)
	}
	v.Findings = append(found, v.Findings...)
	return v
}

// shown makes a bundle of the view.
func shown(t testing.TB, v *export.View, spec export.Spec) *export.Shown {
	t.Helper()
	spec.Standing = export.Standing{Version: "0.9", Revision: "abc1234", Go: "go1.26", System: "linux/amd64", Config: "0011223344556677"}
	s, err := export.Show(v, spec)
	if err != nil {
		t.Fatal(err)
	}
	s.Root, s.Finger = daybook.DigestOf([]byte("root")), daybook.DigestOf([]byte("key"))
	s.Origin, s.Key = "daybook/aaaaaaaa/case/bbbbbbbb", "daybook/aaaaaaaa/case/bbbbbbbb+12345678+AfGh"
	s.Check = export.Check{Answer: "ok"}
	s.Stamps = []export.Stamp{
		{Authority: "Example Time", At: at(11, 26, 2, 0), State: "stamped", Offset: -1200 * time.Millisecond},
		{Authority: "Other Time", State: "pending"},
	}
	return s
}

// garden is a case of two months: two linked handles, a third that may be, a
// request to stop and what came after it, an edit, a message that is gone, a
// picture, a diary entry, a gap.
func garden(t testing.TB) *stage {
	s := newStage(t)
	friendly := []string{"Good morning. Are you up?", "I saw your post about the garden.", "You never answer me.", "Why do you not answer?", "We were good together."}
	for day := 2; day <= 20; day += 2 {
		for k := range 1 + day%3 {
			s.tell(told{from: kestrel, at: at(10, day, 20+k, 4*day%60), text: friendly[(day+k)%len(friendly)]})
		}
	}
	stop := s.tell(told{from: wren, to: []daybook.Handle{kestrel}, at: at(10, 21, 21, 14), text: "Please do not contact me again."})
	s.decide(daybook.Decision{What: daybook.MarkStop, Handle: kestrel, Entry: &stop, How: "a direct message", At: at(10, 21, 21, 40)})
	s.tell(told{from: kestrel, at: at(10, 22, 1, 30), text: "You will be sorry. I know where you live.", edit: func(m *daybook.Message) {
		m.Versions = append([]daybook.Version{{At: m.Sent.At, FirstSeen: m.FirstSeen, Entry: m.Captures[0], Text: "You will be very sorry."}}, m.Versions...)
		m.Versions[1].At, m.Versions[1].FirstSeen = m.Sent.At.Add(time.Hour), m.FirstSeen.Add(2*time.Hour)
	}})
	s.v.Facts.Blocks = append(s.v.Facts.Blocks, detect.Block{Handle: s.place(kestrel), Seen: at(10, 24, 9, 0), Before: at(10, 23, 9, 0),
		Entry: s.entry(export.EntryLine{Kind: daybook.RecordObservation, Logged: at(10, 24, 9, 0), Detail: "a block by the person was first seen"})})
	s.tell(told{from: harbour, at: at(10, 25, 10, 0), text: "New start. I only want to talk, I will find you at the yellow door.", kind: daybook.KindMention})
	s.tell(told{from: harbour, at: at(10, 25, 10, 9), text: "Look what I have kept of you.", edit: func(m *daybook.Message) { m.Media = []daybook.Media{s.picture("a cup")} }})
	s.attach()
	s.v.Gaps = append(s.v.Gaps, daybook.GapStatus{Gap: daybook.Gap{Account: "acct", Class: daybook.Hole, From: at(10, 27, 4, 0), To: at(10, 28, 16, 0), Cause: "the server did not answer"},
		Entry: s.entry(export.EntryLine{Kind: daybook.RecordGap, Account: "acct", Logged: at(10, 28, 16, 1), Detail: "a time that was not watched"})})
	s.v.Facts.Gaps = append(s.v.Facts.Gaps, detect.GapSpan{Account: "acct", Class: daybook.Hole, From: at(10, 27, 4, 0), To: at(10, 28, 16, 0), Entry: s.v.Gaps[0].Entry})
	for day := 2; day <= 20; day += 3 {
		s.tell(told{from: harbour, at: at(11, day, 23, day), text: fmt.Sprintf("Day %d. I am outside.", day), edit: func(m *daybook.Message) {
			if day == 5 {
				m.State, m.GoneAt = daybook.Gone, at(11, 6, 3, 0)
			}
		}})
	}
	s.decide(daybook.Decision{What: daybook.MarkLinked, Handle: kestrel, Other: harbour, How: "knows about the yellow door", At: at(11, 8, 12, 0)})
	s.tell(told{from: mere, at: at(11, 15, 8, 0), text: "A quiet hello.", kind: daybook.KindFollow})
	s.tell(told{from: mere, at: at(11, 16, 8, 0), text: "Do you still have the blue cup?"})
	s.tell(told{from: mother, at: at(11, 16, 18, 0), text: "Dinner on Sunday? شكرا جزيلا, नमस्ते, 谢谢, 👩‍👩‍👧"})
	s.tell(told{from: mother, at: at(11, 17, 12, 0), kind: daybook.KindDiary, text: "A grey car stood in front of the house.",
		edit: func(m *daybook.Message) {
			m.Origin, m.Platform, m.Sent.Precision = daybook.Entered, "diary", daybook.About
		},
		entry: func(e *export.EntryLine) {
			e.Origin, e.Fetched, e.Logged, e.Parser, e.Actor = daybook.Entered, time.Time{}, at(12, 17, 12, 0), "", daybook.Actor{ID: "wren", Role: "owner"}
		}})
	s.decide(daybook.Decision{What: daybook.MarkApart, Handle: mere, Other: mother, How: "Mo is my mother", At: at(11, 20, 12, 0)})
	s.v.Findings = append(s.v.Findings, detect.Finding{
		Kind: "link", Handles: []daybook.Handle{mere, kestrel, harbour}, From: at(11, 15, 8, 0), To: at(11, 16, 8, 0), Model: "links/1 style/1",
		Figures: map[string]detect.Figure{"contacts": {Value: 2, Unit: "messages", Text: "@quiet_mere@meres.example contacted you 2 times."}},
		Reasons: []detect.Reason{
			{Feature: "words-phrase", Weight: 3500, Text: "Both wrote “the blue cup”.", Entries: []uint64{4}},
			{Feature: "succession", Weight: 1200, Text: "@quiet_mere@meres.example first contacted you 22 days after @kestrel_74@birds.example was asked to stop.", Entries: []uint64{5}},
			{Feature: "hours", Weight: -500, Text: "They write at other hours.", Entries: []uint64{6}},
			{Feature: "writing", Text: "There is too little text to compare the writing.", Entries: []uint64{}},
		},
	})
	return s
}
