package web

import (
	"errors"
	"slices"

	"daybook"
	"daybook/detect"
)

// figureFrom is the view of a further page of entries.
type figureFrom struct{ Offset int }

const figureEntries = 50 // on a page

// figurePage is the page figure.html: what one number counts, so that anybody can
// count it again.
type figurePage struct {
	voice
	Figure figure
	Who    handleLabel
	Letter string // of the group, if it is about one
	Zone   string
	entriesPage
}

// A figureItem is one entry of a figure: the line of a message, or another entry
// of the record, such as a decision.
type figureItem struct {
	Line  *entryLine
	Entry entryLink
}

func (r *request) figurePage() error {
	p, err := r.pattern()
	if err != nil {
		return err
	}
	f, key, err := r.findFigure(p)
	if err != nil {
		return err
	}
	page := figurePage{voice: r.voice(), Zone: r.caseZone.String()}
	if page.Figure, err = r.figure(p, f, key); err != nil {
		return err
	}
	if len(f.Handles) > 1 {
		page.Letter = p.group(f.Handles[0]).Letter
	} else if page.Who, err = r.handleLabel(f.Handles[0]); err != nil {
		return err
	}
	if page.entriesPage, err = r.entriesPage(f.Figures[key].Entries, page.Figure.Path); err != nil {
		return err
	}
	return r.render(200, "figure", "title.handles", page)
}

// An entriesPage is a part of a list of entries.
type entriesPage struct {
	All          int // on all pages
	Items        []figureItem
	Newer, Older string // address; ""
}

// entriesPage makes the part of some entries, which are at least one, that the
// view of the path names; path is the address of the first.
func (r *request) entriesPage(entries []uint64, path string) (page entriesPage, err error) {
	entries = slices.Compact(slices.Clone(entries))
	page.All = len(entries)
	from := 0
	if v, ok := kept[figureFrom](r, r.PathValue("view")); ok {
		from = min(v.Offset, len(entries)-1)
	}
	if page.Items, err = r.figureItems(entries[from:min(from+figureEntries, len(entries))]); err != nil {
		return page, err
	}
	if from > 0 {
		page.Newer = path + "/" + r.keep(figureFrom{max(0, from-figureEntries)})
	}
	if from+figureEntries < len(entries) {
		page.Older = path + "/" + r.keep(figureFrom{from + figureEntries})
	}
	return page, nil
}

// findFigure finds the figure that the address names; daybook.ErrNotFound if
// there is none, or none with entries.
func (r *request) findFigure(p *pattern) (*detect.Finding, string, error) {
	ref := r.PathValue("handle")
	h, err := r.handle(ref)
	if err != nil {
		return nil, "", err
	}
	findings := []*detect.Finding{p.finding(h.Handle)}
	if g := p.group(h.Handle); g != nil {
		findings = append(findings, g.Finding)
	}
	for _, f := range findings {
		if f == nil {
			continue
		}
		for key, g := range f.Figures {
			own, err := r.figureRef(ref, f, key)
			if err != nil {
				return nil, "", err
			}
			if own == r.PathValue("figure") && len(g.Entries) > 0 {
				return f, key, nil
			}
		}
	}
	return nil, "", daybook.ErrNotFound
}

// figureItems makes the lines of some entries. What is no message, or has lost
// its content, is a number alone.
func (r *request) figureItems(entries []uint64) ([]figureItem, error) {
	t, err := r.s.terms(r.Context(), r.caseID)
	if err != nil {
		return nil, err
	}
	items := make([]figureItem, len(entries))
	var messages []daybook.Message
	var places []int
	for i, e := range entries {
		items[i].Entry.Number = e
		if items[i].Entry.Ref, err = r.ref(e); err != nil {
			return nil, err
		}
		m, err := r.s.Store.Message(r.Context(), r.caseID, e)
		if errors.Is(err, daybook.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		messages, places = append(messages, m), append(places, i)
	}
	lines, err := r.lines(t, messages, "")
	if err != nil {
		return nil, err
	}
	for i, l := range lines {
		l.At = r.when(l.sent)
		items[places[i]].Line = l
	}
	return items, nil
}
