package links

import (
	"math/bits"
	"slices"
	"strings"

	"daybook/detect"
)

// pictured reports whether a perceptual hash tells pictures apart: that of one
// colour does not.
func pictured(h uint64) bool {
	n := bits.OnesCount64(h)
	return n >= 8 && n <= 56
}

// mostDiffer is how many of the 64 bits of two pictures that are alike differ at
// most.
const mostDiffer = 7

// pictures compares the pictures that the accounts ever showed.
func (p *pair) pictures() []note {
	a, b := p.a.traces[ofPicture], p.b.traces[ofPicture]
	best := mostDiffer + 1
	var x, y trace
	for _, s := range a {
		for _, t := range b {
			if d := bits.OnesCount64(s.key ^ t.key); d < best {
				best, x, y = d, s, t
			}
		}
	}
	var w detect.Millibits
	text := "The pictures of the two accounts are the same, or nearly so"
	switch {
	case best <= 2:
		w = pictureSame
	case best <= 5:
		w, text = pictureClose, "The pictures of the two accounts are much alike"
	case best <= mostDiffer:
		w, text = pictureNear, "The pictures of the two accounts are alike"
	default:
		return nil
	}
	if w = others(w, max(p.c.users(ofPicture, x.key), p.c.users(ofPicture, y.key))-2); w <= 0 {
		return nil
	}
	text += ": " + count(int64(best), "bit") + " of 64 of their outlines " + pick(int64(best), "differs", "differ") + "."
	return []note{{familyPicture, detect.Reason{Feature: "picture", Weight: w, Text: text, Entries: entriesOf(withKey(a, x.key), withKey(b, y.key))}}}
}

// media compares the files that the two sent.
func (p *pair) media() []note {
	a, b := p.a.traces[ofMedia], p.b.traces[ofMedia]
	said := p.c.words.of(ofMedia)
	var sum detect.Millibits
	var entries []uint64
	n := int64(0)
	for _, key := range shared(a, b) {
		if len(withKey(said, key)) > 0 {
			continue
		}
		if w := others(mediaSame, p.c.users(ofMedia, key)-2); w > 0 {
			n++
			sum += w
			entries = append(entries, entriesOf(withKey(a, key), withKey(b, key))...)
		}
	}
	if n == 0 {
		return nil
	}
	text := "The same " + pick(n, "picture or file", "pictures or files") + " came from both: " + count(n, "file") + "."
	return []note{{familyPicture, detect.Reason{Feature: "media", Weight: min(sum, mostOf(familyPicture)), Text: text, Entries: ascending(entries)}}}
}

// contactPoints compares the addresses, telephone numbers and pages that the two
// named. What belongs to the person, or what the person named, is left out.
func (p *pair) contactPoints() []note {
	a, b := p.a.traces[ofContact], p.b.traces[ofContact]
	said := p.c.words.of(ofContact)
	var sum detect.Millibits
	var named []string
	var entries []uint64
	for _, key := range shared(a, b) {
		x, y := withKey(a, key), withKey(b, key)
		sort, what, _ := strings.Cut(x[0].what, ":")
		if len(withKey(said, key)) > 0 || slices.ContainsFunc(p.c.own, func(own string) bool { return strings.Contains(strings.ToLower(what), own) }) {
			continue
		}
		w := pageSame
		switch sort {
		case "mail", "tel":
			w = pointSame
		case "host":
			w = hostSame
		}
		if w = others(w, p.c.users(ofContact, key)-2); w <= 0 {
			continue
		}
		sum += w
		entries = append(entries, entriesOf(x, y)...)
		if len(named) < mostQuoted {
			named = append(named, pointWords(sort)+" "+inQuotes(what))
		}
	}
	if len(named) == 0 {
		return nil
	}
	text := "Both named " + list(named) + "."
	return []note{{familyContact, detect.Reason{Feature: "words-contact-point", Weight: min(sum, mostOf(familyContact)), Text: text, Entries: ascending(entries)}}}
}

func pointWords(sort string) string {
	switch sort {
	case "mail":
		return "the e-mail address"
	case "tel":
		return "a telephone number that ends in"
	case "host":
		return "the site"
	}
	return "the page"
}
