package web

import (
	"cmp"
	"slices"
	"time"

	"daybook"
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
	return q, nil
}

// facets counts the hits of the words alone by each way to narrow them, and all
// of them. faceted: found is about just these hits, with its facets.
func (r *request) facets(o *offered, q index.Query, v *searchView, found index.Result, faceted bool) ([]facet, int, error) {
	if !faceted {
		whole := q
		whole.Limit, whole.Facets = 1, true
		var err error
		if found, err = r.find(whole); err != nil {
			return nil, 0, err
		}
	}
	if found.Total == 0 {
		return nil, 0, nil
	}
	who, err := o.who(v, found)
	if err != nil {
		return nil, 0, err
	}
	out := []facet{who, o.kinds(v, found)}
	rest, err := o.counted(q, v)
	if err != nil {
		return nil, 0, err
	}
	out = append(out, rest...)
	out = slices.DeleteFunc(out, func(f facet) bool { return len(f.Choices) == 0 })
	return out, int(found.Total), nil
}

// who counts by sender: groups, then the single handles with most hits.
func (o *offered) who(v *searchView, found index.Result) (facet, error) {
	f := facet{Key: "search.facet.who"}
	key, err := o.r.s.Keys.Case(o.r.Context(), o.r.caseID)
	if err != nil {
		return f, err
	}
	byMAC := make(map[[32]byte]int, len(found.Senders))
	for _, s := range found.Senders {
		byMAC[s.Sender] = s.Messages
	}
	type single struct{ place, n int }
	var singles []single
	groups := make([]int, len(o.t.groups))
	for i, h := range o.t.Handles {
		if h.IsZero() {
			continue
		}
		n := byMAC[key.MAC("handle", h.Ref())]
		if n == 0 {
			continue
		}
		in := slices.IndexFunc(o.t.groups, func(g termsGroup) bool { return slices.Contains(g.Handles, i) })
		if in >= 0 {
			groups[in] += n
			continue
		}
		singles = append(singles, single{i, n})
	}
	for i, n := range groups {
		if n == 0 {
			continue
		}
		ref, err := o.r.handleRef(o.t.Handles[o.t.groups[i].Handles[0]])
		if err != nil {
			return f, err
		}
		f.Choices = append(f.Choices, facetChoice{Field: "who", Value: "g:" + ref, N: uint64(n), Key: "handles.group", Arg: o.t.groups[i].Letter, Chosen: slices.Contains(v.Who, "g:"+ref)})
	}
	slices.SortStableFunc(singles, func(a, b single) int { return cmp.Compare(b.n, a.n) })
	for _, s := range singles[:min(len(singles), maxSenders)] {
		h := o.t.Handles[s.place]
		ref, err := o.r.handleRef(h)
		if err != nil {
			return f, err
		}
		n, _ := mixed(h.Shown())
		f.Choices = append(f.Choices, facetChoice{Field: "who", Value: ref, N: uint64(s.n), Name: n, IsName: true, Chosen: slices.Contains(v.Who, ref)})
	}
	return f, nil
}

func (o *offered) kinds(v *searchView, found index.Result) facet {
	f := facet{Key: "search.facet.kind"}
	for _, k := range found.Kinds {
		c := facetChoice{Field: "kind", Value: string(k.Kind), Kind: true, N: uint64(k.Messages), Raw: string(k.Kind), Chosen: slices.Contains(v.Kinds, string(k.Kind))}
		c.Key = o.r.s.kindName(k.Kind).Key
		f.Choices = append(f.Choices, c)
	}
	return f
}

// counted counts what the index has no facet for, by asking for each choice.
func (o *offered) counted(q index.Query, v *searchView) ([]facet, error) {
	where := facet{Key: "search.facet.where"}
	when := facet{Key: "search.facet.when"}
	var queries []index.Query
	var into []*facet
	ask := func(f *facet, c facetChoice, change func(*index.Query)) {
		n := q
		change(&n)
		f.Choices, queries, into = append(f.Choices, c), append(queries, n), append(into, f)
	}
	for _, a := range o.accounts {
		n, _ := mixed(a.Handle.Shown())
		ask(&where, facetChoice{Field: "account", Value: string(a.ID), Name: n, Account: true, Of: o.r.s.platform(a.Platform), Chosen: slices.Contains(v.Accounts, string(a.ID))},
			func(q *index.Query) { q.Accounts = []daybook.AccountID{a.ID} })
	}
	for _, m := range o.months {
		c := facetChoice{Field: "month", Value: m.value, Raw: m.name, Chosen: slices.Contains(v.Months, m.value)}
		if m.value == "earlier" {
			c.Key, c.Arg = "search.facet.earlier", m.name
		}
		ask(&when, c, func(q *index.Query) { q.From, q.To = m.from, m.to })
	}
	if len(o.after) > 0 {
		ask(&when, facetChoice{Field: "after", Value: "1", Key: "handles.after", Chosen: v.After}, func(q *index.Query) { q.Since = o.after })
	}
	counts, err := o.r.s.Index.Count(o.r.Context(), queries)
	if err != nil {
		return nil, err
	}
	next := map[*facet]int{}
	for i, f := range into {
		f.Choices[next[f]].N = counts[i]
		next[f]++
	}
	all := []facet{where, when}
	for i := range all { // a box without hits is no help
		all[i].Choices = slices.DeleteFunc(all[i].Choices, func(c facetChoice) bool { return c.N == 0 && !c.Chosen })
	}
	return all, nil
}
