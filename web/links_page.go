package web

import (
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/detect/links"
)

func (s *Server) linksRoutes() []route {
	return []route{
		{method: "GET", path: "/c/{case}/handles/{handle}/with/{other}", who: inCase, action: cases.List, entry: "looked at what speaks for and against a link", handle: (*request).pairPage},
		{method: "GET", path: "/c/{case}/handles/{handle}/with/{other}/{reason}", who: inCase, action: cases.List, entry: "looked at the entries of a reason", handle: (*request).reasonPage},
		{method: "GET", path: "/c/{case}/handles/{handle}/with/{other}/{reason}/{view}", who: inCase, action: cases.List, entry: "looked at the entries of a reason", handle: (*request).reasonPage},
		{method: "POST", path: "/c/{case}/handles/{handle}/with/{other}/words", who: inCase, action: cases.Content,
			why: "the page writes the entry itself, with the numbers of the messages, before it answers", handle: (*request).reasonWords},
	}
}

// pairPage is the page pair.html.
type pairPage struct {
	voice
	Pair    pairView
	Decided []decision // all that was ever said about the two, newest first
}

func (r *request) pairPage() error {
	p, f, err := r.pairOf()
	if err != nil {
		return err
	}
	page := pairPage{voice: r.voice()}
	if page.Pair, err = r.pair(p, f); err != nil {
		return err
	}
	page.Pair.Suggested = p.suggested(f.Handles[0], f.Handles[1:]...) != nil
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if !d.pair() || !d.about(f.Handles[0]) || !slices.ContainsFunc(f.Handles[1:], d.about) {
			continue
		}
		shown, err := r.decision(p, d, f.Handles[0])
		if err != nil {
			return err
		}
		page.Decided = slices.Insert(page.Decided, 0, shown)
	}
	return r.render(200, "pair", "title.handles", page)
}

// pairOf finds the two handles that the path names, and what speaks for and
// against a link: the suggestion if there is one, in its own order.
func (r *request) pairOf() (*pattern, *detect.Finding, error) {
	one, err := r.theirs(r.PathValue("handle"))
	if err != nil {
		return nil, nil, err
	}
	other, err := r.theirs(r.PathValue("other"))
	if err != nil {
		return nil, nil, err
	}
	if one.Same(other) {
		return nil, nil, daybook.ErrNotFound
	}
	p, err := r.compared()
	if err != nil {
		return nil, nil, err
	}
	if f := p.suggested(one, p.with(other)...); f != nil {
		return p, f, nil
	}
	if f := p.suggested(other, p.with(one)...); f != nil {
		return p, f, nil
	}
	f := detect.Finding{Kind: "link", Handles: []daybook.Handle{one, other}}
	a, known := p.places[one.Ref()]
	b, also := p.places[other.Ref()]
	if r.s.Linking == nil || !known || !also {
		return p, &f, nil
	}
	found, err := r.s.Linking.Explain(r.Context(), r.caseID, p.Facts, a, b)
	if err != nil {
		return nil, nil, err
	}
	if len(found.Handles) > 1 {
		f = found
	}
	return p, &f, nil
}

// with returns the handles of a handle's group, or the handle alone.
func (p *pattern) with(h daybook.Handle) []daybook.Handle {
	if g := p.group(h); g != nil {
		return g.Handles
	}
	return []daybook.Handle{h}
}

// reasonPage is the page pair-entries.html: all that one reason rests on.
type reasonPage struct {
	Pair   pairView
	Reason reasonView
	entriesPage
}

func (r *request) reasonPage() error {
	p, f, err := r.pairOf()
	if err != nil {
		return err
	}
	var page reasonPage
	if page.Pair, err = r.pair(p, f); err != nil {
		return err
	}
	for _, reason := range slices.Concat(page.Pair.For, page.Pair.Against, page.Pair.Not) {
		if reason.Path == "" || !strings.HasSuffix(reason.Path, "/"+r.PathValue("reason")) {
			continue
		}
		page.Reason = reason
		if page.entriesPage, err = r.entriesPage(f.Reasons[reason.Number].Entries, reason.Path); err != nil {
			return err
		}
		return r.render(200, "pair-entries", "title.handles", page)
	}
	return daybook.ErrNotFound
}

// wordsPage is the page pair-words.html: the sentence of a reason that quotes
// what somebody wrote.
type wordsPage struct {
	Heading string
	Text    name
	Now     stamp
	Back    string // address
}

// reasonWords answers with the sentence of the reason that the field reason
// numbers, once the entry that says so is written.
func (r *request) reasonWords() error {
	p, f, err := r.pairOf()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.form("reason"))
	if err != nil || n < 0 || n >= len(f.Reasons) {
		return daybook.ErrNotFound
	}
	reason := &f.Reasons[n]
	if links.FromWords(reason.Feature) && r.withholdsWords(p, f) {
		return daybook.ErrForbidden
	}
	if err := r.look(cases.Content, daybook.Access{Entries: reason.Entries, Count: len(reason.Entries), Detail: "showed the words of a reason"}); err != nil {
		return err
	}
	v, err := r.pair(p, f)
	if err != nil {
		return err
	}
	page := wordsPage{Text: r.reasonText(reason.Text), Now: r.when(r.now()), Back: v.Path()}
	if page.Heading, err = r.heading(reason); err != nil {
		return err
	}
	return r.render(200, "pair-words", "title.handles", page)
}

const (
	suggestionsInFull = 5  // on the page of handles; the others are a line each
	suggestionsListed = 45 // lines
)

// suggestions adds the suggestions to the page of handles.
func (r *request) suggestions(p *pattern, page *handlesPage) error {
	for i := range p.Links[:min(len(p.Links), suggestionsInFull+suggestionsListed)] {
		v, err := r.pair(p, &p.Links[i])
		if err != nil {
			return err
		}
		v.Suggested = true
		if i < suggestionsInFull {
			page.Suggestions = append(page.Suggestions, v)
		} else {
			page.MoreSuggestions = append(page.MoreSuggestions, v)
		}
	}
	page.Suggested = len(p.Links)
	return nil
}

// An apartRow is two handles that somebody said are not linked, or left open.
type apartRow struct {
	One      handleLabel
	Decision decision // from its side
	Spark    drawing
	Contacts int64
}

const maxApart = 100

// keptApart lists the pairs that somebody said are not linked, and those that
// were left open and are not suggested any more.
func (r *request) keptApart(p *pattern, page *handlesPage) error {
	for i := len(p.Decisions) - 1; i >= 0 && len(page.Apart)+len(page.Open) < maxApart; i-- {
		d := &p.Decisions[i]
		if !d.Holds || d.What != daybook.MarkApart && d.What != daybook.MarkOpen {
			continue
		}
		one := p.later(d.Handle, d.Other)
		other := d.Other
		if other.Same(one) {
			other = d.Handle
		}
		if d.What == daybook.MarkOpen && (p.suggested(one, p.with(other)...) != nil || p.suggested(other, p.with(one)...) != nil) {
			continue
		}
		row := apartRow{}
		var err error
		if row.One, err = r.handleLabel(p.summary(one).Handle); err != nil {
			return err
		}
		if row.Decision, err = r.decision(p, d, one); err != nil {
			return err
		}
		if row.Spark, err = r.spark(p, one); err != nil {
			return err
		}
		if f := p.finding(one); f != nil {
			row.Contacts = f.Figures["messages"].Value
		}
		if d.What == daybook.MarkApart {
			page.Apart = append(page.Apart, row)
		} else {
			page.Open = append(page.Open, row)
		}
	}
	return nil
}

// later returns the one of two handles that wrote first the later; the first if
// that cannot be said.
func (p *pattern) later(a, b daybook.Handle) daybook.Handle {
	f, g := p.finding(a), p.finding(b)
	if f != nil && g != nil && g.From.After(f.From) || f == nil && g != nil {
		return b
	}
	return a
}
