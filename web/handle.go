package web

import (
	"slices"

	"daybook"
	"daybook/cases"
)

// handlePage is the page handle.html: one handle with all that is known of it.
type handlePage struct {
	voice
	handleRow
	Names    []seenName
	CalledIs string // as it stands in the form
	Letter   string // of its group
	Zone     string // in which days are counted, and dates of forms are read
	Text     []figure
	Stops    []decision
	Agreed   []decision
	Unwanted bool
	Excluded bool
	History  []decision // newest first
	Others   []handleLabel
	Pairs    []pairView // suggestions that it is part of
	May      struct{ Mark, Link, Exclude bool }
	Form     markForm
}

type seenName struct {
	Account, Display name
	Mixes            bool
	From, To         stamp
}

// A markForm is what was typed into the form about agreed contact, or into that
// about a name.
type markForm struct {
	From, To, How string
	Field, Key    string // what is wrong, if something is
}

// Days reports whether it is the form about agreed contact that something was
// wrong with.
func (f markForm) Days() bool { return f.Field == "from" || f.Field == "to" }

func (r *request) oneHandle() error {
	h, err := r.handle(r.PathValue("handle"))
	if err != nil {
		return err
	}
	return r.showHandle(200, h.Handle, markForm{})
}

// showHandle shows the page of a handle, with a form as it was sent if something
// was wrong with it.
func (r *request) showHandle(status int, h daybook.Handle, form markForm) error {
	p, err := r.comparedBriefly()
	if err != nil {
		return err
	}
	page := handlePage{voice: r.voice(), Zone: r.caseZone.String(), Form: form}
	if page.handleRow, err = r.handleRow(p, h); err != nil {
		return err
	}
	page.May.Mark, page.May.Link, page.May.Exclude = r.can(cases.Mark), r.can(cases.Link), r.can(cases.Consent)
	s := p.summary(h)
	page.Unwanted, page.Excluded = slices.Contains(s.Marks, daybook.MarkUnwanted), slices.Contains(s.Marks, daybook.MarkExcluded)
	page.CalledIs = s.Called
	for _, n := range slices.Backward(s.Handle.Names) {
		seen := seenName{From: r.day(n.From), To: r.day(n.To)}
		var also bool
		seen.Account, seen.Mixes = mixed(n.Account)
		seen.Display, also = mixed(n.Display)
		seen.Mixes = seen.Mixes || also
		page.Names = append(page.Names, seen)
	}
	if g := p.group(h); g != nil {
		page.Letter = g.Letter
		for _, o := range g.Handles {
			if o.Same(h) {
				continue
			}
			n, err := r.handleLabel(o)
			if err != nil {
				return err
			}
			page.Others = append(page.Others, n)
		}
	}
	for i := range p.Links {
		if f := &p.Links[i]; len(page.Pairs) < suggestionsInFull && slices.ContainsFunc(f.Handles, h.Same) {
			v, err := r.pair(p, f)
			if err != nil {
				return err
			}
			page.Pairs = append(page.Pairs, v)
		}
	}
	if f := p.finding(h); f != nil {
		if page.Text, err = r.figures(p, f); err != nil {
			return err
		}
	}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if !d.about(h) {
			continue
		}
		shown, err := r.decision(p, d, h)
		if err != nil {
			return err
		}
		switch {
		case d.Holds && d.What == daybook.MarkStop:
			page.Stops = append(page.Stops, shown)
		case d.Holds && d.What == daybook.MarkAllowed:
			page.Agreed = append(page.Agreed, shown)
		}
		page.History = slices.Insert(page.History, 0, shown)
	}
	return r.render(status, "handle", "title.handles", page)
}

// entryPath is the address of the page of one entry.
func (r *request) entryPath(ref string) string { return r.in("e/" + ref) }
