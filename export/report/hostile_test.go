package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/export"
	"daybook/export/report"
)

// hostileTexts are what somebody may write, or call themselves, to run something,
// turn a page around, hide or break it, each with what has to be seen of it. All
// are made up.
func hostileTexts() []struct{ text, seen string } {
	return []struct{ text, seen string }{
		{`<script>alert(1)</script>`, `<script>alert(1)</script>`},
		{`) Tj ET /JS (app.alert(1)) << /AA /OpenAction >>`, `) Tj ET /JS (app.alert(1)) << /AA /OpenAction >>`},
		{`%PDF-1.7 endstream endobj trailer %%EOF`, `%PDF-1.7 endstream endobj trailer %%EOF`},
		{`=HYPERLINK("https://evil.example";"x")`, `=HYPERLINK("https://evil.example";"x")`},
		{"photo\u202Egnp.exe", "photo[U+202E]gnp.exe"},
		{"\u2066\u202Eevil\u2069 \u200Bzero\u200Bwidth\uFEFF", "[U+2066][U+202E]evil[U+2069] [U+200B]zero[U+200B]width[U+FEFF]"},
		{"Z" + strings.Repeat("\u0310\u0335\u0489", 200) + "algo", "Zalgo"},
		{"Ni\u0261htj\u0430r", "Niɡhtjаr"},
		{strings.Repeat("W", 20_000), strings.Repeat("W", 20_000)},
		{strings.Repeat("unbroken", 40), strings.Repeat("unbroken", 40)},
		{"\x01\x1b[31mred\x7f", "[U+0001][U+001B][31mred[U+007F]"},
		{"line\nbreak", "line break"},
		{strings.Repeat("👨\u200d👩\u200d👧", 60), strings.Repeat("👨👩👧", 60)},
		{"مرحبا 123 hello", "مرحبا"},
		{"שלום עולם", "שלום עולם"},
		{"not \xff UTF-8", "not [byte FF] UTF-8"},
	}
}

// Every field that comes from outside holds all of it; the document is sound, each
// text can be read, and nothing of it does anything (E-2, E-10).
func TestHostile_E2_E10(t *testing.T) {
	s := newStage(t)
	for i, h := range hostileTexts() {
		who := daybook.Handle{Platform: "mastodon", Native: fmt.Sprintf("https://evil.example/users/%d/%s", i, h.text), Names: []daybook.SeenName{{Account: h.text, Display: h.text}}}
		s.tell(told{from: who, to: []daybook.Handle{kestrel}, at: at(11, 2, 9, i), text: h.text, edit: func(m *daybook.Message) {
			m.URL, m.Kind, m.Sent.Assumed = "https://evil.example/"+h.text, daybook.Kind(h.text), h.text
			m.Media = []daybook.Media{{Native: h.text, Type: h.text, Description: h.text, State: daybook.MediaRefused}}
		}})
		s.attach()
		n := s.entry(export.EntryLine{Kind: daybook.RecordGap, Account: "acct", Logged: at(11, 3, 9, i)})
		s.v.Gaps = append(s.v.Gaps, daybook.GapStatus{Gap: daybook.Gap{Account: "acct", Class: daybook.Late, From: at(11, 2, 12, i), To: at(11, 2, 13, i), Cause: h.text}, Entry: n})
		s.decide(daybook.Decision{What: daybook.MarkStop, Handle: who, When: daybook.When{At: at(11, 2, 10, i)}, How: h.text, At: at(11, 2, 11, i)})
		s.v.Findings = append(s.v.Findings, detect.Finding{Kind: "link", Handles: []daybook.Handle{who, kestrel}, Model: "links/1",
			Reasons: []detect.Reason{{Feature: "name", Weight: 3000, Text: h.text, Entries: []uint64{2}}, {Feature: "habit-x", Weight: -1, Text: h.text}, {Feature: "other", Text: h.text}}})
	}
	all := shown(t, s.view(), mara())
	doc := whole(t, s, all, 1)
	sound(t, doc)
	got := textOf(t, doc)
	for _, h := range hostileTexts() {
		if !strings.Contains(dense(got), dense(h.seen)) {
			t.Errorf("%.60q is not to be read as %.60q", h.text, h.seen)
		}
	}
	if strings.ContainsRune(got, '\uFFFD') {
		t.Error("a character was cut in two")
	}
	says(t, got, "A word of it has letters of several scripts (Latin, Cyrillic): “ɡ” is U+0261 and looks like “g”.")
	brief := first(t, all)
	sound(t, brief)
	if n := pages(t, brief); n != 2 {
		t.Errorf("the first report has %d pages", n)
	}
}

// Whatever is in the record, the first report has two pages.
func TestFirstReportOfVeryMuch(t *testing.T) {
	s := newStage(t)
	long := strings.Repeat("Wide Name ", 40)
	words := []string{
		"I will kill you.", "I am outside your house.", "I saw you with him.", "I cannot live without you, I will end it.",
		"I told your mother everything.", "Send me a naked picture.", "I wrote to them in your name.", "Hello.",
	}
	for i := range 600 {
		who := handle(fmt.Sprintf("https://evil.example/users/%d/%s", i%70, long), fmt.Sprintf("%d_%s", i%70, long), long)
		s.tell(told{from: who, to: []daybook.Handle{handle(fmt.Sprintf("https://x.example/%d", i), long, long)}, at: at(10, 1, 0, i*97), text: words[i%len(words)], edit: func(m *daybook.Message) {
			m.Platform, m.Kind = daybook.Platform(fmt.Sprintf("%d %s", i%9, long)), daybook.Kind(fmt.Sprintf("%d %s", i%9, long))
			if i%5 == 0 {
				m.State, m.GoneAt = daybook.Gone, m.Sent.At.Add(time.Hour)
			}
		}})
		if i < 12 {
			s.decide(daybook.Decision{What: daybook.MarkStop, Handle: who, When: daybook.When{At: at(10, 2+i, 9, 0)}, How: long, At: at(10, 2+i, 10, 0)})
		}
	}
	var group []int
	for i := range 30 {
		group = append(group, i)
	}
	s.v.Facts.Groups = [][]int{group}
	for i := 30; i < 60; i++ {
		s.v.Findings = append(s.v.Findings, detect.Finding{Kind: "link", Handles: []daybook.Handle{s.v.Facts.Handles[i], s.v.Facts.Handles[0]}, Model: long})
	}
	spec := mara()
	spec.For = strings.Repeat("W", export.MaxFor)
	all := shown(t, s.view(), spec)
	doc := first(t, all)
	if n := pages(t, doc); n != 2 {
		t.Errorf("%d pages, want 2", n)
	}
	sound(t, doc)
}

// A long record has volumes; each exhibit is in one of them.
func TestVolumes(t *testing.T) {
	s := newStage(t)
	for i := range 5003 {
		s.tell(told{from: kestrel, at: at(1, 1, 9, 40*i), text: fmt.Sprintf("Text %d.", i)})
	}
	all := shown(t, s.view(), mara())
	if n := report.Volumes(all); n != 2 {
		t.Fatalf("%d volumes of %d exhibits, want 2", n, len(all.Exhibits))
	}
	// The structure of so many pages takes the program that prints it very long.
	one, two := run(t, whole(t, s, all, 1), "pdftotext", "-raw", "FILE", "-"), run(t, whole(t, s, all, 2), "pdftotext", "-raw", "FILE", "-")
	says(t, one, "Volume 1 of 2", "5000 exhibits, MR/2 to MR/5001 (1 to 5000 of 5003 in order of time)", "Text 0.", "Text 4999.", "Contacts per week")
	saysNot(t, one, "Text 5000.", "Text 5002.")
	says(t, two, "Volume 2 of 2", "3 exhibits, MR/5002–5004 (5001 to 5003 of 5003 in order of time)", "Text 5000.", "Text 5002.")
	saysNot(t, two, "Text 4999.", "Handles, with every name", "Method and reliability")
}

// FuzzReport prints any text in every field.
func FuzzReport(f *testing.F) {
	for _, h := range hostileTexts() {
		f.Add(h.text, h.text)
	}
	f.Fuzz(func(t *testing.T, said, called string) {
		if len(said)+len(called) > 4096 {
			return
		}
		s := newStage(t)
		who := daybook.Handle{Platform: daybook.Platform(called), Native: called, Names: []daybook.SeenName{{Account: called, Display: said}}}
		n := s.tell(told{from: who, to: []daybook.Handle{kestrel}, at: at(11, 2, 9, 0), text: said, edit: func(m *daybook.Message) {
			m.URL, m.Kind = called, daybook.Kind(called)
			m.Media = []daybook.Media{{Native: called, Type: called, Description: said, State: daybook.MediaState(called)}}
		}})
		s.decide(daybook.Decision{What: daybook.MarkStop, Handle: who, Entry: &n, How: said, At: at(11, 2, 11, 0)})
		all := shown(t, s.view(), export.Spec{Kind: export.Complete})
		if len(whole(t, s, all, 1)) == 0 || len(first(t, all)) == 0 {
			t.Error("nothing was printed")
		}
	})
}
