package web

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
)

// connectPage is the page connect.html.
type connectPage struct {
	Case      string
	Owner     bool
	Of        Connectable
	Which     int    // of Of, as addresses have it
	Title     string // of the platform; "" if its server is named
	Server    string
	Since     string // 2026-10-12
	Kinds     []kindChoice
	Never     string
	Purpose   string
	Agreement agreement
	Terms     bool              // agreed to
	Wrong     map[string]string // keys of the catalogue by field
}

type kindChoice struct {
	Name    string
	Checked bool
}

// An agreement is what a person agrees to, in words.
type agreement struct {
	Scopes []string // as the connector says them
	Until  stamp
	They   string // suffix of the keys: ".they" for an adviser
	Title  string // of a platform that has no servers to choose from
	Agreed bool
	Wrong  string // key of what is wrong with the box
}

// maxNever bounds how many senders can be named before anything is read, and
// maxPurpose the characters of the purpose.
const (
	maxNever   = 100
	maxPurpose = 500
)

func (r *request) connectForm(of Connectable, which int) connectPage {
	p := connectPage{Case: r.in(""), Owner: r.owner(), Of: of, Which: which, Wrong: map[string]string{}}
	p.Agreement = r.agreement(of.Platform)
	if !of.Server {
		p.Title, p.Agreement.Title = of.Title, of.Title
	}
	for _, g := range kindGroupsOf(of.Platform) {
		p.Kinds = append(p.Kinds, kindChoice{g.name, true})
	}
	return p
}

func (r *request) agreement(p daybook.Platform) agreement {
	return agreement{Scopes: r.s.Connect.Scopes(p), Until: r.day(r.now().Add(daybook.ConsentPeriod)), They: r.they()}
}

// connectable returns the platform that is the nth of those that accounts are
// connected on, from 1; daybook.ErrNotFound if it is none, or switched off.
func (r *request) connectable(nth string) (Connectable, int, error) {
	if r.s.Connect == nil {
		return Connectable{}, 0, daybook.ErrNotFound
	}
	all := r.s.Connect.Platforms()
	n, err := strconv.Atoi(nth)
	if err != nil || n < 1 || n > len(all) || all[n-1].Off {
		return Connectable{}, 0, daybook.ErrNotFound
	}
	return all[n-1], n, nil
}

// platformOf is what a platform is, as those that can be connected name it; only
// its title if it is none of them.
func (r *request) platformOf(p daybook.Platform) (of Connectable, which int) {
	if r.s.Connect != nil {
		for i, c := range r.s.Connect.Platforms() {
			if c.Platform == p {
				return c, i + 1
			}
		}
	}
	return Connectable{Platform: p, Title: platformTitle(p), Server: p == "mastodon", Off: true}, 0
}

// they is the suffix of keys that speak of the person in the third person.
func (r *request) they() string {
	if r.owner() {
		return ""
	}
	return ".they"
}

// connectPage shows the form of the only platform there is, or a choice of them.
func (r *request) connectPage() error {
	if r.s.Connect == nil {
		return daybook.ErrNotFound
	}
	all, n := r.s.Connect.Platforms(), 0
	for i, c := range all {
		if c.Off {
			continue
		}
		if n > 0 {
			return r.render(http.StatusOK, "connect-which", "title.accounts", r.whichPage(all))
		}
		n = i + 1
	}
	return r.showConnect(strconv.Itoa(n))
}

// whichPage is the page connect-which.html.
type whichPage struct {
	Case      string
	They      string
	Platforms []whichRow
	Add       bool // a file can be added
}

type whichRow struct {
	Connectable
	Which int
}

func (r *request) whichPage(all []Connectable) whichPage {
	p := whichPage{Case: r.in(""), They: r.they(), Add: r.s.Imports != nil && r.can(cases.Import)}
	for i, c := range all {
		p.Platforms = append(p.Platforms, whichRow{c, i + 1})
	}
	return p
}

// connectPageOf shows the form of one platform.
func (r *request) connectPageOf() error { return r.showConnect(r.PathValue("which")) }

func (r *request) showConnect(which string) error {
	of, n, err := r.connectable(which)
	if err != nil {
		return err
	}
	p := r.connectForm(of, n)
	if p.Purpose, err = r.s.words.plain("accounts.purpose.usual"); err != nil {
		return err
	}
	return r.render(http.StatusOK, "connect", "title.accounts", p)
}

// connect reads the form and asks the person's server.
func (r *request) connect() error {
	of, n, err := r.connectable(cmp.Or(r.form("which"), "1"))
	if err != nil {
		return err
	}
	page := r.connectForm(of, n)
	a := r.readConnect(&page)
	if len(page.Wrong) == 0 {
		name, err := r.begin(a)
		if err != nil && !errors.Is(err, daybook.ErrInvalid) && of.Typed && !a.Typed && r.Context().Err() == nil {
			// Some servers take no address such as ours: there the code is typed.
			a.Typed = true
			name, err = r.begin(a)
		}
		switch {
		case err == nil:
			return r.to(r.in("connecting/" + name))
		case r.Context().Err() != nil:
			return err
		case !of.Server:
			// The error's own words name the platform. Doctor looks at the settings.
			r.s.Logger.WarnContext(r.Context(), "an account could not be connected", slog.String("case", string(r.caseID)))
			page.Wrong["go"] = "connect.fails"
		case errors.Is(err, daybook.ErrInvalid):
			page.Wrong["server"] = "connect.server.wrong"
		default:
			r.s.Logger.WarnContext(r.Context(), "a server did not let an account be connected", slog.String("case", string(r.caseID)))
			page.Wrong["server"] = "connect.server.fails"
		}
	}
	return r.render(http.StatusUnprocessableEntity, "connect", "title.accounts", page)
}

func (r *request) readConnect(page *connectPage) attempt {
	of := page.Of
	a := attempt{Platform: of.Platform, Purpose: r.form("purpose")}
	if of.Server {
		a.Server = r.form("server")
	}
	page.Server, page.Since, page.Never, page.Purpose = a.Server, r.form("since"), r.PostFormValue("never"), a.Purpose
	page.Agreement.Agreed = r.form("agree") != ""
	if of.Server && (a.Server == "" || len(a.Server) > 300) {
		page.Wrong["server"] = "connect.server.wrong"
	}
	if page.Since != "" {
		since, err := time.ParseInLocation(time.DateOnly, page.Since, r.caseZone)
		if err != nil || since.After(r.now()) || since.Year() < 2000 {
			page.Wrong["since"] = "connect.since.wrong"
		}
		a.Since = since.UTC()
	}
	chosen := 0
	groups := kindGroupsOf(of.Platform)
	for i, g := range groups {
		page.Kinds[i].Checked = slices.Contains(r.PostForm["kind"], g.name)
		if page.Kinds[i].Checked {
			chosen++
			a.Kinds = append(a.Kinds, g.kinds...)
		}
	}
	switch chosen {
	case 0:
		page.Wrong["kind"] = "connect.kind.none"
	case len(groups):
		a.Kinds = nil
	}
	var ok bool
	if a.Never, ok = readNever(page.Never, of.Server); !ok {
		page.Wrong["never"] = "connect.never.wrong"
		if !of.Server {
			page.Wrong["never"] = "connect.never.wrong.platform"
		}
	}
	if len(of.Terms) > 0 {
		a.Terms, page.Terms = of.TermsText, r.form("terms") != ""
		if !page.Terms {
			page.Wrong["terms"] = "connect.terms.missing"
		}
	}
	if a.Purpose == "" || len([]rune(a.Purpose)) > maxPurpose {
		page.Wrong["purpose"] = "connect.purpose.wrong"
	}
	if !page.Agreement.Agreed {
		page.Agreement.Wrong = "connect.agree.missing"
		page.Wrong["agree"] = page.Agreement.Wrong
	}
	return a
}

// readNever reads names of accounts, one a line: "mum@social.example"; where a
// platform has no servers, "@mum" or a number.
func readNever(typed string, server bool) (names []string, ok bool) {
	for line := range strings.Lines(typed) {
		n := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(line), "@"))
		if n == "" {
			continue
		}
		local, host, at := strings.Cut(n, "@")
		wrong := at
		if server {
			wrong = !at || local == "" || !strings.Contains(host, ".") || strings.Contains(host, "@")
		}
		if wrong || len(n) > 320 || strings.ContainsAny(n, " \t/:") {
			return nil, false
		}
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names, len(names) <= maxNever
}
