package archive_test

import (
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
)

// Whatever bytes and texts a sender writes: Find ends, and takes what shows the
// message alone and nothing that shows another one.
func FuzzFind(f *testing.F) {
	f.Add("mastodon:https://birds.example/users/rook/statuses/4", "I saw you at the market today", `{"uri":"https://birds.example/users/rook/statuses/4"}`)
	f.Add("x:1", "", "\x00\xff")
	f.Add("no colon", "a", "no colon")
	f.Fuzz(func(t *testing.T, key, text, raw string) {
		if key == "" || key == "another" || len(raw) > 1<<16 || len(text) > 1<<16 {
			return
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
		it := daybook.ReadMessage{Key: daybook.MessageKey(strings.ToValidUTF8(key, "?")), Text: text, Native: raw}
		first, err := l.Append(t.Context(), c, []daybook.Record{
			told(it), told(daybook.ReadMessage{Key: "another", Text: text, ReplyTo: raw}), unreadable(raw),
			daybook.NewRecord(daybook.RecordExchange, map[string]any{"body": []byte(raw)}),
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := l.Find(t.Context(), c, archive.Search{Messages: []daybook.MessageKey{it.Key}, Captures: []uint64{first}, Texts: []string{text}})
		if err != nil {
			t.Fatal(err)
		}
		if it.Key != "another" && (!slices.Contains(found.Entries, first) || slices.Contains(found.Entries, first+1)) {
			t.Errorf("it takes %v of the entries from %d on", found.Entries, first)
		}
	})
}
