package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/detect/flags"
	"daybook/export"
)

// hostile are texts that somebody may write.
var hostile = []string{
	`=HYPERLINK("https://evil.example","x")`, "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "\x00x", "\n=1", "＝1+1", "＠x",
	"plain", `a "quoted" text`, "a,b;c", "two\nlines", "two\r\nlines", "<script>alert(1)</script>", "exe\u202egpj.doc", "a\u200bb\u2066c", "\u05d0\u05d1 12",
	"👩\u200d👩\u200d👧", "z\u0301\u0301\u0301", "\ufeff=1", "\xff\xfe", "'=1", " =1", "", "ends with \\",
}

// What stands in a cell is what was written, with what cannot be seen made
// visible, and is no formula (E-9, E-2).
func TestCSVRoundTrip_E9_E2(t *testing.T) {
	m := newMaker()
	for i, text := range hostile {
		m.item(post{id: fmt.Sprintf("1%04d", i), text: "x", sender: "kestrel", display: text, media: fmt.Sprint("pic", i)})
		m.view.Messages[i].Text = text // as a parser may have left it
	}
	s := show(t, m.made, export.Spec{Kind: export.Complete})
	out := written(t, s, "timeline.csv")
	if !strings.HasPrefix(out, "\ufeff") || !utf8.ValidString(out) {
		t.Error("it is not UTF-8 with a byte order mark")
	}
	if n := strings.Count(strings.ReplaceAll(out, "\r\n", ""), "\r"); n > 0 {
		t.Errorf("%d bare carriage returns", n)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(hostile)+1 {
		t.Fatalf("%d rows, want %d", len(rows), len(hostile)+1)
	}
	text, display := slices.Index(rows[0], "text"), slices.Index(rows[0], "sender (display name)")
	for i, want := range hostile {
		want = export.Visible(want)
		for _, column := range []int{text, display} {
			got := rows[i+1][column]
			if got != "" && strings.ContainsAny(got[:1], "=+-@\t\r\n\x00") {
				t.Errorf("%q begins a cell: %q", hostile[i], got)
			}
			if plain := strings.TrimPrefix(got, "'"); plain != want && got != want {
				t.Errorf("%q became %q", hostile[i], got)
			}
		}
		for _, c := range rows[i+1] {
			if strings.ContainsAny(c, "\u202e\u200b\u2066\ufeff\x00") {
				t.Errorf("a cell holds what cannot be seen: %q", c)
			}
		}
	}
	if got := rows[1+slices.Index(hostile, "exe\u202egpj.doc")][text]; got != "exe[U+202E]gpj.doc" {
		t.Errorf("a mark that turns the direction became %q", got)
	}
	if address := rows[1][slices.Index(rows[0], "address")]; !strings.HasPrefix(address, "hxxps://") {
		t.Errorf("the address is %q", address)
	}
}

// timeline.json is exact, and what a verifier compares is what the entries hold.
func TestTimelineJSONIsExact_A1_A2(t *testing.T) {
	m := newMaker()
	p := post{id: "20001", text: "first words", sender: "kestrel", display: "K", to: []string{"other"}}
	n := m.item(p)
	p.text = "second \u202ewords <b>"
	again := m.item(p)
	m.view.Messages[0].State, m.view.Messages[0].GoneAt = daybook.Gone, start.AddDate(0, 0, 3)
	m.view.Flags[key(p.id)] = []flags.Found{{Flag: flags.Threat, Rule: "threat/x", Text: "The words speak of harm."}}
	m.item(post{id: "20002", text: "never seen again", sender: "kestrel", display: "K"})
	s := show(t, m.made, export.Spec{Kind: export.Complete, Mark: "MR", Covers: []export.Cover{{Word: "again", As: "[then]"}}})
	var got []struct {
		Exhibit                            uint64
		Mark                               string
		Entries                            []uint64
		Key, Kind, Direction, Sender, Text string
		State                              string
		Covered                            map[string]string
		Versions                           []struct{ Text string }
		Flags                              []struct{ Flag, Text string }
		URL                                string
		Zone                               string
		Local                              string    `json:"sent_local"`
		FirstSeen                          time.Time `json:"first_seen"`
		Logged                             time.Time
	}
	out := written(t, s, "timeline.json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if strings.Count(out, "\n") != len(got)+2 {
		t.Errorf("it is not one object a line:\n%s", out)
	}
	x := got[0]
	if x.Exhibit != n || x.Mark != fmt.Sprintf("MR/%d", n) || !slices.Equal(x.Entries, []uint64{n, again}) || x.State != "gone" || len(x.Versions) != 2 || len(x.Flags) != 1 {
		t.Errorf("%+v", x)
	}
	for field, value := range map[string]string{"m0.key": x.Key, "m0.kind": x.Kind, "m0.direction": x.Direction, "m0.sender": x.Sender, "m0.text": x.Text} {
		if have := string(m.records[again].Value(field)); have != value {
			t.Errorf("%s is %q in the entry and %q in timeline.json", field, have, value)
		}
	}
	if x.Logged.IsZero() || x.FirstSeen.IsZero() || x.Local != "2026-09-01 09:02:00 +01:00" || x.Zone != "Europe/London" {
		t.Errorf("times: %+v", x)
	}
	if y := got[1]; y.Text != "never seen [then]" || y.Covered["text"] != "[then]" {
		t.Errorf("what is covered is not said: %+v", y)
	}
	// A reading by a later parser stands in no entry: it is not offered as one.
	m.view.Messages[0].Parser = "mastodon/2"
	out = written(t, show(t, m.made, export.Spec{Kind: export.Complete}), "timeline.json")
	got = nil
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got[0].Text != "" || !strings.Contains(out, `"read_again":{"parser":"mastodon/2"`) {
		t.Errorf("a later reading is told as that of the entry:\n%s", out)
	}
}

// Edits and what was not there any more are observations of their own in the
// table, and times stand apart.
func TestTimelineSaysHowItWasSeen_A1_A2(t *testing.T) {
	m := newMaker()
	p := post{id: "30001", text: "first words", sender: "kestrel", display: "Kes", to: []string{"other"}}
	m.item(p)
	p.text, p.display = "second words", "Not Kes"
	m.item(p)
	m.view.Messages[0].Sender.Names = append(m.view.Messages[0].Sender.Names, daybook.SeenName{Account: "kestrel@birds.example", Display: "Not Kes"})
	m.view.Messages[0].State, m.view.Messages[0].GoneAt = daybook.Gone, start.AddDate(0, 0, 3)
	got := written(t, show(t, m.made, export.Spec{Kind: export.Complete}), "timeline.csv")
	for _, want := range []string{
		"https://birds.example/users/kestrel", "kestrel@birds.example", "Kes / Not Kes", "second words", "first words", "gone", "2026-09-04T08:00:00Z",
		"https://birds.example/users/other", "collected", "mastodon", "wren@birds.example", "2026-09-01T08:02:00Z", "2026-09-01 09:02:00 +01:00", `"2, 3"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "deleted") {
		t.Error("it says that something was deleted")
	}
}

// custody.csv tells of every entry once, in the order of the log, and of looks
// and searches only if that was chosen.
func TestCustodyTellsOfEveryEntry_A7(t *testing.T) {
	m := newMaker()
	for i := range 5 {
		m.item(post{id: fmt.Sprintf("4%04d", i), text: "x", sender: "kestrel", display: "K"})
	}
	m.look(daybook.Access{Action: "search", Words: "soughtwords"})
	m.add(daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: "acct0"}), export.EntryLine{Account: "acct0", Detail: "a time that was not watched"})
	m.add(daybook.Record{Kind: daybook.RecordItem}, export.EntryLine{Erased: true})
	m.view.Erased = []export.ErasedEntries{{By: 10, At: start, Reason: "asked for", Entries: []uint64{9}}}
	m.add(daybook.Record{Kind: daybook.RecordExport, Actor: daybook.Actor{ID: "abcdefghijkl", Role: "owner"}}, export.EntryLine{Detail: "made a bundle to hand over: complete, SHA-256 00"})
	m.add(daybook.Record{Kind: daybook.RecordClock}, export.EntryLine{Detail: "this machine's clock went back by 3s"})
	for _, access := range []bool{false, true} {
		s := show(t, m.made, export.Spec{Kind: export.Complete, Access: access, Names: map[string]string{"local": "Mara R."}})
		got := written(t, s, "custody.csv")
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var entries []string
		for _, r := range rows[1:] {
			entries = append(entries, r[0])
		}
		want := []string{"0", "1", "2-6", "8", "9", "10", "11"}
		if access {
			want = slices.Insert(want, 3, "7")
		}
		if !slices.Equal(entries, want) {
			t.Errorf("with access %v: lines for %v, want %v", access, entries, want)
		}
		for _, w := range []string{"collected: 5 items", "content erased", "clock went back by 3s", "the person (abcdef)", "a time that was not watched", "SHA-256 00"} {
			if !strings.Contains(got, w) {
				t.Errorf("there is no %q in\n%s", w, got)
			}
		}
		if strings.Contains(got, "Mara R.") != access || strings.Contains(m.disclosed(t, s), "soughtwords") {
			t.Errorf("with access %v: %s", access, got)
		}
	}
}

// What is not there is listed: gaps, what was erased, what nobody could
// read, and since when it was watched.
func TestCompletenessListsGaps_A7_A6(t *testing.T) {
	m := newMaker()
	m.item(post{id: "50001", text: "x", sender: "kestrel", display: "K"})
	gap := daybook.Gap{Account: "acct0", Lane: "notifications", Class: daybook.Hole, From: start, To: start.Add(time.Hour), Cause: "the server did not answer"}
	m.view.Gaps = []daybook.GapStatus{{Gap: gap, Entry: 3}}
	m.add(daybook.NewRecord(daybook.RecordGap, gap), export.EntryLine{Account: "acct0"})
	m.view.Unread = []uint64{2}
	m.look(daybook.Access{Action: "list"})
	for _, kind := range []export.Kind{export.Complete, export.Selection} {
		spec := export.Spec{Kind: kind}
		if kind == export.Selection {
			spec.Entries = []uint64{2}
		}
		got := written(t, show(t, m.made, spec), "completeness.json")
		var c struct {
			Kind export.Kind
			Gaps []struct {
				Entry                 uint64
				Account, Class, Cause string
			}
			NotIncluded map[string]int `json:"not_included"`
			Unread      []uint64
			Limits      []string
		}
		if err := json.Unmarshal([]byte(got), &c); err != nil {
			t.Fatal(err)
		}
		if c.Kind != kind || len(c.Gaps) != 1 || c.Gaps[0].Cause != gap.Cause || c.Gaps[0].Entry != 3 || !slices.Equal(c.Unread, []uint64{2}) || len(c.Limits) < 5 {
			t.Errorf("%s: %+v", kind, c)
		}
		if (c.NotIncluded["access"] == 1) != (kind == export.Complete) {
			t.Errorf("%s: not included: %v", kind, c.NotIncluded)
		}
		if strings.Contains(got, "wren") {
			t.Error("it names an account")
		}
	}
}

// No text of this package weighs, judges or promises.
func TestNothingIsJudged_A3_A10(t *testing.T) {
	m := newMaker()
	m.item(post{id: "60001", text: "x", sender: "kestrel", display: "K"})
	s := show(t, m.made, export.Spec{Kind: export.Complete, Mark: "MR"})
	var b bytes.Buffer
	for _, f := range s.Files() {
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range s.Reliability() {
		b.WriteString(l.What + " " + l.Value + "\n")
	}
	for _, l := range slices.Concat(export.Shows(), export.DoesNotShow(), export.Limits(), s.Preview().Warnings, []string{export.FiguresNote()}) {
		b.WriteString(l + "\n")
	}
	text := strings.ToLower(b.String())
	for _, no := range []string{"admissible", "proves", "proof", "guilty", "stalk", "suspect", "perpetrator", "victim", "offender", "harass", "offence was", "risk", "score",
		"same person", "verdict", "threshold met", "certainly", "beyond"} {
		if strings.Contains(text, no) {
			t.Errorf("it says %q: %s", no, around(text, no))
		}
	}
	for _, name := range []string{"production-statement.txt", "certificate-902.txt"} {
		draft := written(t, s, name)
		if !strings.HasPrefix(draft, "DRAFT") || !strings.Contains(draft, "not legal advice") || !strings.Contains(draft, "______") {
			t.Errorf("%s does not say that it is a draft:\n%s", name, draft)
		}
		for _, want := range []string{"daybook"} {
			if !strings.Contains(draft, want) {
				t.Errorf("%s: there is no %q", name, want)
			}
		}
	}
	if !strings.Contains(written(t, s, "production-statement.txt"), "MR/2") {
		t.Error("the statement does not list the exhibits")
	}
}

// The annex has what anybody needs who wants to know how far to rely on it.
func TestReliability_A9(t *testing.T) {
	m := newMaker()
	m.item(post{id: "70001", text: "x", sender: "kestrel", display: "K"})
	m.add(daybook.Record{Kind: daybook.RecordClock}, export.EntryLine{Detail: "this machine's clock went back by 3s"})
	m.view.Unread = []uint64{2}
	s := show(t, m.made, export.Spec{Kind: export.Complete, Standing: export.Standing{Version: "1.2.3", Revision: "abc123", Go: "go1.26", System: "linux/amd64", Config: "00112233aabbccdd"}})
	s.Check = export.Check{Answer: "ok"}
	s.Stamps = []export.Stamp{{Authority: "one.example", State: "stamped", At: start, Offset: -1200 * time.Millisecond}, {Authority: "two.example", State: "pending"}}
	var b strings.Builder
	for _, l := range s.Reliability() {
		b.WriteString(l.What + ": " + l.Value + "\n")
	}
	for _, want := range []string{
		"1.2.3", "abc123", "go1.26", "linux/amd64", "00112233aabbccdd", "mastodon/1", "contact/2", "flags/1", "Steps of the clock: 1; the last, logged", "went back by 3s",
		"Clock against one.example: 1.2s behind at 2026-09-01T08:00:00Z", "Clock against two.example: not known", "when this was made: ok, 0 problems",
		"Entries that no reader could read: 1", "not caught up: 0", "English only",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
}

func FuzzTimelineCSV(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		m := newMaker()
		m.item(post{id: "90001", text: "x", sender: "kestrel", display: name})
		m.view.Messages[0].Text = text
		s := show(t, m.made, export.Spec{Kind: export.Complete})
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(written(t, s, "timeline.csv"), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, c := range rows[1] {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r\n\x00") {
				t.Errorf("a cell begins like a formula: %q", c)
			}
		}
		if got, want := strings.TrimPrefix(rows[1][slices.Index(rows[0], "text")], "'"), export.Visible(text); got != strings.TrimPrefix(want, "'") {
			t.Errorf("%q became %q", text, got)
		}
		if !json.Valid([]byte(written(t, s, "timeline.json"))) {
			t.Error("timeline.json is not JSON")
		}
	})
}
