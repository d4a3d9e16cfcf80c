package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

func (s *Server) handlesRoutes() []route {
	return append([]route{
		{method: "GET", path: "/c/{case}/handles", who: inCase, action: cases.List, entry: "looked at the senders", handle: (*request).handles},
		{method: "GET", path: "/c/{case}/handles/from/{view}", who: inCase, action: cases.List, entry: "looked at the senders", handle: (*request).handles},
		{method: "GET", path: "/c/{case}/handles/{handle}", who: inCase, action: cases.List, entry: "looked at a sender", handle: (*request).oneHandle},
		{method: "GET", path: "/c/{case}/handles/link", who: inCase, action: cases.Link, why: "a form; the list in it was looked at before", handle: (*request).linkForm},
		{method: "GET", path: "/c/{case}/handles/link/{view}", who: inCase, action: cases.Link, why: "a form; the list in it was looked at before", handle: (*request).linkForm},
		{method: "POST", path: "/c/{case}/handles/link", who: inCase, action: cases.Link, why: "cases writes the decision", handle: (*request).link},
		{method: "POST", path: "/c/{case}/handles/out", who: inCase, action: cases.Link, why: "cases writes the decision", handle: (*request).takeOut},
		{method: "POST", path: "/c/{case}/marks", who: inCase, action: cases.Mark, why: "cases writes the decision", handle: (*request).mark},
	}, slices.Concat(s.linksRoutes(), s.figureRoutes(), s.dayRoutes())...)
}

const handlesAtATime = 50

// handlesPage is the page handles.html.
type handlesPage struct {
	voice
	Groups          []groupRow
	Single          []handleRow
	All             int    // of Single, on all pages
	Newer           string // view
	Older           string
	Agreed          []handleRow
	Never           []handleRow
	Apart, Open     []apartRow
	Suggestions     []pairView
	Suggested       int        // of them all
	NotCompared     bool       // it failed
	Comparing       bool       // it is not known yet
	MoreSuggestions []pairView // in a line each
	Mark, Link      bool       // what the user may do
	FirstOfPage     bool
}

// voice chooses between the sentences for the person and those about them.
type voice struct{ They bool }

// Say returns the key of a sentence that there is in both.
func (v voice) Say(key string) string {
	if v.They {
		return key + ".they"
	}
	return key
}

func (r *request) voice() voice { return voice{They: !r.owner()} }

type groupRow struct {
	Letter         string
	Contacts, Days int64
	Rows           []handleRow
}

// A handleRow is one handle in a list.
type handleRow struct {
	handleLabel
	Spark       drawing
	Contacts    int64
	After       int64
	Asked       bool // there is a request to stop, so that After means something
	Allowed     int64
	First, Last stamp
	Links       []decision // what was said about it and others
	Marks       []string   // keys of tags
}

// A handleLabel is how pages name a handle.
type handleLabel struct {
	Ref      string // in addresses
	Name     name
	Display  name
	Mixes    bool // letters of several scripts in one word
	Platform platformName
	Native   name
	Called   name // by a person, never by a platform; in lists
}

// platformName is a platform by its key in the catalogue, or as it is called
// where that has none.
type platformName struct{ Key, Raw string }

func (s *Server) platform(p daybook.Platform) platformName {
	if key := "platform." + string(p); s.words.keys[key] {
		return platformName{Key: key}
	}
	return platformName{Raw: string(p)}
}

// handlesFrom is the view of a further page.
type handlesFrom struct{ Offset int }

func (r *request) handles() error {
	from := 0
	if id := r.PathValue("view"); id != "" {
		v, ok := kept[handlesFrom](r, id)
		if !ok {
			return r.to(r.in("handles"))
		}
		from = v.Offset
	}
	p, err := r.compared()
	if err != nil {
		return err
	}
	page := handlesPage{voice: r.voice(), Mark: r.can(cases.Mark), Link: r.can(cases.Link), FirstOfPage: from == 0, NotCompared: p.NotCompared, Comparing: p.Comparing}
	single := p.single()
	page.All = len(single)
	from = min(from, max(len(single)-1, 0))
	for _, h := range single[from:min(from+handlesAtATime, len(single))] {
		row, err := r.handleRow(p, h)
		if err != nil {
			return err
		}
		page.Single = append(page.Single, row)
	}
	if from > 0 {
		page.Newer = r.keep(handlesFrom{max(0, from-handlesAtATime)})
	}
	if from+handlesAtATime < len(single) {
		page.Older = r.keep(handlesFrom{from + handlesAtATime})
	}
	if from == 0 {
		if err := r.firstPage(p, &page); err != nil {
			return err
		}
	}
	return r.render(200, "handles", "title.handles", page)
}

// firstPage adds what stands on the first page alone: groups, suggestions, pairs
// that are kept apart, agreed contact and senders from whom nothing is stored.
func (r *request) firstPage(p *pattern, page *handlesPage) error {
	if err := r.suggestions(p, page); err != nil {
		return err
	}
	if err := r.keptApart(p, page); err != nil {
		return err
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		row := groupRow{Letter: g.Letter}
		if f := g.Finding; f != nil {
			row.Contacts, row.Days = f.Figures["messages"].Value, f.Figures["days"].Value
		}
		for _, h := range p.byLast(g.Handles) {
			hr, err := r.handleRow(p, h)
			if err != nil {
				return err
			}
			row.Rows = append(row.Rows, hr)
		}
		page.Groups = append(page.Groups, row)
	}
	for _, s := range p.Handles {
		for mark, list := range map[daybook.Mark]*[]handleRow{daybook.MarkAllowed: &page.Agreed, daybook.MarkExcluded: &page.Never} {
			if !slices.Contains(s.Marks, mark) {
				continue
			}
			row, err := r.handleRow(p, s.Handle)
			if err != nil {
				return err
			}
			*list = append(*list, row)
		}
	}
	return nil
}

// pattern returns the figures of this case, in the zone in which its days are
// counted.
func (r *request) pattern() (*pattern, error) { return r.s.pattern(r.Context(), r.caseID, r.caseZone) }

// single returns the handles that stand in no group, newest contact first, those
// that never wrote last. Those from whom nothing is stored are left out unless
// they wrote before that was said.
func (p *pattern) single() []daybook.Handle {
	var out []daybook.Handle
	for _, s := range p.Handles {
		if s.Own || p.group(s.Handle) != nil || slices.Contains(s.Marks, daybook.MarkExcluded) && p.finding(s.Handle) == nil {
			continue
		}
		out = append(out, s.Handle)
	}
	return p.byLast(out)
}

// byLast orders handles by their last contact, newest first.
func (p *pattern) byLast(handles []daybook.Handle) []daybook.Handle {
	last := func(h daybook.Handle) time.Time {
		if f := p.finding(h); f != nil {
			return f.To
		}
		return time.Time{}
	}
	out := slices.Clone(handles)
	slices.SortFunc(out, func(a, b daybook.Handle) int {
		return cmp.Or(last(b).Compare(last(a)), strings.Compare(a.Ref(), b.Ref()))
	})
	return out
}

// summary returns what is known of a handle.
func (p *pattern) summary(h daybook.Handle) daybook.HandleSummary {
	for _, s := range p.Handles {
		if s.Handle.Same(h) {
			return s
		}
	}
	return daybook.HandleSummary{Handle: h}
}

func (r *request) handleLabel(h daybook.Handle) (n handleLabel, err error) {
	if n.Ref, err = r.handleRef(h); err != nil {
		return n, err
	}
	var mixesToo bool
	n.Name, n.Mixes = mixed(h.Shown())
	for i := len(h.Names) - 1; i >= 0 && len(n.Display.Parts) == 0; i-- {
		if d := h.Names[i].Display; d != "" && d != h.Shown() {
			n.Display, mixesToo = mixed(d)
		}
	}
	n.Mixes = n.Mixes || mixesToo
	n.Platform, n.Native = r.s.platform(h.Platform), nameOf(h.Native)
	return n, nil
}

func (r *request) handleRow(p *pattern, h daybook.Handle) (row handleRow, err error) {
	if row.handleLabel, err = r.handleLabel(h); err != nil {
		return row, err
	}
	row.setFigures(r, p.finding(h))
	if row.Spark, err = r.spark(p, h); err != nil {
		return row, err
	}
	s := p.summary(h)
	row.Called = textOf(s.Called)
	for _, m := range s.Marks {
		row.Marks = append(row.Marks, "handles.mark."+string(m))
	}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if d.Holds && d.pair() && d.about(h) {
			shown, err := r.decision(p, d, h)
			if err != nil {
				return row, err
			}
			row.Links = append(row.Links, shown)
		}
	}
	return row, nil
}

func (row *handleRow) setFigures(r *request, f *detect.Finding) {
	if f == nil {
		return
	}
	row.Contacts, row.Allowed = f.Figures["messages"].Value, f.Figures["allowed"].Value
	after, asked := f.Figures["after-stop"]
	row.After, row.Asked = after.Value, asked
	row.First, row.Last = r.dayShort(f.From), r.dayShort(f.To)
}

// pair reports whether a decision is about two handles.
func (d *decided) pair() bool {
	return d.What == daybook.MarkLinked || d.What == daybook.MarkApart || d.What == daybook.MarkOpen
}

// about reports whether a decision is about a handle.
func (d *decided) about(h daybook.Handle) bool { return d.Handle.Same(h) || d.Other.Same(h) }
