package export_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"daybook"
	"daybook/export"
)

func show(t rapid.TB, m *made, s export.Spec) *export.Shown {
	t.Helper()
	out, err := export.Show(m.view, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// alike compares what may be compared from outside.
func alike() cmp.Options {
	return cmp.Options{
		cmpopts.IgnoreUnexported(export.Shown{}, export.Exhibit{}, export.Covered{}), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	}
}

// A selection of one message discloses nothing of the others: no text, handle,
// name, identifier or attachment.
func TestSelectionDisclosesNothingElse_B5(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := someCase(t)
		chosen := rapid.SampledFrom(m.view.Messages).Draw(t, "message")
		s := show(t, m, export.Spec{Kind: export.Selection, Entries: chosen.Captures[:1]})
		all := m.disclosed(t, s)
		in := map[daybook.MessageKey]bool{}
		senders := ""
		for i := range s.Exhibits {
			in[s.Exhibits[i].Message.Key] = true
			senders += " " + s.Exhibits[i].Message.Sender.Native + " "
		}
		if !in[chosen.Key] {
			t.Fatalf("the chosen message is not an exhibit")
		}
		for k, words := range m.said {
			for _, w := range words {
				if has := strings.Contains(all, w); has && !in[k] {
					t.Errorf("%q of a message that is not in the bundle stands in it:\n%s", w, around(all, w))
				}
			}
		}
		for i := range m.view.Messages {
			o := m.view.Messages[i].Sender.Native
			if name := o[strings.LastIndex(o, "/")+1:]; !strings.Contains(senders, o+" ") && strings.Contains(all, name) {
				t.Errorf("%q sent no message of the bundle and stands in it:\n%s", name, around(all, name))
			}
		}
		if strings.Contains(all, "soughtwords") {
			t.Error("words of a search are in the bundle")
		}
		if !strings.Contains(all, chosen.Text[:10]) {
			t.Error("the chosen text is not in the bundle")
		}
	})
}

func around(s, word string) string {
	i := strings.Index(s, word)
	return s[max(0, i-100):min(len(s), i+100)]
}

// What is left out of a period, and what is in, is all of it.
func TestSelectionSaysHowManyAreLeftOut_A6(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := someCase(t)
		end := len(m.view.Entries)
		spec := export.Spec{Kind: export.Selection, From: start.Add(time.Duration(rapid.IntRange(0, end).Draw(t, "from")) * time.Minute)}
		if rapid.Bool().Draw(t, "has an end") {
			spec.To = spec.From.Add(time.Duration(rapid.IntRange(1, end).Draw(t, "for")) * time.Minute)
		}
		if rapid.Bool().Draw(t, "of one handle") {
			spec.Handles = []daybook.Handle{rapid.SampledFrom(m.view.Facts.Handles).Draw(t, "handle")}
		}
		basket := rapid.SampledFrom(m.view.Messages).Draw(t, "message")
		if rapid.Bool().Draw(t, "with a basket") {
			spec.Entries = basket.Captures[:1]
		}
		s, err := export.Show(m.view, spec)
		if errors.Is(err, daybook.ErrInvalid) {
			return // nothing is chosen
		}
		if err != nil {
			t.Fatal(err)
		}
		in, period := 0, 0
		inside := func(at time.Time) bool { return !at.Before(spec.From) && (spec.To.IsZero() || at.Before(spec.To)) }
		for i := range s.Exhibits {
			if inside(s.Exhibits[i].At) {
				in++
			}
		}
		for i := range m.view.Messages {
			if inside(m.view.Messages[i].Sent.At) {
				period++
			}
		}
		if s.InPeriod != period || s.LeftOut != period-in {
			t.Errorf("%d in the period, %d left out; want %d and %d - %d", s.InPeriod, s.LeftOut, period, period, in)
		}
	})
}

func TestThreeOfTenAreChosen_A6(t *testing.T) {
	m := newMaker()
	for i := range 10 {
		m.item(post{id: "2000" + string(rune('0'+i)), text: "words", sender: "kestrel", display: "K"})
	}
	s := show(t, m.made, export.Spec{Kind: export.Selection, From: start, Entries: []uint64{4}, Handles: []daybook.Handle{handle("nobody", "")}})
	if len(s.Exhibits) != 1 || s.LeftOut != 9 {
		t.Fatalf("%d exhibits, %d left out", len(s.Exhibits), s.LeftOut)
	}
	s = show(t, m.made, export.Spec{Kind: export.Selection, From: start, To: start.Add(time.Hour), Entries: []uint64{2, 5, 11}, Handles: []daybook.Handle{handle("nobody", "")}})
	if len(s.Exhibits) != 3 || s.InPeriod != 10 || s.LeftOut != 7 {
		t.Errorf("%d exhibits, %d in the period, %d left out; want 3, 10, 7", len(s.Exhibits), s.InPeriod, s.LeftOut)
	}
	if got := written(t, s, "completeness.json"); !strings.Contains(got, `"left_out": 7`) || !strings.Contains(got, `"why": "not selected"`) {
		t.Errorf("completeness.json does not say so:\n%s", got)
	}
	if got := written(t, s, "production-statement.txt"); !strings.Contains(got, "Of 10 messages in this period, 7 are not in the bundle because they were not selected.") {
		t.Errorf("the statement does not say so:\n%s", got)
	}
}

func written(t rapid.TB, s *export.Shown, name string) string {
	t.Helper()
	var b strings.Builder
	for _, f := range s.Files() {
		if f.Name == name {
			if err := f.Write(&b); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
	}
	t.Fatalf("there is no file %s", name)
	return ""
}

// The same choice gives the same bundle, in whatever order it was put together,
// and the view stays as it was.
func TestShowIsAFunction_B10(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		m := someCase(t)
		var spec export.Spec
		spec.Kind = export.Selection
		for _, msg := range m.view.Messages {
			if rapid.Bool().Draw(t, "chosen") || len(spec.Entries) == 0 {
				spec.Entries = append(spec.Entries, msg.Captures[0])
			}
		}
		spec.Redactions = []export.Redaction{{Entry: spec.Entries[0], Field: export.FieldText, Reason: "private"}}
		spec.Covers = []export.Cover{{Word: "sender1", As: "Person 1"}}
		one := show(t, m, spec)
		before := m.disclosed(t, one)
		other := spec
		other.Entries = slices.Clone(spec.Entries)
		slices.Reverse(other.Entries)
		if seed%2 == 0 {
			other.Entries = append(other.Entries, other.Entries[0])
		}
		two := show(t, m, other)
		one.Spec, two.Spec = export.Spec{}, export.Spec{}
		if diff := cmp.Diff(one, two, alike()); diff != "" {
			t.Fatalf("another order gives something else:\n%s", diff)
		}
		if again := m.disclosed(t, show(t, m, spec)); again != before {
			t.Fatal("the same again gives other bytes")
		}
	})
}

func TestCompleteHasEverything_A1_A2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := someCase(t)
		s := show(t, m, export.Spec{Kind: export.Complete})
		if len(s.Exhibits) != len(m.view.Messages) || s.LeftOut != 0 || s.InPeriod != len(m.view.Messages) {
			t.Fatalf("%d exhibits of %d messages, %d left out of %d", len(s.Exhibits), len(m.view.Messages), s.LeftOut, s.InPeriod)
		}
		all := m.disclosed(t, s)
		for _, words := range m.said {
			for _, w := range words {
				if !strings.Contains(all, w) && !strings.HasPrefix(w, "pic") && len(w) < 60 {
					t.Errorf("%q is not in a complete bundle", w)
				}
			}
		}
		for n := range m.records {
			if got, want := s.Holds(uint64(n)), m.records[n].Kind != daybook.RecordAccess; got != want {
				t.Errorf("entry %d of kind %s: held %v", n, m.records[n].Kind, got)
			}
			if w := s.Withhold(uint64(n), m.records[n].Kind, m.fields(uint64(n))); len(w) > 0 && s.Holds(uint64(n)) {
				t.Errorf("entry %d: withheld %v in a complete bundle", n, w)
			}
		}
	})
}

func TestWrongSpecsAreRefused(t *testing.T) {
	m := newMaker()
	n := m.item(post{id: "30001", text: "words", sender: "kestrel", display: "K"})
	day := start.AddDate(0, 0, 1)
	for _, tt := range []struct {
		name string
		spec export.Spec
	}{
		{"no kind", export.Spec{}},
		{"complete with a period", export.Spec{Kind: export.Complete, From: start}},
		{"a selection of nothing", export.Spec{Kind: export.Selection}},
		{"a period the wrong way round", export.Spec{Kind: export.Selection, From: day, To: start}},
		{"nothing in the period", export.Spec{Kind: export.Selection, From: day}},
		{"an entry that is no message", export.Spec{Kind: export.Selection, Entries: []uint64{0}}},
		{"an entry that is not there", export.Spec{Kind: export.Selection, Entries: []uint64{n + 1}}},
		{"another size", export.Spec{Kind: export.Complete, Size: n}},
		{"a selection with access", export.Spec{Kind: export.Selection, Entries: []uint64{n}, Access: true}},
		{"no such field", export.Spec{Kind: export.Complete, Redactions: []export.Redaction{{Entry: n, Field: "all"}}}},
		{"a redaction of no message", export.Spec{Kind: export.Complete, Redactions: []export.Redaction{{Entry: 1, Field: export.FieldText}}}},
		{"a cover of one letter", export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: "a", As: "b"}}}},
		{"a cover of nothing to see", export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: "\u200b\u200b\u200b", As: "b"}}}},
		{"a cover by nothing", export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: "Mara"}}}},
		{"a cover by itself", export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: "Mara", As: "mara 1"}}}},
		{"a reason that tells", export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: "Mara", As: "P", Reason: "Mara's name"}}}},
		{"a mark with a line break", export.Spec{Kind: export.Complete, Mark: "M\nR"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := export.Show(m.view, tt.spec)
			if !errors.Is(err, daybook.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
			if strings.Contains(err.Error(), "Mara") {
				t.Errorf("the error holds a covered word: %v", err)
			}
		})
	}
}

// What a handle is called in the rest of the record is not in a selection, nor in
// the sentences of findings.
func TestNamesOfAnotherTimeAreNotInASelection_B5(t *testing.T) {
	m := newMaker()
	n := m.item(post{id: "31001", text: "one", sender: "kestrel", display: "Kes"})
	m.item(post{id: "31002", text: "two", sender: "reed", display: "Reed"})
	other := m.item(post{id: "31003", text: "three", sender: "reed", display: "Reed"})
	later := daybook.SeenName{Account: "renamed_later@birds.example", Display: "Later Name"}
	for i := range m.view.Handles {
		h := &m.view.Handles[i].Handle
		h.Names = append(slices.Clone(h.Names), later)
		m.view.Facts.Handles[i] = *h
	}
	m.findings()
	for i := range m.view.Findings {
		f := &m.view.Findings[i]
		f.Text = "renamed_later@birds.example was here. " + f.Text
		for k := range f.Reasons {
			f.Reasons[k].Text = "LATER NAME: " + f.Reasons[k].Text
		}
	}
	s := show(t, m.made, export.Spec{Kind: export.Selection, Entries: []uint64{n, other}})
	all := m.disclosed(t, s)
	for _, no := range []string{"renamed_later", "Later Name", "LATER NAME"} {
		if strings.Contains(all, no) {
			t.Errorf("%q is in the selection:\n%s", no, around(all, no))
		}
	}
	if len(s.Findings) != 3 || s.Unsaid != 2 {
		t.Errorf("%d findings, %d reasons left out", len(s.Findings), s.Unsaid)
	}
}

// A request that names an item from outside of a selection is withheld; one that
// does not is shown.
func TestRequestsThatNameOthersAreWithheld_B5(t *testing.T) {
	for _, tt := range []struct {
		name, url, link string
		withheld        bool
	}{
		{"neither", "https://home.example/api/v1/notifications?limit=80", "", false},
		{"in the address", "https://home.example/api/v1/statuses/native33002/context", "", true},
		{"in a header", "https://home.example/api/v1/notifications", `<https://home.example/api/v1/notifications?max_id=native33002>; rel="next"`, true},
		{"its own", "https://home.example/api/v1/statuses/native33001", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMaker()
			n := m.item(post{id: "33001", text: "one", sender: "kestrel", display: "K"})
			m.item(post{id: "33002", text: "two", sender: "reed", display: "R"})
			x, err := json.Marshal(daybook.Exchange{Method: "GET", URL: tt.url, Status: 200, Headers: []daybook.Header{{Name: "Link", Value: tt.link}}})
			if err != nil {
				t.Fatal(err)
			}
			for i := range m.records[n].Fields {
				if f := &m.records[n].Fields[i]; f.Name == "source" {
					f.Value = x
				}
			}
			for kind, want := range map[export.Kind]bool{export.Selection: tt.withheld, export.Complete: false} {
				spec := export.Spec{Kind: kind}
				if kind == export.Selection {
					spec.Entries = []uint64{n}
				}
				if got := show(t, m.made, spec).Withhold(n, daybook.RecordItem, m.fields(n))["source"] != ""; got != want {
					t.Errorf("%s: withheld %v, want %v", kind, got, want)
				}
			}
		})
	}
}
