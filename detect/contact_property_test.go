package detect_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var counts = []string{"messages", "days", "days-utc", "after-stop", "around-stop", "after-block", "around-block", "allowed", "answered",
	"imprecise", "gone", "edited", "kind.mention", "kind.reply", "origin.collected", "busiest-day", "days-watched", "days-after-stop"}

var sums = []string{"messages", "after-stop", "after-block", "around-block", "allowed", "imprecise", "gone", "edited", "kind.mention", "kind.reply", "origin.collected"}

func drawContact(rt *rapid.T, entry uint64) detect.Contact {
	return detect.Contact{
		Entry:     entry,
		Handle:    rapid.IntRange(0, 2).Draw(rt, "handle"),
		At:        date(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(rt, "minute")) * time.Minute),
		Kind:      rapid.SampledFrom([]daybook.Kind{daybook.KindMention, daybook.KindReply, daybook.KindPoll}).Draw(rt, "kind"),
		Direction: rapid.SampledFrom([]daybook.Direction{daybook.In, daybook.In, daybook.Out}).Draw(rt, "direction"),
		Precision: rapid.SampledFrom([]daybook.Precision{daybook.Exact, daybook.Exact, daybook.Minute, daybook.Day, daybook.About}).Draw(rt, "precision"),
		Gone:      rapid.Bool().Draw(rt, "gone"),
		Edited:    rapid.Bool().Draw(rt, "edited"),
		Account:   "acc", Platform: "mastodon", Origin: daybook.Collected,
	}
}

// drawFacts makes a case of three handles, two of them in a group, in which the
// first message came in from the third.
func drawFacts(rt *rapid.T) detect.Facts {
	s := newStory(time.UTC, date(20, 0, 0), "kestrel", "sparrow", "wren")
	s.Groups = [][]int{{0, 1, 2}}
	s.watched(date(2, 5, 0), date(12, 5, 0))
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(6, 12, 0)})
	s.mark(daybook.MarkAllowed, 1, daybook.When{At: date(4, 0, 0), Until: date(5, 0, 0)})
	s.Blocks = []detect.Block{{Handle: 2, Seen: date(9, 0, 0), Before: date(8, 0, 0), Entry: 50}}
	s.entry = 100
	for h := range 3 {
		s.message(h, date(1, 0, 0))
	}
	for i := range rapid.IntRange(0, 25).Draw(rt, "n") {
		s.Contacts = append(s.Contacts, drawContact(rt, uint64(200+i)))
	}
	return s.Facts
}

func detectOrFail(rt *rapid.T, f detect.Facts) []detect.Finding {
	out, err := detect.RepeatedContact{}.Detect(rt.Context(), f)
	if err != nil {
		rt.Fatal(err)
	}
	return out
}

func TestContact_OrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawFacts(rt)
		want := detectOrFail(rt, f)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		r.Shuffle(len(f.Contacts), func(i, j int) { f.Contacts[i], f.Contacts[j] = f.Contacts[j], f.Contacts[i] })
		if diff := cmp.Diff(want, detectOrFail(rt, f)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestContact_AnotherContactLowersNoCount(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawFacts(rt)
		before := detectOrFail(rt, f)
		f.Contacts = append(f.Contacts, drawContact(rt, 1000))
		after := detectOrFail(rt, f)
		for i := range before {
			for _, k := range counts {
				if a, b := before[i].Figures[k].Value, after[i].Figures[k].Value; b < a {
					rt.Fatalf("%s fell from %d to %d", k, a, b)
				}
			}
		}
	})
}

func TestContact_HandlesAddUpToTheirGroup(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		got := detectOrFail(rt, drawFacts(rt))
		if len(got) != 4 {
			rt.Fatalf("got %d findings, want the group and 3 handles", len(got))
		}
		for _, k := range sums {
			var sum int64
			for _, f := range got[1:] {
				sum += f.Figures[k].Value
			}
			if group := got[0].Figures[k].Value; group != sum {
				rt.Fatalf("%s: the group has %d, its handles %d", k, group, sum)
			}
		}
		for _, f := range got {
			for k, g := range f.Figures {
				if g.Unit == "messages" && int64(len(g.Entries)) != g.Value {
					rt.Fatalf("%s: %d entries for the value %d", k, len(g.Entries), g.Value)
				}
			}
		}
	})
}

func BenchmarkContact_400k(b *testing.B) {
	z := zone(b, "Europe/London")
	s := newStory(z, date(31, 0, 0), "kestrel", "sparrow", "wren", "heron")
	s.Groups = [][]int{{0, 1}}
	s.watched(date(1, 0, 0).AddDate(-4, 0, 0), date(31, 0, 0))
	s.mark(daybook.MarkStop, 0, daybook.When{At: date(1, 0, 0).AddDate(-2, 0, 0)})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400_000 {
		s.message(i%4, date(1, 0, 0).AddDate(-4, 0, 0).Add(time.Duration(i)*5*time.Minute))
	}
	r.Shuffle(1000, func(i, j int) { // a backfill: entries out of the order of time
		s.Contacts[i].Entry, s.Contacts[j].Entry = s.Contacts[j].Entry, s.Contacts[i].Entry
	})
	b.ResetTimer()
	for b.Loop() {
		s.find(b)
	}
}
