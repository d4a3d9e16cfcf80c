package alerts_test

import (
	"testing"
	"time"

	"daybook"
	"daybook/alerts"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const caseID = daybook.CaseID("k7qh2m3abcdefghijklmnopqrs")

func adviser(change ...func(*alerts.Recipient)) alerts.Recipient {
	r := alerts.NewRecipient(caseID, alerts.Adviser, "adviser@charity.example", "Europe/London")
	r.ID = "adviser"
	for _, f := range change {
		f(&r)
	}
	return r
}

func atOnce(r *alerts.Recipient) { r.Rules[alerts.AfterStop] = alerts.AtOnce }

func event(seq uint64, rule alerts.RuleKind, at time.Time) alerts.Event {
	return alerts.Event{ID: "e", Seq: seq, Rule: rule, Count: 1, At: at, Newest: at}
}

func TestPlan_C6(t *testing.T) {
	// October 2026 in London: BST until the 25th, 02:00.
	told := func(at time.Time) alerts.Told {
		return alerts.Told{Seq: 1, Mail: at, AtOnce: map[alerts.RuleKind]time.Time{alerts.AfterStop: at}}
	}
	late := event(2, alerts.AfterStop, date(5, 12, 0))
	late.Late = true
	tests := []struct {
		name   string
		r      alerts.Recipient
		events []alerts.Event
		told   alerts.Told
		now    time.Time
		mails  int
	}{
		{"nothing new", adviser(), nil, alerts.Told{}, date(5, 12, 0), 0},
		{"digest before its time", adviser(), []alerts.Event{event(2, alerts.AfterStop, date(4, 12, 0))}, alerts.Told{}, date(5, 7, 59), 0},
		{"digest at its time", adviser(), []alerts.Event{event(2, alerts.AfterStop, date(4, 12, 0))}, alerts.Told{}, date(5, 8, 0), 1},
		{"digest after its time", adviser(), []alerts.Event{event(2, alerts.AfterStop, date(4, 12, 0))}, alerts.Told{}, date(5, 15, 0), 1},
		{"what came after today's digest waits", adviser(), []alerts.Event{event(2, alerts.AfterStop, date(5, 9, 0))}, alerts.Told{}, date(5, 15, 0), 0},
		{"one mail a day", adviser(), []alerts.Event{event(2, alerts.AfterStop, date(5, 7, 0))}, told(date(5, 6, 30)), date(5, 15, 0), 0},
		{"and one on the next", adviser(), []alerts.Event{event(2, alerts.AfterStop, date(5, 7, 0))}, told(date(5, 6, 30)), date(6, 8, 0), 1},
		{"at once", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, alerts.Told{}, date(5, 12, 1), 1},
		{"at once for another rule only", adviser(atOnce), []alerts.Event{event(2, alerts.NewHandle, date(5, 12, 0))}, alerts.Told{}, date(5, 12, 1), 0},
		{"at once, late", adviser(atOnce), []alerts.Event{late}, alerts.Told{}, date(5, 12, 1), 0},
		{"at once, late, with the digest", adviser(atOnce), []alerts.Event{late}, alerts.Told{}, date(6, 8, 0), 1},
		{"at once, 48 hours old", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, told(date(7, 7, 0)), date(7, 12, 0), 0},
		{"at once, in a burst", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 17, 59))}, told(date(5, 12, 0)), date(5, 19, 0), 0},
		{"at once, after a burst", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 18, 0))}, told(date(5, 12, 0)), date(5, 19, 0), 1},
		{"at once, at night", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 21, 0))}, alerts.Told{}, date(5, 21, 0), 0},
		{"at once, a minute before the night", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 20, 59))}, alerts.Told{}, date(5, 20, 59), 1},
		{"at once, in the morning", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 21, 0))}, alerts.Told{}, date(6, 6, 0), 1},
		{"no quiet hours", adviser(atOnce, func(r *alerts.Recipient) { r.QuietFrom, r.QuietUntil = 0, 0 }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 21, 0))}, alerts.Told{}, date(5, 21, 0), 1},
		{"quiet hours by day", adviser(atOnce, func(r *alerts.Recipient) { r.QuietFrom, r.QuietUntil = 9*60, 17*60 }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, alerts.Told{}, date(5, 12, 0), 0},
		{"digest time in quiet hours waits for the morning", adviser(func(r *alerts.Recipient) { r.DigestAt = 23 * 60 }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, alerts.Told{}, date(6, 6, 0), 1},
		{"another zone", adviser(atOnce, func(r *alerts.Recipient) { r.Zone = "Asia/Kolkata" }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 17, 0))}, alerts.Told{}, date(5, 17, 0), 0},
		{"a break", adviser(atOnce, func(r *alerts.Recipient) { r.Paused = date(6, 12, 0) }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, alerts.Told{}, date(6, 11, 59), 0},
		{"after a break", adviser(atOnce, func(r *alerts.Recipient) { r.Paused = date(6, 12, 0) }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, alerts.Told{}, date(6, 12, 0), 1},
		{"access has ended", adviser(atOnce, func(r *alerts.Recipient) { r.Until = date(5, 12, 0) }),
			[]alerts.Event{event(2, alerts.AfterStop, date(5, 11, 0))}, alerts.Told{}, date(5, 12, 0), 0},
		{"a mail still waits", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(5, 12, 0))}, alerts.Told{Waiting: true}, date(5, 12, 0), 0},
		{"the person, who chose nothing", alerts.NewRecipient(caseID, alerts.ThePerson, "maya@mail.example", "UTC"),
			[]alerts.Event{event(2, alerts.AfterStop, date(4, 12, 0))}, alerts.Told{}, date(5, 12, 0), 0},
		{"the night on which the clocks go back: 06:59 GMT", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(25, 0, 0))}, told(date(24, 12, 0)), date(25, 6, 59), 0},
		{"the night on which the clocks go back: 07:00 GMT", adviser(atOnce), []alerts.Event{event(2, alerts.AfterStop, date(25, 0, 0))}, told(date(24, 12, 0)), date(25, 7, 0), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.r.Check(); err != nil {
				t.Fatalf("no time zone data: %v", err)
			}
			got := alerts.Plan(tt.now, tt.r, tt.events, tt.told, alerts.Anchor{})
			if len(got) != tt.mails {
				t.Fatalf("got %d mails, want %d", len(got), tt.mails)
			}
			if again := alerts.Plan(tt.now, tt.r, tt.events, tt.told, alerts.Anchor{}); !cmp.Equal(got, again) {
				t.Error("the same arguments give another mail")
			}
		})
	}
}

func TestOpen_QuietHoursEndWhereTheClocksChange(t *testing.T) {
	tests := []struct {
		name, zone  string
		from, until alerts.Clock
		now, want   time.Time
	}{
		{"an ordinary night", "Europe/London", 22 * 60, 7 * 60, date(5, 23, 0), date(6, 6, 0)},
		{"the clocks go back", "Europe/London", 22 * 60, 7 * 60, date(24, 22, 0), date(25, 7, 0)},
		{"the end comes twice", "Europe/London", 22 * 60, 90, date(25, 0, 0), date(25, 0, 30)},
		{"the end does not exist", "Europe/London", 22 * 60, 90, time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		{"by day", "UTC", 9 * 60, 17 * 60, date(5, 9, 0), date(5, 17, 0)},
		{"not quiet", "UTC", 9 * 60, 17 * 60, date(5, 17, 0), date(5, 17, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := adviser(func(r *alerts.Recipient) { r.Zone, r.QuietFrom, r.QuietUntil = tt.zone, tt.from, tt.until })
			if err := r.Check(); err != nil {
				t.Fatalf("no time zone data: %v", err)
			}
			if got := r.Open(tt.now); !got.Equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Whatever happens, a recipient gets no mail in quiet hours, one digest a day at
// most, few mails that could not wait, and is told of everything in the end.
func TestPlan_C6_Invariants(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatalf("no time zone data: %v", err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := adviser(func(r *alerts.Recipient) {
			r.QuietFrom = alerts.Clock(rapid.IntRange(0, 24*60-1).Draw(rt, "quiet from"))
			r.QuietUntil = (r.QuietFrom + alerts.Clock(rapid.IntRange(0, 12*60).Draw(rt, "quiet for"))) % (24 * 60)
			r.DigestAt = alerts.Clock(rapid.IntRange(0, 24*60-1).Draw(rt, "digest"))
			r.Rules[alerts.AfterStop] = rapid.SampledFrom([]alerts.Pace{alerts.Digest, alerts.AtOnce}).Draw(rt, "pace")
		})
		var (
			told    alerts.Told
			pending []alerts.Event
			seq     uint64
			digests = map[string]int{}
			days    = map[string]int{}
		)
		start := date(23, 0, 0) // the clocks change on the 25th
		for step := range 6 * 24 * 2 {
			now := start.Add(time.Duration(step) * 30 * time.Minute)
			if step < 4*24*2 && rapid.IntRange(0, 5).Draw(rt, "event") == 0 {
				seq++
				pending = append(pending, event(seq, alerts.AfterStop, now))
			}
			mails := alerts.Plan(now, r, pending, told, alerts.Anchor{})
			if len(mails) == 0 {
				continue
			}
			if len(mails) > 1 {
				rt.Fatalf("%d mails at one time", len(mails))
			}
			local := now.In(zone)
			clock := alerts.Clock(local.Hour()*60 + local.Minute())
			if q := (clock - r.QuietFrom + 24*60) % (24 * 60); q < (r.QuietUntil-r.QuietFrom+24*60)%(24*60) {
				rt.Fatalf("a mail at %v, quiet from %v until %v", local, r.QuietFrom, r.QuietUntil)
			}
			day := local.Format(time.DateOnly)
			if days[day]++; days[day] > 5 { // every 6 hours, on a day of 25
				rt.Fatalf("%d mails on %s", days[day], day)
			}
			if len(mails[0].AtOnce) == 0 {
				if digests[day]++; digests[day] > 1 {
					rt.Fatalf("%d digests on %s", digests[day], day)
				}
			}
			told = told.After(mails[0])
			told.Waiting = false
			pending = nil
		}
		if len(pending) > 0 {
			rt.Fatalf("%d events were never told", len(pending))
		}
	})
}
