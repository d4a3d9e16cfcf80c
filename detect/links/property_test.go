package links_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var wordsToDraw = []string{"you", "never", "the", "yellow", "gate", "allways", "un" + "till", "boathouse", "again", "write", "me", "back", "summer", "tonight", "i", "know", "hello", "please", "garden", "late"}

// A scene is a drawn case, as what can be put in any order.
type scene struct {
	handles   []daybook.Handle
	messages  [][]links.Message
	profiles  [][]links.Profile
	contacts  []detect.Contact
	blocks    []detect.Block
	decisions []links.Decision
	groups    [][]int
}

func drawScene(rt *rapid.T, handles int) *scene {
	s := &scene{messages: make([][]links.Message, handles), profiles: make([][]links.Profile, handles)}
	names := rapid.SampledFrom([]string{"tern_watcher", "tern_watch3r", "te_rn", "glass", "sea_glass_9", "wilma"})
	entry := uint64(1)
	moment := func(label string) time.Time {
		return on(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(rt, label)) * time.Minute)
	}
	for h := range handles {
		s.handles = append(s.handles, daybook.Handle{Platform: "mastodon", Native: fmt.Sprintf("https://birds.example/users/%d", h),
			Names: []daybook.SeenName{{Account: names.Draw(rt, "name")}}})
		for range rapid.IntRange(0, 5).Draw(rt, "messages") {
			entry++
			at := moment("at")
			var text string
			for range rapid.IntRange(1, 12).Draw(rt, "words") {
				text += rapid.SampledFrom(wordsToDraw).Draw(rt, "word") + " "
			}
			s.contacts = append(s.contacts, detect.Contact{Entry: entry, Handle: h, At: at, Direction: daybook.In, Platform: "mastodon"})
			s.messages[h] = append(s.messages[h], links.Message{Entry: entry, Key: entry, At: at, Text: text, Lang: "en", Platform: "mastodon"})
		}
		if rapid.Bool().Draw(rt, "profile") {
			entry++
			s.profiles[h] = append(s.profiles[h], links.Profile{Entry: entry, Display: names.Draw(rt, "display"), Created: moment("created"),
				Avatar: rapid.SampledFrom([]uint64{0, 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0e, 0x123456789abcdef0}).Draw(rt, "picture")})
		}
		if rapid.IntRange(0, 3).Draw(rt, "blocked") == 0 {
			entry++
			at := moment("block")
			s.blocks = append(s.blocks, detect.Block{Handle: h, Seen: at, Before: at.Add(-time.Minute), Entry: entry})
		}
	}
	for range rapid.IntRange(0, 4).Draw(rt, "decisions") {
		a, b := rapid.IntRange(0, handles-1).Draw(rt, "a"), rapid.IntRange(0, handles-1).Draw(rt, "b")
		if a == b {
			continue
		}
		entry++
		s.decisions = append(s.decisions, links.Decision{A: a, B: b, Entry: entry,
			What: rapid.SampledFrom([]daybook.Mark{daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen}).Draw(rt, "what")})
	}
	if rapid.Bool().Draw(rt, "group") && handles >= 4 {
		s.groups = [][]int{{0, 2}}
		if rapid.Bool().Draw(rt, "three") {
			s.groups = [][]int{{0, 2, 3}}
		}
	}
	return s
}

// facts makes the facts of a scene. order, if there is one, says in which order
// handles, messages and profiles come; some come twice then.
func (s *scene) facts(model *style.Model, order *rand.Rand) links.Facts {
	n := len(s.handles)
	places := make([]int, n) // of each handle
	for i := range places {
		places[i] = i
	}
	if order != nil {
		places = order.Perm(n)
	}
	f := links.Facts{Senders: make([]*links.Sender, n)}
	f.Handles = make([]daybook.Handle, n)
	for h := range n {
		to := places[h]
		f.Handles[to] = s.handles[h]
		f.Senders[to] = links.NewSender(model)
		messages, profiles := slices.Clone(s.messages[h]), slices.Clone(s.profiles[h])
		if order != nil {
			messages, profiles = append(messages, messages...), append(profiles, profiles...)
			order.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
			order.Shuffle(len(profiles), func(i, j int) { profiles[i], profiles[j] = profiles[j], profiles[i] })
		}
		for _, m := range messages {
			f.Senders[to].Message(m)
		}
		for _, p := range profiles {
			f.Senders[to].Profile(p)
		}
	}
	for _, c := range s.contacts {
		c.Handle = places[c.Handle]
		f.Contacts = append(f.Contacts, c)
	}
	for _, b := range s.blocks {
		b.Handle = places[b.Handle]
		f.Blocks = append(f.Blocks, b)
	}
	for _, d := range s.decisions {
		d.A, d.B = places[d.A], places[d.B]
		f.Decisions = append(f.Decisions, d)
	}
	for _, g := range s.groups {
		var to []int
		for _, h := range g {
			to = append(to, places[h])
		}
		f.Groups = append(f.Groups, to)
	}
	if order != nil {
		order.Shuffle(len(f.Contacts), func(i, j int) { f.Contacts[i], f.Contacts[j] = f.Contacts[j], f.Contacts[i] })
		order.Shuffle(len(f.Decisions), func(i, j int) { f.Decisions[i], f.Decisions[j] = f.Decisions[j], f.Decisions[i] })
		for _, g := range f.Groups {
			order.Shuffle(len(g), func(i, j int) { g[i], g[j] = g[j], g[i] })
		}
	}
	return f
}

func shipped(tb testing.TB) *style.Model {
	tb.Helper()
	model, err := style.Shipped()
	if err != nil {
		tb.Fatal(err)
	}
	return model
}

func TestLinks_OrderDoesNotMatter(t *testing.T) {
	model := shipped(t)
	d := links.Detector{Model: model}
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScene(rt, 5)
		want, err := d.Detect(rt.Context(), s.facts(model, nil))
		if err != nil {
			rt.Fatal(err)
		}
		f := s.facts(model, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		for range 2 { // and a second run over what the first has put in order
			got, err := d.Detect(rt.Context(), f)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatal(diff)
			}
		}
		at := func(f links.Facts, native string) int {
			return slices.IndexFunc(f.Handles, func(h daybook.Handle) bool { return h.Native == native })
		}
		plain := s.facts(model, nil)
		a, b := s.handles[0].Native, s.handles[1].Native
		want1, err1 := d.Explain(rt.Context(), plain, at(plain, a), at(plain, b))
		got1, err2 := d.Explain(rt.Context(), f, at(f, b), at(f, a))
		if err1 != nil || err2 != nil {
			rt.Fatal(err1, err2)
		}
		if diff := cmp.Diff(want1, got1); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestLinks_RejectedStaysApart(t *testing.T) {
	model := shipped(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScene(rt, 5)
		f := s.facts(model, nil)
		// Decisions in force: a pair has one state, that of the newest.
		state := map[[2]int]daybook.Mark{}
		for _, x := range s.decisions {
			state[[2]int{min(x.A, x.B), max(x.A, x.B)}] = x.What
		}
		f.Decisions = slices.DeleteFunc(f.Decisions, func(x links.Decision) bool {
			return state[[2]int{min(x.A, x.B), max(x.A, x.B)}] != x.What
		})
		found, err := links.Detector{Model: model}.Detect(rt.Context(), f)
		if err != nil {
			rt.Fatal(err)
		}
		place := map[string]int{}
		for i, h := range f.Handles {
			place[h.Native] = i
		}
		for _, x := range found {
			for i, h := range x.Handles {
				for _, o := range x.Handles[:i] {
					a, b := place[h.Native], place[o.Native]
					if state[[2]int{min(a, b), max(a, b)}] == daybook.MarkApart {
						rt.Fatalf("%d and %d were said to be apart: %s", a, b, about(x))
					}
				}
			}
		}
	})
}

// An unrelated handle is one that shares no name, word or picture with the pair.
// What it writes changes nothing about the pair, whenever and however much it is.
func TestLinks_AnUnrelatedHandleChangesNothing(t *testing.T) {
	model := shipped(t)
	d := links.Detector{Model: model}
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScene(rt, 3)
		s.groups = nil
		f := s.facts(model, nil)
		before, err := d.Explain(rt.Context(), f, 0, 1)
		if err != nil {
			rt.Fatal(err)
		}
		other := links.NewSender(model)
		f.Handles = append(f.Handles, daybook.Handle{Platform: "mastodon", Native: "https://other.example/users/quxxo", Names: []daybook.SeenName{{Account: "quxxo"}}})
		f.Senders = append(f.Senders, other)
		for i := range rapid.IntRange(1, 30).Draw(rt, "unrelated") {
			e := uint64(5000 + i)
			at := on(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(rt, "at")) * time.Minute)
			other.Message(links.Message{Entry: e, Key: e, At: at, Text: "zwei drei vier fünf sechs sieben acht neun", Lang: "de"})
			f.Contacts = append(f.Contacts, detect.Contact{Entry: e, Handle: 3, At: at, Direction: daybook.In, Platform: "mastodon"})
		}
		after, err := d.Explain(rt.Context(), f, 0, 1)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// Above a number of handles, candidates are looked up instead of trying all
// pairs. The same pairs come out.
func TestLinks_CandidatesMissNothing(t *testing.T) {
	model := shipped(t)
	d := links.Detector{Model: model}
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScene(rt, 6)
		f := s.facts(model, nil)
		want, err := d.Detect(rt.Context(), f)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range 54 { // below 64 parties the rule is the same
			e := uint64(5000 + i)
			f.Handles = append(f.Handles, daybook.Handle{Platform: "mail", Native: fmt.Sprintf("%c%c@other.example", 'a'+i/26, 'a'+i%26)})
			f.Senders = append(f.Senders, nil)
			f.Contacts = append(f.Contacts, detect.Contact{Entry: e, Handle: 6 + i, At: on(1, 0, 0).AddDate(-1, 0, 0), Direction: daybook.In})
		}
		got, err := d.Detect(rt.Context(), f)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}
