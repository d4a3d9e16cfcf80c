package daybook_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
)

func item() daybook.Item {
	at := time.Date(2026, 10, 26, 21, 14, 5, 123456000, time.UTC)
	return daybook.Item{
		Capture: daybook.Capture{
			Account: "account", Platform: "mastodon", Lane: "notifications", NativeID: "34975009", MediaType: "application/json",
			Raw: []byte(`{"id":"34975009"}`), Member: "/0", Offset: 17, Origin: daybook.Collected,
			Exchange: &daybook.Exchange{Method: "GET", URL: "https://social.example/api/v1/notifications?limit=80", Status: 200,
				Headers: []daybook.Header{{Name: "Server", Value: "Mastodon"}}, Start: at, End: at.Add(time.Second), Body: daybook.DigestOf([]byte("body")), Size: 4},
		},
		Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{
			{
				Key: "mastodon:https://birds.example/users/kestrel/statuses/9", Native: "9", Kind: daybook.KindDirectMessage, Direction: daybook.In,
				Sender: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel", Names: []daybook.SeenName{{Account: "kestrel@birds.example", Display: "K\u202ex"}}},
				To:     []daybook.Handle{{Platform: "mastodon", Native: "reed@ponds.example"}},
				Sent:   daybook.When{At: at, Precision: daybook.Minute, Zone: "Europe/London", Assumed: "the source has no seconds"},
				Edited: at.Add(time.Hour), Text: "hex: is how this text begins\nاقرأ", Lang: "en", Thread: "1", ReplyTo: "8", URL: "https://birds.example/@kestrel/9",
				Media: []daybook.Media{{Native: "m", Type: "image", URL: "https://social.example/m.png", State: daybook.MediaPending}}, Incomplete: true,
			},
			{Key: "mastodon:second", Kind: daybook.KindPost, Direction: daybook.Out, Sent: daybook.When{At: at}},
		}},
	}
}

// A1: everything that an item has to keep comes back from its record.
func TestItemComesBackFromItsRecord_A1(t *testing.T) {
	items := map[string]daybook.Item{
		"full":            item(),
		"without reading": {Capture: daybook.Capture{Account: "a", Lane: "l", Raw: []byte{0xff, 0}, Offset: -1, Origin: daybook.Imported}, Failed: "not JSON"},
		"from a file":     {Capture: daybook.Capture{Account: "a", Raw: []byte("x"), Member: "m#/0", Origin: daybook.Imported, File: daybook.Digest{1}, Made: time.Date(2026, 11, 18, 8, 0, 0, 5000, time.UTC)}},
		"not UTF-8":       {Capture: daybook.Capture{Account: "a", NativeID: "\xff\xfe", Raw: []byte("x"), Offset: 0, Origin: daybook.Collected}},
		"looks escaped":   {Capture: daybook.Capture{Account: "a", NativeID: "hex:zz", Raw: []byte("x"), Offset: -1}},
		"is an escape":    {Capture: daybook.Capture{Account: "a", NativeID: "hex:6162", Raw: []byte("x"), Offset: -1}},
	}
	for name, want := range items {
		t.Run(name, func(t *testing.T) {
			got, err := daybook.ParseItem(want.Record())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	// Years that a platform claims and that cannot be written stay in raw alone.
	for _, claim := range []string{"0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"} {
		at, err := time.Parse(time.RFC3339, claim)
		if err != nil {
			t.Fatal(err)
		}
		it := item()
		it.Reading.Messages[0].Sent.At, it.Reading.Messages[0].Edited, it.Reading.Messages[1].Sent.At = at, at, at
		if _, err := daybook.ParseItem(it.Record()); err != nil {
			t.Errorf("%s: %v", claim, err)
		}
	}
	if _, err := daybook.ParseItem(daybook.Record{Kind: daybook.RecordGap}); err == nil {
		t.Error("a gap was read as an item")
	}
}

// A capture is archived again when its message changed, and not when names,
// counters or addresses of pictures did.
func TestCaptureKey(t *testing.T) {
	key := item().CaptureKey()
	change := func(f func(*daybook.Item)) string {
		it := item()
		f(&it)
		return it.CaptureKey()
	}
	message := func(f func(*daybook.ReadMessage)) func(*daybook.Item) {
		return func(it *daybook.Item) { f(&it.Reading.Messages[0]) }
	}
	for name, f := range map[string]func(*daybook.Item){
		"the bytes":   func(it *daybook.Item) { it.Capture.Raw = []byte(`{"id":"34975009","favourites_count":3}`) },
		"the answer":  func(it *daybook.Item) { it.Capture.Exchange = nil },
		"a name":      message(func(m *daybook.ReadMessage) { m.Sender.Names = nil }),
		"a media URL": message(func(m *daybook.ReadMessage) { m.Media[0].URL = "https://social.example/other.png" }),
	} {
		if change(f) != key {
			t.Errorf("%s makes another capture", name)
		}
	}
	for name, f := range map[string]func(*daybook.Item){
		"the account":   func(it *daybook.Item) { it.Capture.Account = "other" },
		"the lane":      func(it *daybook.Item) { it.Capture.Lane = "conversations" },
		"the native id": func(it *daybook.Item) { it.Capture.NativeID = "1" },
		"the text":      message(func(m *daybook.ReadMessage) { m.Text += "." }),
		"an edit":       message(func(m *daybook.ReadMessage) { m.Edited = m.Edited.Add(time.Second) }),
		"an attachment": message(func(m *daybook.ReadMessage) { m.Media = nil }),
		"no reading":    func(it *daybook.Item) { it.Reading = nil },
	} {
		if change(f) == key {
			t.Errorf("%s makes no other capture", name)
		}
	}
}

func TestRecordsOfStructuresComeBack(t *testing.T) {
	n := uint64(7)
	want := daybook.Decision{What: daybook.MarkStop, Handle: daybook.Handle{Platform: "mastodon", Native: "123"}, Entry: &n,
		When: daybook.When{At: time.Date(2026, 10, 26, 20, 14, 0, 0, time.UTC), Precision: daybook.About}, How: "true", At: time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)}
	var got daybook.Decision
	if err := daybook.NewRecord(daybook.RecordDecision, want).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	broken := daybook.Record{Kind: daybook.RecordGap, Fields: []daybook.Field{{Name: "from", Value: []byte("nonsense")}}}
	if err := broken.Decode(&daybook.Gap{}); err == nil {
		t.Error("a field that is no JSON was read")
	}
}

func TestConsentCheck_D4(t *testing.T) {
	given := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := daybook.Consent{Given: given, Until: given.Add(daybook.ConsentPeriod)}
	for name, at := range map[string]time.Time{"before": given.Add(-time.Second), "at its end": c.Until, "long after": c.Until.AddDate(1, 0, 0)} {
		if c.Check(at) == nil {
			t.Errorf("in force %s", name)
		}
	}
	if err := c.Check(given.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	c.Withdrawn = given.Add(time.Hour)
	if c.Check(given.Add(2*time.Hour)) == nil {
		t.Error("in force after it was withdrawn")
	}
}

// Names and keys do not reach a log.
func TestLogValuesTellNothing_E12(t *testing.T) {
	h := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel", Names: []daybook.SeenName{{Account: "kestrel@birds.example"}}}
	for _, v := range []string{h.LogValue().String(), daybook.MessageKey("mastodon:kestrel").LogValue().String(), daybook.Actor{ID: "mara", Role: "owner"}.LogValue().String()} {
		for _, w := range []string{"kestrel", "birds", "mara"} {
			if strings.Contains(v, w) {
				t.Errorf("a log value holds %q: %s", w, v)
			}
		}
	}
}

func FuzzParseItem(f *testing.F) {
	for _, field := range item().Record().Fields {
		f.Add(field.Name, field.Value)
	}
	f.Add("m999.key", []byte("x"))
	f.Add("m1001.key", []byte("x"))
	f.Add("m-1.text", []byte("x"))
	f.Fuzz(func(t *testing.T, name string, value []byte) {
		r := daybook.Record{Kind: daybook.RecordItem, Fields: []daybook.Field{{Name: "parser", Value: []byte("mastodon/1")}, {Name: name, Value: value}}}
		it, err := daybook.ParseItem(r)
		if err != nil {
			return
		}
		if _, err := daybook.ParseItem(it.Record()); err != nil {
			t.Errorf("what was read from %q cannot be read again: %v", name, err)
		}
	})
}

func BenchmarkItem(b *testing.B) {
	it := item()
	b.Run("Record", func(b *testing.B) {
		for b.Loop() {
			it.Record()
		}
	})
	r := it.Record()
	b.Run("ParseItem", func(b *testing.B) {
		for b.Loop() {
			if _, err := daybook.ParseItem(r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Messages of one time have numbers near one another, and a key's number is its
// own alone.
func TestNear(t *testing.T) {
	at := func(t time.Time, n int64) daybook.MessageKey {
		return daybook.MessageKey("mastodon:https://birds.example/users/kestrel/statuses/" + strconv.FormatInt(t.UnixMilli()<<16|n, 10))
	}
	noon := time.Date(2026, 10, 26, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		key  daybook.MessageKey
		want uint32
	}{
		{"the hour of a status", at(noon, 7), uint32(noon.Unix() / 3600)},
		{"the same hour", at(noon.Add(59*time.Minute), 60_000), uint32(noon.Unix() / 3600)},
		{"the next hour", at(noon.Add(time.Hour), 0), uint32(noon.Unix()/3600) + 1},
		{"a count", "mastodon:social.example/notifications/34975009", 34975009 / 1024},
		{"no number", "mastodon:https://ponds.example/objects/ab12cd", 0},
		{"a digit behind letters", "mastodon:https://ponds.example/notes/9x1", 0},
		{"too long", "mastodon:https://ponds.example/99999999999999999999999", 0},
		{"nothing", "", 0},
	}
	for _, tt := range tests {
		if got := tt.key.Near(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
