package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

// Who the recording's linked accounts are, and everybody else in it.
var (
	firstAccount   = "kestrel_74"
	laterAccounts  = []string{"clay_admirer", "quiet_kiln"}
	linkedAccounts = append([]string{firstAccount}, laterAccounts...)
)

// suggestions returns what is suggested in the case now: the names of the later
// handle and of those that it may be linked to.
func (r *replay) suggestions() []detect.Finding {
	r.Helper()
	facts, err := r.app.db.Facts(r.Context(), r.id, r.now)
	if err != nil {
		r.Fatal(err)
	}
	found, err := r.app.linking.Suggest(r.Context(), r.id, facts)
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range found {
		for _, h := range f.Handles {
			if !slices.Contains(linkedAccounts, localName(h.Shown())) {
				r.Errorf("%s is suggested: %s", localName(h.Shown()), f.Text)
			}
		}
	}
	return found
}

// pairsOf names the pairs that are suggested.
func pairsOf(found []detect.Finding) []string {
	var out []string
	for _, f := range found {
		var names []string
		for _, h := range f.Handles {
			names = append(names, localName(h.Shown()))
		}
		out = append(out, strings.Join(names, " "))
	}
	return out
}

// wrote counts the messages with words that each account has sent so far.
func (r *replay) wrote() map[string]int {
	out := map[string]int{}
	for _, m := range r.messages() {
		if m.Direction == daybook.In && m.Text != "" && m.Kind.Contact() {
			out[localName(m.Sender.Shown())]++
		}
	}
	return out
}

// Both later accounts are suggested for the first one by their third message at
// the latest, with
// reasons that do not claim to rest on writing, and nobody else is at any poll.
func TestReplaySuggestsLaterAccounts_A10_E15(t *testing.T) {
	r := newReplay(t, "", nil)
	seen := map[string]bool{}
	r.play(func(snapshot string) {
		found := r.suggestions()
		wrote := r.wrote()
		for _, pair := range pairsOf(found) {
			if handles := strings.Fields(pair); slices.Contains(handles[1:], firstAccount) {
				seen[handles[0]] = true
			}
		}
		for _, name := range laterAccounts {
			if wrote[name] >= 3 && !seen[name] {
				t.Errorf("%s: %s has sent %d messages and is not suggested for the first: %q", snapshot, name, wrote[name], pairsOf(found))
			}
		}
	})
	found := r.suggestions()
	for _, f := range found {
		t.Log(f.Text)
		for _, reason := range f.Reasons {
			t.Logf("  %+d %s: %s", reason.Weight, reason.Feature, reason.Text)
			if len(reason.Entries) == 0 && reason.Weight > 0 && !reason.Learned { // writing rests on all messages
				t.Errorf("%q rests on no entry", reason.Text)
			}
		}
	}
	for _, name := range laterAccounts {
		if !slices.ContainsFunc(pairsOf(found), func(pair string) bool { return strings.HasPrefix(pair, name+" ") }) {
			t.Errorf("%s is not suggested at the end: %q", name, pairsOf(found))
		}
	}
}

// Once the person has confirmed the first two as linked, the third is suggested
// for both together by its third message, and neither of them for the other.
func TestReplaySuggestsForAGroup_E15(t *testing.T) {
	r := newReplay(t, "", nil)
	together := false
	r.play(func(snapshot string) {
		if wrote := r.wrote(); wrote["clay_admirer"] > 0 && !together {
			together = true
			d := daybook.Decision{What: daybook.MarkLinked, How: "the yellow door"}
			var err error
			if d.Handle, err = r.app.findHandle(t.Context(), r.id, "kestrel_74"); err == nil {
				d.Other, err = r.app.findHandle(t.Context(), r.id, "clay_admirer")
			}
			if err == nil {
				_, err = r.app.cases.Mark(t.Context(), cases.Operator("test"), r.id, d)
			}
			if err == nil {
				err = r.app.catchUp(t.Context(), r.id)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		pairs := pairsOf(r.suggestions())
		if r.wrote()["quiet_kiln"] >= 3 && !slices.Equal(pairs, []string{"quiet_kiln clay_admirer kestrel_74"}) {
			t.Errorf("%s: suggested: %q", snapshot, pairs)
		}
		if together && len(pairs) > 1 {
			t.Errorf("%s: suggested: %q", snapshot, pairs)
		}
	})
}

// relive appends the records of the finished story to a new case in lots, derives
// after each, and calls each.
func (r *replay) relive(records []daybook.Record, lot func() int, each func(newest daybook.Record)) {
	r.Helper()
	var err error
	if r.id, err = r.app.log.NewCase(r.Context(), cases.Operator("test"), "Garden again", "Europe/London"); err != nil {
		r.Fatal(err)
	}
	for rest := records; len(rest) > 0; {
		n := min(lot(), len(rest))
		if _, err := r.app.log.Append(r.Context(), r.id, rest[:n]); err != nil {
			r.Fatal(err)
		}
		if err := r.app.log.CatchUp(r.Context(), r.id, r.app.messages); err != nil {
			r.Fatal(err)
		}
		if each != nil {
			each(rest[n-1])
		}
		rest = rest[n:]
	}
}

// story returns the records of the finished story that say something about it,
// without those that say how it was read.
func (r *replay) story(kinds ...daybook.RecordKind) []daybook.Record {
	r.Helper()
	var out []daybook.Record
	for e, err := range r.app.log.Entries(r.Context(), r.id, 0) {
		if err != nil {
			r.Fatal(err)
		}
		if slices.Contains(kinds, e.Record.Kind) {
			out = append(out, e.Record)
		}
	}
	return out
}

// Entry by entry, with half of a poll and of an order that people do not see,
// nobody but the later accounts is ever suggested.
func TestReplayEntryByEntrySuggestsNobodyElse_A10_E15(t *testing.T) {
	r := newReplay(t, "", nil)
	r.play(nil)
	records := r.story(daybook.RecordConsent, daybook.RecordItem, daybook.RecordObservation)
	suggested := map[string]bool{}
	r.relive(records, func() int { return 1 }, func(newest daybook.Record) {
		if newest.Logged.After(r.now.Add(-365 * 24 * time.Hour)) {
			r.now = newest.Logged
		}
		for _, pair := range pairsOf(r.suggestions()) {
			suggested[strings.Fields(pair)[0]] = true
		}
	})
	for _, name := range laterAccounts {
		if !suggested[name] {
			t.Errorf("%s was never suggested", name)
		}
	}
}

// The items of the story in another order, some of them twice, give the same
// suggestions for the same reasons.
func TestReplayShuffledGivesEqualSuggestions(t *testing.T) {
	r := newReplay(t, "", nil)
	r.play(nil)
	consent, items := r.story(daybook.RecordConsent), r.story(daybook.RecordItem)
	blocks := r.story(daybook.RecordObservation)
	end := r.now
	tell := func(found []detect.Finding) (out []string) {
		for _, f := range found {
			out = append(out, fmt.Sprint(pairsOf([]detect.Finding{f}), f.From, f.To, f.Weight, f.Text))
			for _, reason := range f.Reasons {
				out = append(out, fmt.Sprint(reason.Feature, reason.Weight, reason.Text, len(reason.Entries)))
			}
		}
		return out
	}
	r.relive(slices.Concat(consent, items, blocks), func() int { return 1000 }, nil)
	want := tell(r.suggestions())
	if len(want) == 0 {
		t.Fatal("nobody was suggested")
	}
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 83))
		records := slices.Clone(items)
		for _, i := range random.Perm(len(items))[:len(items)/3] {
			records = append(records, items[i])
		}
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		r.now = end
		r.relive(slices.Concat(consent, records, blocks), func() int { return 1 + random.IntN(60) }, func(daybook.Record) { r.suggestions() })
		if diff := cmp.Diff(want, tell(r.suggestions())); diff != "" {
			t.Fatalf("seed %d: other suggestions (-in order +shuffled):\n%s", seed, diff)
		}
	}
}
