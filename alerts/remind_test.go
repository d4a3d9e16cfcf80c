package alerts_test

import (
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"

	"github.com/google/go-cmp/cmp"
)

// remindFor lets time pass from a consent to its end, with everything at work
// that runs every minute, and returns the days before the end on which mails
// went out, by recipient.
func remindFor(t *testing.T, h *house, step time.Duration) map[string][]int {
	t.Helper()
	n := &fakeNotifier{}
	h.notifier = n
	a := daybook.Account{ID: "acc", Case: h.c, Platform: "mastodon"}
	c := daybook.Consent{Given: h.now, Until: h.now.Add(daybook.ConsentPeriod)}
	for end := c.Until.Add(48 * time.Hour); h.now.Before(end); {
		h.now = h.now.Add(step)
		if err := h.follower.Remind(t.Context(), a, c); err != nil {
			t.Fatal(err)
		}
		h.mail()
	}
	days := map[string][]int{}
	for _, m := range n.sent {
		days[m.To] = append(days[m.To], int((c.Until.Sub(m.Made)+23*time.Hour)/(24*time.Hour)))
		if !strings.Contains(m.Body, "agreement comes to its end: 1") && !strings.HasPrefix(m.To, "person") {
			t.Errorf("the adviser's mail says %q", m.Body)
		}
	}
	return days
}

func TestRemind_D4(t *testing.T) {
	daily := func(r *alerts.Recipient) {
		for _, k := range alerts.RuleKinds() {
			r.Rules[k] = alerts.Digest
		}
	}
	for _, tc := range []struct {
		name  string
		setUp func(h *house)
		want  map[string][]int
	}{
		{"the adviser, and not the person", func(h *house) { h.recipient(alerts.Adviser); h.recipient(alerts.ThePerson, daily) },
			map[string][]int{"adviser@charity.example": {14, 7, 1}}},
		{"the person, where there is no adviser", func(h *house) { h.recipient(alerts.ThePerson, daily) },
			map[string][]int{"person@charity.example": {14, 7, 1}}},
		{"the person, where the adviser's access has ended", func(h *house) {
			h.recipient(alerts.Adviser, func(r *alerts.Recipient) { r.Until = h.now.Add(time.Hour) })
			h.recipient(alerts.ThePerson, daily)
		}, map[string][]int{"person@charity.example": {14, 7, 1}}},
		{"a person who chose no mail gets none", func(h *house) { h.recipient(alerts.ThePerson) }, map[string][]int{}},
		{"nobody, where the rule is off", func(h *house) {
			h.recipient(alerts.Adviser)
			if err := h.db.SetAlertRules(h.t.Context(), h.c, []alerts.Rule{{Kind: alerts.AfterStop}}); err != nil {
				h.t.Fatal(err)
			}
		}, map[string][]int{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHouse(t, date(1, 9, 0))
			tc.setUp(h)
			if diff := cmp.Diff(tc.want, remindFor(t, h, 4*time.Hour)); diff != "" {
				t.Errorf("days before the end with a mail (-want +got):\n%s", diff)
			}
		})
	}
}

// A machine that was off does not catch up on old reminders.
func TestRemind_AfterAPause_D4(t *testing.T) {
	h := newHouse(t, date(1, 9, 0))
	h.recipient(alerts.Adviser)
	got := remindFor(t, h, 85*24*time.Hour+time.Hour)
	if n := len(got["adviser@charity.example"]); n > 1 {
		t.Errorf("%d mails on one day", n)
	}
	events, err := h.db.AlertEvents(t.Context(), h.c, 0, 100)
	if err != nil || len(events) != 1 || !strings.HasSuffix(events[0].ID, "/7") {
		t.Errorf("events %+v, %v; want the one for seven days alone", events, err)
	}
}
