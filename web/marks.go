package web

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/signin"
)

// mostCalled is how long a name may be that a person gives a handle, in characters.
const mostCalled = 100

// mark writes one decision about a sender. The form's fields:
//
//	what    unwanted, allowed, excluded or called; with undo, any mark
//	handle  whom it is about, a handleRef; or
//	entry   the ref of a message, for the other side of it
//	from,to of allowed: dates, both may be empty
//	how     in the user's words; of called: the name
//	undo    "all": takes every such mark back; else the ref of one decision
//	back    where to go on: "handles", "stop", "timeline", "days", or the ref of a handle
//	        or of an entry
func (r *request) mark() error {
	d := daybook.Decision{What: daybook.Mark(r.form("what")), How: r.form("how")}
	var err error
	if r.form("undo") != "" {
		d, err = r.undone(d)
	} else {
		d, err = r.decided(d)
	}
	var wrong *fieldError
	if errors.As(err, &wrong) && !d.Handle.IsZero() {
		return r.showHandle(422, d.Handle, markForm{From: r.form("from"), To: r.form("to"), How: r.form("how"), Field: wrong.Field, Key: wrong.Key})
	}
	if err != nil {
		return err
	}
	// From a device that is new, nobody makes the record stop taking in a
	// sender: it may be theirs.
	if d.What == daybook.MarkExcluded && r.session.Held(r.s.Clock()) {
		return signin.ErrHeld
	}
	if _, err := r.s.Cases.Mark(r.Context(), r.actor, r.caseID, d); err != nil {
		return err
	}
	back, err := r.afterMark()
	if err != nil {
		return err
	}
	return r.done(back)
}

// decided reads a new mark from the form.
func (r *request) decided(d daybook.Decision) (daybook.Decision, error) {
	switch d.What {
	case daybook.MarkUnwanted, daybook.MarkAllowed, daybook.MarkExcluded, daybook.MarkCalled:
	default:
		return d, daybook.ErrInvalid
	}
	var err error
	if d.Handle, err = r.whom(); err != nil {
		return d, err
	}
	if d.What == daybook.MarkCalled && (strings.TrimSpace(d.How) == "" || utf8.RuneCountInString(d.How) > mostCalled) {
		return d, &fieldError{Field: "called", Key: "handle.called.missing"}
	}
	if d.What != daybook.MarkAllowed {
		return d, nil
	}
	if d.When.At, err = r.date("from"); err != nil {
		return d, err
	}
	to, err := r.date("to")
	if err != nil || to.IsZero() {
		return d, err
	}
	d.When.Until = to.AddDate(0, 0, 1) // the last day is agreed too
	from := d.When.At
	if from.IsZero() {
		from = r.now()
	}
	if !d.When.Until.After(from) {
		return d, &fieldError{Field: "to", Key: "handle.agreed.order"}
	}
	return d, nil
}

// undone reads from the form which marks are taken back.
func (r *request) undone(d daybook.Decision) (daybook.Decision, error) {
	if undo := r.form("undo"); undo != "all" {
		index, err := r.entryOf(undo)
		if err != nil {
			return d, err
		}
		all, err := r.s.Store.Decisions(r.Context(), r.caseID)
		if err != nil {
			return d, err
		}
		at := slices.IndexFunc(all, func(o daybook.Decided) bool { return o.Index == index && o.Holds })
		if at < 0 {
			return d, daybook.ErrNotFound
		}
		how := d.How
		d = all[at].Decision
		d.Undone = true
		if how != "" || d.What != daybook.MarkNamedDay { // a day is nothing without its name
			d.How = how
		}
		return d, nil
	}
	var err error
	d.Handle, err = r.whom()
	d.Undone = true
	return d, err
}

// whom finds the handle that a form is about.
func (r *request) whom() (daybook.Handle, error) {
	if ref := r.form("handle"); ref != "" {
		s, err := r.handle(ref)
		if s.Own {
			err = daybook.ErrNotFound
		}
		return s.Handle, err
	}
	entry, err := r.entryOf(r.form("entry"))
	if err != nil {
		return daybook.Handle{}, err
	}
	m, err := r.s.Store.Message(r.Context(), r.caseID, entry)
	switch {
	case err != nil:
		return daybook.Handle{}, err
	case m.Direction == daybook.In:
		return m.Sender, nil
	case len(m.To) == 1:
		return m.To[0], nil
	}
	return daybook.Handle{}, daybook.ErrInvalid // to nobody, or to several
}

// date reads a date of a form, as the midnight in which it begins where the days
// of the case are counted; zero if the field is empty.
func (r *request) date(field string) (time.Time, error) {
	typed := r.form(field)
	if typed == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, typed, r.caseZone)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return time.Time{}, &fieldError{Field: field, Key: "form.date"}
	}
	return t.UTC(), nil
}

// afterMark is the page from which a mark was made.
func (r *request) afterMark() (string, error) {
	switch back := r.form("back"); back {
	case "", "handles":
		return r.in("handles"), nil
	case "stop", "timeline", "days":
		return r.in(back), nil
	default:
		_, err := r.handle(back)
		if err == nil {
			return r.in("handles/" + back), nil
		}
		if !errors.Is(err, daybook.ErrNotFound) {
			return "", err
		}
		if _, err := r.entryOf(back); err != nil {
			return r.in("handles"), nil
		}
		return r.entryPath(back), nil
	}
}

// handlesLink is the view of linkForm: the handle that was chosen first, and
// where the list of the others begins.
type handlesLink struct {
	First  string // ref; "" if none was chosen yet
	Offset int
	Field  string // what was wrong when it was sent
	Key    string
	Other  string
	How    string
}

// linkPage is the page link.html.
type linkPage struct {
	voice
	First        handleLabel
	Chosen       bool
	Rows         []linkRow
	Newer, Older string
	Form         handlesLink
	View         string
}

type linkRow struct {
	handleLabel
	Letter   string
	Contacts int64
	Last     stamp
	Said     []decision // about it and the first one
}

func (r *request) linkForm() error {
	v, ok := kept[handlesLink](r, r.PathValue("view"))
	if !ok && r.PathValue("view") != "" {
		return r.to(r.in("handles/link"))
	}
	return r.showLink(200, v)
}

func (r *request) showLink(status int, v handlesLink) error {
	p, err := r.pattern()
	if err != nil {
		return err
	}
	page := linkPage{voice: r.voice(), Form: v}
	var first daybook.Handle
	if v.First != "" {
		s, err := r.handle(v.First)
		if err != nil {
			return err
		}
		first = s.Handle
		if page.First, err = r.handleLabel(first); err != nil {
			return err
		}
		page.Chosen = true
	}
	var all []daybook.Handle
	for _, s := range p.Handles {
		if !s.Own && !s.Handle.Same(first) {
			all = append(all, s.Handle)
		}
	}
	all = p.byLast(all)
	v.Offset = min(v.Offset, max(0, len(all)-1))
	for _, h := range all[v.Offset:min(len(all), v.Offset+handlesAtATime)] {
		row, err := r.linkRow(p, h, first)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	at := func(offset int) string {
		return r.keep(handlesLink{First: v.First, Offset: offset, How: v.How})
	}
	if v.Offset > 0 {
		page.Newer = at(max(0, v.Offset-handlesAtATime))
	}
	if v.Offset+handlesAtATime < len(all) {
		page.Older = at(v.Offset + handlesAtATime)
	}
	return r.render(status, "link", "title.handles", page)
}

func (r *request) linkRow(p *pattern, h, first daybook.Handle) (row linkRow, err error) {
	if row.handleLabel, err = r.handleLabel(h); err != nil {
		return row, err
	}
	if g := p.group(h); g != nil {
		row.Letter = g.Letter
	}
	if f := p.finding(h); f != nil {
		row.Contacts, row.Last = f.Figures["messages"].Value, r.day(f.To)
	}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if d.Holds && d.pair() && d.about(h) && d.about(first) {
			said, err := r.decision(p, d, h)
			if err != nil {
				return row, err
			}
			row.Said = append(row.Said, said)
		}
	}
	return row, nil
}

// noReason stands in the log where somebody decided beside the reasons that a
// page lists and added none of their own. Pages do not quote it.
const noReason = "No reason was given."

// link takes the first handle, or the decision about two. Its fields:
//
//	one, other  handleRefs
//	what        linked, apart or open; or "reasons" for the page that lists what
//	            speaks for and against
//	how         in the user's words
//	back        "handles" or "pair" if the form stands beside the reasons, where
//	            how may be empty
func (r *request) link() error {
	v := handlesLink{First: r.form("one"), Other: r.form("other"), How: r.form("how")}
	if v.First == "" {
		v.Field, v.Key = "one", "link.one.missing"
		return r.showLink(422, v)
	}
	one, err := r.handle(v.First)
	if err != nil {
		return err
	}
	what := daybook.Mark(r.form("what"))
	if what == "" {
		return r.to(r.in("handles/link/" + r.keep(handlesLink{First: v.First})))
	}
	look, back := what == "reasons", r.form("back")
	if !look && what != daybook.MarkLinked && what != daybook.MarkApart && what != daybook.MarkOpen {
		return daybook.ErrInvalid
	}
	if v.How == "" && what != daybook.MarkOpen && (back == "handles" || back == "pair") {
		v.How = noReason
	}
	switch {
	case v.Other == "":
		v.Field, v.Key = "other", "link.other.missing"
	case what != daybook.MarkOpen && !look && v.How == "":
		v.Field, v.Key = "how", "link.how.missing"
	}
	if v.Field != "" {
		return r.showLink(422, v)
	}
	other, err := r.handle(v.Other)
	if err != nil {
		return err
	}
	if one.Own || other.Own || one.Handle.Same(other.Handle) {
		return daybook.ErrInvalid
	}
	pair := r.in("handles/" + v.First + "/with/" + v.Other)
	if look {
		return r.to(pair)
	}
	if _, err := r.s.Cases.Mark(r.Context(), r.actor, r.caseID, daybook.Decision{What: what, Handle: one.Handle, Other: other.Handle, How: v.How}); err != nil {
		return err
	}
	switch back {
	case "handles":
		return r.done(r.in("handles"))
	case "pair":
		return r.done(pair)
	}
	return r.done(r.in("handles/" + v.First))
}

// takeOut takes back every link of a handle. Its fields: handle and how.
func (r *request) takeOut() error {
	h, err := r.handle(r.form("handle"))
	if err != nil {
		return err
	}
	all, err := r.s.Store.Decisions(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !d.Holds || d.What != daybook.MarkLinked || !d.Handle.Same(h.Handle) && !d.Other.Same(h.Handle) {
			continue
		}
		back := d.Decision
		back.Undone, back.How = true, r.form("how")
		if _, err := r.s.Cases.Mark(r.Context(), r.actor, r.caseID, back); err != nil {
			return err
		}
	}
	return r.done(r.in("handles/" + r.form("handle")))
}
