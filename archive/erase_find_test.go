package archive_test

import (
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

// told makes an item that shows some messages.
func told(messages ...daybook.ReadMessage) daybook.Record {
	return daybook.Item{
		Capture: daybook.Capture{Account: "account", Platform: "mastodon", Lane: "notifications", NativeID: "1", Raw: []byte(`{}`), Origin: daybook.Collected},
		Reading: &daybook.Reading{Parser: "mastodon/1", Messages: messages},
	}.Record()
}

func unreadable(raw string) daybook.Record {
	return daybook.Item{Capture: daybook.Capture{Account: "account", Platform: "mastodon", NativeID: "1", Raw: []byte(raw)}, Failed: "it cannot be read"}.Record()
}

// Find knows what is about a message alone, what shows others too, and what only
// speaks of it.
func TestFindSaysWhatAnErasureTakes_B6(t *testing.T) {
	const (
		key  = daybook.MessageKey("mastodon:https://birds.example/users/rook/statuses/4")
		text = "I saw you at the market on Saturday"
	)
	rook := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/rook"}
	ana := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/ana"}
	it := daybook.ReadMessage{Key: key, Native: "4 77", Sender: rook, Text: text, Sent: daybook.When{At: time.Unix(1, 0)}}
	other := func(k daybook.MessageKey, text, replyTo string) daybook.ReadMessage {
		return daybook.ReadMessage{Key: k, Native: "9 78", Sender: ana, Text: text, ReplyTo: replyTo}
	}
	exchange := func(body string) daybook.Record {
		return daybook.NewRecord(daybook.RecordExchange, map[string]any{"account": "account", "body": []byte(body)})
	}
	picture := func(h daybook.Handle) daybook.Record {
		return daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Handle: h})
	}
	const (
		alone, beside, quoted = "alone", "beside others", "quoted"
		nothing               = ""
	)
	rows := []struct {
		name   string
		record daybook.Record
		want   string
	}{
		{"a capture", told(it), alone},
		{"the same once more", told(it), alone},
		{"it with another message", told(it, other("m2", "x", "")), beside},
		{"another message", told(other("m3", "a word", "")), nothing},
		{"an answer to it", told(other("m4", "no", "4")), quoted},
		{"an answer to something else", told(other("m5", "no", "5")), nothing},
		{"its text in another", told(other("m6", "> "+text+"\nlook at that", "")), quoted},
		{"its address in another", told(other("m7", "see https://birds.example/users/rook/statuses/4", "")), quoted},
		{"an address that only begins like it", told(other("m8", "see https://birds.example/users/rook/statuses/42", "")), nothing},
		{"seen as gone", daybook.NewRecord(daybook.RecordObservation, daybook.Observation{What: daybook.SeenGone, Message: key}), alone},
		{"another seen as gone", daybook.NewRecord(daybook.RecordObservation, daybook.Observation{What: daybook.SeenGone, Message: "m3"}), nothing},
		{"its attachment", daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: key}), alone},
		{"another's attachment", daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: "m3"}), nothing},
		{"the picture of its sender", picture(rook), alone},
		{"another picture", picture(ana), nothing},
		{"a capture that cannot be read and names it", unreadable(`{"uri":"https:\/\/birds.example\/users\/rook\/statuses\/4",`), alone},
		{"one that names another", unreadable(`{"uri":"https://birds.example/users/rook/statuses/42",`), nothing},
		{"an answer that cannot be read and names it", exchange(`[{"uri":"https://birds.example/users/rook/statuses/4"`), alone},
		{"one that does not", exchange(`[{"uri":`), nothing},
		{"a decision about its sender", daybook.NewRecord(daybook.RecordDecision, daybook.Decision{What: daybook.MarkStop, Handle: rook}), nothing},
	}
	m := archivetest.NewMemory()
	keys, err := archive.OpenKeyring(t.Context(), archive.InstanceKey{1}, m)
	if err != nil {
		t.Fatal(err)
	}
	l, err := archive.Open(t.Context(), archive.Config{Storage: m, Keys: keys, Blobs: m})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.NewCase(t.Context(), archivetest.Actor, "Garden", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	var batch []daybook.Record
	for _, r := range rows {
		batch = append(batch, r.record)
	}
	first, err := l.Append(t.Context(), c, batch)
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.Find(t.Context(), c, archive.Search{
		Messages: []daybook.MessageKey{key}, Captures: []uint64{first}, Pictures: []daybook.Handle{rook}, Texts: []string{text, "no"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			n, got := first+uint64(i), nothing
			switch {
			case slices.Contains(found.Entries, n):
				got = alone
			case slices.Contains(found.Kept, n):
				got = beside
			case slices.Contains(found.Quoted, n):
				got = quoted
			}
			if got != r.want {
				t.Errorf("it is found %q, want %q", got, r.want)
			}
		})
	}
	if !slices.IsSorted(found.Entries) {
		t.Errorf("entries are not in order: %v", found.Entries)
	}
	if err := l.Erase(t.Context(), archivetest.Actor, c, found.Entries, "asked for"); err != nil {
		t.Fatal(err)
	}
	again, err := l.Find(t.Context(), c, archive.Search{Messages: []daybook.MessageKey{key}, Captures: []uint64{first}, Pictures: []daybook.Handle{rook}})
	if err != nil || len(again.Entries) > 0 {
		t.Errorf("afterwards it finds %v, %v", again.Entries, err)
	}
}
