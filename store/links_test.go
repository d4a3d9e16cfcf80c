package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daybook"
	"daybook/archive"
	"daybook/detect/links"
	"daybook/detect/style"
	"daybook/store"
)

func shipped(t testing.TB) *style.Model {
	t.Helper()
	model, err := style.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// useLinks hands use what is known of a case.
func useLinks(t testing.TB, db *store.DB, c daybook.CaseID, model *style.Model, use func(links.Facts)) {
	t.Helper()
	facts, err := db.Facts(t.Context(), c, at(1_000_000))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Links(t.Context(), c, facts, model, func(f links.Facts) error {
		use(f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// amounts is how many messages each handle is known by, and the person.
func amounts(f links.Facts) map[string]int {
	out := map[string]int{}
	for i, s := range f.Senders {
		if s != nil {
			out[f.Handles[i].Native] = s.Messages()
		}
	}
	if f.Said != nil {
		out["said"] = f.Said.Messages()
	}
	return out
}

// explained is all that is said about every pair of handles.
func explained(t testing.TB, db *store.DB, c daybook.CaseID, model *style.Model) (out []string) {
	t.Helper()
	useLinks(t, db, c, model, func(f links.Facts) {
		for a := range f.Handles {
			for b := range a {
				found, err := links.Detector{Model: model}.Explain(t.Context(), f, a, b)
				if err != nil {
					continue // one of them is the person's own
				}
				for _, r := range found.Reasons {
					out = append(out, fmt.Sprint(f.Handles[a].Native, f.Handles[b].Native, found.Weight, r))
				}
			}
		}
	})
	return out
}

func TestLinks(t *testing.T) {
	model := shipped(t)
	eachEngine(t, func(t *testing.T, db *store.DB) {
		c := derive(t, db,
			item(sight{key: "m1", text: "One", sent: 1, seen: 5, from: kestrel}),
			item(sight{key: "m1", text: "One", sent: 1, seen: 6, from: kestrel, lane: "conversations", kind: daybook.KindDirectMessage}),
			item(sight{key: "m2", text: "Two", sent: 2, seen: 6, from: kestrel}),
			item(sight{key: "m3", text: "Three", sent: 3, seen: 9, from: merlin}),
			item(sight{key: "m4", sent: 4, seen: 9, from: hobby, kind: daybook.KindFollow}),
			item(sight{key: "m5", text: "Mine", sent: 5, seen: 9, from: self, direction: daybook.Out, to: []daybook.Handle{birds(kestrel)}}),
			link(daybook.MarkLinked, kestrel, merlin), link(daybook.MarkApart, merlin, hobby), link(daybook.MarkOpen, kestrel, merlin),
		)
		useLinks(t, db, c, model, func(f links.Facts) {
			same(t, "messages", amounts(f), map[string]int{kestrel: 2, merlin: 1, hobby: 0, "said": 1})
			same(t, "own", f.Own, []string{birds(self).Ref()})
			var pairs []string
			for _, d := range f.Decisions {
				pairs = append(pairs, fmt.Sprint(f.Handles[d.A].Native, " ", d.What, " ", f.Handles[d.B].Native, " ", d.Entry))
			}
			same(t, "decisions", pairs, []string{fmt.Sprint(merlin, " apart ", hobby, " 7"), fmt.Sprint(kestrel, " open ", merlin, " 8")})
		})
		other := derive(t, db, item(sight{key: "m1", text: "Another case", from: merlin}))
		useLinks(t, db, other, model, func(f links.Facts) { same(t, "messages of another case", amounts(f), map[string]int{merlin: 1}) })
		facts, err := db.Facts(t.Context(), c, at(0))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Links(archive.Within(t.Context(), other), c, facts, model, func(links.Facts) error { return nil }); err == nil {
			t.Error("what belongs to one case was handed out within another")
		}
	})
}

// A text that was edited away still counts: what a later account repeats of it
// is found.
func TestLinksKnowEditedTexts_A2(t *testing.T) {
	db, model := openSQLite(t), shipped(t)
	c := derive(t, db,
		item(sight{key: "m1", text: "allways the yellow door behind the bakery", sent: 1, seen: 5, from: kestrel}),
		item(sight{key: "m2", text: "remember the yellow door behind the bakery", sent: 2, seen: 6, from: merlin}),
	)
	before := strings.Join(explained(t, db, c, model), "\n")
	handle(t, db.Messages(nil), c, entries(2, item(sight{key: "m2", text: "good morning", sent: 2, edited: 8, seen: 9, from: merlin})))
	after := strings.Join(explained(t, db, c, model), "\n")
	for when, text := range map[string]string{"before": before, "after": after} {
		if !strings.Contains(text, "yellow door") {
			t.Errorf("%s the edit the phrase is not found:\n%s", when, text)
		}
	}
}

// What is brought up to date bit by bit says the same as what is read at once.
func TestLinksBitByBit(t *testing.T) {
	model := shipped(t)
	says := []string{"allways the yellow door behind the bakery", "good morning", "the blue cup is on my desk, allways", "see you on sunday, bring the plates", "", "answer me.."}
	db := openSQLite(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := emptyCase(t, db)
		next := uint64(0)
		for range rapid.IntRange(1, 6).Draw(rt, "lots") {
			var records []daybook.Record
			for range rapid.IntRange(1, 6).Draw(rt, "records") {
				s := sight{
					key: fmt.Sprint("m", rapid.IntRange(0, 8).Draw(rt, "key")), text: rapid.SampledFrom(says).Draw(rt, "text"),
					seen: 10 + rapid.IntRange(0, 5000).Draw(rt, "seen"), edited: rapid.SampledFrom([]int{0, 0, 3, 7}).Draw(rt, "edited"),
				}
				s.from = []string{kestrel, merlin, hobby}[int(s.key[1])%3]
				records = append(records, item(s))
			}
			handle(t, db.Messages(nil), c, entries(next, records...))
			next += uint64(len(records))
			warm := explained(t, db, c, model)
			if err := db.Messages(nil).Erased(t.Context(), c, nil); err != nil { // it lets go of what is kept
				rt.Fatal(err)
			}
			same(t, "read at once", explained(t, db, c, model), warm)
		}
	})
}

// An erased message is known to nobody, and an attachment that came later is.
func TestLinksFollowTheLog(t *testing.T) {
	db, model := openSQLite(t), shipped(t)
	blobs, err := archive.NewFolder(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := archive.Open(t.Context(), archive.Config{Storage: db, Keys: db.Keys, Blobs: blobs, Clock: func() time.Time { return at(5) }})
	if err != nil {
		t.Fatal(err)
	}
	actor := daybook.Actor{ID: "test", Role: "operator"}
	c, err := log.NewCase(t.Context(), actor, "made up", "Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	f := db.Messages(nil)
	add := func(records ...daybook.Record) uint64 {
		t.Helper()
		for i := range records {
			records[i].Actor = actor
		}
		first, err := log.Append(t.Context(), c, records)
		if err == nil {
			err = log.CatchUp(t.Context(), c, f)
		}
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	picture := daybook.Media{Native: "p", URL: "https://home.example/p.png", Type: "image"}
	first := add(
		item(sight{key: "m1", text: "One", sent: 1, seen: 5, from: kestrel, media: []daybook.Media{picture}}),
		item(sight{key: "m2", text: "Two", sent: 2, seen: 6, from: merlin, media: []daybook.Media{picture}}),
		item(sight{key: "m3", text: "Three", sent: 3, seen: 6, from: merlin}))
	if said := strings.Join(explained(t, db, c, model), "\n"); strings.Contains(said, "media") {
		t.Errorf("before the attachments came:\n%s", said)
	}
	picture.State, picture.Digest = daybook.MediaKept, daybook.DigestOf([]byte("picture"))
	add(daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: mara, Message: "m1", Media: picture}),
		daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: mara, Message: "m2", Media: picture}))
	if said := strings.Join(explained(t, db, c, model), "\n"); !strings.Contains(said, "media") {
		t.Errorf("after the attachments came:\n%s", said)
	}
	useLinks(t, db, c, model, func(f links.Facts) { same(t, "messages", amounts(f), map[string]int{kestrel: 1, merlin: 2}) })
	if err := log.Erase(t.Context(), actor, c, []uint64{first}, "asked for"); err != nil {
		t.Fatal(err)
	}
	if err := f.Erased(t.Context(), c, []daybook.MessageKey{"m1"}); err != nil {
		t.Fatal(err)
	}
	useLinks(t, db, c, model, func(f links.Facts) { same(t, "messages after the erasure", amounts(f), map[string]int{merlin: 2}) })
	if err := log.CatchUp(t.Context(), c, f); err != nil {
		t.Fatal(err)
	}
	useLinks(t, db, c, model, func(f links.Facts) { same(t, "messages at the end", amounts(f), map[string]int{merlin: 2}) })
}

// Profiles are read once a day of captures at most, and all versions count: one
// that was emptied takes nothing away.
func TestLinksReadProfiles_A10(t *testing.T) {
	db, model := openSQLite(t), shipped(t)
	const minutesOfDay = 24 * 60
	fake := fakeEntries{}
	asked := 0
	db.ReadProfiles(fake, map[daybook.Platform]store.Parser{"mastodon": {Version: "mastodon/1", Profiles: func(_ daybook.Account, c daybook.Capture) []daybook.Profile {
		asked++
		p := daybook.Profile{Handle: birds(kestrel), Account: "kestrel_74@birds.example"}
		if c.Exchange.End.Before(at(minutesOfDay)) {
			p.Note = "write to me at the yellow door: ruben@kiln.example"
		}
		return []daybook.Profile{{Handle: birds("somebody else")}, p, {Handle: birds(merlin), Account: "merlin@birds.example", Note: "ruben@kiln.example"}}
	}}})
	c := emptyCase(t, db)
	for i := range 40 {
		s := sight{key: fmt.Sprint("m", i), text: "hello", sent: i * minutesOfDay / 2, seen: 1 + i*minutesOfDay/2, from: kestrel}
		if i == 39 {
			s.from = merlin
		}
		batch := entries(uint64(i), item(s))
		fake[uint64(i)] = batch[0]
		handle(t, db.Messages(nil), c, batch)
		if i%10 == 9 {
			useLinks(t, db, c, model, func(links.Facts) {})
		}
	}
	if said := strings.Join(explained(t, db, c, model), "\n"); !strings.Contains(said, "contact-point") {
		t.Errorf("what the first version of a profile says is not found:\n%s", said)
	}
	if asked > 21 {
		t.Errorf("profiles were read in %d captures of 20 days", asked)
	}
}

// fakeEntries is a log by number.
type fakeEntries map[uint64]archive.Entry

func (f fakeEntries) Entry(_ context.Context, _ daybook.CaseID, index uint64) (archive.Entry, error) {
	return f[index], nil
}

func (f fakeEntries) Blob(context.Context, daybook.CaseID, daybook.Digest) ([]byte, error) {
	return nil, daybook.ErrNotFound
}

// What is usual on a platform is known from 20 writers on, stands still while
// they and others write on, and is made anew when there are twice as many. After a
// restart it is the same.
func TestLinksKnowWhatIsUsual(t *testing.T) {
	db, model := openSQLite(t), shipped(t)
	c, f := emptyCase(t, db), db.Messages(nil)
	sent := 0
	write := func(first, writers, messages int) {
		t.Helper()
		var records []daybook.Record
		from := uint64(sent)
		for w := range writers {
			for range messages {
				sent++
				records = append(records, item(sight{key: fmt.Sprint("m", sent), sent: sent, seen: sent, from: fmt.Sprint("https://birds.example/users/", first+w),
					text: fmt.Sprintf("The train was %d minutes late again, so I walked home along the river and saw %d herons.", sent%50, (first+w)%7)}))
			}
		}
		handle(t, f, c, entries(from, records...))
	}
	known := func() (b *style.Background) {
		t.Helper()
		useLinks(t, db, c, model, func(f links.Facts) { b = f.Background["mastodon"] })
		return b
	}
	write(0, 19, 6)
	if known() != nil {
		t.Error("what is usual is known of 19 writers")
	}
	write(19, 1, 6)
	first := known()
	if first == nil || first.Writers() != 20 {
		t.Fatalf("of 20 writers: %+v", first)
	}
	pair := func() []string {
		t.Helper()
		var out []string
		useLinks(t, db, c, model, func(f links.Facts) {
			found, err := links.Detector{Model: model}.Explain(t.Context(), f, 3, 4)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range found.Reasons {
				out = append(out, fmt.Sprint(r))
			}
		})
		return out
	}
	before := pair()
	write(7, 10, 9)
	write(20, 19, 6)
	if known() != first {
		t.Error("it was made anew for 39 writers")
	}
	if err := f.Erased(t.Context(), c, nil); err != nil { // it lets go of what is kept
		t.Fatal(err)
	}
	if again := known(); again == nil || again.Writers() != 20 {
		t.Errorf("after a restart: %+v", again)
	}
	same(t, "reasons about two others", pair(), before)
	write(39, 1, 6)
	if now := known(); now == nil || now.Writers() != 40 {
		t.Errorf("of 40 writers: %+v", now)
	}
}

// Several ask while the log grows.
func TestLinksFromSeveralGoroutines(t *testing.T) {
	db, model := openSQLite(t), shipped(t)
	c := emptyCase(t, db)
	f := db.Messages(nil)
	handle(t, f, c, benchStory(0, 50))
	facts, err := db.Facts(t.Context(), c, at(1_000_000))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				err := db.Links(t.Context(), c, facts, model, func(f links.Facts) error {
					_, err := links.Detector{Model: model}.Detect(t.Context(), f)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 10 {
		handle(t, f, c, benchStory(50+5*i, 5))
		if i == 5 {
			if err := f.Erased(t.Context(), c, nil); err != nil {
				t.Error(err)
			}
		}
	}
	wg.Wait()
}
