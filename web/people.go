package web

import (
	"slices"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

func (s *Server) peopleRoutes() []route {
	const (
		wroteCases = "cases writes it"
		form       = "a form; it shows nothing of the record"
	)
	return []route{
		{method: "GET", path: "/c/{case}/people", who: inCase, action: cases.SeeAccess, entry: "looked at who has access", handle: (*request).people},
		{method: "GET", path: "/c/{case}/people/{view}", who: inCase, action: cases.SeeAccess, entry: "looked at the access log", handle: (*request).peopleLog},
		{method: "POST", path: "/c/{case}/people/log", who: inCase, action: cases.SeeAccess, why: "chooses lines; the page that shows them writes it", handle: (*request).peopleChoose},

		{method: "GET", path: "/c/{case}/people/new", who: inCase, action: cases.GiveAccess, why: form, strong: true, settled: true, handle: (*request).giveForm},
		{method: "POST", path: "/c/{case}/people/invite", who: inCase, action: cases.GiveAccess, why: wroteCases, strong: true, settled: true, handle: (*request).invite},
		{method: "POST", path: "/c/{case}/people/give", who: inCase, action: cases.GiveAccess, why: wroteCases, strong: true, settled: true, handle: (*request).give},
		{method: "GET", path: "/c/{case}/people/code/{view}", who: inCase, action: cases.GiveAccess, why: "shows a code, once; what made the code wrote it", handle: (*request).showCode},

		{method: "GET", path: "/c/{case}/people/grant/{grant}", who: inCase, action: cases.GiveAccess, entry: "looked at who has access, to change it", strong: true, handle: (*request).grantForm},
		{method: "POST", path: "/c/{case}/people/grant/{grant}/until", who: inCase, action: cases.GiveAccess, why: wroteCases, strong: true, settled: true, handle: (*request).grantUntil},
		{method: "POST", path: "/c/{case}/people/grant/{grant}/end", who: inCase, action: cases.GiveAccess, why: wroteCases, strong: true, handle: (*request).grantEnd},
		{method: "POST", path: "/c/{case}/people/grant/{grant}/code", who: inCase, action: cases.GiveAccess, why: "written before the code is made", strong: true, settled: true, handle: (*request).grantCode},

		{method: "GET", path: "/c/{case}/people/ask/{user}", who: inCase, action: cases.GiveAccess, why: form, strong: true, settled: true, handle: (*request).askForm},
		{method: "POST", path: "/c/{case}/people/ask/{user}", who: inCase, action: cases.GiveAccess, why: "written before it is asked for", strong: true, settled: true, handle: (*request).ask},
		{method: "POST", path: "/c/{case}/people/recovery/{recovery}/stop", who: inCase, action: cases.GiveAccess, why: "written before it is stopped", handle: (*request).askStop},
		{method: "POST", path: "/c/{case}/people/recovery/{recovery}/take", who: inCase, action: cases.GiveAccess, why: "written before the code is made", strong: true, settled: true, handle: (*request).askTake},

		{method: "POST", path: "/c/{case}/reviewed", who: inCase, action: cases.ReviewCase, why: wroteCases, handle: (*request).reviewed},
	}
}

// peoplePage is the page people.html: of the whole, or of older lines of the
// access log alone.
type peoplePage struct {
	Case       string // address of the case's pages
	Owner      bool
	Whole      bool
	Forgot     bool // the view that was asked for is not kept any more
	Give       bool // the actor may give access
	Besides    int  // people with access, without the actor
	People     []personRow
	Ended      []endedRow
	Recoveries []waitRow
	Ask        []askRow
	Log        logPart
}

type personRow struct {
	ID          string // of the grant
	Name        name
	You         bool
	Role, May   string // keys of the catalogue: what they may do, in short and in full
	Since       stamp
	Until       stamp
	Left        int  // whole days, in the reader's zone
	Forever     bool // no end
	Later       stamp
	By          name
	Reason      name
	Unset       bool // cannot sign in yet
	Public      bool // works for a public body
	Change, End bool // what the actor may do
}

type endedRow struct {
	Name  name
	Role  string
	Until stamp
}

type waitRow struct {
	ID             string
	Name, By       name
	Own            bool // it is for whoever looks
	Mine           bool // whoever looks asked for it
	Asked, ReadyAt stamp
	Ready          bool // to be taken by whoever looks
}

type askRow struct {
	User  string
	Name  name
	Other bool // has access elsewhere, or is shown more: only the operator can help
}

// roleKey is the key of the words for a role.
func (r *request) roleKey(role cases.Role) string {
	if role == cases.Manager && !r.owner() {
		return "people.role.manager.they"
	}
	return "people.role." + string(role)
}

// mayKey is the key of what a role may do, in full.
func mayKey(role cases.Role) string { return "people.role." + string(role) + ".may" }

func (r *request) people() error { return r.peoplePage(true, false, logView{}) }

func (r *request) peopleLog() error {
	v, ok := kept[logView](r, r.PathValue("view"))
	if !ok {
		return r.peoplePage(false, true, logView{})
	}
	return r.peoplePage(false, false, v)
}

// peopleChoose keeps which lines are to be shown.
func (r *request) peopleChoose() error {
	return r.to(r.in("people/") + r.keep(logView{Others: r.form("others") != ""}))
}

func (r *request) peoplePage(whole, forgot bool, v logView) (err error) {
	page := peoplePage{Case: r.in(""), Owner: r.owner(), Whole: whole, Forgot: forgot, Give: r.can(cases.GiveAccess)}
	if whole {
		if err := r.grants(&page); err != nil {
			return err
		}
	}
	if page.Log, err = r.actLines(v); err != nil {
		return err
	}
	return r.render(200, "people", "title.people", page)
}

// grants fills in who has access, and what waits for them.
func (r *request) grants(page *peoplePage) error {
	all, err := r.s.Cases.Grants(r.Context(), r.actor, r.caseID)
	if err != nil {
		return err
	}
	now, owners := r.now(), []string{}
	besides := map[string]bool{}
	for _, g := range all {
		u, err := r.s.Cases.Member(r.Context(), r.actor, r.caseID, g.User)
		if err != nil {
			return err
		}
		if end := g.Ends(); !end.IsZero() && !now.Before(end) {
			page.Ended = append(page.Ended, endedRow{nameOf(u.Name), r.roleKey(g.Role), r.day(end)})
			continue
		}
		row, err := r.personRow(g, u)
		if err != nil {
			return err
		}
		page.People = append(page.People, row)
		besides[u.ID] = true
		if g.Role == cases.Owner && g.InForce(now) && !slices.Contains(owners, u.ID) {
			owners = append(owners, u.ID)
		}
	}
	delete(besides, r.user.ID)
	page.Besides = len(besides)
	for _, id := range owners {
		if err := r.recoveries(page, id); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) personRow(g cases.Grant, u cases.User) (personRow, error) {
	now := r.now()
	by, err := r.who(g.By)
	if err != nil {
		return personRow{}, err
	}
	ways, err := r.s.Desk.Ways(r.Context(), u.ID)
	if err != nil {
		return personRow{}, err
	}
	row := personRow{
		ID: g.ID, Name: nameOf(u.Name), You: u.ID == r.user.ID, Role: r.roleKey(g.Role), May: mayKey(g.Role), Since: r.day(g.Start), Until: r.day(g.End),
		Forever: g.End.IsZero(), By: by, Reason: nameOf(g.Reason), Unset: !ways.Ready(), Public: g.Public,
	}
	if !row.Forever {
		row.Left = daysBetween(now, g.End, r.zone)
	}
	if g.Start.After(now) {
		row.Later = r.day(g.Start)
	}
	may := r.can(cases.GiveAccess) && r.mayGive(g.Role)
	row.Change = may && !row.You && !row.Forever
	row.End = may && (!row.You || g.Role != cases.Owner)
	return row, nil
}

// mayGive reports whether a role allows no more than the actor may do.
func (r *request) mayGive(role cases.Role) bool {
	return !slices.ContainsFunc(cases.Actions(), func(a cases.Action) bool { return role.May(a) && !r.can(a) })
}

// daysBetween counts midnights between two times in a zone.
func daysBetween(from, to time.Time, zone *time.Location) int {
	y, m, d := from.In(zone).Date()
	a := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	y, m, d = to.In(zone).Date()
	return int(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Sub(a) / (24 * time.Hour))
}

// recoveries fills in what waits for a person of this case, or that it may be
// asked for.
func (r *request) recoveries(page *peoplePage, user string) error {
	u, err := r.s.Cases.Member(r.Context(), r.actor, r.caseID, user)
	if err != nil {
		return err
	}
	waiting, err := r.s.Desk.Recoveries(r.Context(), user)
	if err != nil {
		return err
	}
	mine := false
	for _, w := range waiting {
		row, err := r.waitRow(w, u)
		if err != nil {
			return err
		}
		mine = mine || row.Mine
		page.Recoveries = append(page.Recoveries, row)
	}
	if mine || user == r.user.ID || !page.Give {
		return nil
	}
	_, err = r.s.Cases.MayRecover(r.Context(), r.actor, r.caseID, user)
	if err != nil && !isForbidden(err) {
		return err
	}
	page.Ask = append(page.Ask, askRow{user, nameOf(u.Name), err != nil})
	return nil
}

func (r *request) waitRow(w signin.Recovery, u cases.User) (waitRow, error) {
	by, err := r.who(w.By)
	if err != nil {
		return waitRow{}, err
	}
	mine := w.By.ID == r.user.ID
	return waitRow{
		ID: w.ID, Name: nameOf(u.Name), By: by, Own: u.ID == r.user.ID, Mine: mine,
		Asked: r.when(w.Asked), ReadyAt: r.when(w.Ready), Ready: mine && !r.now().Before(w.Ready),
	}, nil
}

// who names an actor as the people of this case may see them.
func (r *request) who(a daybook.Actor) (name, error) {
	s, err := r.s.Cases.WhoIn(r.Context(), a, r.caseID)
	return nameOf(s), err
}

// reviewed marks the case as reviewed.
func (r *request) reviewed() error {
	if err := r.s.Cases.Review(r.Context(), r.actor, r.caseID); err != nil {
		return err
	}
	return r.done(r.in("overview"))
}
