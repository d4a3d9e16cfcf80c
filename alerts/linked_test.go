package alerts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/alerts"
	"daybook/detect"
)

// suggestion is a finding that the handles of facts may be linked, the later one
// first.
func suggestion(f detect.Facts, handles ...int) detect.Finding {
	found := detect.Finding{Kind: "link"}
	for _, h := range handles {
		found.Handles = append(found.Handles, f.Handles[h])
	}
	return found
}

// Kestrel and sparrow (0 and 1) are a confirmed group; wren (2) and heron (3) are
// others. Entries from 10 on are looked at.
func TestEvaluateLinks_C6(t *testing.T) {
	changed := func(c detect.Contact, change func(*detect.Contact)) detect.Contact { change(&c); return c }
	past := []detect.Contact{contact(0, 0, date(1, 0, 0)), contact(1, 1, date(1, 0, 0)), contact(2, 2, date(1, 0, 0))}
	with := func(cs ...detect.Contact) detect.Facts { return facts(append(past[:3:3], cs...)...) }
	event := func(id string, first, last uint64, newest time.Time) []alerts.Event {
		return []alerts.Event{{ID: id, Rule: alerts.MayBeLinked, Count: 1, First: first, Last: last, At: newest.Add(time.Minute), Newest: newest}}
	}
	heron := contact(10, 3, date(2, 0, 0))
	tests := []struct {
		name    string
		facts   detect.Facts
		mark    daybook.Mark
		marked  int
		blocked bool // wren
		handles []int
		want    []alerts.Event
	}{
		{name: "a group", facts: with(heron, contact(11, 3, date(2, 1, 0))), handles: []int{3, 0, 1}, want: event("may-be-linked/10/0", 10, 11, date(2, 1, 0))},
		{name: "one handle of which nothing was said", facts: with(heron), handles: []int{3, 2}},
		{name: "one that is unwanted", facts: with(heron), handles: []int{3, 2}, mark: daybook.MarkUnwanted, marked: 2, want: event("may-be-linked/10/2", 10, 10, date(2, 0, 0))},
		{name: "one that was asked to stop", facts: with(heron), handles: []int{3, 2}, mark: daybook.MarkStop, marked: 2, want: event("may-be-linked/10/2", 10, 10, date(2, 0, 0))},
		{name: "one that was blocked", facts: with(heron), handles: []int{3, 2}, blocked: true, want: event("may-be-linked/10/2", 10, 10, date(2, 0, 0))},
		{name: "the later one is unwanted", facts: with(heron), handles: []int{3, 2}, mark: daybook.MarkUnwanted, marked: 3, want: event("may-be-linked/10/2", 10, 10, date(2, 0, 0))},
		{name: "the later one is agreed", facts: with(heron), handles: []int{3, 0, 1}, mark: daybook.MarkAllowed, marked: 3},
		{name: "neither wrote in these entries", facts: with(changed(heron, func(c *detect.Contact) { c.Entry = 3 })), handles: []int{3, 0, 1}},
		{name: "what is later is not looked at", facts: with(changed(heron, func(c *detect.Contact) { c.Entry = 99 })), handles: []int{3, 0, 1}},
		{name: "only the group wrote", facts: with(changed(heron, func(c *detect.Contact) { c.Entry = 3 }), contact(12, 1, date(3, 0, 0))), handles: []int{3, 0, 1},
			want: event("may-be-linked/3/0", 3, 3, date(2, 0, 0))},
		{name: "imported", facts: with(changed(heron, func(c *detect.Contact) { c.Origin = daybook.Imported })), handles: []int{3, 0, 1},
			want: []alerts.Event{{ID: "may-be-linked/10/0", Rule: alerts.MayBeLinked, Count: 1, First: 10, Last: 10, At: date(2, 0, 1), Newest: date(2, 0, 0), Late: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.facts
			if tt.mark != "" {
				f.Marks = []detect.Mark{{What: tt.mark, Handle: tt.marked, Entry: 5}}
				if tt.mark == daybook.MarkStop {
					f.Marks[0].When = daybook.When{At: date(1, 12, 0)}
				}
			}
			if tt.blocked {
				f.Blocks = []detect.Block{{Handle: 2, Seen: date(1, 12, 0), Entry: 5}}
			}
			found := []detect.Finding{suggestion(f, tt.handles...)}
			if diff := cmp.Diff(tt.want, alerts.EvaluateLinks(alerts.DefaultRules(), f, found, 10, 50)); diff != "" {
				t.Error(diff)
			}
			if got := alerts.EvaluateLinks([]alerts.Rule{{Kind: alerts.Unwanted}}, f, found, 10, 50); len(got) > 0 {
				t.Errorf("without the rule: %v", got)
			}
		})
	}
}

// fakeLinks suggests that every other handle may be linked to the first, which
// wrote, and counts how often it is asked.
type fakeLinks struct {
	*house
	asked int
	fails bool
	owed  uint64
}

func (l *fakeLinks) Owed(context.Context, daybook.CaseID) (uint64, error) { return l.owed, nil }

func (l *fakeLinks) SetOwed(_ context.Context, _ daybook.CaseID, from uint64) error {
	l.owed = from
	return nil
}

func (l *fakeLinks) Recipients(ctx context.Context, c daybook.CaseID) ([]alerts.Recipient, error) {
	return l.db.Recipients(ctx, c)
}

func (l *fakeLinks) Suggest(_ context.Context, _ daybook.CaseID, f detect.Facts) ([]detect.Finding, error) {
	l.asked++
	if l.fails {
		return nil, alerts.ErrNotCompared
	}
	var found []detect.Finding
	for i := range f.Handles {
		if i > 0 {
			found = append(found, suggestion(f, i, 0))
		}
	}
	return found, nil
}

// The adviser is told of a handle that may be linked once, in words that say
// nothing of it, and not again when the log is derived anew. Where nobody wants
// to hear of it, nothing is compared.
func TestMayBeLinkedIsToldOnce_C6(t *testing.T) {
	h := newHouse(t, date(5, 8, 0))
	n := &fakeNotifier{}
	h.notifier = n
	l := &fakeLinks{house: h}
	h.follower = alerts.NewFollower(h.db, h.db, h.log, h.clock).WithLinks(l)
	h.receive(1)
	h.askToStop()
	h.recipient(alerts.ThePerson)
	h.receiveFrom(heron)
	if l.asked != 0 {
		t.Errorf("handles were compared %d times, and nobody wants to hear of it", l.asked)
	}
	h.recipient(alerts.Adviser)
	for range 3 {
		h.now = h.now.Add(24 * time.Hour)
		h.receiveFrom(heron)
		h.until(h.now.Add(24*time.Hour), 6*time.Hour)
	}
	told := 0
	for _, m := range n.sent {
		if m.To != "adviser@charity.example" {
			t.Errorf("a mail went to %s", m.To)
		}
		told += strings.Count(m.Body, "Somebody who may be linked to others: 1\n")
		if strings.Contains(m.Body, "heron") || strings.Contains(m.Body, "kestrel") || strings.Contains(m.Body, secretWords) {
			t.Errorf("the mail says %q", m.Body)
		}
	}
	if told != 1 || len(n.sent) != 1 {
		t.Errorf("told %d times in %d mails", told, len(n.sent))
	}
	if err := h.db.ResetDerived(t.Context(), h.c, h.follower.Name()); err != nil {
		t.Fatal(err)
	}
	h.follow()
	h.until(h.now.Add(48*time.Hour), 6*time.Hour)
	if len(n.sent) != 1 {
		t.Errorf("rebuilding sent %d mails", len(n.sent)-1)
	}
}

// Where handles could not be compared, contact is told of all the same, and who
// may be linked is told with the next entry, though nobody writes again.
func TestMayBeLinkedIsOwed_C6(t *testing.T) {
	h := newHouse(t, date(5, 8, 0))
	n := &fakeNotifier{}
	h.notifier = n
	l := &fakeLinks{house: h, fails: true}
	h.follower = alerts.NewFollower(h.db, h.db, h.log, h.clock).WithLinks(l)
	h.receive(1)
	h.recipient(alerts.Adviser)
	h.askToStop()
	h.receiveFrom(heron)
	if l.owed == 0 {
		t.Error("a comparison failed, and none is owed")
	}
	l.fails = false
	h.until(h.now.Add(24*time.Hour), 6*time.Hour)
	h.askToStop() // an entry that is nobody's contact
	h.until(h.now.Add(48*time.Hour), 6*time.Hour)
	told := 0
	for _, m := range n.sent {
		told += strings.Count(m.Body, "Somebody who may be linked to others: 1\n")
	}
	if told != 1 || l.owed != 0 {
		t.Errorf("told %d times, and owed from %d on", told, l.owed)
	}
}

var heron = daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/heron"}
