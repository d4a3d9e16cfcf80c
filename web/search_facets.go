package web

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
	"daybook/index"
)

// A facet is one way to narrow the hits.
type facet struct {
	Key     string // legend
	Choices []facetChoice
}

// A facetChoice is one box of a facet, with how many hits have it.
type facetChoice struct {
	Field   string
	Value   string
	N       uint64
	Chosen  bool
	Key     string // what it is called, in the catalogue; Arg goes with it
	Arg     string
	Raw     string
	Name    name // of a handle or account
	IsName  bool
	Of      platformName
	Account bool
	Kind    bool
}

const (
	maxSenders = 10 // single ones to choose from
	maxMonths  = 24
)

// offered is what a case has to narrow by.
type offered struct {
	r        *request
	t        *terms
	accounts []daybook.Account
	months   []monthOf // newest first
	after    []index.Since
}

// A monthOf is a month where the days of the case are counted; the last one
// stands for all before it if there are too many.
type monthOf struct {
	value    string
	from, to time.Time
	name     string
}

func (r *request) offer(t *terms) (*offered, error) {
	o := &offered{r: r, t: t}
	var err error
	if o.accounts, err = r.s.Store.Accounts(r.Context(), r.caseID); err != nil {
		return nil, err
	}
	var ends [2]time.Time
	for i, newest := range []bool{false, true} {
		m, _, err := r.s.Store.List(r.Context(), r.caseID, daybook.MessageFilter{Newest: newest}, 1, "")
		if err != nil {
			return nil, err
		}
		if len(m) > 0 {
			ends[i] = m[0].Sent.At
		}
	}
	o.addMonths(ends[0].In(r.caseZone), ends[1].In(r.caseZone))
	done := map[int]bool{}
	for h := range t.Handles {
		group := t.standings.Group(h)
		_, latest, asked := t.standings.Asked(h)
		if !asked || done[group] {
			continue
		}
		done[group] = true
		since := index.Since{From: latest.Add(time.Microsecond)}
		for other := range t.Handles {
			if t.standings.Group(other) == group && !t.Handles[other].IsZero() {
				since.Senders = append(since.Senders, t.Handles[other])
			}
		}
		o.after = append(o.after, since)
	}
	return o, nil
}

func (o *offered) addMonths(first, last time.Time) {
	if last.Year() < 1980 {
		return
	}
	for at := time.Date(last.Year(), last.Month(), 1, 0, 0, 0, 0, last.Location()); at.AddDate(0, 1, 0).After(first); at = at.AddDate(0, -1, 0) {
		m := monthOf{value: at.Format("2006-01"), from: at, to: at.AddDate(0, 1, 0), name: at.Format("January 2006")}
		if len(o.months) == maxMonths {
			m.value, m.from, m.name = "earlier", time.Time{}, at.AddDate(0, 1, 0).Format("January 2006")
			o.months = append(o.months, m)
			return
		}
		o.months = append(o.months, m)
	}
}

// narrow adds what was chosen to a query. What is no longer there (a group that
// was taken apart) narrows nothing.
func (o *offered) narrow(q index.Query, v *searchView) (index.Query, error) {
	var senders []daybook.Handle
	for i, h := range o.t.Handles {
		if h.IsZero() || len(v.Who) == 0 {
			continue
		}
		ref, err := o.r.handleRef(h)
		if err != nil {
			return q, err
		}
		if slices.Contains(v.Who, ref) {
			senders = append(senders, h)
		}
		if slices.Contains(v.Who, "g:"+ref) {
			for _, g := range o.t.groups {
				if slices.Contains(g.Handles, i) {
					for _, member := range g.Handles {
						senders = append(senders, o.t.Handles[member])
					}
				}
			}
		}
	}
	if len(senders) > 0 {
		if len(q.Senders) > 0 { // from: in the words holds too
			senders = slices.DeleteFunc(senders, func(h daybook.Handle) bool { return !slices.ContainsFunc(q.Senders, h.Same) })
			if len(senders) == 0 {
				q.Since = []index.Since{{}} // nobody
			}
		}
		if len(senders) > 0 {
			q.Senders = senders
		}
	}
	for _, k := range v.Kinds {
		q.Kinds = append(q.Kinds, daybook.Kind(k))
	}
	for _, a := range o.accounts {
		if slices.Contains(v.Accounts, string(a.ID)) {
			q.Accounts = append(q.Accounts, a.ID)
		}
	}
	if v.After && len(q.Since) == 0 {
		if q.Since = o.after; len(o.after) == 0 {
			q.Since = []index.Since{{}}
		}
	}
	for _, m := range o.months {
		if slices.Contains(v.Months, m.value) {
			q.Periods = append(q.Periods, index.Period{From: m.from, To: m.to})
		}
	}
	return o.r.withFlags(q, v.Flags)
}

// facets counts the hits of the words alone by each way to narrow them, and all
// of them.
func (o *offered) facets(q index.Query, v *searchView) ([]facet, int, error) {
	key, err := o.r.s.Keys.Case(o.r.Context(), o.r.caseID)
	if err != nil {
		return nil, 0, err
	}
	places := make(map[[32]byte]int, len(o.t.Handles))
	for i, h := range o.t.Handles {
		if !h.IsZero() {
			places[key.MAC("handle", h.Ref())] = i
		}
	}
	asked := make([]time.Time, len(o.t.Handles)) // when each was asked to stop; zero: it was not
	for i := range o.t.Handles {
		if _, latest, ok := o.t.standings.Asked(i); ok {
			asked[i] = latest
		}
	}
	var (
		kinds  = map[daybook.Kind]uint64{}
		from   = make([]uint64, len(o.t.Handles))
		months = make([]uint64, len(o.months))
		after  uint64
		recent int // the month of the hit before: often the same
	)
	told, err := o.tell(q)
	if err != nil {
		return nil, 0, err
	}
	flagged := make([]uint64, len(told.Tell))
	total, err := o.r.s.Index.Each(o.r.Context(), told, func(f index.Found) {
		kinds[f.Kind]++
		for in := f.In; in != 0; in &= in - 1 {
			flagged[bits.TrailingZeros64(in)]++
		}
		if i, known := places[f.Sender]; known {
			from[i]++
			if !asked[i].IsZero() && f.At.After(asked[i]) {
				after++
			}
		}
		if len(months) > 0 && !o.months[recent].has(f.At) {
			recent = max(0, slices.IndexFunc(o.months, func(m monthOf) bool { return m.has(f.At) }))
		}
		if len(months) > 0 && o.months[recent].has(f.At) {
			months[recent]++
		}
	})
	if err != nil || total == 0 {
		return nil, 0, err
	}
	who, err := o.who(v, from)
	if err != nil {
		return nil, 0, err
	}
	where, err := o.where(q, v)
	if err != nil {
		return nil, 0, err
	}
	out := []facet{who, o.kinds(v, kinds), where, o.when(v, months, after), o.flags(v, flagged)}
	for i := range out { // a box without hits is no help
		out[i].Choices = slices.DeleteFunc(out[i].Choices, func(c facetChoice) bool { return c.N == 0 && !c.Chosen })
	}
	return slices.DeleteFunc(out, func(f facet) bool { return len(f.Choices) == 0 }), total, nil
}

// who counts by sender: groups, then the single handles with most hits.
func (o *offered) who(v *searchView, from []uint64) (facet, error) {
	f := facet{Key: "search.facet.who"}
	single := make([]int, 0, len(from))
	for i := range from {
		if o.t.letters[i] == "" && from[i] > 0 {
			single = append(single, i)
		}
	}
	for _, g := range o.t.groups {
		ref, err := o.r.handleRef(o.t.Handles[g.Handles[0]])
		if err != nil {
			return f, err
		}
		c := facetChoice{Field: "who", Value: "g:" + ref, Key: "handles.group", Arg: g.Letter, Chosen: slices.Contains(v.Who, "g:"+ref)}
		for _, h := range g.Handles {
			c.N += from[h]
		}
		f.Choices = append(f.Choices, c)
	}
	slices.SortStableFunc(single, func(a, b int) int { return cmp.Compare(from[b], from[a]) })
	for n, i := range single {
		h := o.t.Handles[i]
		ref, err := o.r.handleRef(h)
		if err != nil {
			return f, err
		}
		chosen := slices.Contains(v.Who, ref)
		if n >= maxSenders && !chosen {
			continue
		}
		n, _ := mixed(h.Shown())
		f.Choices = append(f.Choices, facetChoice{Field: "who", Value: ref, N: from[i], Name: n, IsName: true, Chosen: chosen})
	}
	return f, nil
}

func (o *offered) kinds(v *searchView, kinds map[daybook.Kind]uint64) facet {
	f := facet{Key: "search.facet.kind"}
	for k, n := range kinds {
		f.Choices = append(f.Choices, facetChoice{
			Field: "kind", Value: string(k), Kind: true, N: n, Key: o.r.s.kindName(k).Key, Raw: string(k), Chosen: slices.Contains(v.Kinds, string(k)),
		})
	}
	slices.SortFunc(f.Choices, func(a, b facetChoice) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
	return f
}

// tell has Each tell which hits have which flag, for a user who may read what
// messages say.
func (o *offered) tell(q index.Query) (index.Query, error) {
	if !o.r.can(cases.Content) {
		return q, nil
	}
	for _, f := range flags.All() {
		some, err := o.r.s.Store.Flagged(o.r.Context(), o.r.caseID, f)
		if err != nil {
			return q, err
		}
		q.Tell = append(q.Tell, some)
	}
	return q, nil
}

func (o *offered) flags(v *searchView, n []uint64) facet {
	f := facet{Key: "search.facet.flag"}
	for i, flag := range flags.All() {
		if i < len(n) {
			f.Choices = append(f.Choices, facetChoice{Field: "flag", Value: string(flag), N: n[i], Key: flagKey(flag), Chosen: slices.Contains(v.Flags, string(flag))})
		}
	}
	return f
}

// where counts by account, asking for each: the index counts by none of itself.
// With one account there is nothing to choose.
func (o *offered) where(q index.Query, v *searchView) (facet, error) {
	f := facet{Key: "search.facet.where"}
	if len(o.accounts) < 2 && len(v.Accounts) == 0 {
		return f, nil
	}
	queries := make([]index.Query, len(o.accounts))
	for i, a := range o.accounts {
		queries[i] = q
		queries[i].Accounts = []daybook.AccountID{a.ID}
	}
	counts, err := o.r.s.Index.Count(o.r.Context(), queries)
	if err != nil {
		return f, err
	}
	for i, a := range o.accounts {
		n, _ := mixed(a.Handle.Shown())
		f.Choices = append(f.Choices, facetChoice{
			Field: "account", Value: string(a.ID), N: counts[i], Name: n, Account: true, Of: o.r.s.platform(a.Platform), Chosen: slices.Contains(v.Accounts, string(a.ID)),
		})
	}
	return f, nil
}

func (o *offered) when(v *searchView, months []uint64, after uint64) facet {
	f := facet{Key: "search.facet.when"}
	for i, m := range o.months {
		c := facetChoice{Field: "month", Value: m.value, N: months[i], Raw: m.name, Chosen: slices.Contains(v.Months, m.value)}
		if m.value == "earlier" {
			c.Key, c.Arg = "search.facet.earlier", m.name
		}
		f.Choices = append(f.Choices, c)
	}
	f.Choices = append(f.Choices, facetChoice{Field: "after", Value: "1", N: after, Key: "handles.after", Chosen: v.After})
	return f
}

// has reports whether a time lies in a month.
func (m *monthOf) has(t time.Time) bool {
	return t.Before(m.to) && (m.from.IsZero() || !t.Before(m.from)) && !t.IsZero()
}
