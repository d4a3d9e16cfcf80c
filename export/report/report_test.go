package report_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect/flags"
	"daybook/export"
	"daybook/export/report"
)

// mara is what a complete bundle of the made-up case is made of.
func mara() export.Spec {
	return export.Spec{Kind: export.Complete, Mark: "MR", For: "Greater Example Police", Names: map[string]string{"wren": "Wren Example"}}
}

func textsOf(v *export.View) (out []string) {
	for i := range v.Messages {
		out = append(out, v.Messages[i].Text)
		for _, k := range v.Messages[i].Versions {
			out = append(out, k.Text)
		}
	}
	return out
}

func TestReport_A1_A2_A3_A4_A5_A7_A9_A10_E10(t *testing.T) {
	s := garden(t)
	v := s.view()
	all := shown(t, v, mara())
	doc := whole(t, s, all, 1)
	sound(t, doc)
	got := textOf(t, doc)
	for i := range all.Exhibits {
		x := &all.Exhibits[i]
		says(t, got, x.FromMark+x.At.In(london).Format("Mon 2 Jan 2006")) // each has its number and its time
	}
	says(t, got, textsOf(v)...)
	says(t, got,
		// the cover
		"Complete: all 36 messages in the record.", "Friday 2 October 2026 to Friday 20 November 2026", "4813 494d 137e 1631", "Example Time: stamped on 26 November 2026, 02:00:07 UTC.", "Other Time: asked for, no answer yet.",
		// days and occasions, and what came after the request to stop
		"There was contact on 6 of the last 42 days and on 13 other days, from 2 linked handles, 10 times after the person asked them to stop.",
		"That was on 19 occasions", "Contacts with no more than 6 hours between them are one occasion", "Counted in UTC, that was on 19 days.",
		"kestrel_74@birds.example was asked to stop on 21 October 2026, 21:14 BST, in exhibit MR/23 (“a direct message”). Said by Wren Example in entry 24.",
		"If the suggested handle belonged to it too, it would be 8 of 42 days, 33 contacts and 12 times after the request to stop. No person has confirmed that.",
		// the sender as seen then, both texts of what was changed, what was not there any more
		"After the request to stop of 21 October 2026, 21:14 BST.", "Sender’s identifier: https://birds.example/users/kestrel", "“Quiet Harbour”",
		"First seen with other words on 22 Oct 2026, 01:50:07 BST (entry 25):", "Not there any more on 6 Nov 2026, 03:00:07 GMT, when it was looked for or when a file was made that lacks it", "Fetched 20:28:07 BST; from the account (mastodon/1).",
		"Possible threat: it says that somebody is dead", "Attachment 1: image/png, 134 bytes.", "SHA-256", "hxxps://birds.example/@s/0",
		// a diary entry with its delay and who wrote it
		"Recorded 30 days after, on 17 Dec 2026, 12:00:07 GMT by Wren Example; written down by hand.",
		// the gap, in its place and in its list
		"Not read for 36 hours, until 28 October 2026, 16:00 GMT.", "Anything from this time may be missing.", "Why: the server did not answer",
		"2 days with nothing in this record.",
		// links, both ways
		"confirmed as linked by Wren Example on 8 November 2026, 12:00 GMT", "“knows about the yellow door”", "quiet_mere@meres.example, perhaps with group A",
		"Medium, about 4 bits, set by hand", "not linked, said by Wren Example",
		// how far the program can be relied on
		"daybook 0.9", "abc1234", "go1.26, linux/amd64", "0011223344556677", "1.2s behind", "Everything matches.", "Known limits", "80 % of 49",
		// how to check it
		"daybook/aaaaaaaa/case/bbbbbbbb", "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=", "data/VERIFY.md",
	)
	fair(t, got, append(textsOf(v), "the inclusion proof")...)
}

func TestFirstReport_A5_A10(t *testing.T) {
	s := garden(t)
	v := s.view()
	doc := first(t, shown(t, v, mara()))
	sound(t, doc)
	if n := pages(t, doc); n != 2 {
		t.Errorf("%d pages, want 2", n)
	}
	got := textOf(t, doc)
	says(t, got, "10 times after the person asked them to stop", "In all 31 contacts on 19 days and 19 occasions", "Exhibits: MR/25, 27, 28, 31–37.",
		"Possible threat", "The newest is exhibit MR/37", "What it has changed in daily life", "Crime reference number, officer", "36 messages: 35 read from the account and 1 written down by hand; 1 attachment.",
		"It says nothing about who is behind a handle")
	saysNot(t, got, textsOf(v)...)
	fair(t, got)
}

// Every sentence of detection and of the rules speaks of the person, not to them.
func TestVoice(t *testing.T) {
	s := newStage(t)
	s.decide(daybook.Decision{What: daybook.MarkStop, Handle: kestrel, When: daybook.When{At: at(10, 20, 12, 0), Precision: daybook.About}, At: at(10, 20, 13, 0)})
	s.decide(daybook.Decision{What: daybook.MarkAllowed, Handle: harbour, When: daybook.When{At: at(10, 1, 0, 0), Until: at(10, 5, 0, 0)}, At: at(10, 1, 13, 0)})
	s.decide(daybook.Decision{What: daybook.MarkNamedDay, When: daybook.When{At: at(11, 2, 0, 0), Precision: daybook.Day}, How: "a birthday", At: at(10, 1, 14, 0)})
	for i := range 60 {
		s.tell(told{from: kestrel, to: []daybook.Handle{mother}, at: at(10, 2+i, 22, i), text: "A.", edit: func(m *daybook.Message) {
			switch i % 4 {
			case 1:
				m.Origin, m.Sent.Precision = daybook.Imported, daybook.Minute
			case 2:
				m.Sent.Precision = daybook.Day
			}
		}})
		s.tell(told{from: harbour, at: at(10, 2+i, 3, i), text: "B."})
	}
	s.tell(told{from: wren, to: []daybook.Handle{harbour}, at: at(11, 20, 9, 0), text: "C."})
	s.decide(daybook.Decision{What: daybook.MarkLinked, Handle: kestrel, Other: mere, At: at(11, 21, 9, 0)})
	rules, err := os.ReadFile(filepath.Join("..", "..", "detect", "flags", "rules.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(rules)) {
		if says, is := strings.CutPrefix(strings.TrimSpace(line), "says "); is {
			m := &s.v.Messages[0]
			s.v.Flags[m.Key] = append(s.v.Flags[m.Key], flags.Found{Flag: flags.Threat, Rule: says, Text: says})
		}
	}
	all := shown(t, s.view(), export.Spec{Kind: export.Complete})
	got := textOf(t, whole(t, s, all, 1)) + textOf(t, first(t, all))
	says(t, got, "Agreed contact, counted apart.", "Around the time of the request to stop", "time of day not known", "to the minute", "from an export (mastodon/1)", "a day that was named",
		"Possible mention of having noticed what they do, wear, own or whom they meet.", "Also names or addresses mo@birds.example", "; no reason was given.")
	fair(t, got, `intent or "you".`, "the inclusion proof")
}

func TestSameBytes_B10(t *testing.T) {
	s := garden(t)
	v := s.view()
	if a, b := whole(t, s, shown(t, v, mara()), 1), whole(t, s, shown(t, v, mara()), 1); !bytes.Equal(a, b) {
		t.Error("the same bundle has two different reports")
	}
	if a, b := first(t, shown(t, v, mara())), first(t, shown(t, v, mara())); !bytes.Equal(a, b) {
		t.Error("the same bundle has two different first reports")
	}
}

// Of a selection nothing of the other messages is in either document.
func TestSelection_A6_B5(t *testing.T) {
	s := garden(t)
	v := s.view()
	chosen := v.Messages[len(v.Messages)-2]
	sel := shown(t, v, export.Spec{Kind: export.Selection, Mark: "MR", From: at(11, 15, 0, 0), To: at(11, 17, 0, 0), Handles: []daybook.Handle{mother}})
	got := textOf(t, whole(t, s, sel, 1)) + textOf(t, first(t, sel))
	says(t, got, "1 of 3 messages of this period; 2 left out", "Dinner on Sunday?", export.FiguresNote())
	for _, m := range v.Messages {
		if m.Key != chosen.Key {
			saysNot(t, got, m.Text)
		}
	}
	saysNot(t, got, "kestrel", "Kes”", "harbour", "quiet_mere", "yellow door", "grey car", "blue cup", "Mo is my mother")
}

// What is covered or withheld is nowhere in the files, and a mark stands in its
// place.
func TestCovered_A6(t *testing.T) {
	s := garden(t)
	v := s.view()
	spec := mara()
	spec.Covers = []export.Cover{{Word: "yellow door", As: "Place 1", Reason: "where the person lives"}}
	text, media := v.Messages[23], v.Messages[24]
	spec.Redactions = []export.Redaction{
		{Entry: v.Messages[22].Captures[0], Field: export.FieldText, Reason: "about the children"},
		{Entry: media.Captures[0], Field: export.FieldAttachments, Reason: "a picture of a child"},
	}
	some := shown(t, v, spec)
	doc := whole(t, s, some, 1)
	got := textOf(t, doc) + textOf(t, first(t, some))
	says(t, got, "Place 1", "where the person lives", "the text is withheld: about the children", "attachments are withheld: a picture of a child", "The exact bytes are withheld.", "A black bar stands where something is covered")
	saysNot(t, got, "yellow door", v.Messages[22].Text, media.Media[0].Digest.String(), "a cup")
	plain := run(t, doc, "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
	for _, word := range []string{"yellow door", "yellow"} {
		if strings.Contains(plain, word) {
			t.Errorf("%q is in the file", word)
		}
	}
	if !strings.Contains(text.Text, "yellow door") {
		t.Error("the story has changed")
	}
}

// What cannot be had or shown is said where it belongs, and the report goes on.
func TestPictures(t *testing.T) {
	s := garden(t)
	v := s.view()
	all := shown(t, v, mara())
	says(t, textOf(t, whole(t, s, all, 1)), "attachment 1. Shown small")
	for d := range s.media {
		s.media[d] = []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")
	}
	says(t, textOf(t, whole(t, s, all, 1)), "Exhibit MR/28, attachment 1 cannot be shown here. The bundle has it as it came.")
	clear(s.media)
	says(t, textOf(t, whole(t, s, all, 1)), "Exhibit MR/28, attachment 1 cannot be shown here. The bundle has it as it came.")
}

// An empty record, and one of three messages, have both documents.
func TestFewMessages(t *testing.T) {
	s := newStage(t)
	none := shown(t, s.view(), export.Spec{Kind: export.Complete})
	doc := whole(t, s, none, 1)
	sound(t, doc)
	says(t, textOf(t, doc), "There is no message in it.", "No contact came in", "There is no message in this bundle.", "No handles were confirmed as linked.")
	if n := pages(t, first(t, none)); n != 2 {
		t.Errorf("the first report of nothing has %d pages", n)
	}
	s = newStage(t)
	for day := range 3 {
		s.tell(told{from: kestrel, at: at(11, 3+day, 9, 0), text: "Hello."})
	}
	few := shown(t, s.view(), export.Spec{Kind: export.Complete})
	doc = first(t, few)
	says(t, textOf(t, doc), "In all 3 contacts on 3 days and 3 occasions", "No request to stop is noted in this record.", "No message was marked by the rules")
	if n := pages(t, doc); n != 2 {
		t.Errorf("the first report of three messages has %d pages", n)
	}
	sound(t, whole(t, s, few, 1))
}

// A time that cannot be right is said to be so; one that can is not.
func TestTimeAfterFetching_A3_E16(t *testing.T) {
	const words = "the platform’s time is later than the time of fetching: one of the two clocks was wrong"
	for _, wrong := range []bool{true, false} {
		s := newStage(t)
		s.tell(told{from: kestrel, at: at(11, 3, 9, 0), text: "From tomorrow.", edit: func(m *daybook.Message) {
			if wrong {
				m.Sent.At = m.FirstSeen.Add(24 * time.Hour)
			}
		}})
		got := textOf(t, whole(t, s, shown(t, s.view(), export.Spec{Kind: export.Complete}), 1))
		if wrong {
			says(t, got, words)
		} else {
			saysNot(t, got, words)
		}
	}
}

func TestVolumeThatIsNotThere(t *testing.T) {
	s := garden(t)
	all := shown(t, s.view(), mara())
	if n := report.Volumes(all); n != 1 {
		t.Errorf("%d volumes", n)
	}
	for _, n := range []int{-1, 0, 2} {
		if err := report.Write(t.Context(), &bytes.Buffer{}, all, n, s.bytesOf); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("volume %d: %v", n, err)
		}
	}
}

// A writer that fails, and a context that ends, end the report.
func TestErrors(t *testing.T) {
	s := garden(t)
	all := shown(t, s.view(), mara())
	if err := report.Write(t.Context(), fullDisk{}, all, 1, s.bytesOf); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
	if err := report.WriteFirst(t.Context(), fullDisk{}, all); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := report.Write(ctx, &bytes.Buffer{}, all, 1, s.bytesOf); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
