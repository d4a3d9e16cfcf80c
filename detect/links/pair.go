package links

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"daybook/detect"
)

// A pair is two parties that are compared. a is the one that the sentences
// begin with: the single handle, else the one that came later.
type pair struct {
	c    *casework
	a, b *party
}

// A note is what one comparison found.
type note struct {
	family family
	detect.Reason
}

// compared is all that was found of a pair.
type compared struct {
	pair     *pair
	notes    []note // strongest first: for, against, then what says nothing
	forLink  detect.Millibits
	against  detect.Millibits
	families [families]detect.Millibits // what speaks for, capped
	writing  written
	crowd    int // other parties that first came around that time
}

// pairOf puts two parties in order.
func (c *casework) pairOf(a, b *party) *pair {
	first := func(p *party) time.Time {
		if f, ok := p.first(); ok {
			return f.at
		}
		return time.Time{}
	}
	single := func(p *party) int { return min(len(p.members), 2) }
	if order := cmp.Or(cmp.Compare(single(a), single(b)), first(b).Compare(first(a)), slices.Compare(b.refs, a.refs)); order > 0 {
		a, b = b, a
	}
	return &pair{c, a, b}
}

// compare makes all comparisons of a pair.
func (p *pair) compare() compared {
	w := p.writing()
	return p.compareRest(p.grounds(), w)
}

// compareIfWorth makes all comparisons unless the first, of what a suggestion has
// to stand on, show that there can be none. ok is false then.
func (p *pair) compareIfWorth() (out compared, ok bool) {
	grounds := p.grounds()
	var sums [families]detect.Millibits
	for _, n := range grounds {
		sums[n.family] += n.Weight
		ok = ok || n.family.isGround(sums[n.family])
	}
	var w written
	if !ok {
		if w = p.writing(); !w.enough || w.weight < ruleMiddling {
			return compared{}, false
		}
	} else {
		w = p.writing()
	}
	return p.compareRest(grounds, w), true
}

// grounds makes the comparisons that a suggestion can stand on, but for
// succession, which needs one of these beside it.
func (p *pair) grounds() []note {
	notes := p.compareNames()
	notes = append(notes, p.compareWords()...)
	notes = append(notes, p.pictures()...)
	notes = append(notes, p.media()...)
	notes = append(notes, p.contactPoints()...)
	return append(notes, p.moved()...)
}

// compareRest makes the other comparisons.
func (p *pair) compareRest(notes []note, w written) compared {
	out := compared{pair: p, writing: w}
	add := func(n ...note) { notes = append(notes, n...) }
	followed, crowd := p.succession()
	add(followed...)
	out.crowd = crowd
	add(p.thirdParties()...)
	add(p.server()...)
	add(p.hours()...)
	add(p.together()...)
	add(p.beside()...)
	add(p.languages()...)
	add(p.talked()...)
	add(p.unknownWords()...)
	add(p.habits(w)...)
	for _, n := range notes {
		switch {
		case n.Learned:
		case n.Weight > 0:
			out.families[n.family] = min(mostOf(n.family), out.families[n.family]+n.Weight)
		case n.Weight < 0:
			out.against = max(-mostOf(familyAgainst), out.against+n.Weight)
		}
	}
	for _, w := range out.families {
		out.forLink += w
	}
	slices.SortStableFunc(notes, func(a, b note) int {
		return cmp.Or(cmp.Compare(side(a), side(b)), cmp.Compare(size(b), size(a)), cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Text, b.Text))
	})
	out.notes = notes
	return out
}

// side orders notes: what speaks for, what speaks against, what says nothing.
func side(n note) int {
	switch {
	case n.Weight > 0:
		return 0
	case n.Weight < 0:
		return 1
	}
	return 2
}

func size(n note) detect.Millibits { return max(n.Weight, -n.Weight) }

// call names a handle in a sentence.
func (c *casework) call(handle int) string {
	h := c.facts.Handles[handle]
	name := h.Shown()
	if len(h.Names) > 0 && name != h.Native && !strings.HasPrefix(name, "@") && h.Platform != "mail" && !strings.ContainsFunc(name, unicode.IsSpace) {
		name = "@" + name
	}
	return visible(name)
}

// callAll names a party: "@a", "@a and 2 linked handles". A group goes by the
// handle that came first.
func (c *casework) callAll(p *party) string {
	if p.called == "" {
		p.called = c.calledNow(p)
	}
	return p.called
}

func (c *casework) calledNow(p *party) string {
	first := p.members[0]
	if f, ok := p.first(); ok {
		first = f.handle
	}
	if n := len(p.members) - 1; n > 0 {
		return c.call(first) + " and " + count(int64(n), "linked handle")
	}
	return c.call(first)
}

// moment writes a time in the person's zone.
func (c *casework) moment(t time.Time) string {
	zone := c.facts.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2 January 2006, 15:04 MST")
}

// visible returns text with characters that cannot be seen, or that turn its
// direction, written out, and no longer than a line.
func visible(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(text, "\ufffd") {
		if n++; n > 80 {
			b.WriteString("…")
			break
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Co, r) {
			b.WriteString("[" + codePoint(r) + "]")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func inQuotes(text string) string { return "“" + visible(text) + "”" }

func codePoint(r rune) string {
	hex := strings.ToUpper(strconv.FormatInt(int64(r), 16))
	return "U+" + strings.Repeat("0", max(0, 4-len(hex))) + hex
}

// count writes "1 day", "2 days".
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// lasting writes a length of time in its largest whole unit, rounded down.
func lasting(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return count(int64(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return count(int64(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int64(d/time.Minute), "minute")
	}
	return count(int64(d/time.Second), "second")
}

// entriesOf returns the entries of traces.
func entriesOf(lists ...[]trace) []uint64 {
	var out []uint64
	for _, l := range lists {
		for _, t := range l {
			out = append(out, t.entry)
		}
	}
	return ascending(out)
}
