package web_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect/flags"
	"daybook/index"
)

// flagEvery is how many messages of the case that is measured come to one that
// has a flag.
const flagEvery = 20

// BenchmarkFlagPagesAgainstPlain is the timeline narrowed to a flag, and a search
// with the flags among its facets, in a case of 100,000 messages of which one in
// 20 has a flag: at the first visit, when nobody has looked yet, at each that
// looks further, and when all was looked through. Beside it the same page
// without. It is processor time.
func BenchmarkFlagPagesAgainstPlain(b *testing.B) {
	const n = 100_000
	h, words := benchSearch(b, n)
	var records []daybook.Record
	for i := range n / flagEvery {
		m := told{id: fmt.Sprint("flagged", i), from: person(fmt.Sprint("https://many.example/users/", i%200), "", ""),
			at: at(11, 1, 0, 5).AddDate(-2, 0, 0).Add(time.Duration(i) * 200 * time.Minute), text: killing + ". " + words.text()}
		r := h.item(m)
		r.Actor = daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
		records = append(records, r)
	}
	for part := range slices.Chunk(records, 2000) {
		_, err := h.log.Append(b.Context(), h.mayas, part)
		h.ok(err)
		h.settle(h.mayas)
	}
	maya := h.enter(h.maya)
	timeline, common := h.timelineOf(h.mayas), words.list[0]
	flagged := maya.post(timeline, "flag", "threat").Location
	search := maya.post(h.path("search"), "words", common).Location
	narrowed := maya.post(h.path("search"), "words", common, "flag", "threat").Location

	measure := func(name, path, beside string, times int) {
		var ours, theirs, clock []time.Duration
		for range times {
			begin, start := spent(b), time.Now()
			if page := maya.get(path); page.Status != 200 {
				b.Fatalf("status %d", page.Status)
			}
			ours, clock = append(ours, spent(b)-begin), append(clock, time.Since(start))
			if beside != "" {
				begin = spent(b)
				maya.get(beside)
				theirs = append(theirs, spent(b)-begin)
			}
		}
		ms := func(all []time.Duration, percent int) float64 {
			if len(all) == 0 {
				return 0
			}
			slices.Sort(all)
			return math.Round(float64(all[len(all)*percent/100].Microseconds())/10) / 100
		}
		ratio := 0.0
		if len(theirs) > 0 {
			ratio = math.Round(10*ms(ours, 95)/ms(theirs, 95)) / 10
		}
		line, err := json.Marshal(map[string]any{"measure": "web: flags, " + name + ", p95", "ours": ms(ours, 95), "theirs": ms(theirs, 95), "ratio": ratio,
			"unit": "ms of processor time", "n": n, "p50": ms(ours, 50), "clock_p50": ms(clock, 50), "clock_p95": ms(clock, 95)})
		h.ok(err)
		fmt.Println(string(line))
	}
	measure("timeline narrowed, first visit", flagged, "", 1)
	looks := 0
	for strings.Contains(maya.get(flagged).Body, "Look further") && looks < 3 {
		looks++
	}
	measure("timeline narrowed, looking further", flagged, "", 3)
	begin := time.Now()
	_, _, err := h.db.BringFlags(b.Context(), h.mayas, 0)
	h.ok(err)
	b.Logf("the rest took %v", time.Since(begin))
	begin = time.Now()
	for range 20 {
		_, err = h.db.Flagged(b.Context(), h.mayas, flags.Threat)
		h.ok(err)
	}
	b.Logf("Flagged took %v", time.Since(begin)/20)
	some, err := h.db.Flagged(b.Context(), h.mayas, flags.Threat)
	h.ok(err)
	for _, tell := range [][]index.Messages{nil, {some}} {
		q, err := index.Parse(common)
		h.ok(err)
		q.Case, q.Tell = h.mayas, tell
		begin = time.Now()
		for range 20 {
			_, err = h.index.Each(b.Context(), q, func(index.Found) {})
			h.ok(err)
		}
		b.Logf("Each telling of %d lists took %v", len(tell), time.Since(begin)/20)
	}
	measure("timeline narrowed", flagged, timeline, 40)
	measure("search with the facet", search, "", 40)
	measure("search narrowed", narrowed, search, 40)
}
