package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
)

func (s *Server) accountsRoutes() []route {
	const writes = "cases writes it"
	return []route{
		{method: "GET", path: "/c/{case}/accounts", who: inCase, action: cases.Counts, entry: "looked at the accounts that are read", handle: (*request).accounts},
		{method: "GET", path: "/c/{case}/gaps/{view}", who: inCase, action: cases.Counts, entry: "looked at the accounts that are read", handle: (*request).olderGaps},
		{method: "POST", path: "/c/{case}/accounts/{account}/pause", who: inCase, action: cases.Consent, why: writes, handle: (*request).pauseAccount},
		{method: "POST", path: "/c/{case}/accounts/{account}/resume", who: inCase, action: cases.Consent, why: writes, handle: (*request).resumeAccount},
		{method: "GET", path: "/c/{case}/accounts/{account}/renew", who: inCase, action: cases.Consent, why: "shows a form; nothing of the record", handle: (*request).renewPage},
		{method: "POST", path: "/c/{case}/accounts/{account}/renew", who: inCase, action: cases.Consent, why: writes, handle: (*request).renewAccount},
		{method: "GET", path: "/c/{case}/accounts/{account}/withdraw", who: inCase, action: cases.Consent, strong: true, why: "shows a form; nothing of the record", handle: (*request).withdrawPage},
		{method: "POST", path: "/c/{case}/accounts/{account}/withdraw", who: inCase, action: cases.Consent, strong: true, why: writes, handle: (*request).withdrawAccount},

		{method: "GET", path: "/c/{case}/accounts/connect", who: inCase, action: cases.Connect, why: "shows a form; nothing of the record", handle: (*request).connectPage},
		{method: "GET", path: "/c/{case}/connect/{which}", who: inCase, action: cases.Connect, why: "shows a form; nothing of the record", handle: (*request).connectPageOf},
		{method: "POST", path: "/c/{case}/accounts/connect", who: inCase, action: cases.Connect, why: "nothing is connected yet; the confirmation writes it", handle: (*request).connect},
		{method: "GET", path: "/back", who: anyone, why: "keeps what the person’s server sent; shows nothing", handle: (*request).comeBack},
		{method: "GET", path: "/c/{case}/connecting/{attempt}", who: inCase, action: cases.Connect, why: "nothing is connected yet; the confirmation writes it", handle: (*request).connecting},
		{method: "POST", path: "/c/{case}/connecting/{attempt}/code", who: inCase, action: cases.Connect, why: "nothing is connected yet; the confirmation writes it", handle: (*request).typeCode},
		{method: "POST", path: "/c/{case}/connecting/{attempt}/typed", who: inCase, action: cases.Connect, why: "nothing is connected yet; the confirmation writes it", handle: (*request).byCode},
		{method: "POST", path: "/c/{case}/connecting/{attempt}/yes", who: inCase, action: cases.Connect, why: writes, handle: (*request).confirmAccount},
		{method: "POST", path: "/c/{case}/connecting/{attempt}/no", who: inCase, action: cases.Connect, why: "nothing was connected", handle: (*request).refuseAccount},
	}
}

// AccountStatuses tells how accounts are read. *store.DB does.
type AccountStatuses interface {
	AccountStatuses(ctx context.Context, c daybook.CaseID) ([]daybook.AccountStatus, error)
	GapsBefore(ctx context.Context, c daybook.CaseID, before uint64, limit int) ([]daybook.GapStatus, error)
	CountGaps(ctx context.Context, c daybook.CaseID) (int, error)
	Coverage(ctx context.Context, c daybook.CaseID, now time.Time) (daybook.Coverage, error)
}

// accountsPage is the page accounts.html.
type accountsPage struct {
	Case     string
	Owner    bool
	Cards    []accountCard
	Going    []attemptRow // connections of this session that are not done yet
	Coverage daybook.Coverage
	From     stamp // of the coverage
	Gaps     gapTable
	Pending  []pendingRow
	Connect  bool       // whether another account can be connected
	Offered  []whichRow // where
	Consent  bool       // whether the actor may pause, renew and withdraw

	They    string // suffix of keys
	Import  bool   // whether the actor may add files
	Adding  []importRow
	Busy    bool // one is being read, or waits
	Earlier []addedRow
	Last    *addedFacts // of the file that was read in last
}

type accountCard struct {
	ID       daybook.AccountID
	Platform string
	Name     *name // nil for whoever sees counts alone
	Tags     []tag
	What     []string // keys: which kinds are collected
	All      bool     // every kind is
	Since    stamp
	By       name // who paused it, if somebody else did
	Checked  ago
	Nothing  bool // nothing new came with the last check
	Lanes    []laneRow
	Ended    stamp // when a withdrawn account was stopped
	Revoked  stamp
	Waiting  bool // the token waits to be revoked

	Named bool  // only files of it were added
	Chats bool  // encrypted chats cannot be collected
	Which int   // of the platforms that can be connected
	Cost  *Cost // nil if it costs nothing, or for whoever sees counts alone

	Renew, RenewFirst, Pause, Resume, Withdraw, Again bool // what can be done
}

// A tag is a short state in words.
type tag struct {
	Class, Key string
	At         stamp
	By         *name
	Days       int
}

// An ago is a time and how long it is ago.
type ago struct {
	At  stamp
	Key string
	N   int
}

type laneRow struct {
	Key     string // of the catalogue; "" for a place that this version has no words for
	Name    name
	Checked ago
	Lost    bool
	Behind  bool
	Failing stamp
	Causes  []cause
}

type attemptRow struct {
	Name   string
	Server name
	Until  stamp
}

type pendingRow struct {
	Platform string
	Name     name
	Since    stamp
	Where    string // address at the person's server where they can revoke it
	Server   name
	Servers  bool // the platform has servers
}

func (r *request) accounts() error {
	page, err := r.accountsPage()
	if err != nil {
		return err
	}
	var notices []notice
	if n, ok := r.toldOnce(); ok {
		notices = append(notices, n)
	}
	return r.render(200, "accounts", "title.accounts", page, notices...)
}

func (r *request) accountsPage() (accountsPage, error) {
	ctx, now := r.Context(), r.now()
	page := accountsPage{Case: r.in(""), Owner: r.owner(), Connect: r.can(cases.Connect) && r.s.Connect != nil, Consent: r.can(cases.Consent),
		They: r.they(), Import: r.can(cases.Import) && r.s.Imports != nil}
	all, err := r.s.Store.AccountStatuses(ctx, r.caseID)
	if err != nil {
		return page, err
	}
	var pending []cases.EndedToken
	if page.Consent {
		if pending, err = r.s.Cases.Pending(ctx, r.actor, r.caseID); err != nil {
			return page, err
		}
	}
	for _, s := range all {
		card, err := r.accountCard(s, now)
		if err != nil {
			return page, err
		}
		for _, t := range pending {
			if t.Account == s.Account.ID {
				card.Waiting = true
				of, _ := r.platformOf(s.Account.Platform)
				page.Pending = append(page.Pending, pendingRow{Servers: of.Server, Platform: platformTitle(s.Account.Platform), Name: handleName(s.Account.Handle),
					Since: r.when(t.Since), Where: revokeAddress(s.Account), Server: nameOf(serverName(s.Account.Server))})
			}
		}
		page.Cards = append(page.Cards, card)
	}
	if page.Connect {
		page.Offered = r.whichPage(r.s.Connect.Platforms()).Platforms
		if page.Going, err = r.going(); err != nil {
			return page, err
		}
	}
	if page.Coverage, err = r.s.Store.Coverage(ctx, r.caseID, now); err != nil {
		return page, err
	}
	page.From = r.day(page.Coverage.From)
	if page.Adding, err = r.importRows(); err != nil {
		return page, err
	}
	page.Busy = slices.ContainsFunc(page.Adding, func(row importRow) bool { return row.Going })
	if page.Earlier, page.Last, err = r.addedRows(); err != nil {
		return page, err
	}
	page.Gaps, err = r.gapTable(all, 0)
	return page, err
}

func (r *request) accountCard(s daybook.AccountStatus, now time.Time) (accountCard, error) {
	a := s.Account
	c := accountCard{ID: a.ID, Platform: platformTitle(a.Platform), Since: r.day(a.Since)}
	if r.can(cases.List) {
		n := handleName(a.Handle)
		c.Name = &n
	}
	c.All, c.What = whatIsKept(a.Platform, a.Kinds)
	of, which := r.platformOf(a.Platform)
	c.Which, c.Named, c.Chats = which, a.State == daybook.Named, a.Platform == "x"
	if err := r.stateTags(&c, s, now); err != nil {
		return c, err
	}
	may := r.can(cases.Consent)
	inForce := s.Consent.Check(now) == nil
	if c.Named {
		c.Again = r.can(cases.Connect) && !of.Off
		return c, nil
	}
	c.Pause = may && (a.State == daybook.Active || a.State == daybook.Stopped)
	c.Resume = may && inForce && a.State == daybook.Paused
	c.Withdraw = may && a.State != daybook.Withdrawn && a.State != daybook.Expired
	c.Renew = c.Withdraw && inForce
	c.RenewFirst = c.Renew && s.Consent.Until.Sub(now) <= 14*24*time.Hour
	c.Again = r.can(cases.Connect) && !of.Off && a.State != daybook.Active && a.State != daybook.Paused
	if err := r.costOf(&c, a); err != nil {
		return c, err
	}
	checked := s.Checked()
	c.Checked = r.ago(checked, now)
	c.Nothing = !s.Newest.IsZero() && s.Newest.Before(checked)
	for _, l := range s.Lanes {
		row := laneRow{Name: nameOf(string(l.Lane)), Checked: r.ago(l.Checked, now), Lost: l.Lost, Behind: l.Behind}
		if slices.Contains(knownLanes(), l.Lane) {
			row.Key = "accounts.lane." + string(l.Lane)
		}
		if !l.Failing.IsZero() && a.State == daybook.Active {
			row.Failing, row.Causes = r.when(l.Failing), causesOf(l.Cause)
		}
		c.Lanes = append(c.Lanes, row)
	}
	return c, nil
}

// costOf says what the reading of an account costs, to whoever can end it.
func (r *request) costOf(c *accountCard, a daybook.Account) (err error) {
	if !r.can(cases.Consent) || r.s.Connect == nil || c.Ended.ISO != "" {
		return nil
	}
	if c.Cost, err = r.s.Connect.Cost(r.Context(), a); err != nil {
		return err
	}
	if c.Cost != nil && c.Cost.Reached {
		c.Tags = append(c.Tags, tag{Class: "care", Key: "accounts.cap"})
	}
	return nil
}

// stateTags says in words how an account stands.
func (r *request) stateTags(c *accountCard, s daybook.AccountStatus, now time.Time) error {
	state := tag{Key: "accounts.state." + string(s.Account.State)}
	switch s.Account.State {
	case daybook.Active:
		state.Class = "good"
	case daybook.Named:
		c.Tags = append(c.Tags, state)
		return nil
	case daybook.Paused:
		at, entry := s.Since(daybook.ConsentPaused)
		state.At = r.when(at)
		if at.IsZero() {
			break
		}
		e, err := r.s.Log.Entry(r.Context(), r.caseID, entry)
		if err != nil {
			return err
		}
		if e.Record.Actor.ID == r.user.ID {
			state.Key += ".you"
			break
		}
		who, err := r.s.Cases.Who(r.Context(), e.Record.Actor)
		if err != nil {
			return err
		}
		by := nameOf(who)
		state.Key, state.By = state.Key+".by", &by
	case daybook.Stopped:
		state.Class = "care"
		if of, _ := r.platformOf(s.Account.Platform); !of.Server {
			state.Key += ".platform"
		}
		at, _ := s.Since(daybook.TokenRefused)
		state.At = r.when(at)
	case daybook.Withdrawn, daybook.Expired:
		at, _ := s.Since(daybook.ConsentWithdrawn, daybook.ConsentExpired)
		c.Ended = r.when(at)
		if revoked, _ := s.Since(daybook.TokenRevoked); revoked.After(at) || revoked.Equal(at) {
			c.Revoked = r.when(revoked)
		}
		c.Tags = append(c.Tags, state)
		return nil
	}
	c.Tags = append(c.Tags, state)
	left := s.Consent.Until.Sub(now)
	if left <= 0 {
		c.Tags = append(c.Tags, tag{Class: "care", Key: "accounts.over", At: r.day(s.Consent.Until)})
		return nil
	}
	until := tag{Key: "accounts.until", At: r.day(s.Consent.Until), Days: int((left + 24*time.Hour - 1) / (24 * time.Hour))}
	if left <= 14*24*time.Hour {
		until.Class = "care"
	}
	c.Tags = append(c.Tags, until)
	return nil
}

// ago says how long ago something was, as roughly as people say it.
func (r *request) ago(t, now time.Time) ago {
	if t.IsZero() {
		return ago{}
	}
	d := now.Sub(t)
	a := ago{At: r.when(t)}
	if r.day(t).Text == r.day(now).Text {
		a.At = r.clock(t)
	}
	switch {
	case d < time.Minute:
		a.Key = "accounts.now"
	case d < time.Hour:
		a.Key, a.N = "accounts.minutes", int(d/time.Minute)
	case d < 48*time.Hour:
		a.Key, a.N = "accounts.hours", int(d/time.Hour)
	default:
		a.Key, a.N = "accounts.days", int(d/(24*time.Hour))
	}
	return a
}

// account is the account of the path, if it is one of this case.
func (r *request) account() (daybook.AccountStatus, error) {
	all, err := r.s.Store.AccountStatuses(r.Context(), r.caseID)
	if err != nil {
		return daybook.AccountStatus{}, err
	}
	for _, s := range all {
		if string(s.Account.ID) == r.PathValue("account") {
			return s, nil
		}
	}
	return daybook.AccountStatus{}, daybook.ErrNotFound
}

func (r *request) pauseAccount() error {
	return r.change(func(id daybook.AccountID) error { return r.s.Cases.Pause(r.Context(), r.actor, id) })
}

func (r *request) resumeAccount() error {
	return r.change(func(id daybook.AccountID) error { return r.s.Cases.Resume(r.Context(), r.actor, id) })
}

// change makes one change of the account of the path and shows the accounts.
func (r *request) change(fn func(id daybook.AccountID) error) error {
	s, err := r.account()
	if err != nil {
		return err
	}
	if err := fn(s.Account.ID); err != nil {
		return err
	}
	return r.done(r.in("accounts"))
}

// going lists the attempts of this session in this case that are not over.
func (r *request) going() ([]attemptRow, error) {
	tasks, err := r.s.Store.TasksOf(r.Context(), attemptKind, r.caseID)
	if err != nil {
		return nil, err
	}
	var out []attemptRow
	for _, t := range tasks {
		a, err := readAttempt(t)
		if err != nil {
			return nil, err
		}
		if a.Session == r.session.ID && r.now().Before(a.Until) {
			server := serverName(a.Server)
			if server == "" {
				of, _ := r.platformOf(a.Platform)
				server = of.Title
			}
			out = append(out, attemptRow{Name: strings.TrimPrefix(t.ID, attemptKind+"/"), Server: nameOf(server), Until: r.clock(a.Until)})
		}
	}
	return out, nil
}

// A lineOnce is a line that is shown once, on the next page of this case.
type lineOnce struct{ notice }

func lineName(r *request) string { return "line " + r.session.ID + " " + string(r.caseID) }

// tellOnce keeps a line for the next page.
func (r *request) tellOnce(class, key string, args ...any) {
	v := r.s.views
	v.mu.Lock()
	defer v.mu.Unlock()
	name := lineName(r)
	if _, there := v.all[name]; !there {
		v.order = append(v.order, name)
	}
	v.all[name] = view{session: r.session.ID, caseID: r.caseID, at: v.clock(), what: lineOnce{notice{class, key, args}}}
}

// toldOnce takes that line.
func (r *request) toldOnce() (notice, bool) {
	n, ok := kept[lineOnce](r, lineName(r))
	if ok {
		r.drop(lineName(r))
	}
	return n.notice, ok
}
