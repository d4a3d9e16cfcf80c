package web

import (
	"slices"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

// handlePage is the page handle.html: one handle with all that is known of it.
type handlePage struct {
	voice
	handleRow
	Names    []seenName
	Letter   string // of its group
	Zone     string // in which days are counted, and dates of forms are read
	Text     []figure
	How      []figure // the same, for "how this is counted"
	Stops    []decision
	Agreed   []decision
	Unwanted bool
	Excluded bool
	History  []decision // newest first
	Others   []handleLabel
	May      struct{ Mark, Link, Exclude bool }
	Form     markForm
}

type seenName struct {
	Account, Display name
	Mixes            bool
	From, To         stamp
}

// A markForm is what was typed into the form about agreed contact.
type markForm struct {
	From, To, How string
	Field, Key    string // what is wrong, if something is
}

// A figure is one number in words, with what it rests on.
type figure struct {
	Key     string // in the catalogue; with ".how": how it is counted
	N       int64
	Of      int64
	Label   string // key of a kind, platform or origin
	Raw     string // or its own name
	Entries []entryLink
	More    int // entries without a link
}

type entryLink struct {
	Ref    string
	Number uint64
}

const maxEntryLinks = 20

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
	p, err := r.pattern()
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
	if f := p.finding(h); f != nil {
		if page.Text, err = r.figures(f); err != nil {
			return err
		}
		for _, f := range page.Text {
			if r.s.words.keys[f.Key+".how"] {
				page.How = append(page.How, figure{Key: f.Key + ".how"})
			}
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

// figures puts the figures of a finding into the order of the page. All of them
// are detection's: nothing is counted here.
func (r *request) figures(f *detect.Finding) ([]figure, error) {
	var out []figure
	add := func(key, label, raw string, g detect.Figure) error {
		shown := figure{Key: "figure." + key, N: g.Value, Of: g.Of, Label: label, Raw: raw}
		if g.Unit == "seconds" {
			if shown.N = g.Value / 86400; shown.N < 2 {
				shown.Key, shown.N = shown.Key+".hours", g.Value/3600
			}
		}
		entries := slices.Compact(slices.Clone(g.Entries))
		for _, e := range entries[:min(len(entries), maxEntryLinks)] {
			ref, err := r.ref(e)
			if err != nil {
				return err
			}
			shown.Entries = append(shown.Entries, entryLink{ref, e})
		}
		shown.More = len(entries) - len(shown.Entries)
		out = append(out, shown)
		return nil
	}
	for _, key := range []string{"messages", "occasions", "days", "days-watched", "after-stop", "around-stop", "days-after-stop",
		"after-block", "around-block", "allowed", "answered", "quiet-spell", "busiest-day", "imprecise", "gone", "edited"} {
		g, there := f.Figures[key]
		if !there || key == "around-stop" && g.Value == 0 {
			continue
		}
		if err := add(key, "", "", g); err != nil {
			return nil, err
		}
	}
	for _, part := range []string{"kind", "channel", "origin"} {
		var keys []string
		for key := range f.Figures {
			if strings.HasPrefix(key, part+".") {
				keys = append(keys, key)
			}
		}
		if len(keys) < 2 { // one alone says what the number of all says
			continue
		}
		slices.SortFunc(keys, func(a, b string) int {
			if n := f.Figures[b].Value - f.Figures[a].Value; n != 0 {
				return int(max(-1, min(1, n)))
			}
			return strings.Compare(a, b)
		})
		for _, key := range keys {
			raw := key[len(part)+1:]
			label := part + "." + raw
			if part == "channel" {
				label = "platform." + raw
			}
			if !r.s.words.keys[label] {
				label = ""
			}
			if err := add(part, label, raw, f.Figures[key]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// entryPath is the address of the page of one entry.
func (r *request) entryPath(ref string) string { return r.in("e/" + ref) }
