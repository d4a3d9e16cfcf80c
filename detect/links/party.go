package links

import (
	"cmp"
	"slices"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/style"
)

// A party is what is compared: one handle, or a group that a person confirmed.
type party struct {
	members  []int // places in Facts.Handles, by Ref
	refs     []string
	in, out  []contact // by time; what came from it, and what the person wrote to it
	traces   [kinds][]trace
	names    []bornName
	plain    []plainName // of names; made when asked for
	hours    [24]int64
	langs    map[string]int64
	messages int
	known    int64     // messages in words whose use is known
	created  time.Time // of its newest account, as the platform claims
	createdE uint64
	endings  []ending // by time
	unwanted bool     // marked so, or asked to stop, or blocked
	allowed  []uint64 // entries of marks that contact is agreed
	platform daybook.Platform
	called   string      // in sentences; made when asked for
	written  *manuscript // made when asked for
	read     bool
}

// A contact is one message between a party and the person.
type contact struct {
	at     time.Time
	entry  uint64
	handle int
	rough  bool // the time is known only to the day or less
}

// A bornName is a name that a party bore.
type bornName struct {
	text    string
	account bool
	entries []uint64 // of the profiles that show it; none if only the handle has it
}

// An ending is a time after which a party could not, or was asked not to, go on.
type ending struct {
	block  bool // else it was asked to stop
	from   time.Time
	at     time.Time // it was in force by then; it began after from
	entry  uint64
	handle int
}

// A casework is the facts, made ready for comparing.
type casework struct {
	facts   Facts
	model   *style.Model
	parties []*party                     // by the Ref of their first member
	of      []int                        // the party of each handle; -1 for those of the person
	said    map[[2]int]Decision          // by a person, of two handles: the newest
	own     []string                     // what the person is called
	words   *Sender                      // what the person wrote
	called  map[string]int               // parties with a word in a name
	users   func(k kind, key uint64) int // parties that have a trace
	dates   []arrival
}

// An arrival is the first contact of a party.
type arrival struct {
	at    time.Time
	party int
}

// prepare makes the parties. Which handles are one party is what a person
// confirmed; a group that holds two handles which that person also said are
// apart is taken as single handles.
func prepare(f Facts) *casework {
	c := &casework{facts: f, of: make([]int, len(f.Handles)), said: map[[2]int]Decision{}, words: f.Said}
	for _, d := range f.Decisions {
		if d.A < 0 || d.B < 0 || d.A >= len(f.Handles) || d.B >= len(f.Handles) {
			continue
		}
		pair := unordered(d.A, d.B)
		if old, ok := c.said[pair]; !ok || cmp.Or(cmp.Compare(d.Entry, old.Entry), cmp.Compare(d.What, old.What)) > 0 {
			c.said[pair] = d
		}
	}
	for _, ref := range f.Own {
		if local := localName(ref); len(local) >= 4 {
			c.own = append(c.own, local)
		}
	}
	var sets [][]int
	grouped := make([]bool, len(f.Handles))
	for i, h := range f.Handles {
		grouped[i] = slices.Contains(f.Own, h.Ref()) // left out
		c.of[i] = -1
	}
	for _, g := range f.Groups {
		g = slices.DeleteFunc(slices.Clone(g), func(i int) bool { return i < 0 || i >= len(f.Handles) || grouped[i] })
		if len(g) < 2 || c.tornApart(g) {
			continue
		}
		for _, i := range g {
			grouped[i] = true
		}
		sets = append(sets, g)
	}
	for i := range f.Handles {
		if !grouped[i] {
			sets = append(sets, []int{i})
		}
	}
	for _, set := range sets {
		c.parties = append(c.parties, c.newParty(set))
	}
	slices.SortStableFunc(c.parties, func(a, b *party) int { return slices.Compare(a.refs, b.refs) })
	for i, p := range c.parties {
		for _, h := range p.members {
			c.of[h] = i
		}
	}
	c.fill()
	c.called = map[string]int{}
	for _, p := range c.parties {
		var words []string
		for _, n := range c.plainNames(p) {
			words = append(words, n.words...)
		}
		slices.Sort(words)
		for _, word := range slices.Compact(words) {
			c.called[word]++
		}
	}
	c.users = c.countUsers
	return c
}

func unordered(a, b int) [2]int { return [2]int{min(a, b), max(a, b)} }

// tornApart reports whether two of the handles were said to be apart.
func (c *casework) tornApart(handles []int) bool {
	for i, a := range handles {
		for _, b := range handles[i+1:] {
			if c.said[unordered(a, b)].What == daybook.MarkApart {
				return true
			}
		}
	}
	return false
}

// newParty makes a party of what its members wrote and showed.
func (c *casework) newParty(set []int) *party {
	p := &party{members: set, langs: map[string]int64{}}
	slices.SortFunc(p.members, func(a, b int) int { return cmp.Compare(c.facts.Handles[a].Ref(), c.facts.Handles[b].Ref()) })
	p.platform = c.facts.Handles[p.members[0]].Platform
	born := map[string]*bornName{}
	name := func(text string, account bool, entry uint64) {
		key := text
		if account {
			key = "@" + text
		}
		n := born[key]
		if n == nil {
			n = &bornName{text: text, account: account}
			born[key] = n
		}
		if entry > 0 {
			n.entries = append(n.entries, entry)
		}
	}
	for _, h := range p.members {
		handle := c.facts.Handles[h]
		p.refs = append(p.refs, handle.Ref())
		for _, n := range handle.Names[:min(len(handle.Names), 64)] {
			if n.Account != "" {
				name(cut(n.Account, 256), true, 0)
			}
			if n.Display != "" {
				name(cut(n.Display, 256), false, 0)
			}
		}
		if len(handle.Names) == 0 {
			name(localName(handle.Ref()), true, 0)
		}
		if h >= len(c.facts.Senders) || c.facts.Senders[h] == nil {
			continue
		}
		s := c.facts.Senders[h]
		for k := range kinds {
			if len(p.members) == 1 {
				p.traces[k] = s.of(k)
			} else {
				p.traces[k] = append(p.traces[k], s.of(k)...)
			}
		}
		for i, n := range s.hours {
			p.hours[i] += n
		}
		for lang, n := range s.langs {
			p.langs[lang] += n
		}
		p.messages += s.Messages()
		p.known += s.known
		if s.created.After(p.created) {
			p.created, p.createdE = s.created, s.createdE
		}
	}
	if len(p.members) > 1 {
		for k := range kinds {
			p.traces[k] = settled(p.traces[k], most(k))
		}
	}
	for _, t := range p.traces[ofAccount] {
		name(t.what, true, t.entry)
	}
	for _, t := range p.traces[ofDisplay] {
		name(t.what, false, t.entry)
	}
	for _, n := range born {
		n.entries = ascending(n.entries)
		p.names = append(p.names, *n)
	}
	slices.SortFunc(p.names, func(a, b bornName) int {
		if a.account != b.account {
			if a.account {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.text, b.text)
	})
	return p
}

// fill gives each party its contacts and what ended them.
func (c *casework) fill() {
	for _, m := range c.facts.Contacts {
		if m.Handle < 0 || m.Handle >= len(c.of) || c.of[m.Handle] < 0 {
			continue
		}
		p := c.parties[c.of[m.Handle]]
		one := contact{at: m.At, entry: m.Entry, handle: m.Handle, rough: m.Precision != daybook.Exact && m.Precision != daybook.Minute}
		if m.Direction == daybook.Out {
			p.out = append(p.out, one)
		} else {
			p.in = append(p.in, one)
		}
	}
	for _, b := range c.facts.Blocks {
		if p := c.partyOf(b.Handle); p != nil {
			p.endings = append(p.endings, ending{block: true, from: b.Before, at: b.Seen, entry: b.Entry, handle: b.Handle})
			p.unwanted = true
		}
	}
	for _, m := range c.facts.Marks {
		p := c.partyOf(m.Handle)
		if p == nil {
			continue
		}
		switch m.What {
		case daybook.MarkStop:
			p.unwanted = true
			from, at := c.asked(m)
			p.endings = append(p.endings, ending{from: from, at: at, entry: m.Entry, handle: m.Handle})
		case daybook.MarkUnwanted:
			p.unwanted = true
		case daybook.MarkAllowed:
			p.allowed = append(p.allowed, m.Entry)
		}
	}
	byTime := func(a, b contact) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.entry, b.entry), cmp.Compare(c.facts.Handles[a.handle].Ref(), c.facts.Handles[b.handle].Ref()))
	}
	for i, p := range c.parties {
		slices.SortFunc(p.in, byTime)
		slices.SortFunc(p.out, byTime)
		slices.SortFunc(p.endings, func(a, b ending) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.entry, b.entry)) })
		p.allowed = ascending(p.allowed)
		if len(p.in) > 0 {
			c.dates = append(c.dates, arrival{p.in[0].at, i})
		}
	}
	slices.SortFunc(c.dates, func(a, b arrival) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.party, b.party)) })
}

// asked returns when a request to stop was made: the time in between is what is
// not known.
func (c *casework) asked(m detect.Mark) (from, at time.Time) {
	switch {
	case !m.When.At.IsZero():
		from, at = m.When.At, m.When.At
		if m.When.Precision == daybook.Day || m.When.Precision == daybook.About {
			at = from.Add(24 * time.Hour)
		}
		if m.When.Until.After(at) {
			at = m.When.Until
		}
		return from, at
	case m.About != nil:
		for _, k := range c.facts.Contacts {
			if k.Entry == *m.About && !k.At.IsZero() {
				return k.At, k.At
			}
		}
	}
	return m.At, m.At
}

func (c *casework) partyOf(handle int) *party {
	if handle < 0 || handle >= len(c.of) || c.of[handle] < 0 {
		return nil
	}
	return c.parties[c.of[handle]]
}

// decided returns what a person said about two parties: apart if that was said
// of any two of their handles.
func (c *casework) decided(a, b *party) (daybook.Mark, Decision) {
	for _, what := range []daybook.Mark{daybook.MarkApart, daybook.MarkLinked, daybook.MarkOpen} {
		var newest Decision
		for _, x := range a.members {
			for _, y := range b.members {
				if d := c.said[unordered(x, y)]; d.What == what && (newest.What == "" || d.Entry > newest.Entry) {
					newest = d
				}
			}
		}
		if newest.What == what {
			return what, newest
		}
	}
	return "", Decision{}
}

// countUsers counts the parties that have a trace.
func (c *casework) countUsers(k kind, key uint64) int {
	n := 0
	for _, p := range c.parties {
		if len(withKey(p.traces[k], key)) > 0 {
			n++
		}
	}
	return n
}

// first returns the first contact of a party; ok is false if there was none.
func (p *party) first() (contact, bool) {
	if len(p.in) == 0 {
		return contact{}, false
	}
	return p.in[0], true
}

// ascending sorts entries and drops doubles.
func ascending(entries []uint64) []uint64 {
	slices.Sort(entries)
	return slices.Compact(entries)
}
