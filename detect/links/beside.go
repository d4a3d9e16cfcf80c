package links

import (
	"cmp"
	"slices"
	"time"

	"daybook/detect"
)

const (
	atOnce       = 2 * time.Minute
	mostContacts = 20_000 // of a party, the newest, that are laid beside those of another
	fewHours     = 20     // messages below which hours say nothing
	fewLang      = 5
)

// hours compares at which hours the two write. It weighs little: people of one
// country are awake at the same time.
func (p *pair) hours() []note {
	var n, m int64
	for h := range 24 {
		n += p.a.hours[h]
		m += p.b.hours[h]
	}
	if n < fewHours || m < fewHours {
		return nil
	}
	// Twenty-four times the chance that two messages, one of each, fall into the
	// same hour, in thousandths: 1000 for somebody who writes at any hour. Each
	// message counts half in its hour and a quarter in those beside it.
	x, y := smooth(p.a.hours), smooth(p.b.hours)
	var same, all int64
	for h := range 24 {
		same += x[h] * y[h]
	}
	all = 16 * n * m
	var w detect.Millibits
	text := ""
	switch alike := 24 * same / (all/1000 + 1); {
	case alike >= 2500:
		w, text = hoursSame, "write in the same few hours of the day"
	case alike >= 1800:
		w, text = hoursAlike, "write mostly in the same hours of the day"
	case alike <= 250:
		w, text = hoursApart, "hardly ever write in the same hours of the day"
	case alike <= 500:
		w, text = hoursUnlike, "write mostly in other hours of the day"
	default:
		return nil
	}
	text = "The two " + text + ": " + count(n, "message") + " of " + p.c.callAll(p.a) + " and " + count(m, "message") + " of " + p.c.callAll(p.b) + "."
	family := familyHours
	if w < 0 {
		family = familyAgainst
	}
	return []note{{family, detect.Reason{Feature: "hours", Weight: w, Text: text}}}
}

func smooth(hours [24]int64) (out [24]int64) {
	for h := range 24 {
		out[h] = hours[(h+23)%24] + 2*hours[h] + hours[(h+1)%24]
	}
	return out
}

// together counts the days on which both wrote within two minutes of each other.
// One person can do that with two devices; mostly it is two.
func (p *pair) together() []note {
	days := map[int64]bool{}
	var entries []uint64
	a, b := newest(p.a.in), newest(p.b.in)
	j := 0
	for _, m := range a {
		for j < len(b) && b[j].at.Before(m.at.Add(-atOnce)) {
			j++
		}
		if j == len(b) {
			break
		}
		if o := b[j]; !o.at.After(m.at.Add(atOnce)) && !m.rough && !o.rough {
			if d := m.at.Unix() / 86400; !days[d] {
				days[d] = true
				entries = append(entries, m.entry, o.entry)
			}
		}
	}
	n := int64(len(days))
	if n < 2 {
		return nil
	}
	text := "Both wrote within two minutes of each other on " + count(n, "day") + "."
	return []note{{familyAgainst, detect.Reason{Feature: "together", Weight: max(togetherMost, togetherDay*detect.Millibits(n-1)), Text: text, Entries: ascending(entries)}}}
}

// beside counts the weeks in which both wrote: two handles that were used beside
// each other for long have each a history of their own.
func (p *pair) beside() []note {
	weeks := func(in []contact) map[int64][]uint64 {
		out := map[int64][]uint64{}
		for _, m := range in {
			w := m.at.Unix() / (7 * 86400)
			out[w] = append(out[w], m.entry)
		}
		return out
	}
	a, b := weeks(newest(p.a.in)), weeks(newest(p.b.in))
	var n int64
	var entries []uint64
	for w, x := range a {
		if y := b[w]; len(x) >= 2 && len(y) >= 2 {
			n++
			slices.Sort(x)
			slices.Sort(y)
			entries = append(entries, x[0], x[len(x)-1], y[0], y[len(y)-1])
		}
	}
	if n < 2 {
		return nil
	}
	text := "Both wrote to you in the same " + count(n, "week") + ", each twice or more: two histories beside each other."
	return []note{{familyAgainst, detect.Reason{Feature: "beside", Weight: max(besideMost, besideWeek*detect.Millibits(n-1)), Text: text, Entries: ascending(entries)}}}
}

func newest(in []contact) []contact { return in[max(0, len(in)-mostContacts):] }

// languages compares the languages that the platforms give for what they wrote.
func (p *pair) languages() []note {
	x, xn := mainLang(p.a.langs)
	y, yn := mainLang(p.b.langs)
	if x == "" || y == "" || x == y {
		return nil
	}
	text := "They write in different languages: " + count(xn, "message") + " of " + p.c.callAll(p.a) + " are marked " + x + ", " +
		count(yn, "message") + " of " + p.c.callAll(p.b) + " " + y + "."
	return []note{{familyAgainst, detect.Reason{Feature: "language", Weight: otherLanguage, Text: text}}}
}

// mainLang returns the language of four in five messages or more, and of how
// many; "" if there is none, or there are too few.
func mainLang(langs map[string]int64) (string, int64) {
	var all, most int64
	main := ""
	for lang, n := range langs {
		all += n
		if n > most || n == most && cmp.Less(lang, main) {
			main, most = lang, n
		}
	}
	if all < fewLang || 5*most < 4*all {
		return "", 0
	}
	return main, most
}

// talked reports what the person did herself: whom she wrote to again and again
// and never turned away, or marked as agreed, is hardly somebody whom she turned
// away elsewhere.
func (p *pair) talked() []note {
	var out []note
	for _, q := range []*party{p.a, p.b} {
		if len(q.allowed) == 0 && len(q.out) < 5 {
			continue
		}
		name := p.c.callAll(q)
		if len(q.allowed) > 0 {
			out = append(out, note{familyAgainst, detect.Reason{Feature: "agreed", Weight: agreed,
				Text: "You marked contact from " + name + " as agreed.", Entries: q.allowed}})
		}
		if q.unwanted || len(q.in) == 0 {
			continue
		}
		days := map[int64]bool{}
		var entries []uint64
		for _, m := range q.out {
			days[m.at.Unix()/86400] = true
			entries = append(entries, m.entry)
		}
		entries = ascending(entries)
		n, d := int64(len(entries)), int64(len(days))
		w := talkedWith
		switch {
		case n >= 10 && d >= 5:
			w = talkedWithLong
		case n < 5 || d < 3:
			continue
		}
		text := "You wrote to " + name + " " + count(n, "time") + " on " + count(d, "day") + ", and did not ask them to stop or block them."
		out = append(out, note{familyAgainst, detect.Reason{Feature: "talked", Weight: w, Text: text, Entries: entries}})
	}
	return out
}
