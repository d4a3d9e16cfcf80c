package alerts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/alerts"

	"github.com/google/go-cmp/cmp"
)

func weekly(change ...func(*alerts.Recipient)) alerts.Recipient {
	r := alerts.NewRecipient(caseID, alerts.ThePerson, "maya.second@mail.example", "Europe/London")
	r.ID = "person"
	r.Weekly, r.Weekday, r.DigestAt = true, time.Monday, 10*60
	for _, f := range change {
		f(&r)
	}
	return r
}

func TestPlan_Weekly_C6(t *testing.T) {
	// 5, 12, 19 and 26 October 2026 are Mondays; 10:00 in London is 09:00 UTC
	// until the 25th.
	news := []alerts.Event{event(2, alerts.AfterStop, date(4, 12, 0))}
	told := func(at time.Time) alerts.Told { return alerts.Told{Seq: 1, Mail: at} }
	tests := []struct {
		name   string
		r      alerts.Recipient
		events []alerts.Event
		told   alerts.Told
		now    time.Time
		mails  int
	}{
		{"before its time", weekly(), news, alerts.Told{}, date(5, 8, 59), 0},
		{"at its time", weekly(), news, alerts.Told{}, date(5, 9, 0), 1},
		{"at its time, with nothing new", weekly(), nil, alerts.Told{}, date(5, 9, 0), 1},
		{"once a week", weekly(), news, told(date(5, 9, 0)), date(5, 15, 0), 0},
		{"on no other day", weekly(), news, told(date(5, 9, 0)), date(8, 9, 0), 0},
		{"a week later", weekly(), news, told(date(5, 9, 0)), date(12, 9, 0), 1},
		{"a missed day waits for the next week", weekly(), news, told(date(5, 9, 0)), date(13, 9, 0), 0},
		{"not for the week in which it was chosen", weekly(func(r *alerts.Recipient) { r.WeeklyFrom = date(5, 12, 0) }), news, alerts.Told{}, date(5, 15, 0), 0},
		{"but for the next", weekly(func(r *alerts.Recipient) { r.WeeklyFrom = date(5, 12, 0) }), news, alerts.Told{}, date(12, 9, 0), 1},
		{"the clocks have changed", weekly(), nil, told(date(19, 9, 0)), date(26, 9, 59), 0},
		{"the clocks have changed, an hour later in UTC", weekly(), nil, told(date(19, 9, 0)), date(26, 10, 0), 1},
		{"a break", weekly(func(r *alerts.Recipient) { r.Paused = date(6, 0, 0) }), news, alerts.Told{}, date(5, 9, 0), 0},
		{"an address that is not confirmed", weekly(func(r *alerts.Recipient) { r.Unconfirmed = &alerts.Confirmation{ID: "c"} }), news, alerts.Told{}, date(5, 9, 0), 0},
	}
	var bodies []string
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.r.Check(); err != nil {
				t.Fatal(err)
			}
			got := alerts.Plan(tt.now, tt.r, tt.events, tt.told, alerts.Anchor{})
			if len(got) != tt.mails {
				t.Fatalf("got %d mails, want %d", len(got), tt.mails)
			}
			for _, n := range got {
				bodies = append(bodies, n.Body)
			}
		})
	}
	for _, b := range bodies {
		if b != bodies[0] {
			t.Errorf("two weekly mails differ: %q and %q", bodies[0], b)
		}
	}
	bad := alerts.NewRecipient(caseID, alerts.Adviser, "adviser@charity.example", "UTC")
	bad.Weekly = true
	if bad.Check() == nil {
		t.Error("an adviser can choose one mail a week, in which no numbers stand")
	}
}

// Once a week, on the same day, whatever happens: through the real store.
func TestMailer_Weekly_C6(t *testing.T) {
	h := newHouse(t, date(1, 12, 0)) // a Thursday
	n := &fakeNotifier{}
	h.notifier = n
	h.recipient(alerts.ThePerson, func(r *alerts.Recipient) {
		r.Weekly, r.Weekday, r.DigestAt, r.WeeklyFrom = true, time.Monday, 10*60, h.now
	})
	h.until(date(9, 0, 0), 3*time.Hour)
	h.receive(40)
	h.until(date(28, 0, 0), 3*time.Hour)
	var days []string
	ids := map[string]bool{}
	for _, m := range n.sent {
		days = append(days, m.Made.Format("Mon 2"))
		ids[m.ID] = true
		if m.Body != n.sent[0].Body {
			t.Errorf("the mail of %s says something else: %q", m.Made, m.Body)
		}
	}
	if diff := cmp.Diff([]string{"Mon 5", "Mon 12", "Mon 19", "Mon 26"}, days); diff != "" {
		t.Error(diff)
	}
	if len(ids) != len(days) {
		t.Errorf("%d Message-IDs for %d mails", len(ids), len(days))
	}
}

func TestMail_Weekly_C5_Golden(t *testing.T) {
	got := alerts.Preview(date(5, 12, 0), weekly(), nil, alerts.Anchor{}).Body
	name := filepath.Join("testdata", "weekly.golden")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", name, diff)
	}
	for _, word := range []string{"http", "@", "case", "contact", "message", "new"} {
		if strings.Contains(strings.ToLower(got), word) {
			t.Errorf("the weekly mail says %q", word)
		}
	}
}

// What a preview shows is what goes out.
func TestPreview_IsTheMail_C5(t *testing.T) {
	h := newHouse(t, date(5, 12, 0))
	n := &fakeNotifier{}
	h.notifier = n
	r := h.recipient(alerts.Adviser, func(r *alerts.Recipient) { r.Title, r.Sender = "Your order", "The shop" })
	h.receive(3)
	h.until(date(6, 12, 0), time.Hour)
	if len(n.sent) != 1 {
		t.Fatalf("%d mails, want 1", len(n.sent))
	}
	size, root, err := h.log.Head(t.Context(), h.c)
	if err != nil {
		t.Fatal(err)
	}
	events, err := h.db.AlertEvents(t.Context(), h.c, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := alerts.Preview(h.now, r, events, alerts.Anchor{Size: size, Root: root})
	got := n.sent[0]
	want.ID, want.Made, want.UpTo = got.ID, got.Made, got.UpTo
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the preview and the mail differ:\n%s", diff)
	}
	sent, err := h.db.SentAnchors(t.Context(), h.c, 10)
	if err != nil || len(sent) != 1 || sent[0].Anchor.Size != size || sent[0].Anchor.Root != root || sent[0].Body != "" || sent[0].Recipient != r.ID {
		t.Errorf("what is kept of the mail: %+v, %v; want its size and root and no text", sent, err)
	}
}
