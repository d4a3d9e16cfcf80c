package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
)

//go:embed templates
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pages are the templates by name: each is the layout and the parts with the one
// page that defines "main".
type pages map[string]*template.Template

func readPages(w *words) (pages, error) {
	out := pages{}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the templates: %w", err)
	}
	var base, parts *template.Template
	funcs := template.FuncMap{
		"t": w.html, "plain": w.plain,
		// part runs one of the parts into a value that t takes as an argument.
		"part": func(part string, data any) (template.HTML, error) { return partial(parts, part, data) },
		"list": func(v ...any) []any { return v },
	}
	if base, err = template.New("layout").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/parts*.html"); err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	// What has run cannot be copied any more, so parts run in a copy of their own.
	if parts, err = base.Clone(); err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	for _, file := range files {
		page := strings.TrimSuffix(path.Base(file), ".html")
		if page == "layout" || strings.HasPrefix(page, "parts") {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			_, err = t.ParseFS(templateFiles, file)
		}
		if err != nil {
			return nil, fmt.Errorf("read the template %s: %w", page, err)
		}
		out[page] = t
	}
	return out, nil
}

// partial runs a part by itself; html/template has escaped what comes out.
func partial(parts *template.Template, part string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := parts.ExecuteTemplate(&b, part, data); err != nil {
		return "", err
	}
	return template.HTML(strings.TrimSpace(b.String())), nil //nolint:gosec // html/template escaped it
}

// A frame is what every page has around its own part. In templates: .Frame; the
// page's own struct is .Page.
type frame struct {
	Title   string // in the history and on the tab: neutral
	In      bool   // signed in and open
	Nav     []navGroup
	Case    string // address of the case's pages, "/c/…/"; "" outside
	Person  bool   // the user is whom the case is about: "you"
	Name    name   // of the case, for an adviser
	Help    help
	Leave   string
	Notices []notice
	Idle    int // seconds after which a page that nobody uses goes to the sign-in; 0: never
}

// A notice is a line at the top of a page.
type notice struct {
	Class string // "", "care", "good", "stop"
	Key   string
	Args  []any
}

type navGroup struct {
	Key   string // heading; "" for none
	Items []navItem
}

type navItem struct {
	Key, Icon, Href string
	Current         bool
	Count           int // of what waits there to be looked at
}

type framed struct {
	Frame frame
	Page  any
}

// render writes a page. title is a key of the catalogue.
func (r *request) render(status int, page, title string, data any, notices ...notice) error {
	return r.renderAgain(status, 0, page, title, data, notices...)
}

// againQuery is the query of a page that asks again by itself.
const againQuery = "again"

// byItself reports whether a page asks again by itself: that keeps no session open.
func (r *request) byItself() bool { return r.Method == http.MethodGet && r.URL.RawQuery == againQuery }

// renderAgain is render for a page that waits for something: it asks again after
// some seconds, by a header that needs no script.
func (r *request) renderAgain(status, seconds int, page, title string, data any, notices ...notice) error {
	t, ok := r.s.pages[page]
	if !ok {
		return fmt.Errorf("there is no template %q", page)
	}
	f, err := r.frame(title)
	if err != nil {
		return err
	}
	f.Notices = append(f.Notices, notices...)
	if seconds > 0 {
		r.w.Header().Set("Refresh", strconv.Itoa(seconds)+"; url=?"+againQuery)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", framed{f, data}); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	r.answered = true
	r.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	r.w.WriteHeader(status)
	_, err = r.w.Write(b.Bytes())
	return err
}

func (r *request) frame(title string) (frame, error) {
	text, err := r.s.words.plain(title)
	if err != nil {
		return frame{}, err
	}
	brand, err := r.s.words.plain("brand")
	if err != nil {
		return frame{}, err
	}
	f := frame{Title: brand, Leave: r.s.Leave, In: r.user.ID != "" && r.route.who >= signedIn}
	if text != brand {
		f.Title = text + " – " + brand
	}
	if f.Help, err = r.s.help(r.country(), r.now()); err != nil {
		return f, err
	}
	if f.Help.Old {
		f.Notices = append(f.Notices, notice{Class: "care", Key: "help.old"})
	}
	if !f.In {
		return f, nil
	}
	f.Idle = int(r.s.Idle.Seconds())
	waiting, err := r.waiting()
	if err != nil {
		return f, err
	}
	f.Notices = append(f.Notices, waiting...)
	if r.caseID != "" {
		f.Case, f.Person, f.Name = r.in(""), r.owner(), nameOf(r.caseName)
		erasures, err := r.erasureNotices()
		if err != nil {
			return f, err
		}
		f.Notices = append(f.Notices, erasures...)
	}
	f.Nav, err = r.nav()
	return f, err
}

// country is the country whose help numbers are shown.
func (r *request) country() string {
	if r.user.Country != "" {
		return r.user.Country
	}
	return r.s.Country
}

// nav lists the pages that the user may open: in a case, those of the case.
func (r *request) nav() ([]navGroup, error) {
	id, may := r.caseID, r.may
	person := r.owner()
	var groups []navGroup
	if id == "" { // outside of a case: a person with one case sees the pages of that one
		mine, err := r.s.Cases.Mine(r.Context(), r.userActor())
		if err != nil {
			return nil, err
		}
		for _, g := range mine {
			if g.Role == cases.Owner {
				id, person = g.Case, true
				for _, a := range cases.Actions() {
					if g.Role.May(a) {
						may = append(may, a)
					}
				}
				break
			}
		}
	}
	item := func(key, icon, page string) navItem {
		href := "/c/" + string(id) + "/" + page
		return navItem{Key: key, Icon: icon, Href: href, Current: r.below(page)}
	}
	if !person {
		groups = append(groups, navGroup{Items: []navItem{{Key: "nav.work", Icon: "work", Href: "/work", Current: r.route.path == "/work"}}})
	}
	if id != "" {
		who, overview := "nav.handles.they", "nav.item"
		if person {
			who, overview = "nav.handles", "nav.overview"
		}
		first := navGroup{Items: []navItem{item(overview, "home", "overview")}}
		if !person {
			first.Key = "nav.case"
		}
		if slices.Contains(may, cases.List) {
			first.Items = append(first.Items, item("nav.timeline", "timeline", "timeline"), item(who, "people", "handles"))
			first.Items[len(first.Items)-1].Count = r.s.patterns.undecided(id)
		}
		if slices.Contains(may, cases.Search) {
			first.Items = append(first.Items, item("nav.search", "search", "search"))
		}
		record := navGroup{Key: "nav.record"}
		if !person {
			record.Key = "nav.record.they"
		}
		for _, n := range []struct {
			a               cases.Action
			key, icon, page string
		}{
			{cases.Verify, "nav.archive", "archive", "archive"},
			{cases.Counts, "nav.accounts", "plug", "accounts"},
			{cases.Alert, "nav.alerts", "bell", "alerts"},
			{cases.SeeAccess, "nav.people", "key", "people"},
		} {
			if slices.Contains(may, n.a) {
				record.Items = append(record.Items, item(n.key, n.icon, n.page))
			}
		}
		groups = append(groups, first, record)
	}
	you := navGroup{Key: "nav.you", Items: []navItem{{Key: "nav.settings", Icon: "settings", Href: "/settings", Current: r.route.path == "/settings"}}}
	return append(groups, you), nil
}

// below reports whether the visit is to a page of the menu, or to one that it
// leads to.
func (r *request) below(page string) bool {
	at := strings.TrimPrefix(r.route.path, "/c/{case}/")
	if page == "accounts" { // an address cannot begin with it where an account is named in that place
		for _, other := range []string{"adding", "added", "connect", "connecting"} {
			if strings.HasPrefix(at, other+"/") {
				return true
			}
		}
	}
	return at == page || strings.HasPrefix(at, page+"/")
}

// static serves the stylesheet, the script and the icon. They hold nothing of
// anybody, so they may be cached.
func (s *Server) static() http.Handler {
	files := http.FileServerFS(staticFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			s.fail(&request{Request: r, s: s, w: w}, daybook.ErrNotFound)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=3600")
		files.ServeHTTP(w, r)
	})
}

// old reports whether something reviewed on a day should be reviewed again.
func old(reviewed, now time.Time) bool { return now.Sub(reviewed) > 365*24*time.Hour }
