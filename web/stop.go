package web

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
)

func (s *Server) stopRoutes() []route {
	return []route{
		{method: "GET", path: "/c/{case}/stop", who: inCase, action: cases.List, entry: "looked at the requests to stop", handle: (*request).stops},
		{method: "GET", path: "/c/{case}/stop/from/{view}", who: inCase, action: cases.List, entry: "looked at the requests to stop", handle: (*request).stops},
		{method: "POST", path: "/c/{case}/stop/whom", who: inCase, action: cases.Mark, why: "only chooses the handle; nothing is shown or changed", handle: (*request).stopWhom},
		{method: "GET", path: "/c/{case}/stop/{view}", who: inCase, action: cases.Mark, why: "the page writes it, as a look at the list", handle: (*request).stopForm},
		{method: "POST", path: "/c/{case}/stop", who: inCase, action: cases.Mark, why: "cases writes the decision", handle: (*request).stop},
	}
}

// stopsPage is the page stops.html: whom the person asked to stop, and whom they
// might have.
type stopsPage struct {
	voice
	Asked        []askedRow
	Rows         []linkRow
	Mark         bool
	Newer, Older string
	Missing      bool // no handle was chosen
}

// An askedRow is one handle, or group, that was asked to stop, and what came
// after.
type askedRow struct {
	Letter  string
	Handles []handleLabel
	Stops   []decision
	After   int64
	Days    int64
	Around  int64
}

// stopView is what stop.html is about: the handle, and what was typed before.
type stopView struct {
	Handle                   string // ref
	Message, Date, Time, How string
	About                    bool
	Field, Key               string // what is wrong
	offset                   int    // of the list in stops.html
	missing                  bool   // no handle was chosen
}

func (r *request) stops() error {
	v, _ := kept[stopView](r, r.PathValue("view"))
	return r.showStops(200, v)
}

func (r *request) showStops(status int, v stopView) error {
	p, err := r.pattern()
	if err != nil {
		return err
	}
	page := stopsPage{voice: r.voice(), Mark: r.can(cases.Mark), Missing: v.missing}
	if page.Asked, err = r.asked(p); err != nil {
		return err
	}
	var all []daybook.Handle
	for _, s := range p.Handles {
		if !s.Own {
			all = append(all, s.Handle)
		}
	}
	all = p.byLast(all)
	from := min(v.offset, max(0, len(all)-1))
	for _, h := range all[from:min(len(all), from+handlesAtATime)] {
		row, err := r.linkRow(p, h, daybook.Handle{})
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	if from > 0 {
		page.Newer = r.keep(stopView{offset: max(0, from-handlesAtATime)})
	}
	if from+handlesAtATime < len(all) {
		page.Older = r.keep(stopView{offset: from + handlesAtATime})
	}
	return r.render(status, "stops", "title.handles", page)
}

// asked lists whom the person asked to stop: groups as one, because a request to
// one handle of a group counts for all.
func (r *request) asked(p *pattern) ([]askedRow, error) {
	var out []askedRow
	at := map[string]int{}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if !d.Holds || d.What != daybook.MarkStop {
			continue
		}
		members, letter, f := []daybook.Handle{d.Handle}, "", p.finding(d.Handle)
		if g := p.group(d.Handle); g != nil {
			members, letter, f = g.Handles, g.Letter, g.Finding
		}
		key := members[0].Ref()
		n, there := at[key]
		if !there {
			n = len(out)
			at[key] = n
			row := askedRow{Letter: letter}
			for _, h := range members {
				label, err := r.handleLabel(p.summary(h).Handle)
				if err != nil {
					return nil, err
				}
				row.Handles = append(row.Handles, label)
			}
			if f != nil {
				row.After, row.Days, row.Around = f.Figures["after-stop"].Value, f.Figures["days-after-stop"].Value, f.Figures["around-stop"].Value
			}
			out = append(out, row)
		}
		shown, err := r.decision(p, d, d.Handle)
		if err != nil {
			return nil, err
		}
		out[n].Stops = append(out[n].Stops, shown)
	}
	return out, nil
}

// stopWhom takes the handle, in the field one.
func (r *request) stopWhom() error {
	one := r.form("one")
	if one == "" {
		return r.showStops(422, stopView{missing: true})
	}
	if _, err := r.theirs(one); err != nil {
		return err
	}
	return r.to(r.in("stop/" + r.keep(stopView{Handle: one})))
}

// theirs finds a handle that is not the person's own.
func (r *request) theirs(ref string) (daybook.Handle, error) {
	s, err := r.handle(ref)
	if err == nil && s.Own {
		err = daybook.ErrNotFound
	}
	return s.Handle, err
}

// stopPage is the page stop.html.
type stopPage struct {
	voice
	Who      handleLabel
	Letter   string
	Others   []handleLabel
	Messages []ownMessage // newest first
	Form     stopView
	Zone     string
	Now      stamp
}

// An ownMessage is one that the person sent: when, and nothing of what it says.
type ownMessage struct {
	Ref      string
	At       stamp
	To       []name
	Kind     string // key, "" for one that has none
	Raw      string
	Platform platformName
}

const ownMessages = 20

func (r *request) stopForm() error {
	v, ok := kept[stopView](r, r.PathValue("view"))
	if !ok || v.Handle == "" {
		return r.to(r.in("stop"))
	}
	if err := r.look(cases.List, daybook.Access{Detail: "looked at when messages were sent"}); err != nil {
		return err
	}
	return r.showStop(200, v)
}

func (r *request) showStop(status int, v stopView) error {
	h, err := r.theirs(v.Handle)
	if err != nil {
		return err
	}
	p, err := r.pattern()
	if err != nil {
		return err
	}
	page := stopPage{voice: r.voice(), Form: v, Zone: r.caseZone.String(), Now: r.when(r.now())}
	if page.Who, err = r.handleLabel(h); err != nil {
		return err
	}
	members := []daybook.Handle{h}
	if g := p.group(h); g != nil {
		members, page.Letter = g.Handles, g.Letter
		for _, o := range g.Handles {
			if o.Same(h) {
				continue
			}
			label, err := r.handleLabel(p.summary(o).Handle)
			if err != nil {
				return err
			}
			page.Others = append(page.Others, label)
		}
	}
	messages, err := r.sentTo(members)
	if err != nil {
		return err
	}
	for i := range messages {
		m := &messages[i]
		own := ownMessage{At: r.sent(m.Sent), Raw: string(m.Kind), Platform: r.s.platform(m.Platform)}
		if key := "kind." + string(m.Kind); r.s.words.keys[key] {
			own.Kind = key
		}
		if own.Ref, err = r.ref(m.Captures[0]); err != nil {
			return err
		}
		if len(members) > 1 {
			for _, to := range m.To {
				if slices.ContainsFunc(members, to.Same) {
					n, _ := mixed(p.summary(to).Handle.Shown())
					own.To = append(own.To, n)
				}
			}
		}
		page.Messages = append(page.Messages, own)
	}
	return r.render(status, "stop", "title.handles", page)
}

// sentTo returns the last messages that the person sent to any of some handles,
// newest first.
func (r *request) sentTo(handles []daybook.Handle) ([]daybook.Message, error) {
	var out []daybook.Message
	for _, h := range handles {
		some, _, err := r.s.Store.List(r.Context(), r.caseID, daybook.MessageFilter{Handle: h, Direction: daybook.Out, Newest: true}, ownMessages, "")
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortStableFunc(out, func(a, b daybook.Message) int {
		return cmp.Or(b.Sent.At.Compare(a.Sent.At), cmp.Compare(b.Captures[0], a.Captures[0]))
	})
	out = slices.CompactFunc(out, func(a, b daybook.Message) bool { return a.Key == b.Key })
	return out[:min(len(out), ownMessages)], nil
}

// stop writes that somebody was asked to stop. Its fields: handle (ref), message
// (ref of an entry) or date, time, about and how.
func (r *request) stop() error {
	v := stopView{Handle: r.form("handle"), Message: r.form("message"), Date: r.form("date"), Time: r.form("time"), How: r.form("how"), About: r.form("about") != ""}
	d, err := r.stopDecision(v)
	var wrong *fieldError
	if errors.As(err, &wrong) {
		v.Field, v.Key = wrong.Field, wrong.Key
		return r.showStop(422, v)
	}
	if err != nil {
		return err
	}
	if _, err := r.s.Cases.Mark(r.Context(), r.actor, r.caseID, d); err != nil {
		return err
	}
	return r.done(r.in("stop"))
}

func (r *request) stopDecision(v stopView) (daybook.Decision, error) {
	d := daybook.Decision{What: daybook.MarkStop, How: v.How}
	var err error
	if d.Handle, err = r.theirs(v.Handle); err != nil {
		return d, err
	}
	if utf8.RuneCountInString(v.How) > 4000 {
		return d, &fieldError{Field: "how", Key: "stop.how.long"}
	}
	if v.Message != "" && v.Message != "none" {
		entry, err := r.entryOf(v.Message)
		if err != nil {
			return d, err
		}
		m, err := r.s.Store.Message(r.Context(), r.caseID, entry)
		if err != nil {
			return d, err
		}
		if m.Direction != daybook.Out {
			return d, daybook.ErrInvalid
		}
		if !slices.ContainsFunc(m.To, d.Handle.Same) && len(m.To) > 0 { // to another handle of the group
			d.Handle = m.To[0]
		}
		d.Entry, d.When = &entry, m.Sent
		return d, nil
	}
	if v.Date == "" {
		return d, &fieldError{Field: "date", Key: "stop.date.missing"}
	}
	day, err := r.date("date")
	if err != nil {
		return d, err
	}
	d.When = daybook.When{At: day, Precision: daybook.Day, Zone: r.caseZone.String()}
	if v.Time != "" {
		at, err := time.ParseInLocation("2006-01-02 15:04", v.Date+" "+strings.TrimSpace(v.Time), r.caseZone)
		if err != nil {
			return d, &fieldError{Field: "time", Key: "stop.time"}
		}
		d.When.At, d.When.Precision = at.UTC(), daybook.Minute
	}
	if v.About {
		d.When.Precision = daybook.About
	}
	switch {
	case d.When.At.After(r.now()):
		return d, &fieldError{Field: "date", Key: "stop.future"}
	case v.How == "":
		return d, &fieldError{Field: "how", Key: "stop.how.missing"}
	}
	return d, nil
}
