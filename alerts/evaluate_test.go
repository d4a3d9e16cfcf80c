package alerts_test

import (
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func date(day, hour, minute int) time.Time {
	return time.Date(2026, 10, day, hour, minute, 0, 0, time.UTC)
}

func contact(entry uint64, handle int, at time.Time) detect.Contact {
	return detect.Contact{Entry: entry, Handle: handle, At: at, Logged: at.Add(time.Minute), Kind: daybook.KindMention,
		Direction: daybook.In, Account: "acc", Platform: "mastodon", Origin: daybook.Collected}
}

// facts: kestrel and sparrow are linked; wren and heron are others. Entries 0
// to 9 are the past.
func facts(contacts ...detect.Contact) detect.Facts {
	f := detect.Facts{Zone: time.UTC, Now: date(31, 0, 0), Groups: [][]int{{0, 1}}}
	for _, h := range []string{"kestrel", "sparrow", "wren", "heron"} {
		f.Handles = append(f.Handles, daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/" + h})
	}
	f.Contacts = contacts
	return f
}

func TestEvaluate_C6(t *testing.T) {
	past := []detect.Contact{contact(0, 0, date(1, 0, 0)), contact(1, 2, date(1, 0, 0))}
	with := func(cs ...detect.Contact) []detect.Contact { return append(past[:2:2], cs...) }
	changed := func(c detect.Contact, change func(*detect.Contact)) detect.Contact { change(&c); return c }
	mark := func(what daybook.Mark, handle int, at time.Time) detect.Mark {
		return detect.Mark{What: what, Handle: handle, When: daybook.When{At: at}}
	}
	event := func(rule alerts.RuleKind, id string, count int, first, last uint64, newest time.Time) alerts.Event {
		return alerts.Event{ID: id, Rule: rule, Count: count, First: first, Last: last, At: newest.Add(time.Minute), Newest: newest}
	}
	tests := []struct {
		name   string
		facts  detect.Facts
		marks  []detect.Mark
		blocks []detect.Block
		want   []alerts.Event
	}{
		{name: "somebody known, nothing said", facts: facts(with(contact(10, 0, date(2, 0, 0)))...)},
		{name: "marked as unwanted, linked", facts: facts(with(contact(10, 1, date(2, 0, 0)), contact(11, 1, date(3, 0, 0)))...),
			marks: []detect.Mark{mark(daybook.MarkUnwanted, 0, time.Time{})},
			want: []alerts.Event{event(alerts.Unwanted, "unwanted/10", 2, 10, 11, date(3, 0, 0)),
				event(alerts.NewHandle, "new-handle/10", 1, 10, 10, date(2, 0, 0))}},
		{name: "after stop", facts: facts(with(contact(10, 0, date(2, 0, 0)), contact(11, 2, date(3, 0, 0)))...),
			marks: []detect.Mark{mark(daybook.MarkStop, 1, date(1, 12, 0))},
			want:  []alerts.Event{event(alerts.AfterStop, "after-stop/10", 1, 10, 10, date(2, 0, 0))}},
		{name: "after a block", facts: facts(with(contact(10, 0, date(2, 0, 0)))...),
			blocks: []detect.Block{{Handle: 1, Seen: date(1, 12, 0)}},
			want:   []alerts.Event{event(alerts.AfterStop, "after-stop/10", 1, 10, 10, date(2, 0, 0))}},
		{name: "agreed", facts: facts(with(contact(10, 3, date(2, 0, 0)))...),
			marks: []detect.Mark{mark(daybook.MarkAllowed, 3, time.Time{}), mark(daybook.MarkUnwanted, 3, time.Time{})}},
		{name: "new", facts: facts(with(contact(10, 3, date(2, 0, 0)), contact(11, 3, date(2, 1, 0)))...),
			want: []alerts.Event{event(alerts.NewHandle, "new-handle/10", 1, 10, 10, date(2, 0, 0))}},
		{name: "after a quiet time, by a linked handle that is known", facts: facts(contact(0, 0, date(1, 0, 0)), contact(1, 1, date(1, 0, 0)), contact(10, 1, date(31, 0, 0))),
			want: []alerts.Event{event(alerts.AfterQuiet, "after-quiet/10", 1, 10, 10, date(31, 0, 0))}},
		{name: "a second too early for a quiet time", facts: facts(contact(0, 0, date(1, 0, 1)), contact(10, 0, date(31, 0, 0)))},
		{name: "imported", facts: facts(with(changed(contact(10, 3, date(2, 0, 0)), func(c *detect.Contact) { c.Origin = daybook.Imported }))...),
			want: []alerts.Event{{ID: "new-handle/10/late", Rule: alerts.NewHandle, Count: 1, First: 10, Last: 10, At: date(2, 0, 1), Newest: date(2, 0, 0), Late: true}}},
		{name: "seen long after it was sent", facts: facts(with(changed(contact(10, 3, date(2, 0, 0)), func(c *detect.Contact) { c.Logged = date(4, 0, 1) }))...),
			want: []alerts.Event{{ID: "new-handle/10/late", Rule: alerts.NewHandle, Count: 1, First: 10, Last: 10, At: date(4, 0, 1), Newest: date(2, 0, 0), Late: true}}},
		{name: "sent in the future, as the platform says", facts: facts(with(changed(contact(10, 3, date(9, 0, 0)), func(c *detect.Contact) { c.Logged = date(2, 0, 0) }))...),
			want: []alerts.Event{{ID: "new-handle/10", Rule: alerts.NewHandle, Count: 1, First: 10, Last: 10, At: date(2, 0, 0), Newest: date(2, 0, 0)}}},
		{name: "what the person wrote, and what is no contact", facts: facts(with(
			changed(contact(10, 3, date(2, 0, 0)), func(c *detect.Contact) { c.Direction = daybook.Out }),
			changed(contact(11, 3, date(2, 0, 0)), func(c *detect.Contact) { c.Kind = daybook.KindPoll }),
			changed(contact(12, -1, date(2, 0, 0)), func(c *detect.Contact) { c.Kind = daybook.KindPost }))...)},
		{name: "later entries are not looked at", facts: facts(with(contact(99, 3, date(2, 0, 0)))...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.facts.Marks, tt.facts.Blocks = tt.marks, tt.blocks
			got := alerts.Evaluate(alerts.DefaultRules(), tt.facts, 10, 50)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if got := alerts.Evaluate(nil, tt.facts, 10, 50); len(got) > 0 {
				t.Errorf("without rules: %v", got)
			}
		})
	}
}

// However a log is cut into stretches, each contact is counted by a rule once.
func TestEvaluate_StretchesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(rt, "n")
		var cs []detect.Contact
		at := date(1, 0, 0)
		for i := range n {
			at = at.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(rt, "hours")) * time.Hour)
			cs = append(cs, contact(uint64(i), rapid.IntRange(0, 3).Draw(rt, "handle"), at))
		}
		f := facts(cs...)
		f.Marks = []detect.Mark{{What: daybook.MarkStop, Handle: 0, When: daybook.When{At: date(2, 0, 0)}}, {What: daybook.MarkUnwanted, Handle: 2}}
		count := func(cuts ...uint64) map[alerts.RuleKind]int {
			sum := map[alerts.RuleKind]int{}
			for i := range cuts[1:] {
				for _, e := range alerts.Evaluate(alerts.DefaultRules(), f, cuts[i], cuts[i+1]) {
					sum[e.Rule] += e.Count
				}
			}
			return sum
		}
		cut := uint64(rapid.IntRange(0, n).Draw(rt, "cut"))
		if diff := cmp.Diff(count(0, uint64(n)), count(0, cut, uint64(n))); diff != "" {
			rt.Fatal(diff)
		}
	})
}
