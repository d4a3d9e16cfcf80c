package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
	"daybook/internal/work"
	"daybook/store"
)

func TestAccountStatuses_D1_A7(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		blobs, err := archive.NewFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		now := accountTime
		log, err := archive.Open(ctx, archive.Config{Storage: db, Keys: db.Keys, Blobs: blobs, Clock: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		operator := daybook.Actor{ID: "local", Role: "operator"}
		c, err := log.NewCase(ctx, operator, "made up", "Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		other, err := log.NewCase(ctx, operator, "another", "Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		a, consent := newAccount(c, "wren")
		if err := db.PutAccount(ctx, a, consent); err != nil {
			t.Fatal(err)
		}
		item := daybook.Item{
			Capture: daybook.Capture{Account: a.ID, Platform: "mastodon", Lane: "notifications", NativeID: "1", MediaType: "application/json", Raw: []byte("{}"), Offset: -1, Origin: daybook.Collected},
			Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{{Key: "mastodon:1", Kind: daybook.KindMention, Direction: daybook.In,
				Sender: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel"}, Sent: daybook.When{At: accountTime}}}},
		}.Record()
		gap := daybook.Gap{Account: a.ID, Lane: "notifications", Class: daybook.Late, From: accountTime.Add(time.Hour), To: accountTime.Add(2 * time.Hour), Cause: "daybook was not running"}
		batch := []daybook.Record{
			daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentGiven, Consent: consent, Account: a, At: accountTime}),
			item,
			daybook.NewRecord(daybook.RecordGap, gap),
			daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentPaused, Consent: consent, Account: a, At: accountTime.Add(3 * time.Hour)}),
		}
		for i := range batch {
			batch[i].Actor, batch[i].Logged = operator, accountTime.Add(time.Duration(i)*time.Minute)
		}
		if _, err := log.Append(ctx, c, batch); err != nil {
			t.Fatal(err)
		}
		if err := log.CatchUp(ctx, c, db.Messages(nil)); err != nil {
			t.Fatal(err)
		}
		for lane, st := range map[daybook.Lane]collectors.LaneState{
			"notifications": {Opened: accountTime, LastOK: accountTime.Add(49 * time.Hour), BackDone: true},
			"conversations": {Opened: accountTime, LastOK: accountTime.Add(48 * time.Hour), Back: "b"},
			"requests":      {Lost: true},
			"blocks":        {Opened: accountTime, LastOK: accountTime.Add(time.Hour), BackDone: true, Gap: accountTime.Add(2 * time.Hour), Cause: "the platform could not be read"},
		} {
			if err := db.SaveLane(ctx, a.ID, lane, st); err != nil {
				t.Fatal(err)
			}
		}
		want := []daybook.AccountStatus{{
			Account: a, Consent: consent, Newest: accountTime.Add(time.Minute),
			Changes: []daybook.ConsentChange{{Event: daybook.ConsentGiven, At: accountTime, Entry: 1}, {Event: daybook.ConsentPaused, At: accountTime.Add(3 * time.Hour), Entry: 4}},
			Lanes: []daybook.LaneStatus{
				{Lane: "blocks", Opened: accountTime, Checked: accountTime.Add(time.Hour), Failing: accountTime.Add(2 * time.Hour), Cause: "the platform could not be read"},
				{Lane: "conversations", Opened: accountTime, Checked: accountTime.Add(48 * time.Hour), Behind: true},
				{Lane: "notifications", Opened: accountTime, Checked: accountTime.Add(49 * time.Hour)},
				{Lane: "requests", Lost: true},
			},
		}}
		got, err := db.AccountStatuses(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if at := got[0].Checked(); !at.Equal(accountTime.Add(48 * time.Hour)) {
			t.Errorf("checked %v, want the time of the place that was read least lately", at)
		}
		if at, entry := got[0].Since(daybook.ConsentPaused, daybook.ConsentResumed); entry != 4 || !at.Equal(accountTime.Add(3*time.Hour)) {
			t.Errorf("since %v, entry %d", at, entry)
		}
		gaps, err := db.GapsBefore(ctx, c, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]daybook.GapStatus{{Gap: gap, Entry: 3}}, gaps); diff != "" {
			t.Error(diff)
		}
		if gaps, err := db.GapsBefore(ctx, c, 3, 10); err != nil || len(gaps) != 0 {
			t.Errorf("gaps before the first: %v, %v", gaps, err)
		}
		if n, err := db.CountGaps(ctx, c); err != nil || n != 1 {
			t.Errorf("%d gaps, %v; want 1", n, err)
		}
		// 2 March 09:00 to 4 March 10:00, the blocks not read from 10:00 on: no day wholly.
		if cov, err := db.Coverage(ctx, c, accountTime.Add(49*time.Hour)); err != nil || cov.Days != 3 || cov.Wholly != 0 || cov.Partly != 3 {
			t.Errorf("coverage %+v, %v; want 3 days, each in part", cov, err)
		}
		if got, err := db.AccountStatuses(ctx, other); err != nil || len(got) != 0 {
			t.Errorf("accounts of another case: %v, %v", got, err)
		}
		if _, err := db.AccountStatuses(archive.Within(ctx, other), c); !errors.Is(err, daybook.ErrForbidden) {
			t.Errorf("from within another case: %v, want ErrForbidden", err)
		}
	})
}

func TestTask_IsReadAndChanged(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), caseOf(t, db)
		task := work.Task{ID: "connecting/abc", Kind: "connecting", Case: string(c), Args: []byte("secret words"), Due: accountTime.Add(15 * time.Minute)}
		if err := db.Put(ctx, task); err != nil {
			t.Fatal(err)
		}
		got, err := db.Task(ctx, task.ID)
		if err != nil || string(got.Args) != "secret words" || got.Case != string(c) {
			t.Fatalf("task %+v, %v", got, err)
		}
		if _, err := db.Task(ctx, "connecting/other"); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("a task that is not there: %v, want ErrNotFound", err)
		}
		claimed, err := db.ClaimAbout(ctx, "connecting", "abc", "me", task.Due, accountTime, time.Minute, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		if again, err := db.ClaimAbout(ctx, "connecting", "abc", "you", task.Due, accountTime, time.Minute, 1); err != nil || len(again) != 0 {
			t.Errorf("somebody else claimed it too: %v, %v", again, err)
		}
		next := claimed[0]
		next.Args = []byte("other words")
		if err := db.SetTask(ctx, next); err != nil {
			t.Fatal(err)
		}
		all, err := db.TasksOf(ctx, "connecting", c)
		if err != nil || len(all) != 1 || string(all[0].Args) != "other words" || !all[0].Due.Equal(task.Due) {
			t.Errorf("tasks %+v, %v", all, err)
		}
		again, err := db.ClaimAbout(ctx, "connecting", "abc", "you", task.Due, accountTime, time.Minute, 1)
		if err != nil || len(again) != 1 {
			t.Fatalf("not given back: %v, %v", again, err)
		}
		if err := db.SetTask(ctx, next); !errors.Is(err, work.ErrLost) {
			t.Errorf("changed by whoever lost it: %v, want ErrLost", err)
		}
	})
}
