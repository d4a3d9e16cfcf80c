package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
	"daybook/export"
)

// tablesOf writes all tables and drafts of what a Spec shows of a view.
func tablesOf(t *testing.T, v *export.View, spec export.Spec) (*export.Shown, map[string]string) {
	t.Helper()
	s, err := export.Show(v, spec)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range s.Files() {
		var b strings.Builder
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		out[f.Name] = b.String()
	}
	return s, out
}

// The tables of a recorded case are the same each time, also once the log has
// gone on.
func TestTablesOfARecordedCaseStay_B10(t *testing.T) {
	r := newReplay(t, "", nil)
	var size uint64
	var then map[string]string
	r.play(func(string) {
		if then == nil {
			size = r.head()
			_, then = tablesOf(t, r.view(size), export.Spec{Kind: export.Complete})
		}
	})
	_, now := tablesOf(t, r.view(size), export.Spec{Kind: export.Complete})
	all := r.view(r.head())
	_, once := tablesOf(t, all, export.Spec{Kind: export.Complete})
	_, twice := tablesOf(t, r.view(r.head()), export.Spec{Kind: export.Complete})
	for name := range then {
		if then[name] != now[name] {
			t.Errorf("%s of the first %d entries has changed", name, size)
		}
		if once[name] != twice[name] {
			t.Errorf("%s differs when it is made twice", name)
		}
	}
	if first := strings.Count(then["timeline.json"], `{"exhibit":`); first == 0 || first >= len(all.Messages) {
		t.Errorf("%d messages at first, %d at the end", first, len(all.Messages))
	}
}

// What timeline.json says of each message is what the entries that it names hold,
// and a selection of each message holds nothing of another.
func TestTimelineOfARecordedCase_A1_B5(t *testing.T) {
	r := newReplay(t, "", nil)
	r.play(nil)
	v := r.view(r.head())
	s, tables := tablesOf(t, v, export.Spec{Kind: export.Complete})
	var objects []map[string]any
	if err := json.Unmarshal([]byte(tables["timeline.json"]), &objects); err != nil {
		t.Fatal(err)
	}
	if len(objects) != len(v.Messages) {
		t.Fatalf("%d objects for %d messages", len(objects), len(v.Messages))
	}
	for _, o := range objects {
		var values []string // of the entries
		for _, n := range o["entries"].([]any) {
			if !s.Holds(uint64(n.(float64))) {
				t.Errorf("entry %v is named and is not in the bundle", n)
			}
			e, err := r.app.log.Entry(t.Context(), r.id, uint64(n.(float64)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range e.Record.Fields {
				if _, rest, ok := strings.Cut(f.Name, "."); ok {
					values = append(values, rest+"="+string(f.Value))
				}
			}
		}
		for _, member := range []string{"key", "kind", "direction", "sender", "text"} {
			if is, _ := o[member].(string); is != "" && !slices.Contains(values, member+"="+is) {
				t.Errorf("exhibit %v: %s %q is in none of its entries", o["exhibit"], member, is)
			}
		}
	}
	for i := range v.Messages {
		if i%7 == 0 {
			r.showsNothingElse(v, &v.Messages[i])
		}
	}
}

// showsNothingElse selects one message and looks for the others in what is shown.
func (r *replay) showsNothingElse(v *export.View, m *daybook.Message) {
	r.Helper()
	s, tables := tablesOf(r.T, v, export.Spec{Kind: export.Selection, Entries: m.Captures[:1]})
	var all strings.Builder
	for _, text := range tables {
		all.WriteString(text)
	}
	for n := range v.Size {
		if !s.Holds(n) {
			continue
		}
		e, err := r.app.log.Entry(r.Context(), r.id, n)
		if err != nil {
			r.Fatal(err)
		}
		withheld := s.Withhold(n, e.Record.Kind, e.Record.Fields)
		for _, f := range e.Record.Fields {
			if withheld[f.Name] == "" {
				all.WriteString("\n" + f.Name + " ")
				all.Write(f.Value)
			}
		}
	}
	in := map[daybook.MessageKey]bool{}
	mine := ""
	for i := range s.Exhibits {
		x := &s.Exhibits[i].Message
		in[x.Key] = true
		mine += x.Text + " " + x.ReplyTo + " " + x.Thread + " "
	}
	shown := all.String()
	for i := range v.Messages {
		o := &v.Messages[i]
		if in[o.Key] {
			continue
		}
		if strings.Contains(shown, string(o.Key)) {
			r.Errorf("the selection of entry %d names message %d", m.Captures[0], o.Captures[0])
		}
		if len(o.Text) > 24 && strings.Contains(shown, o.Text) && !strings.Contains(mine, o.Text) {
			r.Errorf("the selection of entry %d has the text of message %d", m.Captures[0], o.Captures[0])
		}
	}
}

// A message whose erasure was asked for is in no bundle from then on, and is
// there again when that is cancelled.
func TestHiddenMessageIsInNoBundle_C10(t *testing.T) {
	r := newReplay(t, "", nil)
	r.play(nil)
	before := r.view(r.head())
	var m *daybook.Message
	for i := range before.Messages {
		if o := &before.Messages[i]; len(o.Text) > 24 && len(o.Captures) > 1 && o.Direction == daybook.In {
			m = o
			break
		}
	}
	actor := cases.Operator("test")
	asked, err := r.app.cases.AskErasure(t.Context(), actor, r.id, m.Captures[:1], "a test")
	if err != nil {
		t.Fatal(err)
	}
	hidden := r.view(before.Size)
	if len(hidden.Messages) != len(before.Messages)-1 {
		t.Errorf("%d messages, %d before", len(hidden.Messages), len(before.Messages))
	}
	s, tables := tablesOf(t, hidden, export.Spec{Kind: export.Complete})
	for name, text := range tables {
		if strings.Contains(text, string(m.Key)) || strings.Contains(text, m.Text) {
			t.Errorf("%s still has it", name)
		}
	}
	for _, n := range m.Captures {
		if !s.Holds(n) {
			continue
		}
		e, err := r.app.log.Entry(t.Context(), r.id, n)
		if err != nil {
			t.Fatal(err)
		}
		withheld := s.Withhold(n, e.Record.Kind, e.Record.Fields)
		for _, f := range e.Record.Fields {
			if withheld[f.Name] == "" && strings.Contains(string(f.Value), m.Text) {
				t.Errorf("field %s of entry %d still has it", f.Name, n)
			}
		}
	}
	if err := r.app.cases.CancelErasure(t.Context(), actor, r.id, asked.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, r.view(before.Size), compareZones()); diff != "" {
		t.Errorf("after cancelling, the same entries say something else:\n%s", diff)
	}
}
