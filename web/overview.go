package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

// calendarDays is how many days the overview looks back: six weeks, the time
// that is asked about most.
const calendarDays = 42

// Reading tells how the reading of a case's accounts stands.
type Reading interface {
	AccountStatuses(ctx context.Context, c daybook.CaseID) ([]daybook.AccountStatus, error)
}

func (s *Server) overviewRoutes() []route {
	return []route{{
		method: "GET", path: "/c/{case}/overview", who: inCase, action: cases.Counts, entry: "looked at the overview",
		handle: s.overview,
	}}
}

// overviewPage is the page overview.html. It names no handle, so it is for those
// too who may see counts alone.
type overviewPage struct {
	voice
	Today     stamp
	Since     stamp // the last visit or review; empty: never before
	New       detect.News
	Reading   []readingLine
	Main      *mainPattern // nil: nothing came in
	Bars      barsPart
	Hours     hoursPart
	Steps     []nextStep
	CanList   bool
	Review    bool // the adviser's button
	Access    stamp
	Messages  int
	Suggested int  // links to look at
	Comparing bool // which, is not known yet
}

// readingLine is an account that is not being read, in the numbers at the top.
type readingLine struct {
	Key      string
	Platform platformName
}

// A nextStep is something that could be done, never something that must.
type nextStep struct {
	Key  string
	Arg  stamp
	Href string
}

func (s *Server) overview(r *request) error {
	ctx := r.Context()
	p, err := r.comparedBriefly()
	if err != nil {
		return err
	}
	page := overviewPage{voice: r.voice(), Today: r.dayLong(r.now()), CanList: r.can(cases.List), Review: !r.owner() && r.can(cases.ReviewCase), Messages: len(p.Facts.Contacts)}
	var since time.Time
	if r.owner() {
		since, _, err = s.Cases.Visit(ctx, r.actor, r.caseID, r.session.ID)
	} else {
		since, _, err = s.Cases.Reviewed(ctx, r.actor, r.caseID)
	}
	if err != nil {
		return err
	}
	page.Since, page.New = r.whenLong(since), p.Calendar.Since(since)
	statuses, err := s.Store.AccountStatuses(ctx, r.caseID)
	if err != nil {
		return err
	}
	for _, a := range statuses {
		if key, stopped := stoppedKey[a.Account.State]; stopped {
			page.Reading = append(page.Reading, readingLine{key, s.platform(a.Account.Platform)})
		}
	}
	parts := p.parts()
	if page.CanList {
		page.Suggested, page.Comparing = len(p.Links), p.Comparing
	}
	if page.Main, err = r.mainPattern(p, parts); err != nil {
		return err
	}
	if page.Bars, err = r.barsPart(p, parts); err != nil {
		return err
	}
	page.Hours = r.hoursPart(p.Calendar)
	page.Steps = r.nextSteps(p, statuses)
	title := "title.overview"
	if !r.owner() {
		title = "title.item"
	}
	return r.render(http.StatusOK, "overview", title, page)
}

var stoppedKey = map[daybook.AccountState]string{
	daybook.Paused: "overview.reading.paused", daybook.Stopped: "overview.reading.stopped", daybook.Expired: "overview.reading.expired",
}

// renewSoon is how long before a consent's end the overview speaks of it.
const renewSoon = 14 * 24 * time.Hour

func (r *request) nextSteps(p *pattern, statuses []daybook.AccountStatus) (steps []nextStep) {
	now, reading := r.now(), false
	for _, a := range statuses {
		reading = reading || a.Account.State == daybook.Active
	}
	if r.can(cases.Connect) && !reading && len(statuses) == 0 {
		steps = append(steps, nextStep{Key: "overview.step.connect", Href: r.in("accounts/connect")})
	}
	if r.can(cases.Consent) {
		for _, a := range statuses {
			switch {
			case a.Account.State == daybook.Stopped || a.Account.State == daybook.Expired:
				steps = append(steps, nextStep{Key: "overview.step.again", Href: r.in("accounts")})
			case a.Account.State == daybook.Active && a.Consent.Until.Sub(now) < renewSoon:
				steps = append(steps, nextStep{Key: "overview.step.renew", Arg: r.day(a.Consent.Until), Href: r.in("accounts")})
			}
		}
	}
	if r.can(cases.Mark) && len(p.Findings) > 0 && !slices.ContainsFunc(p.Facts.Marks, func(m detect.Mark) bool { return m.What == daybook.MarkStop }) {
		steps = append(steps, nextStep{Key: "overview.step.stop", Href: r.in("stop")})
	}
	if r.can(cases.List) && len(p.Links) > 0 {
		steps = append(steps, nextStep{Key: "overview.step.links", Href: r.in("handles") + "#suggestions"})
	}
	if r.can(cases.List) && len(p.Findings) > 0 {
		steps = append(steps, nextStep{Key: "overview.step.handles", Href: r.in("handles")})
	}
	return steps
}
