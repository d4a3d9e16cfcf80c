package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/store"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	_ alerts.Events = (*store.DB)(nil)
	_ alerts.Store  = (*store.DB)(nil)
	_ alerts.Facts  = (*store.DB)(nil)
)

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

func alertCase(t *testing.T, db *store.DB) daybook.CaseID {
	t.Helper()
	c, err := db.NewCase(t.Context(), "made up", "Europe/London", noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func alertEvent(first int) alerts.Event {
	return alerts.Event{ID: fmt.Sprint("after-stop/", first), Rule: alerts.AfterStop, Count: 3, First: uint64(first), Last: uint64(first) + 2,
		At: noon, Newest: noon.Add(-time.Minute), Late: first%2 == 1}
}

func TestAlerts_EventsAndPosition(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), alertCase(t, db)
		other := alertCase(t, db)
		steps := []struct {
			from, to uint64
			events   []alerts.Event
		}{
			{0, 10, []alerts.Event{alertEvent(1), alertEvent(4)}},
			{0, 10, []alerts.Event{alertEvent(1), alertEvent(4)}}, // after a crash of somebody who was slower
			{5, 20, []alerts.Event{alertEvent(6)}},                // not where the position is
			{10, 20, nil},
			{20, 30, []alerts.Event{alertEvent(21)}},
		}
		for _, s := range steps {
			if err := db.AdvanceAlerts(ctx, c, s.from, s.to, s.events); err != nil {
				t.Fatal(err)
			}
		}
		stopped := alerts.Event{ID: "stopped/acc/2026-10-05", Rule: alerts.Stopped, Count: 1, At: noon, Newest: noon}
		for range 2 {
			if err := db.AddEvent(ctx, c, stopped); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.AlertEvents(ctx, c, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := []alerts.Event{alertEvent(1), alertEvent(4), alertEvent(21), stopped}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(alerts.Event{}, "Seq")); diff != "" {
			t.Error(diff)
		}
		for i := range got {
			if got[i].Seq != uint64(i+1) {
				t.Errorf("event %d has the number %d", i, got[i].Seq)
			}
		}
		for id, want := range map[daybook.CaseID]uint64{c: 30, other: 0} {
			if n, err := db.AlertPosition(ctx, id); err != nil || n != want {
				t.Errorf("position %d, %v; want %d", n, err, want)
			}
		}
	})
}

func TestAlerts_Rules(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), alertCase(t, db)
		check := func(want []alerts.Rule) {
			t.Helper()
			got, err := db.AlertRules(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		check(alerts.DefaultRules())
		chosen := []alerts.Rule{{Kind: alerts.AfterQuiet, Quiet: 10 * 24 * time.Hour}, {Kind: alerts.AfterStop}}
		for _, rules := range [][]alerts.Rule{chosen, nil, chosen} {
			if err := db.SetAlertRules(ctx, c, rules); err != nil {
				t.Fatal(err)
			}
			check(rules)
		}
	})
}

func TestAlerts_Recipients(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), alertCase(t, db)
		if err := db.AdvanceAlerts(ctx, c, 0, 10, []alerts.Event{alertEvent(1)}); err != nil {
			t.Fatal(err)
		}
		r := alerts.NewRecipient(c, alerts.Adviser, "adviser@charity.example", "Europe/London")
		r.Until = noon.AddDate(0, 1, 0)
		if err := db.SaveRecipient(ctx, r); err != nil {
			t.Fatal(err)
		}
		if err := db.AdvanceAlerts(ctx, c, 10, 20, []alerts.Event{alertEvent(11)}); err != nil {
			t.Fatal(err)
		}
		events, told, err := db.Untold(ctx, r)
		if err != nil || len(events) != 1 || events[0].First != 11 || told.Seq != 1 {
			t.Fatalf("untold: %+v, %+v, %v; want what came after they were added", events, told, err)
		}
		r.Address = "new@charity.example"
		if err := db.SaveRecipient(ctx, r); err != nil {
			t.Fatal(err)
		}
		if again, _, err := db.Untold(ctx, r); err != nil || len(again) != 1 {
			t.Errorf("a change of settings changed what is untold: %v, %v", again, err)
		}
		bad := r
		bad.Address = "nobody"
		if err := db.SaveRecipient(ctx, bad); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("save a bad address: %v, want ErrInvalid", err)
		}
		for _, of := range []daybook.CaseID{c, ""} {
			got, err := db.Recipients(ctx, of)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]alerts.Recipient{r}, got); diff != "" {
				t.Error(diff)
			}
		}
		if _, err := db.Recipient(ctx, alertCase(t, db), r.ID); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("recipient of another case: %v, want ErrNotFound", err)
		}
		if err := db.RemoveRecipient(ctx, c, r.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Recipient(ctx, c, r.ID); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("removed recipient: %v, want ErrNotFound", err)
		}
	})
}

func TestAlerts_Outbox(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), alertCase(t, db)
		r := alerts.NewRecipient(c, alerts.Adviser, "adviser@charity.example", "UTC")
		if err := db.SaveRecipient(ctx, r); err != nil {
			t.Fatal(err)
		}
		tell := func(upTo uint64) alerts.Notification {
			t.Helper()
			_, told, err := db.Untold(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			n := alerts.Notification{ID: fmt.Sprint("mail-", upTo), Case: c, Recipient: r.ID, Made: noon, Body: "Hello,\n", UpTo: upTo, AtOnce: []alerts.RuleKind{alerts.AfterStop}}
			if err := db.Tell(ctx, r, told, told.After(n), []alerts.Notification{n}); err != nil {
				t.Fatal(err)
			}
			late := n // somebody who was slower does not tell it again
			late.ID = n.ID + "-again"
			if err := db.Tell(ctx, r, told, told.After(late), []alerts.Notification{late}); err != nil {
				t.Fatal(err)
			}
			_, told, err = db.Untold(ctx, r)
			if err != nil || told.Seq != upTo || !told.Mail.Equal(noon) || !told.AtOnce[alerts.AfterStop].Equal(noon) || !told.Waiting {
				t.Fatalf("told: %+v, %v", told, err)
			}
			return n
		}
		claim := func(now time.Time, want ...string) []alerts.Mail {
			t.Helper()
			mails, err := db.ClaimMails(ctx, now, time.Minute, 10)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, m := range mails {
				ids = append(ids, m.ID)
			}
			if !slices.Equal(ids, want) {
				t.Fatalf("claimed %v, want %v", ids, want)
			}
			return mails
		}
		end := func(m alerts.Mail, now time.Time, e alerts.Ending) {
			t.Helper()
			if err := db.EndMail(ctx, m, now, e); err != nil {
				t.Fatal(err)
			}
		}

		n := tell(7)
		claim(noon.Add(-time.Second))
		lost := claim(noon, "mail-7")[0]
		if diff := cmp.Diff(n, lost.Notification); diff != "" {
			t.Error(diff)
		}
		claim(noon.Add(59 * time.Second)) // held
		m := claim(noon.Add(time.Minute), "mail-7")[0]
		end(lost, noon, alerts.Ending{State: alerts.Sent}) // the lease has moved on
		end(m, noon, alerts.Ending{State: alerts.Waiting, Due: noon.Add(time.Hour), Error: errors.New("451 4.3.0")})
		claim(noon.Add(59 * time.Minute))
		m = claim(noon.Add(time.Hour), "mail-7")[0]
		if m.Tries != 1 || m.Error != "451 4.3.0" {
			t.Errorf("after a failure: %+v", m)
		}
		end(m, noon, alerts.Ending{State: alerts.Waiting, Due: noon.Add(2 * time.Hour)})
		m = claim(noon.Add(2*time.Hour), "mail-7")[0]
		if m.Tries != 1 || m.Error != "" {
			t.Errorf("after waiting: %+v", m)
		}
		end(m, noon, alerts.Ending{State: alerts.Sent})
		claim(noon.Add(100 * time.Hour))
		if _, told, err := db.Untold(ctx, r); err != nil || told.Waiting {
			t.Errorf("told: %+v, %v; want nothing waiting", told, err)
		}

		tell(9)
		m = claim(noon, "mail-9")[0]
		end(m, noon, alerts.Ending{State: alerts.Failed, Error: errors.New("550 5.1.1")})
		claim(noon.Add(100 * time.Hour))
		failed, err := db.FailedMails(ctx, c)
		if err != nil || len(failed) != 1 || failed[0].Error != "550 5.1.1" || failed[0].Body != "Hello,\n" {
			t.Errorf("failed: %+v, %v", failed, err)
		}
	})
}

// Two mailers never take one mail.
func TestAlerts_ClaimsAreDisjoint(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), alertCase(t, db)
		r := alerts.NewRecipient(c, alerts.Adviser, "adviser@charity.example", "UTC")
		if err := db.SaveRecipient(ctx, r); err != nil {
			t.Fatal(err)
		}
		var told alerts.Told
		for i := range 20 {
			n := alerts.Notification{ID: fmt.Sprintf("mail-%02d", i), Case: c, Recipient: r.ID, Made: noon, UpTo: uint64(i + 1)}
			if err := db.Tell(ctx, r, told, told.After(n), []alerts.Notification{n}); err != nil {
				t.Fatal(err)
			}
			told = told.After(n)
		}
		var (
			wg      sync.WaitGroup
			mu      sync.Mutex
			claimed = map[string]int{}
		)
		for range 4 {
			wg.Go(func() {
				for range 5 {
					mails, err := db.ClaimMails(ctx, noon, time.Minute, 3)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, m := range mails {
						claimed[m.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(claimed) != 20 {
			t.Errorf("%d of 20 mails were claimed", len(claimed))
		}
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
	})
}
