package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	gocmp "github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
	"daybook/store"
)

// day is the first day of every made-up story; at counts minutes from its
// beginning.
var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

const mara = daybook.AccountID("accountofmara0000000000000")

// A sight is one capture of one made-up message. Fields that are zero get the
// usual values.
type sight struct {
	key        string
	text       string
	seen       int // minutes
	sent       int
	edited     int
	from       string // native identifier of the sender
	account    string // the sender's account name
	display    string
	to         []daybook.Handle
	kind       daybook.Kind
	lane       daybook.Lane
	direction  daybook.Direction
	origin     daybook.Origin
	made       int // of the file, in minutes
	media      []daybook.Media
	incomplete bool
}

func (s sight) read() daybook.ReadMessage {
	m := daybook.ReadMessage{
		Key: daybook.MessageKey(s.key), Kind: cmp.Or(s.kind, daybook.KindMention), Direction: cmp.Or(s.direction, daybook.In),
		Sender: birds(cmp.Or(s.from, "https://birds.example/users/kestrel")), To: s.to, Sent: daybook.When{At: at(s.sent)},
		Text: s.text, Incomplete: s.incomplete, Media: s.media,
	}
	if s.account != "" || s.display != "" {
		m.Sender.Names = []daybook.SeenName{{Account: s.account, Display: s.display}}
	}
	if s.edited != 0 {
		m.Edited = at(s.edited)
	}
	return m
}

func birds(native string) daybook.Handle { return daybook.Handle{Platform: "mastodon", Native: native} }

// item makes a record of one capture that shows these messages; the first says
// where and when.
func item(sights ...sight) daybook.Record {
	s := sights[0]
	it := daybook.Item{
		Capture: daybook.Capture{
			Account: mara, Platform: "mastodon", Lane: cmp.Or(s.lane, "notifications"), NativeID: s.key, MediaType: "application/json",
			Raw: []byte(`{"id":"1"}`), Offset: -1, Origin: cmp.Or(s.origin, daybook.Collected),
		},
		Reading: &daybook.Reading{Parser: "mastodon/1"},
	}
	if s.made != 0 && s.origin == daybook.Imported {
		it.Capture.Made = at(s.made)
	}
	if it.Capture.Origin == daybook.Collected {
		it.Capture.Exchange = &daybook.Exchange{Method: "GET", URL: "https://home.example/api/v1/notifications", Status: 200,
			Start: at(s.seen).Add(-time.Second), End: at(s.seen)}
	}
	for _, s := range sights {
		it.Reading.Messages = append(it.Reading.Messages, s.read())
	}
	r := it.Record()
	r.Logged = at(s.seen)
	return r
}

func look(what daybook.ObservationKind, key string, minute int) daybook.Record {
	r := daybook.NewRecord(daybook.RecordObservation, daybook.Observation{Account: mara, What: what, Message: daybook.MessageKey(key), At: at(minute)})
	r.Logged = at(minute)
	return r
}

func decide(d daybook.Decision) daybook.Record { return daybook.NewRecord(daybook.RecordDecision, d) }

// entries numbers records as a log would.
func entries(first uint64, records ...daybook.Record) []archive.Entry {
	out := make([]archive.Entry, len(records))
	for i, r := range records {
		out[i] = archive.Entry{Index: first + uint64(i), Record: r}
	}
	return out
}

func emptyCase(t testing.TB, db *store.DB) daybook.CaseID {
	t.Helper()
	c, err := db.NewCase(t.Context(), "Mara", "Europe/London", day)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// derive makes a case of records that follow each other in a log.
func derive(t testing.TB, db *store.DB, records ...daybook.Record) daybook.CaseID {
	t.Helper()
	c := emptyCase(t, db)
	handle(t, db.Messages(nil), c, entries(0, records...))
	return c
}

func handle(t testing.TB, f *store.MessageFollower, c daybook.CaseID, batch []archive.Entry) {
	t.Helper()
	if err := f.Handle(t.Context(), c, batch); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, db *store.DB, c daybook.CaseID, f daybook.MessageFilter) []daybook.Message {
	t.Helper()
	all, next, err := db.List(t.Context(), c, f, 10_000, "")
	if err != nil {
		t.Fatal(err)
	}
	if next != "" {
		t.Fatalf("more than 10,000 messages")
	}
	return all
}

func texts(messages []daybook.Message) []string {
	out := make([]string, len(messages))
	for i, m := range messages {
		out[i] = m.Text
	}
	return out
}

func same(t testing.TB, what string, got, want any, opts ...gocmp.Option) {
	t.Helper()
	if diff := gocmp.Diff(want, got, append(opts, cmpopts.EquateEmpty())...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestOneMessageOfManyCaptures(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m1", text: "Hello again", sent: 1, seen: 5, account: "kestrel@birds.example", display: "Kes"}),
			item(sight{key: "m1", text: "Hello again", sent: 1, seen: 9, lane: "conversations", kind: daybook.KindDirectMessage, account: "kestrel@birds.example", display: "Kes"}),
			item(sight{key: "m2", text: "Other", sent: 2, seen: 9}),
			item(sight{key: "m1", text: "Hello again", sent: 1, seen: 7, account: "kestrel@birds.example", display: "Kes"}),
		)
		want := daybook.Message{
			Key: "m1", Case: c, Account: mara, Platform: "mastodon", Kind: daybook.KindDirectMessage, Direction: daybook.In,
			Sender: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel",
				Names: []daybook.SeenName{{Account: "kestrel@birds.example", Display: "Kes", From: at(5), To: at(9)}}},
			Sent: daybook.When{At: at(1)}, FirstSeen: at(5), LastSeen: at(9), Text: "Hello again",
			Versions: []daybook.Version{{At: at(1), FirstSeen: at(5), Entry: 0, Text: "Hello again"}},
			State:    daybook.Present, Captures: []uint64{0, 1, 3}, Parser: "mastodon/1", Origin: daybook.Collected,
			Lanes: []daybook.Lane{"conversations", "notifications"},
		}
		for _, entry := range want.Captures {
			got, err := db.Message(t.Context(), c, entry)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("message of entry %d", entry), got, want)
		}
		key, err := db.Keys.Case(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.MessageByMAC(t.Context(), c, key.MessageMAC("m1"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "message by MAC", got, want)
		if _, err := db.Message(t.Context(), c, 4); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("message of an entry that is not there: %v, want ErrNotFound", err)
		}
		if _, err := db.MessageByMAC(t.Context(), c, [32]byte{}); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("message of another key: %v, want ErrNotFound", err)
		}
	})
}

// An equal capture is not archived again; when it was met last stands in the
// collector's ledger.
func TestLastSeenCountsWhatWasNotArchivedAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db, item(sight{key: "m1", text: "Hello", seen: 5}))
		if err := db.Remember(t.Context(), c, []collectors.SeenKey{collectors.MessageMark(mara, "m1")}, []uint64{0}, at(90)); err != nil {
			t.Fatal(err)
		}
		m, err := db.Message(t.Context(), c, 0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "last seen", m.LastSeen, at(90))
	})
}

func TestRenamedSender_A1(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m1", seen: 5, account: "kestrel@birds.example", display: "Kes"}),
			item(sight{key: "m2", seen: 8, account: "kestrel@birds.example", display: "Kes"}),
			item(sight{key: "m3", seen: 20, account: "merlin@birds.example", display: "Nobody"}),
			item(sight{key: "m4", seen: 30, account: "merlin@birds.example"}), // a profile that was emptied
		)
		all, err := db.Handles(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "handles", all, []daybook.HandleSummary{{
			Handle: daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel", Names: []daybook.SeenName{
				{Account: "kestrel@birds.example", Display: "Kes", From: at(5), To: at(8)},
				{Account: "merlin@birds.example", Display: "Nobody", From: at(20), To: at(20)},
			}},
			In: 4, First: at(0), Last: at(0),
		}})
	})
}

// An export does not say since when a name was borne: it is dated by its
// message, so that an old export does not bring an old name back.
func TestNameInAnExportIsDatedByItsMessage_A1(t *testing.T) {
	db := openSQLite(t)
	c := derive(t, db,
		item(sight{key: "m1", sent: 10, seen: 11, account: "new@birds.example"}),
		item(sight{key: "m2", sent: 2, seen: 500, account: "old@birds.example", origin: daybook.Imported}),
	)
	all, err := db.Handles(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "shown name", all[0].Handle.Shown(), "new@birds.example")
}

// So it is with the names of those whom the person wrote to.
func TestNameOfAnAddresseeInAnExportIsDatedByItsMessage_A1(t *testing.T) {
	db := openSQLite(t)
	old := birds("https://birds.example/users/kestrel")
	old.Names = []daybook.SeenName{{Account: "old@birds.example"}}
	c := derive(t, db,
		item(sight{key: "m1", sent: 10, seen: 11, account: "new@birds.example"}),
		item(sight{key: "m2", sent: 2, seen: 500, from: "https://birds.example/users/mara", direction: daybook.Out, to: []daybook.Handle{old}, origin: daybook.Imported}),
	)
	all, err := db.Handles(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "shown name", all[0].Handle.Shown(), "new@birds.example")
}

// What stands in a file was so when the file was made: whichever is read in
// first, the text of the file that was made last is the newest.
func TestTextInAFileIsAsOldAsTheFile_A2(t *testing.T) {
	imported := func(text string, made, seen int) daybook.Record {
		return item(sight{key: "m1", text: text, sent: 1, seen: seen, made: made, origin: daybook.Imported})
	}
	tests := []struct {
		name    string
		records []daybook.Record
		want    []string
	}{
		{"older file first", []daybook.Record{imported("One", 10, 100), imported("Two", 20, 200)}, []string{"One", "Two"}},
		{"newer file first", []daybook.Record{imported("Two", 20, 100), imported("One", 10, 200)}, []string{"One", "Two"}},
		{"older file after it was collected", []daybook.Record{item(sight{key: "m1", text: "Two", sent: 1, seen: 50}), imported("One", 10, 200)}, []string{"One", "Two"}},
		{"newer file after it was collected", []daybook.Record{item(sight{key: "m1", text: "One", sent: 1, seen: 50}), imported("Two", 60, 200)}, []string{"One", "Two"}},
		{"newer file, then it was collected late", []daybook.Record{imported("Two", 300, 310), item(sight{key: "m1", text: "One", sent: 1, seen: 50})}, []string{"One", "Two"}},
		{"the same text again in a newer file", []daybook.Record{imported("One", 10, 100), imported("Two", 20, 200), imported("One", 5, 300)}, []string{"One", "Two"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := openSQLite(t)
			c := derive(t, db, tt.records...)
			m, err := db.Message(t.Context(), c, 0)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range m.Versions {
				got = append(got, v.Text)
			}
			same(t, "versions", got, tt.want)
			same(t, "text", m.Text, tt.want[len(tt.want)-1])
		})
	}
}

func TestEditedThenGone_A2_E16(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		records := []daybook.Record{
			item(sight{key: "m1", text: "I know where you are", sent: 1, seen: 5}),
			item(sight{key: "m1", text: "Have a nice day", sent: 1, edited: 10, seen: 65}),
			look(daybook.SeenGone, "m1", 100),
		}
		c := derive(t, db, records...)
		m, err := db.Message(t.Context(), c, 0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "state", m.State, daybook.Gone)
		same(t, "gone at", m.GoneAt, at(100))
		same(t, "text", m.Text, "Have a nice day")
		same(t, "versions", m.Versions, []daybook.Version{
			{At: at(1), FirstSeen: at(5), Entry: 0, Text: "I know where you are"},
			{At: at(10), FirstSeen: at(65), Entry: 1, Text: "Have a nice day"},
		})
		same(t, "listed as gone", len(list(t, db, c, daybook.MessageFilter{State: daybook.Gone})), 1)

		f := db.Messages(nil)
		handle(t, f, c, entries(3, look(daybook.SeenAgain, "m1", 120)))
		m, err = db.Message(t.Context(), c, 0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "state when it is back", m.State, daybook.Edited)
		same(t, "gone at when it is back", m.GoneAt, time.Time{})

		handle(t, f, c, entries(4, look(daybook.SeenGone, "m1", 130), look(daybook.SeenGone, "m1", 140)))
		if m, err = db.Message(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		same(t, "gone again", m.GoneAt, at(130))

		// An export that is read later shows what was there once.
		handle(t, f, c, entries(6, item(sight{key: "m1", text: "I know where you are", sent: 1, seen: 200, origin: daybook.Imported})))
		if m, err = db.Message(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		same(t, "state after an import", m.State, daybook.Gone)

		handle(t, f, c, entries(7, item(sight{key: "m1", text: "Have a nice day", sent: 1, edited: 10, seen: 300})))
		if m, err = db.Message(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		same(t, "state after a later capture", m.State, daybook.Edited)
	})
}

func TestPoorerReadingLoses(t *testing.T) {
	photo := daybook.Media{Native: "p1", Type: "image/png", URL: "https://home.example/p1"}
	full := sight{key: "m1", text: "The whole text", sent: 1, seen: 5, account: "kestrel@birds.example", display: "Kes", kind: daybook.KindReply, media: []daybook.Media{photo}}
	tests := []struct {
		name   string
		poorer sight
	}{
		{"incomplete, later", sight{key: "m1", text: "The wh…", sent: 1, seen: 9, incomplete: true}},
		{"incomplete, earlier", sight{key: "m1", text: "The wh…", sent: 1, seen: 3, incomplete: true}},
		{"emptied, later", sight{key: "m1", sent: 1, seen: 9}},
		{"emptied profile", sight{key: "m1", text: "The whole text", sent: 1, seen: 9, account: "kestrel@birds.example", kind: daybook.KindReply}},
	}
	db := openSQLite(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, order := range [][]sight{{full, test.poorer}, {test.poorer, full}} {
				c := derive(t, db, item(order[0]), item(order[1]))
				m, err := db.Message(t.Context(), c, 0)
				if err != nil {
					t.Fatal(err)
				}
				same(t, "text", m.Text, "The whole text")
				same(t, "state", m.State, daybook.Present)
				same(t, "kind", m.Kind, daybook.KindReply)
				same(t, "media", m.Media, []daybook.Media{photo})
				same(t, "sender", m.Sender.Shown(), "kestrel@birds.example")
				same(t, "display name", m.Sender.Names[len(m.Sender.Names)-1].Display, "Kes")
				same(t, "captures", m.Captures, []uint64{0, 1})
			}
		})
	}
}

// A partial sight from before an edit is the only one of the first text.
func TestPartialSightBeforeAnEditIsKept_A2(t *testing.T) {
	db := openSQLite(t)
	c := derive(t, db,
		item(sight{key: "m1", text: "First", sent: 1, seen: 5, incomplete: true}),
		item(sight{key: "m1", text: "Second", sent: 1, edited: 10, seen: 15}),
		item(sight{key: "m1", text: "Seco", sent: 1, seen: 20, incomplete: true}),
	)
	m, err := db.Message(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range m.Versions {
		got = append(got, v.Text)
	}
	same(t, "versions", got, []string{"First", "Second"})
}

func TestMediaRecordsMerge(t *testing.T) {
	kept := daybook.Media{Native: "p1", Type: "image/png", Digest: daybook.DigestOf([]byte("picture")), Bytes: 7, State: daybook.MediaKept}
	told := func(m daybook.Media) daybook.Record {
		return daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: mara, Message: "m1", Media: m})
	}
	shown := item(sight{key: "m1", seen: 5, media: []daybook.Media{{Native: "p1", Type: "image", URL: "https://home.example/p1", Description: "a bird"}, {Native: "p2"}}})
	missing := told(daybook.Media{Native: "p1", State: daybook.MediaMissing})
	refused := told(daybook.Media{Native: "p2", State: daybook.MediaRefused})
	want := []daybook.Media{
		{Native: "p1", Type: "image/png", URL: "https://home.example/p1", Description: "a bird", Digest: kept.Digest, Bytes: 7, State: daybook.MediaKept},
		{Native: "p2", State: daybook.MediaRefused},
	}
	db := openSQLite(t)
	for _, order := range [][]daybook.Record{
		{shown, missing, told(kept), refused},
		{shown, told(kept), missing, refused},
		{refused, told(kept), missing, shown},
	} {
		c := derive(t, db, order...)
		all := list(t, db, c, daybook.MessageFilter{})
		if len(all) != 1 {
			t.Fatalf("%d messages, want 1", len(all))
		}
		same(t, "media", all[0].Media, want)
	}
}

// What tells of a message that was never seen is no message.
func TestMessageThatWasOnlyToldOfIsNotListed(t *testing.T) {
	db := openSQLite(t)
	c := derive(t, db, look(daybook.SeenGone, "m1", 5))
	same(t, "messages", list(t, db, c, daybook.MessageFilter{}), []daybook.Message{})
	n, err := db.Counts(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "messages", n.Messages, 0)
	if _, err := db.Message(t.Context(), c, 0); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("message of the observation: %v, want ErrNotFound", err)
	}
}

func TestEntryWithSeveralMessages(t *testing.T) {
	db := openSQLite(t)
	c := derive(t, db, item(
		sight{key: "fav", kind: daybook.KindFavourite, sent: 9, seen: 10},
		sight{key: "own", text: "My post", kind: daybook.KindPost, direction: daybook.Out, from: "https://home.example/users/mara", sent: 1, seen: 10},
	), item(
		sight{key: "fav2", kind: daybook.KindFavourite, sent: 19, seen: 20},
		sight{key: "own", text: "My post", kind: daybook.KindPost, direction: daybook.Out, from: "https://home.example/users/mara", sent: 1, seen: 20},
	))
	m, err := db.Message(t.Context(), c, 1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "message of the second entry", m.Key, daybook.MessageKey("fav2"))
	all := list(t, db, c, daybook.MessageFilter{})
	same(t, "texts", texts(all), []string{"My post", "", ""})
	same(t, "captures of the post", all[0].Captures, []uint64{0, 1})
}

func TestHandleIsIdempotent(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := emptyCase(t, db)
		f := db.Messages(nil)
		story := entries(0,
			item(sight{key: "m1", text: "One", seen: 5}),
			item(sight{key: "m2", text: "Two", sent: 1, seen: 6}),
			item(sight{key: "m1", text: "One", seen: 7}),
			decide(daybook.Decision{What: daybook.MarkUnwanted, Handle: birds("https://birds.example/users/kestrel"), At: at(8)}),
			daybook.Record{Kind: daybook.RecordObservation, Fields: []daybook.Field{{Name: "at", Value: []byte(`"no time"`)}}},
		)
		handle(t, f, c, story)
		want := list(t, db, c, daybook.MessageFilter{})
		handle(t, f, c, story)     // a batch again
		handle(t, f, c, story[2:]) // part of it
		handle(t, f, c, nil)
		same(t, "messages", list(t, db, c, daybook.MessageFilter{}), want)
		n, err := db.Counts(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "counts", n, daybook.Counts{Messages: 2, Handles: 1, ByKind: map[daybook.Kind]int{"mention": 2},
			ByOrigin: map[daybook.Origin]int{"collected": 2}, ByState: map[daybook.State]int{"present": 2}, First: at(0), Last: at(1), Unread: 1})
		position, err := f.Position(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "position", position, uint64(5))
		if err := f.Handle(t.Context(), c, entries(7, item(sight{key: "m9"}))); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("entries with a hole before them: %v, want ErrInvalid", err)
		}
	})
}

// Rows and position are one transaction.
func TestNothingIsKeptOfABatchThatFails(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := emptyCase(t, db)
		f := db.Messages(nil)
		broken := errors.New("power cut")
		err := db.Update(t.Context(), func(ctx context.Context) error {
			if err := f.Handle(ctx, c, entries(0, item(sight{key: "m1", seen: 5}))); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		position, err := f.Position(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "position", position, uint64(0))
		same(t, "messages", list(t, db, c, daybook.MessageFilter{}), []daybook.Message{})
	})
}

func TestReadingAgain(t *testing.T) {
	db := openSQLite(t)
	c := emptyCase(t, db)
	self := daybook.Account{ID: mara, Case: c, Platform: "mastodon", Handle: birds("https://home.example/users/mara")}
	var asked []daybook.Account
	parsers := map[daybook.Platform]store.Parser{"mastodon": {Version: "mastodon/2", Parse: func(self daybook.Account, cp daybook.Capture) (daybook.Reading, error) {
		asked = append(asked, self)
		if cp.NativeID == "bad" {
			return daybook.Reading{}, errors.New("cannot read it")
		}
		m := sight{key: cp.NativeID, text: "read by 2"}.read()
		return daybook.Reading{Parser: "mastodon/2", Messages: []daybook.ReadMessage{m}}, nil
	}}}
	current := daybook.Item{Capture: daybook.Capture{Account: mara, Platform: "mastodon", NativeID: "new", Offset: -1, Origin: daybook.Collected},
		Reading: &daybook.Reading{Parser: "mastodon/2", Messages: []daybook.ReadMessage{sight{key: "new", text: "recorded by 2"}.read()}}}
	failed := daybook.Item{Capture: daybook.Capture{Account: mara, Platform: "mastodon", NativeID: "was unread", Offset: -1}, Failed: "unknown form"}
	hopeless := daybook.Item{Capture: daybook.Capture{Account: mara, Platform: "mastodon", NativeID: "bad", Offset: -1}, Failed: "unknown form"}
	handle(t, db.Messages(parsers), c, entries(0,
		daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentGiven, Account: self, At: at(0)}),
		item(sight{key: "old", text: "recorded by 1", seen: 1}),
		item(sight{key: "bad", text: "recorded by 1, and bad", seen: 1}),
		current.Record(), failed.Record(), hopeless.Record(),
	))
	got := texts(list(t, db, c, daybook.MessageFilter{}))
	same(t, "texts", got, []string{"read by 2", "recorded by 1, and bad", "recorded by 2", "read by 2"})
	for _, a := range asked {
		same(t, "account that was handed to the parser", a, self)
	}
	n, err := db.Counts(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "unread", n.Unread, 1)
}

// stories generates sets of records whose order must not matter: a few ways in
// which messages were shown, each captured several times.
func stories() *rapid.Generator[[]daybook.Record] {
	key := rapid.SampledFrom([]string{"m1", "m2"})
	minute := rapid.IntRange(1, 6)
	shown := rapid.Custom(func(t *rapid.T) sight {
		s := sight{
			key: key.Draw(t, "key"), sent: 1,
			text:       rapid.SampledFrom([]string{"", "one", "two", "three"}).Draw(t, "text"),
			edited:     rapid.SampledFrom([]int{0, 0, 3, 5}).Draw(t, "edited"),
			kind:       rapid.SampledFrom([]daybook.Kind{"mention", "reply", "direct_message", "sleepy"}).Draw(t, "kind"),
			direction:  rapid.SampledFrom([]daybook.Direction{"in", "in", "out"}).Draw(t, "direction"),
			origin:     rapid.SampledFrom([]daybook.Origin{"collected", "collected", "imported"}).Draw(t, "origin"),
			made:       rapid.IntRange(0, 30).Draw(t, "made"),
			incomplete: rapid.Bool().Draw(t, "incomplete"),
		}
		if rapid.Bool().Draw(t, "has media") {
			s.media = []daybook.Media{{Native: "p1"}, {Type: "image/png"}, {Type: "image/png"}}
		}
		return s
	})
	return rapid.Custom(func(t *rapid.T) []daybook.Record {
		ways := rapid.SliceOfN(shown, 1, 3).Draw(t, "ways")
		record := rapid.Custom(func(t *rapid.T) daybook.Record {
			at := minute.Draw(t, "minute")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				return look(daybook.SeenGone, key.Draw(t, "key"), at)
			case 1:
				return look(daybook.SeenAgain, key.Draw(t, "key"), at)
			case 2:
				state := rapid.SampledFrom([]daybook.MediaState{daybook.MediaKept, daybook.MediaMissing, daybook.MediaPending}).Draw(t, "state")
				return daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: daybook.MessageKey(key.Draw(t, "key")),
					Media: daybook.Media{Native: "p1", State: state, Bytes: int64(at)}})
			}
			s := rapid.SampledFrom(ways).Draw(t, "way")
			s.seen = at
			s.lane = rapid.SampledFrom([]daybook.Lane{"notifications", "conversations", "looks"}).Draw(t, "lane")
			s.account = rapid.SampledFrom([]string{"", "a@birds.example", "b@birds.example"}).Draw(t, "account")
			s.display = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "display")
			name := rapid.SampledFrom([]string{"x1", "x2"}).Draw(t, "to")
			s.to = []daybook.Handle{{Platform: "mastodon", Native: "x", Names: []daybook.SeenName{{Account: name}}}}
			s.media = slices.Clone(s.media)
			for i := range s.media {
				s.media[i].URL = fmt.Sprint("https://home.example/", rapid.IntRange(0, 3).Draw(t, "address"))
			}
			return item(s)
		})
		return rapid.SliceOfN(record, 1, 12).Draw(t, "records")
	})
}

// The same captures give the same messages and handles, in whatever order and
// in whatever batches they come; only numbers of entries differ.
func TestOrderDoesNotMatter(t *testing.T) {
	db := openSQLite(t)
	noEntries := gocmp.Options{
		cmpopts.IgnoreFields(daybook.Message{}, "Case", "Captures"), cmpopts.IgnoreFields(daybook.Version{}, "Entry"), cmpopts.EquateEmpty(),
	}
	derived := func(t *rapid.T, records []daybook.Record) ([]daybook.Message, []daybook.HandleSummary, int) {
		ctx := context.Background()
		c, err := db.NewCase(ctx, "", "UTC", day)
		if err != nil {
			t.Fatal(err)
		}
		f := db.Messages(nil)
		all := entries(0, records...)
		for cut := rapid.IntRange(1, len(all)).Draw(t, "first batch"); len(all) > 0; cut = len(all) {
			n := min(cut, len(all))
			if err := f.Handle(ctx, c, all[:n]); err != nil {
				t.Fatal(err)
			}
			all = all[n:]
		}
		messages, _, err := db.List(ctx, c, daybook.MessageFilter{}, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		captures := 0
		for _, m := range messages {
			captures += len(m.Captures)
		}
		slices.SortFunc(messages, func(a, b daybook.Message) int { return cmp.Compare(a.Key, b.Key) })
		handles, err := db.Handles(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(handles, func(a, b daybook.HandleSummary) int { return cmp.Compare(a.Handle.Ref(), b.Handle.Ref()) })
		return messages, handles, captures
	}
	rapid.Check(t, func(t *rapid.T) {
		records := stories().Draw(t, "records")
		shuffled := rapid.Permutation(records).Draw(t, "other order")
		m1, h1, n1 := derived(t, records)
		m2, h2, n2 := derived(t, shuffled)
		if diff := gocmp.Diff(m1, m2, noEntries); diff != "" {
			t.Fatalf("messages differ (-first order +other):\n%s", diff)
		}
		if diff := gocmp.Diff(h1, h2, noEntries); diff != "" {
			t.Fatalf("handles differ (-first order +other):\n%s", diff)
		}
		if n1 != n2 {
			t.Fatalf("%d captures, and %d in the other order", n1, n2)
		}
		checkVersions(t, m1)
	})
}

// checkVersions states what holds of every message, whatever was seen of it.
func checkVersions(t *rapid.T, messages []daybook.Message) {
	for _, m := range messages {
		if len(m.Versions) == 0 || m.Text != m.Versions[len(m.Versions)-1].Text {
			t.Fatalf("the text %q is not the newest of %v", m.Text, m.Versions)
		}
		if !slices.IsSortedFunc(m.Versions, func(a, b daybook.Version) int { return a.At.Compare(b.At) }) {
			t.Fatalf("versions are not in the order of time: %v", m.Versions)
		}
		if (m.State == daybook.Gone) == m.GoneAt.IsZero() {
			t.Fatalf("state %s and gone at %v", m.State, m.GoneAt)
		}
		if m.State == daybook.Edited && len(m.Versions) < 2 || m.State == daybook.Present && len(m.Versions) > 1 {
			t.Fatalf("state %s with %d versions", m.State, len(m.Versions))
		}
		// What stands in files alone was last seen when they were made, before they
		// were read in.
		if !slices.IsSorted(m.Captures) || m.LastSeen.Before(m.FirstSeen) && m.Origin != daybook.Imported {
			t.Fatalf("captures %v, seen from %v to %v", m.Captures, m.FirstSeen, m.LastSeen)
		}
	}
}

// equalZones compares time zones by name.
var equalZones = gocmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
