package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/alerts"
	"daybook/store"
)

// What a mail said of the log is known after it was sent; its text is not.
func TestAlerts_SentAnchors(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), alertCase(t, db)
		r := alerts.NewRecipient(c, alerts.Adviser, "adviser@charity.example", "UTC")
		anchor := &alerts.Anchor{Size: 166, Root: daybook.DigestOf([]byte("root"))}
		n := alerts.Notification{ID: "with-anchor", Case: c, Recipient: r.ID, Made: noon, Body: "Hello,\n", Anchor: anchor}
		if err := db.SaveAndMail(ctx, r, n); err != nil {
			t.Fatal(err)
		}
		code := alerts.Notification{ID: "without", Case: c, Recipient: r.ID, Made: noon, Body: "Hello,\n", Code: "c"}
		if err := db.SaveAndMail(ctx, r, code); err != nil {
			t.Fatal(err)
		}
		if got, err := db.SentAnchors(ctx, c, 10); err != nil || len(got) != 0 {
			t.Errorf("before they were sent: %v, %v", got, err)
		}
		mails, err := db.ClaimMails(ctx, noon, time.Minute, 10)
		if err != nil || len(mails) != 2 {
			t.Fatalf("claimed %v, %v", mails, err)
		}
		sent := noon.Add(time.Minute)
		for _, m := range mails {
			if err := db.EndMail(ctx, m, sent, alerts.Ending{State: alerts.Sent}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.SentAnchors(ctx, c, 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []alerts.Notification{{ID: n.ID, Case: c, Recipient: r.ID, Made: sent, Anchor: anchor}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
