package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"daybook"
	"daybook/alerts"
	"daybook/cases"
	"daybook/signin"
	"daybook/web"
)

// A signer is a browser of somebody who can come in again, on the same device
// or on another.
type signer struct {
	*browserClient
	secret, device string
}

func (h *house) signer(u cases.User) *signer {
	h.t.Helper()
	b, secret := h.known(u)
	return &signer{b, secret, b.cookie("d")}
}

// signIn comes in anew; half a minute later, because a one-time code is good for
// once. With the device "" it is one that was never seen.
func (a *signer) signIn(device string) *browserClient {
	h := a.h
	h.t.Helper()
	h.move(signin.IdleLock / 10)
	door := signin.Door{Address: "127.0.0.1", Agent: "test", Device: device}
	attempt, err := h.desk.Begin(h.t.Context(), door, a.user.Name, passphrase)
	h.ok(err)
	token, device, _, err := h.desk.Finish(h.t.Context(), door, attempt, h.codeOf(a.secret))
	h.ok(err)
	b := h.browser()
	b.user = a.user
	at, err := url.Parse(h.URL)
	h.ok(err)
	b.Jar.SetCookies(at, []*http.Cookie{{Name: "id", Value: token, Path: "/"}, {Name: "d", Value: device, Path: "/"}})
	return b
}

// table is the route table, with a way to tell which route a path belongs to.
type table struct {
	routes []web.RouteSeen
	mux    *http.ServeMux
}

func (h *house) table() table {
	t := table{h.web.Routes(), http.NewServeMux()}
	for _, r := range t.routes {
		t.mux.HandleFunc(r.Method+" "+r.Path, func(http.ResponseWriter, *http.Request) {})
	}
	return t
}

// route returns the pattern ("GET /c/{case}/people") of a request; "" if it has
// none.
func (t table) route(method, path string) string {
	_, pattern := t.mux.Handler(httptest.NewRequest(method, path, nil))
	return pattern
}

func (t table) inCase() []web.RouteSeen {
	return slices.DeleteFunc(slices.Clone(t.routes), func(r web.RouteSeen) bool { return r.Who != "in case" })
}

func pattern(r web.RouteSeen) string { return r.Method + " " + r.Path }

var parameter = regexp.MustCompile(`\{([a-z]+)\}`)

// fill puts values into the parameters of a path.
func fill(path string, value func(name string) string) string {
	path = strings.ReplaceAll(path, "{$}", "")
	return parameter.ReplaceAllStringFunc(path, func(p string) string { return value(strings.Trim(p, "{}")) })
}

// anyID fills a path of a case with identifiers that nothing has.
func anyID(path string, c daybook.CaseID) string {
	return fill(path, func(name string) string {
		if name == "case" {
			return string(c)
		}
		return daybook.NewID()
	})
}

// What can be found on the pages of a case, by pattern of the route.
type found struct {
	paths map[string][]string   // where links and forms lead
	forms map[string]url.Values // what a form sends
	ids   []string              // every identifier in an address or a form
}

var idPattern = regexp.MustCompile(`\b[a-z2-7]{26}\b`)

// furnish gives a case one of each kind of row that its pages name: an account, a
// recipient of mails, a new way in that waits. It returns their identifiers, and
// those of its grants and users.
func (h *house) furnish(c daybook.CaseID, person cases.User) (ids []string) {
	h.t.Helper()
	ctx, name := h.t.Context(), strings.ToLower(person.Name)
	own := daybook.Handle{Platform: "mastodon", Native: "https://social.example/users/" + name, Names: []daybook.SeenName{{Account: name + "_private@social.example"}}}
	account, err := h.cases.Connect(ctx, h.actor(c), daybook.Account{Case: c, Platform: "mastodon", Server: "https://social.example", Handle: own},
		[]byte("token"), daybook.Consent{Scopes: []string{"read mentions"}, Purpose: "keep a record", Text: "consent/2026-11"})
	h.ok(err)
	recipient := alerts.Recipient{
		ID: daybook.NewID(), Case: c, Label: "The sister of " + person.Name, Address: name + "@mail.example", Kind: alerts.Adviser,
		Zone: "Europe/London", DigestAt: 9 * 60, Confirmed: h.clock(),
	}
	h.ok(h.db.SaveRecipient(ctx, recipient))
	recovery, err := h.desk.RequestRecovery(ctx, person.ID, operator)
	h.ok(err)
	ids = []string{string(account.ID), recipient.ID, recovery.ID}
	grants, err := h.cases.Grants(ctx, operator, c)
	h.ok(err)
	for _, g := range grants {
		ids = append(ids, g.ID, g.User)
	}
	h.settle(c)
	return ids
}

// explore opens every page of a case that links lead to, a few of each kind, and
// every page without a parameter, and sends the forms that only show something.
func (h *house) explore(b *browserClient, c daybook.CaseID) found {
	h.t.Helper()
	routes := h.table()
	f := found{map[string][]string{}, map[string]url.Values{}, nil}
	reads := map[string]bool{} // a POST that only shows something
	var queue []string
	for _, r := range routes.inCase() {
		if r.Method == http.MethodPost && r.Action.Reads() {
			reads[pattern(r)] = true
		}
		if r.Method == http.MethodGet && strings.Count(r.Path, "{") == 1 {
			queue = append(queue, fill(r.Path, func(string) string { return string(c) }))
		}
	}
	done, kinds := map[string]bool{}, map[string]int{}
	note := func(method, path string) string {
		if !strings.HasPrefix(path, "/c/") {
			return ""
		}
		p := routes.route(method, path)
		if p != "" && len(f.paths[p]) < 4 && !slices.Contains(f.paths[p], path) {
			f.paths[p] = append(f.paths[p], path)
		}
		f.ids = append(f.ids, idPattern.FindAllString(path, -1)...)
		return p
	}
	var read func(page answer)
	send := func(form *html.Node) {
		method, action := strings.ToUpper(attribute(form, "method")), attribute(form, "action")
		if !strings.HasPrefix(action, "/c/") || done[method+action] {
			return
		}
		done[method+action] = true
		p := note(method, action)
		sent := formFields(form)
		if f.forms[p] == nil {
			f.forms[p] = sent
		}
		for _, values := range sent {
			f.ids = append(f.ids, idPattern.FindAllString(values[0], -1)...)
		}
		if reads[p] && kinds[p] < 50 {
			kinds[p]++
			read(b.do(method, action, sent))
		}
	}
	read = func(page answer) {
		queue = append(queue, page.Location)
		for _, e := range elementsOf(h.t, page.Body) {
			switch e.Data {
			case "a":
				to, _, _ := strings.Cut(attribute(e, "href"), "#")
				queue = append(queue, to)
			case "img":
				note(http.MethodGet, attribute(e, "src"))
			case "form":
				send(e)
			}
		}
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if !strings.HasPrefix(path, "/c/"+string(c)+"/") {
			continue
		}
		kind := note(http.MethodGet, path)
		if done[path] || kinds[kind] >= 5 && !strings.HasSuffix(kind, "{ref}") { // each entry is looked at: few have a picture
			continue
		}
		done[path] = true
		kinds[kind]++
		read(b.get(path))
	}
	slices.Sort(f.ids)
	f.ids = slices.Compact(f.ids)
	f.ids = slices.DeleteFunc(f.ids, func(id string) bool { return id == string(c) })
	return f
}

// elementsOf returns the elements of a page in order.
func elementsOf(t testing.TB, page string) (out []*html.Node) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out = append(out, n)
		}
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// formFields is what a form would send if it were sent as it is.
func formFields(form *html.Node) url.Values {
	out := url.Values{}
	for n := range form.Descendants() {
		if n.Type != html.ElementNode || attribute(n, "name") == "" {
			continue
		}
		name := attribute(n, "name")
		switch n.Data {
		case "input", "button":
			kind, value := attribute(n, "type"), attribute(n, "value")
			if value == "" && (kind == "" || kind == "text" || kind == "search") {
				value = "library"
			}
			if kind != "radio" && kind != "checkbox" || !out.Has(name) {
				out.Set(name, value)
			}
		case "select":
			for o := range n.Descendants() {
				if o.Type == html.ElementNode && o.Data == "option" && !out.Has(name) {
					out.Set(name, attribute(o, "value"))
				}
			}
		case "textarea":
			out.Set(name, "words")
		}
	}
	return out
}

// newEntries returns the entries of a case from a number on, as accessed tells
// them; other kinds as their kind.
func (h *house) newEntries(c daybook.CaseID, from uint64) (out []string) {
	h.t.Helper()
	for e, err := range h.log.Entries(h.t.Context(), c, from) {
		h.ok(err)
		if e.Record.Kind != daybook.RecordAccess {
			out = append(out, string(e.Record.Kind))
			continue
		}
		var a daybook.Access
		h.ok(e.Record.Decode(&a))
		who := e.Record.Actor.ID
		if u, err := h.cases.FindUser(h.t.Context(), who); err == nil {
			who = u.Name
		}
		out = append(out, strings.TrimSpace(who+" "+a.Action+" "+a.Detail))
	}
	return out
}

func (h *house) size(c daybook.CaseID) uint64 {
	h.t.Helper()
	n, _, err := h.log.Head(h.t.Context(), c)
	h.ok(err)
	return n
}
