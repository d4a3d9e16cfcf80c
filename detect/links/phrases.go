package links

import (
	"cmp"
	"slices"
	"strings"

	"daybook/detect"
)

const (
	mostShared = 400 // runs of a pair that are looked at
	mostQuoted = 4   // phrases that a sentence quotes
)

// chance is the product of the numbers of uncommon runs of two writers at which
// they share one by chance: measured on writers of one community who have
// nothing to do with each other.
const chance = 400_000

// compareWords compares what the two wrote, word by word: phrases, misspellings
// and whole messages.
func (p *pair) compareWords() []note {
	whole, covered := p.messages()
	return slices.Concat(whole, p.phrases(covered), p.spellings())
}

// unknownWords reports that phrases could not be compared, because it is not
// known which of them are common.
func (p *pair) unknownWords() []note {
	for _, q := range []*party{p.a, p.b} {
		if q.messages > 0 && q.known == 0 {
			return []note{{familyNothing, detect.Reason{Feature: "phrases-not-compared",
				Text: "Phrases were not compared: which are common is known of English alone, and hardly any words of " + p.c.callAll(q) + " are."}}}
		}
	}
	return nil
}

// A phrase is a run of words that both wrote.
type phrase struct {
	text    string
	words   int
	keys    []uint64
	entries []uint64
}

// phrases compares the runs of three and more words that both used and that are
// not in common use. It leaves out messages that are alike as a whole.
func (p *pair) phrases(covered []uint64) []note {
	a, b := p.a.traces[ofRun], p.b.traces[ofRun]
	found := p.longest(a, b, covered)
	if len(found) == 0 {
		return nil
	}
	// log2 of how many they share by chance, where that is more than one.
	byChance := detect.Millibits(log2(uint64(distinct(a)*distinct(b)), chance))
	var (
		sum     detect.Millibits
		quoted  []string
		entries []uint64
		also    int
	)
	for _, f := range found {
		w := phraseWeight(f.words)
		if everyday(f.text) {
			w -= everydayBy
		}
		users := 2
		if len(f.keys) > 0 {
			users = p.c.users(ofRun, f.keys[0])
			for _, key := range f.keys[1:] {
				users = min(users, p.c.users(ofRun, key))
			}
		}
		if w = others(w-byChance, users-2); w <= 0 {
			continue
		}
		also = max(also, users-2)
		sum += w
		entries = append(entries, f.entries...)
		if len(quoted) < mostQuoted {
			quoted = append(quoted, inQuotes(f.text))
		}
	}
	if sum < 500 {
		return nil
	}
	text := "Both wrote " + list(quoted) + "; no other sender in this record did."
	if also > 0 {
		text = "Both wrote " + list(quoted) + "; up to " + count(int64(also), "other sender") + " in this record did too."
	}
	return []note{{familyWords, detect.Reason{Feature: "words-phrase", Weight: min(phrases, sum), Text: text, Entries: ascending(entries)}}}
}

func phraseWeight(words int) detect.Millibits {
	switch {
	case words >= 6:
		return phraseOf6
	case words == 5:
		return phraseOf5
	case words == 4:
		return phraseOf4
	}
	return phraseOf3
}

// longest returns the longest runs of words that two lists share, longest first,
// none that lies in another, and none that the person wrote.
func (p *pair) longest(a, b []trace, covered []uint64) []phrase {
	keys := shared(a, b)
	said := p.c.words.of(ofRun)
	keys = slices.DeleteFunc(keys, func(key uint64) bool { return len(withKey(said, key)) > 0 })
	keys = keys[:min(len(keys), mostShared)]
	places := func(list []trace) []trace {
		var out []trace
		for _, key := range keys {
			for _, t := range withKey(list, key) {
				if _, whole := slices.BinarySearch(covered, t.entry); !whole {
					out = append(out, t)
				}
			}
		}
		slices.SortFunc(out, func(x, y trace) int { return cmp.Or(cmp.Compare(x.entry, y.entry), cmp.Compare(x.pos, y.pos)) })
		return out
	}
	as, bs := places(a), places(b)
	byKey := map[uint64][]int{} // places in bs
	for j, t := range bs {
		byKey[t.key] = append(byKey[t.key], j)
	}
	follows := func(list []trace, i, j int) bool {
		return j < len(list) && list[j].entry == list[i].entry && list[j].pos == list[i].pos+1
	}
	best := map[string]phrase{}
	for i, t := range as {
		for _, j := range byKey[t.key] {
			if i > 0 && j > 0 && follows(as, i-1, i) && follows(bs, j-1, j) && as[i-1].key == bs[j-1].key {
				continue // part of the one before
			}
			f := phrase{text: t.what, words: 3, keys: []uint64{t.key}, entries: []uint64{t.entry, bs[j].entry}}
			for x, y := i, j; follows(as, x, x+1) && follows(bs, y, y+1) && as[x+1].key == bs[y+1].key; x, y = x+1, y+1 {
				word := as[x+1].what
				f.text += word[strings.LastIndexByte(word, ' '):]
				f.words++
				f.keys = append(f.keys, as[x+1].key)
			}
			if known, ok := best[f.text]; ok {
				f.entries = append(f.entries, known.entries...)
			}
			best[f.text] = f
		}
	}
	out := make([]phrase, 0, len(best))
	for _, f := range best {
		out = append(out, f)
	}
	slices.SortFunc(out, func(x, y phrase) int { return cmp.Or(cmp.Compare(y.words, x.words), cmp.Compare(x.text, y.text)) })
	seen := map[uint64]bool{}
	return slices.DeleteFunc(out, func(f phrase) bool {
		fresh := false
		for _, key := range f.keys {
			fresh = fresh || !seen[key]
			seen[key] = true
		}
		return !fresh
	})
}

// spellings compares misspellings of common words. What share of writers has one
// is known from the table of common words.
func (p *pair) spellings() []note {
	a, b := p.a.traces[ofSpelling], p.b.traces[ofSpelling]
	said := p.c.words.of(ofSpelling)
	var (
		sum     detect.Millibits
		quoted  []string
		entries []uint64
		also    int
	)
	for _, key := range shared(a, b) {
		if len(withKey(said, key)) > 0 {
			continue
		}
		word := withKey(a, key)
		// Somebody who misspells a word does so again perhaps 2 times in 5.
		w := min(spelling, detect.Millibits(log2(writers*2/5, uint64(max(fewWriters, usedBy(word[0].what))))))
		users := p.c.users(ofSpelling, key)
		if w = others(w, users-2); w <= 0 {
			continue
		}
		also = max(also, users-2)
		sum += w
		entries = append(entries, entriesOf(word, withKey(b, key))...)
		if len(quoted) < mostQuoted {
			quoted = append(quoted, inQuotes(word[0].what)+" for “"+misspelt(word[0].what)+"”")
		}
	}
	if sum < 500 {
		return nil
	}
	text := "Both write " + list(quoted) + "."
	if also > 0 {
		text = "Both write " + list(quoted) + ", as up to " + count(int64(also), "other sender") + " in this record did."
	}
	return []note{{familyWords, detect.Reason{Feature: "words-spelling", Weight: min(spellings, sum), Text: text, Entries: ascending(entries)}}}
}

// messages compares whole messages, and returns the entries of those that are
// alike.
func (p *pair) messages() ([]note, []uint64) {
	a, b := p.a.traces[ofMessage], p.b.traces[ofMessage]
	said := p.c.words.of(ofMessage)
	var (
		sum     detect.Millibits
		n       int64
		entries []uint64
		also    int
	)
	for _, key := range shared(a, b) {
		if len(withKey(said, key)) > 0 {
			continue
		}
		users := p.c.users(ofMessage, key)
		w := others(message, users-2)
		text := withKey(a, key)[0].what
		if everyday(text) {
			w = others(message/2, users-2)
		}
		if w <= 0 {
			continue
		}
		n++
		sum += w
		also = max(also, users-2)
		entries = append(entries, entriesOf(withKey(a, key), withKey(b, key))...)
	}
	entries = ascending(entries)
	if sum < 500 {
		return nil, nil
	}
	text := "Word for word the same " + pick(n, "message", "messages") + " of six words or more came from both: " + count(n, "message") + "."
	if also > 0 {
		text += " The same came from up to " + count(int64(also), "other sender") + " as well."
	}
	return []note{{familyWords, detect.Reason{Feature: "words-message", Weight: min(mostOf(familyWords), sum), Text: text, Entries: entries}}}, entries
}

// list writes "a", "a and b", "a, b and c".
func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

func pick(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
