package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/detect"
	"daybook/internal/chart"
)

func (s *Server) caseloadRoutes() []route {
	return []route{{
		method: "GET", path: "/work", who: signedIn, handle: s.caseload,
		why: "counts alone, of cases that the user has access to; opening one is an entry",
	}}
}

// caseloadPage is the page caseload.html: an adviser's cases, without content
// and without names of people.
type caseloadPage struct {
	Who   name
	Today stamp
	Rows  []caseRow
}

// A caseRow is one case. The order is by kinds, then by more, then by name.
type caseRow struct {
	Href      string
	Name      name
	News      detect.News
	NewHandle int  // first contact ever of so many handles
	Quiet     int  // days of quiet before the first new contact, if it is long; 0: it is not
	Stopped   bool // an account is not being read
	Spark     drawing
	Week      int
	Before    int
	Reviewed  stamp
	Ends      stamp
	EndsSoon  bool
	Agreement stamp // the next end of a consent; empty: none is near
	Agreed    bool  // it has ended

	kinds, more int
	plain       string
}

const (
	quietNews = 14 * 24 * time.Hour // contact after so long a quiet time is news in kind
	endsSoon  = 7 * 24 * time.Hour
)

func (s *Server) caseload(r *request) error {
	mine, err := s.Cases.Mine(r.Context(), r.userActor())
	if err != nil {
		return err
	}
	page := caseloadPage{Who: nameOf(r.user.Name), Today: r.dayLong(r.now())}
	ends := map[daybook.CaseID]time.Time{}
	var order []daybook.CaseID
	for _, g := range mine {
		if _, there := ends[g.Case]; !there {
			order = append(order, g.Case)
		}
		if end := ends[g.Case]; g.End.IsZero() || g.End.After(end) {
			ends[g.Case] = g.End
		}
	}
	for _, id := range order {
		row, err := s.caseRow(r, id, ends[id])
		if errors.Is(err, daybook.ErrForbidden) {
			continue // it ended between two lines
		}
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	slices.SortStableFunc(page.Rows, func(a, b caseRow) int {
		return cmp.Or(cmp.Compare(b.kinds, a.kinds), cmp.Compare(b.more, a.more), cmp.Compare(a.plain, b.plain))
	})
	return r.render(http.StatusOK, "caseload", "title.work", page)
}

func (s *Server) caseRow(r *request, id daybook.CaseID, end time.Time) (caseRow, error) {
	ctx := archive.Within(r.Context(), id)
	actor, err := s.Cases.Actor(ctx, r.user, id, "web")
	if err != nil {
		return caseRow{}, err
	}
	if err := s.Cases.Authorize(ctx, actor, id, cases.Counts); err != nil {
		return caseRow{}, err
	}
	reviewed, _, err := s.Cases.Reviewed(ctx, actor, id)
	if err != nil {
		return caseRow{}, err
	}
	p, err := s.patternOf(ctx, id)
	if err != nil {
		return caseRow{}, err
	}
	title, err := s.Log.CaseName(ctx, id)
	if err != nil {
		return caseRow{}, err
	}
	statuses, err := s.Store.AccountStatuses(ctx, id)
	if err != nil {
		return caseRow{}, err
	}
	c, now := &p.Calendar, r.now()
	row := caseRow{
		Href: "/c/" + string(id) + "/overview", Name: nameOf(title), News: c.Since(reviewed), Reviewed: r.day(reviewed), Ends: r.day(end),
		EndsSoon: !end.IsZero() && end.Sub(now) < endsSoon, Week: c.All.Week, Before: c.All.WeekBefore, plain: title,
		Spark: drawn(chart.Picture{Class: "spark"}, chart.Spark{Days: c.Days, Series: []chart.Series{{Style: mainStyle, Counts: c.All.PerDay()}}}),
	}
	for _, a := range statuses {
		switch {
		case a.Account.State == daybook.Stopped || a.Account.State == daybook.Expired:
			row.Stopped = true
		case a.Account.State == daybook.Active && a.Consent.Until.Sub(now) < renewSoon:
			row.Agreement = r.day(a.Consent.Until)
		}
		row.Agreed = row.Agreed || a.Account.State == daybook.Expired
	}
	row.NewHandle, row.Quiet = newInKind(p, reviewed)
	for _, kind := range []bool{row.NewHandle > 0, row.Quiet > 0, row.News.Diary > 0, row.Stopped} {
		if kind {
			row.kinds++
		}
	}
	row.more = row.Week - row.Before
	return row, nil
}

// newInKind says how many handles first wrote since a time, and how many days of
// quiet the first contact since then ended, if those were many.
func newInKind(p *pattern, since time.Time) (handles, quietDays int) {
	for _, s := range p.Calendar.Handles {
		if s.Total.Contacts > 0 && !s.First.Before(since) {
			handles++
		}
	}
	var last, next time.Time
	for _, k := range p.Facts.Contacts { // in order of time
		if k.Direction != daybook.In || !k.Kind.Contact() {
			continue
		}
		if !k.At.Before(since) {
			next = k.At
			break
		}
		last = k.At
	}
	if !last.IsZero() && !next.IsZero() && next.Sub(last) >= quietNews {
		quietDays = int(next.Sub(last) / (24 * time.Hour))
	}
	return handles, quietDays
}

// patternOf is pattern, counted in the case's own zone.
func (s *Server) patternOf(ctx context.Context, id daybook.CaseID) (*pattern, error) {
	row, err := s.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(row.Zone)
	if err != nil {
		return nil, err
	}
	return s.pattern(ctx, id, zone)
}
