package store_test

import (
	"fmt"
	"testing"

	"daybook"
	"daybook/store"
)

func TestMessagesByMAC(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		ctx, log, c := t.Context(), openLog(t, db), caseOf(t, db)
		key, err := db.Keys.Case(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		var records []daybook.Record
		var macs [][32]byte
		for i := range 250 { // more than one statement takes
			m := daybook.ReadMessage{
				Key: daybook.MessageKey(fmt.Sprint("mastodon:https://birds.example/", i)), Kind: daybook.KindMention, Direction: daybook.In,
				Sender: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel"}, Sent: daybook.When{At: accountTime}, Text: fmt.Sprint("text ", i),
			}
			r := daybook.Item{
				Capture: daybook.Capture{Account: "a", Platform: "mastodon", Lane: "notifications", NativeID: fmt.Sprint(i), Raw: []byte(`{}`), Offset: -1, Origin: daybook.Collected},
				Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{m}},
			}.Record()
			r.Actor, r.Logged = daybook.Actor{ID: "mastodon", Role: "collector"}, accountTime
			records = append(records, r)
			macs = append([][32]byte{key.MessageMAC(m.Key)}, macs...) // newest first
		}
		if _, err := log.Append(ctx, c, records); err != nil {
			t.Fatal(err)
		}
		if err := log.CatchUp(ctx, c, db.Messages(nil)); err != nil {
			t.Fatal(err)
		}
		macs[3] = key.MessageMAC("mastodon:https://birds.example/none")
		got, err := db.MessagesByMAC(ctx, c, macs)
		if err != nil || len(got) != 249 {
			t.Fatalf("%d messages, %v, want 249", len(got), err)
		}
		if got[0].Text != "text 249" || got[2].Text != "text 247" || got[3].Text != "text 245" || got[248].Text != "text 0" || len(got[0].Captures) != 1 {
			t.Errorf("in another order: %q, %q, %q … %q", got[0].Text, got[2].Text, got[3].Text, got[248].Text)
		}
		if none, err := db.MessagesByMAC(ctx, c, nil); err != nil || len(none) != 0 {
			t.Errorf("of none: %v, %v", none, err)
		}
	})
}
