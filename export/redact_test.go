package export_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"daybook"
	"daybook/export"
)

// A withheld field of a message is in no table and in no field of any entry, and
// what it could be read from goes with it; everything else stays.
func TestWithheldFieldsAreNowhere_B5(t *testing.T) {
	m := newMaker()
	p := post{id: "40001", text: "come to https://maps.example/here?x=1 at noon", sender: "kestrel", display: "K", to: []string{"thirdone"}, media: "picone"}
	n := m.item(p)
	media := m.media("picone")
	p.text = "come to https://maps.example/here?x=1 at midnight"
	again := m.item(p)
	other := m.item(post{id: "40002", text: "something else", sender: "kestrel", display: "K"})
	digest := daybook.DigestOf([]byte("picone")).String()
	for _, tt := range []struct {
		field  export.Field
		gone   []string
		stays  []string
		fields map[uint64][]string
	}{
		{export.FieldText, []string{"midnight", "at noon", "maps.example"}, []string{"thirdone", "picone", "posts/40001"},
			map[uint64][]string{n: {"m0.text", "raw"}, again: {"m0.text", "raw"}}},
		{export.FieldNames, []string{"thirdone"}, []string{"midnight", "maps.example", "picone"},
			map[uint64][]string{n: {"m0.to", "raw"}, again: {"m0.to", "raw"}}},
		{export.FieldAddresses, []string{"maps.example", "posts/40001"}, []string{"midnight", "thirdone", "picone", "[an address, withheld]"},
			map[uint64][]string{n: {"m0.key", "m0.text", "m0.url", "raw"}, again: {"m0.key", "m0.text", "m0.url", "raw"}, media: {"message"}}},
		{export.FieldAttachments, []string{"picone", digest, digest[:16]}, []string{"midnight", "thirdone", "posts/40001"},
			map[uint64][]string{n: {"m0.media", "raw"}, again: {"m0.media", "raw"}, media: {"blob.0", "exchange", "media"}}},
	} {
		t.Run(string(tt.field), func(t *testing.T) {
			s := show(t, m.made, export.Spec{Kind: export.Complete, Redactions: []export.Redaction{{Entry: again, Field: tt.field, Reason: "it is private"}}})
			all := m.disclosed(t, s)
			for _, w := range tt.gone {
				if strings.Contains(all, w) {
					t.Errorf("%q is still there:\n%s", w, around(all, w))
				}
			}
			for _, w := range append(tt.stays, "something else", "it is private") {
				if !strings.Contains(all, w) {
					t.Errorf("%q is not there any more", w)
				}
			}
			for _, e := range []uint64{n, media, again, other} {
				var got []string
				for f := range s.Withhold(e, m.records[e].Kind, m.fields(e)) {
					got = append(got, f)
				}
				slices.Sort(got)
				if !slices.Equal(got, tt.fields[e]) {
					t.Errorf("entry %d: %v is withheld, want %v", e, got, tt.fields[e])
				}
			}
			if x := s.Exhibits[0]; !x.Sealed || len(x.Covered) != 1 || x.Covered[0].Field != tt.field {
				t.Errorf("the exhibit does not say so: %+v", x.Covered)
			}
			if s.Exhibits[1].Sealed {
				t.Error("another exhibit says that its bytes are withheld")
			}
		})
	}
}

// ways are the ways in which a word is written in a place.
var ways = []func(string) string{
	func(s string) string { return s },
	strings.ToUpper, strings.ToLower, norm.NFD.String, norm.NFC.String,
	func(s string) string { return strings.Join(strings.Split(s, ""), "\u200b") },
	html.EscapeString,
	func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "&#x%x;", r)
		}
		return b.String()
	},
	func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "&#%d;", unicode.ToUpper(r))
		}
		return b.String()
	},
	url.QueryEscape,
	func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	},
	func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if r > 0xffff {
				r1, r2 := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
				fmt.Fprintf(&b, `\u%04x\u%04X`, r1, r2)
				continue
			}
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		return b.String()
	},
	func(s string) string {
		b, err := json.Marshal(html.EscapeString(s))
		if err != nil {
			panic(err)
		}
		return string(b)
	},
	func(s string) string { return "<b>" + strings.Join(strings.Split(s, ""), "</b><i class='x'>") + "</i>" },
}

// A covered word is found however it is written, and what holds it is withheld
// with what it could be read from.
func TestCoveredWordsAreFoundInEveryWriting_B5(t *testing.T) {
	words := []string{"Mara", "Élodie Brandt", "Straße 14", "O'Neill & Co", "наталья", "山田", "𝒳enia"}
	for _, word := range words {
		for _, way := range ways {
			written := "so " + way(word) + " it is"
			m := newMaker()
			n := m.item(post{id: "50001", text: "plain", sender: "kestrel", display: "K"})
			s := show(t, m.made, export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: word, As: "Person 1", Reason: "not part of this"}}})
			fields := []daybook.Field{{Name: "lane", Value: []byte("one")}, {Name: "m0.text", Value: []byte(written)}, {Name: "raw", Value: []byte("anything")}}
			got := s.Withhold(n, daybook.RecordItem, fields)
			if got["m0.text"] != "not part of this" || got["raw"] != "withheld with m0.text" || got["lane"] != "" {
				t.Errorf("%q written as %q: %v", word, written, got)
			}
			got = s.Withhold(n, daybook.RecordItem, []daybook.Field{{Name: "m0.text", Value: []byte("plain")}, {Name: "raw", Value: []byte(`{"content":"` + written + `"}`)}})
			if got["raw"] != "not part of this" || got["m0.text"] != "" {
				t.Errorf("%q written as %q in what came: %v", word, written, got)
			}
		}
	}
}

// Of a covered word nothing is left in anything that is shown, and something
// stands in its place.
func TestCoveredWordsAreNowhere_B5(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := someCase(t)
		var covers []export.Cover
		var words []string
		for i, msg := range m.view.Messages {
			if !rapid.Bool().Draw(t, "covered") {
				continue
			}
			said := m.said[msg.Key]
			w := rapid.SampledFrom(said).Draw(t, "word")
			if len(w) > 60 || strings.HasPrefix(w, "pic") {
				w = said[0]
			}
			words = append(words, w)
			covers = append(covers, export.Cover{Word: strings.ToUpper(w), As: fmt.Sprintf("Thing %d", i), Reason: "chosen"})
		}
		if rapid.Bool().Draw(t, "a sender") {
			words = append(words, "sender0")
			covers = append(covers, export.Cover{Word: "sender0", As: "Person 1"})
		}
		if len(covers) == 0 {
			return
		}
		s := show(t, m, export.Spec{Kind: export.Complete, Covers: covers, Access: true, Names: map[string]string{"local": "sender0 themselves"}})
		all := m.disclosed(t, s)
		for i, w := range words {
			if strings.Contains(strings.ToLower(all), strings.ToLower(w)) {
				t.Errorf("%q is still there:\n%s", w, around(strings.ToLower(all), strings.ToLower(w)))
			}
			if !strings.Contains(all, covers[i].As) {
				t.Errorf("nothing stands in the place of %q", w)
			}
		}
	})
}

// What is covered in a text is covered alone.
func TestCoverLeavesTheRest(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		covers     []export.Cover
	}{
		{"I saw Mara today", "I saw [P1] today", []export.Cover{{Word: "mara", As: "[P1]"}}},
		{"MARA, mara and Mara's", "[P1], [P1] and [P1]'s", []export.Cover{{Word: "Mara", As: "[P1]"}}},
		{"at 14\n High\tStreet now", "at [A] now", []export.Cover{{Word: "14 High Street", As: "[A]"}}},
		{"Mara Reed Street", "[P1]", []export.Cover{{Word: "Mara Reed", As: "[P1]"}, {Word: "Reed Street", As: "[A]"}}},
		{"caf\u00e9 E\u0301lodie!", "caf\u00e9 [P1]!", []export.Cover{{Word: "\u00c9lodie", As: "[P1]"}}},
		{"jos\u00e9 and jose\u0301", "[P1] and [P1]", []export.Cover{{Word: "jose", As: "[P1]"}}},
		{"ma\u200bra", "[P1]", []export.Cover{{Word: "mara", As: "[P1]"}}},
		{"nothing here", "nothing here", []export.Cover{{Word: "mara", As: "[P1]"}}},
		{"ask M&#97;ra", "[P1]", []export.Cover{{Word: "mara", As: "[P1]"}}},
	} {
		m := newMaker()
		m.item(post{id: "60001", text: tt.text, sender: "kestrel", display: "K"})
		s := show(t, m.made, export.Spec{Kind: export.Complete, Covers: tt.covers})
		if got := s.Exhibits[0].Message.Text; got != tt.want {
			t.Errorf("%q became %q, want %q", tt.text, got, tt.want)
		}
	}
}

// A text that is withheld and stands in other messages too is named before the
// bundle is made.
func TestPreviewNamesWhatIsStillShown_A6(t *testing.T) {
	m := newMaker()
	n := m.item(post{id: "70001", text: "I will wait at the corner", sender: "kestrel", display: "K", media: "picx"})
	m.media("picx")
	quoting := m.item(post{id: "70002", text: "You wrote: \"i will  wait at the corner\"", sender: "wren", display: "W", out: true})
	m.add(daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: "acct0", Class: daybook.Hole, From: start, To: start.AddDate(0, 0, 1), Cause: "the account was paused"}), export.EntryLine{})
	m.view.Gaps = []daybook.GapStatus{{Gap: daybook.Gap{Account: "acct0", Class: daybook.Hole, From: start, To: start.AddDate(0, 0, 1)}, Entry: 5}}
	p := show(t, m.made, export.Spec{Kind: export.Complete, Mark: "MR", Redactions: []export.Redaction{{Entry: n, Field: export.FieldText, Reason: "private"}},
		Covers: []export.Cover{{Word: "unheard", As: "Person 9"}}}).Preview()
	warnings := strings.Join(p.Warnings, "\n")
	for _, want := range []string{
		fmt.Sprintf("The text of MR/%d is withheld; it also stands in exhibit MR/%d, which is shown.", n, quoting),
		fmt.Sprintf("Of exhibit MR/%d the bytes as they came are withheld", n),
		`"Person 9" (number 1) stands in no exhibit`,
		"1 time in which something was not watched: the bundle lists it.",
	} {
		if !strings.Contains(warnings, want) {
			t.Errorf("there is no %q in\n%s", want, warnings)
		}
	}
	if p.Exhibits != 2 || p.Media != 1 || len(p.Redactions) != 1 || p.Redactions[0].Exhibits[0] != fmt.Sprintf("MR/%d", n) {
		t.Errorf("%+v", p)
	}
	if strings.Contains(warnings, "unheard") {
		t.Error("a warning holds a covered word")
	}
}

// A message whose erasure was asked for is in no bundle, nor in an entry that
// shows another too.
func TestHiddenMessagesAreLeftOut_C10(t *testing.T) {
	m := newMaker()
	gone := post{id: "80001", text: "gonewords", sender: "kestrel", display: "K"}
	n := m.item(gone)
	both := m.item(gone, post{id: "80002", text: "staying", sender: "reed", display: "R"})
	m.view.Hidden[key(gone.id)] = true
	m.view.Messages = slices.DeleteFunc(m.view.Messages, func(msg daybook.Message) bool { return msg.Key == key(gone.id) })
	s := show(t, m.made, export.Spec{Kind: export.Complete})
	all := m.disclosed(t, s)
	if s.Holds(n) || !s.Holds(both) || strings.Contains(all, "gonewords") || strings.Contains(all, "posts/80001") || !strings.Contains(all, "staying") {
		t.Errorf("held %v %v, in the bundle: %s", s.Holds(n), s.Holds(both), all)
	}
	if got := written(t, s, "completeness.json"); !strings.Contains(got, `"item": 1`) {
		t.Errorf("completeness.json does not count what is not there:\n%s", got)
	}
}

func FuzzCover(f *testing.F) {
	for _, way := range ways {
		f.Add("mara", way("Mara Reed"), "P1")
	}
	f.Add("ss", "Stra\u00dfe \xff\xfe", "P1")
	f.Fuzz(func(t *testing.T, word, text, as string) {
		m := newMaker()
		n := m.item(post{id: "90001", text: text, sender: "kestrel", display: "K"})
		s, err := export.Show(m.view, export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: word, As: as}}})
		if err != nil {
			return
		}
		got := s.Exhibits[0].Message.Text
		if strings.Contains(strings.ToLower(got), strings.ToLower(word)) {
			t.Errorf("%q is left in %q", word, got)
		}
		for field := range s.Withhold(n, daybook.RecordItem, m.fields(n)) {
			if field == "" {
				t.Error("a field without a name is withheld")
			}
		}
	})
}

// What is withheld of one message can lie embedded in the bytes of another, or in
// bytes that only a later parser could read.
func TestWithheldTextIsNotLeftInOtherBytes_B5(t *testing.T) {
	m := newMaker()
	n := m.item(post{id: "81001", text: "the words that are private", sender: "kestrel", display: "K"})
	quote := m.item(post{id: "81002", text: "look at this", sender: "reed", display: "R"})
	raw := []byte(`{"content":"look at this","quote":{"content":"<p>the words <b>that<\/b> are private</p>"}}`)
	for i := range m.records[quote].Fields {
		if f := &m.records[quote].Fields[i]; f.Name == "raw" {
			f.Value = raw
		}
	}
	answer := m.item(post{id: "81003", text: "you said: the words that are private", sender: "wren", display: "W", out: true})
	later := m.add(daybook.Record{Kind: daybook.RecordItem, Fields: []daybook.Field{{Name: "failed", Value: []byte("unknown shape")}, {Name: "raw", Value: []byte("{}")}}},
		export.EntryLine{Messages: []daybook.MessageKey{key("81001")}})
	unread := m.add(daybook.Record{Kind: daybook.RecordItem, Fields: []daybook.Field{{Name: "raw", Value: []byte("the words that are private")}}}, export.EntryLine{})
	s := show(t, m.made, export.Spec{Kind: export.Complete, Redactions: []export.Redaction{{Entry: n, Field: export.FieldText, Reason: "private"}}})
	for _, tt := range []struct {
		name  string
		entry uint64
		want  []string
	}{
		{"the message", n, []string{"m0.text", "raw"}},
		{"one that embeds it", quote, []string{"raw"}},
		{"one that shows it in its text", answer, nil},
		{"one that a later parser read", later, []string{"raw"}},
		{"one that nobody could read", unread, []string{"raw"}},
	} {
		var got []string
		for f := range s.Withhold(tt.entry, m.records[tt.entry].Kind, m.fields(tt.entry)) {
			got = append(got, f)
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v is withheld, want %v", tt.name, got, tt.want)
		}
	}
}
