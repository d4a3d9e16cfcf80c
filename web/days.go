package web

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
)

func (s *Server) dayRoutes() []route {
	return []route{
		{method: "GET", path: "/c/{case}/days", who: inCase, action: cases.List, entry: "looked at the days that were named", handle: (*request).days},
		{method: "POST", path: "/c/{case}/days", who: inCase, action: cases.Mark, why: "cases writes the decision", handle: (*request).nameDay},
	}
}

// daysPage is the page days.html: days that mean something, such as a birthday or
// a day in court.
type daysPage struct {
	voice
	Rows []namedDay // newest first
	Past []decision // that were taken back, newest first
	Mark bool
	Zone string
	Form dayForm
}

type namedDay struct {
	decision
	Day stamp
}

// A dayForm is what was typed into the form.
type dayForm struct {
	Date, How  string
	Field, Key string // what is wrong, if something is
}

func (r *request) days() error { return r.showDays(200, dayForm{}) }

func (r *request) showDays(status int, form dayForm) error {
	p, err := r.pattern()
	if err != nil {
		return err
	}
	page := daysPage{voice: r.voice(), Mark: r.can(cases.Mark), Zone: r.caseZone.String(), Form: form}
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if d.What != daybook.MarkNamedDay {
			continue
		}
		shown, err := r.decision(p, d, daybook.Handle{})
		if err != nil {
			return err
		}
		if d.Holds {
			page.Rows = append(page.Rows, namedDay{shown, r.caseDay(d.When.At)})
		} else if d.Undone {
			page.Past = slices.Insert(page.Past, 0, shown)
		}
	}
	slices.SortStableFunc(page.Rows, func(a, b namedDay) int { return strings.Compare(b.Day.ISO, a.Day.ISO) })
	return r.render(status, "days", "title.handles", page)
}

// nameDay writes that a day means something. Its fields: date and how.
func (r *request) nameDay() error {
	form := dayForm{Date: r.form("date"), How: r.form("how")}
	d := daybook.Decision{What: daybook.MarkNamedDay, How: form.How, When: daybook.When{Precision: daybook.Day, Zone: r.caseZone.String()}}
	var err error
	d.When.At, err = r.date("date")
	var wrong *fieldError
	switch {
	case errors.As(err, &wrong):
		form.Field, form.Key = wrong.Field, wrong.Key
	case err != nil:
		return err
	case d.When.At.IsZero():
		form.Field, form.Key = "date", "days.date.missing"
	case form.How == "":
		form.Field, form.Key = "how", "days.how.missing"
	case utf8.RuneCountInString(form.How) > maxDayWords:
		form.Field, form.Key = "how", "days.how.long"
	}
	if form.Field != "" {
		return r.showDays(422, form)
	}
	if _, err := r.s.Cases.Mark(r.Context(), r.actor, r.caseID, d); err != nil {
		return err
	}
	return r.done(r.in("days"))
}

const maxDayWords = 200 // characters
