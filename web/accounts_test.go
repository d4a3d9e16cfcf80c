package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
	"daybook/web"
)

// realConnector is the driver behind the pages, as the program has it.
type realConnector struct{ config mastodon.Config }

func (c realConnector) Platforms() []web.Connectable {
	return []web.Connectable{{Platform: mastodon.Platform, Title: "Mastodon", Server: true, Typed: true, Scopes: mastodon.Scopes()}}
}

func (c realConnector) Cost(context.Context, daybook.Account) (*web.Cost, error) { return nil, nil }

func (c realConnector) Scopes(daybook.Platform) []string { return mastodon.Scopes() }

func (c realConnector) Begin(ctx context.Context, _ daybook.Platform, server, back string) (string, []byte, error) {
	if back == "" {
		back = mastodon.OutOfBand
	}
	p, err := c.config.Begin(ctx, server, back)
	if err != nil {
		return "", nil, err
	}
	b, err := json.Marshal(p)
	return p.URL, b, err
}

func (c realConnector) Finish(ctx context.Context, _ daybook.Platform, pending []byte, code, state string) (daybook.Account, []byte, error) {
	var p mastodon.Pending
	if err := json.Unmarshal(pending, &p); err != nil {
		return daybook.Account{}, nil, err
	}
	return c.config.Finish(ctx, p, code, state)
}

func (c realConnector) GiveBack(ctx context.Context, a daybook.Account, secret []byte) error {
	return mastodon.Driver(c.config).Revoke(ctx, a, secret)
}

const origin = "https://notes.charity.example"

// A connected house has a server that accounts can be connected at.
type connectedHouse struct {
	*house
	server *fakemastodon.Server
	person *fakemastodon.Person
}

func newConnectedHouse(t *testing.T) *connectedHouse {
	t.Helper()
	c := &connectedHouse{server: fakemastodon.New(fakemastodon.Options{Domain: "social.example", Start: monday})}
	c.person = c.server.Person("maya", "Maya")
	c.server.SignIn(c.person)
	config := mastodon.Config{Now: c.server.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"social.example": c.server}}}
	c.house = newHouse(t, func(cfg *web.Config) {
		cfg.Connect = realConnector{config}
		cfg.Origin = must(url.Parse(origin))
	})
	return c
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// said is what a page says in its main part, without markup, in one line.
func said(a answer) string {
	doc, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		return "no HTML: " + err.Error()
	}
	var b strings.Builder
	var walk func(n *html.Node, in bool)
	walk = func(n *html.Node, in bool) {
		in = in || n.Type == html.ElementNode && n.Data == "main"
		if in && n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
	}
	walk(doc, false)
	return strings.Join(strings.Fields(strings.NewReplacer(" .", ".", " ,", ",", " :", ":", " ;", ";", " @", "@").Replace(strings.Join(strings.Fields(b.String()), " "))), " ")
}

func (b *browserClient) says(a answer, status int, words ...string) {
	b.h.t.Helper()
	text := said(a)
	if a.Status != status {
		b.h.t.Errorf("status %d, want %d: %s", a.Status, status, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.h.t.Errorf("the page does not say %q: %s", w, text)
		}
	}
}

func (b *browserClient) saysNot(a answer, words ...string) {
	b.h.t.Helper()
	for _, w := range words {
		if strings.Contains(a.Body, w) {
			b.h.t.Errorf("the page says %q: %s", w, said(a))
		}
	}
}

// goOn follows one redirect.
func (b *browserClient) goOn(a answer) answer {
	b.h.t.Helper()
	if a.Status != http.StatusSeeOther {
		b.h.t.Fatalf("status %d, want a redirect: %s", a.Status, said(a))
	}
	return b.get(a.Location)
}

// entries are the consent events of a case, as "event by role".
func (h *house) consents(c daybook.CaseID) (out []daybook.ConsentRecord, by []string) {
	h.t.Helper()
	for e, err := range h.log.Entries(h.t.Context(), c, 0) {
		h.ok(err)
		if e.Record.Kind != daybook.RecordConsent {
			continue
		}
		var r daybook.ConsentRecord
		h.ok(e.Record.Decode(&r))
		out, by = append(out, r), append(by, e.Record.Actor.Role)
	}
	return out, by
}

var connectForm = []string{"server", "social.example", "kind", "direct", "kind", "mentions", "kind", "other", "since", "2026-10-12",
	"never", "@Mum@social.example\n\ndoctor@surgery.example", "purpose", "keep a record", "agree", "yes"}

// with changes fields of a form; "" takes one out.
func with(form []string, changes ...string) []string {
	form = slices.Clone(form)
	for i := 0; i+1 < len(changes); i += 2 {
		for j := 0; j+1 < len(form); {
			if form[j] == changes[i] {
				form = slices.Delete(form, j, j+2)
				continue
			}
			j += 2
		}
		if changes[i+1] != "" {
			form = append(form, changes[i], changes[i+1])
		}
	}
	return form
}

var authorize = regexp.MustCompile(`href="(https://social\.example/oauth/authorize[^"]*)"`)

// addressAt is where the page sends the person to agree.
func addressAt(t *testing.T, a answer) string {
	t.Helper()
	m := authorize.FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("no address at the server: %s", said(a))
	}
	return html.UnescapeString(m[1])
}

// begin goes as far as the page that sends the person to their server.
func (c *connectedHouse) begin(b *browserClient, form []string) (path, address string) {
	c.t.Helper()
	a := b.post("/c/"+string(c.mayas)+"/accounts/connect", form...)
	if a.Status != http.StatusSeeOther {
		c.t.Fatalf("status %d: %s", a.Status, said(a))
	}
	page := b.get(a.Location)
	return a.Location, addressAt(c.t.(*testing.T), page)
}

// TestConnect walks the whole way: the form, the person's server, the question
// whether it is theirs, the consent in the log.
func TestConnect_D1_D2_D5(t *testing.T) {
	c := newConnectedHouse(t)
	maya := c.enter(c.maya)
	in := "/c/" + string(c.mayas)
	maya.says(maya.get(in+"/accounts"), 200, "No account is connected", "Mastodon")
	form := maya.get(in + "/accounts/connect")
	maya.says(form, 200, "Nothing is read before you have agreed", "read whom you block and mute", "The consent ends after 90 days, on 21 Feb 2027",
		"“"+mastodon.AppName+"”", "It never writes, answers, blocks")

	path, address := c.begin(maya, connectForm)
	u := must(url.Parse(address))
	if got, want := u.Query().Get("scope"), "read:notifications read:statuses read:accounts read:blocks read:mutes"; got != want {
		t.Errorf("scopes %q, want %q", got, want)
	}
	if u.Query().Get("redirect_uri") != origin+"/back" {
		t.Errorf("comes back to %q: there has to be one address for everybody", u.Query().Get("redirect_uri"))
	}
	if strings.Contains(path, u.Query().Get("state")) || strings.Contains(path, "?") {
		t.Errorf("the address %s tells the state", path)
	}
	code, state := c.server.Allow(address)
	back := maya.get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode())
	if back.Status != http.StatusSeeOther || back.Location != path {
		t.Fatalf("back: %d to %q, want to %q", back.Status, back.Location, path)
	}
	page := maya.get(path)
	maya.says(page, 200, "maya@social.example", "Is it yours", "12 Oct 2026", "mum@social.example, doctor@surgery.example", "21 Feb 2027")
	maya.says(maya.get(path), 200, "Is it yours") // seen again, the code is not used again
	if events, _ := c.consents(c.mayas); len(events) != 0 {
		t.Fatalf("connected before the person said that it is theirs: %+v", events)
	}

	done := maya.goOn(maya.post(path + "/yes"))
	maya.says(done, 200, "The account is connected", "maya@social.example", "Reading", "Agreed until 21 Feb 2027, 90 days left", "from 12 Oct 2026", "Not checked yet")
	events, by := c.consents(c.mayas)
	if len(events) != 1 || by[0] != "owner" {
		t.Fatalf("consents: %+v by %v", events, by)
	}
	got := events[0]
	if got.Event != daybook.ConsentGiven || got.Consent.By.ID != c.maya.ID || got.Consent.Purpose != "keep a record" || !strings.HasPrefix(got.Consent.Text, "pages/") ||
		!slices.Equal(got.Consent.Scopes, mastodon.Scopes()) || got.Consent.Until.Sub(got.Consent.Given) != daybook.ConsentPeriod ||
		got.Account.Server != "https://social.example" || got.Account.Handle.Native == "" || got.Account.Kinds != nil {
		t.Errorf("consent %+v of account %+v", got.Consent, got.Account)
	}
	if want := time.Date(2026, 10, 11, 23, 0, 0, 0, time.UTC); !got.Account.Since.Equal(want) { // midnight in London
		t.Errorf("since %v, want %v", got.Account.Since, want)
	}
	excluded, err := c.db.Excluded(t.Context(), c.mayas)
	c.ok(err)
	for _, ref := range []string{"mastodon:mum@social.example", "mastodon:doctor@surgery.example"} {
		if !excluded[ref] {
			t.Errorf("%s is not excluded before the first poll: %v", ref, excluded)
		}
	}
	if len(c.polls) != 1 {
		t.Errorf("%d polls planned, want 1", len(c.polls))
	}
	if _, _, secret, err := c.db.Account(t.Context(), got.Account.ID); err != nil || len(secret) == 0 {
		t.Errorf("no token is kept: %v", err)
	}
	maya.says(maya.get(path), 404, "This is over")
	if a := maya.post(path + "/yes"); a.Status != 404 {
		t.Errorf("confirmed twice: %d", a.Status)
	}
	if v := c.server.Violations(); len(v) > 0 {
		t.Errorf("calls that a reader does not make: %v", v)
	}
}

func TestConnect_KindsChosen_D5(t *testing.T) {
	c := newConnectedHouse(t)
	maya := c.enter(c.maya)
	path, address := c.begin(maya, append(with(connectForm, "kind", ""), "kind", "direct"))
	code, state := c.server.Allow(address)
	maya.get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode())
	maya.says(maya.get(path), 200, "direct messages, from 12 Oct 2026")
	maya.says(maya.goOn(maya.post(path+"/yes")), 200, "direct messages, from 12 Oct 2026")
	events, _ := c.consents(c.mayas)
	if a := events[0].Account; !slices.Equal(a.Kinds, []daybook.Kind{daybook.KindDirectMessage}) || a.Wants(daybook.KindFavourite) || !a.Wants("something new") {
		t.Errorf("kinds %v", a.Kinds)
	}
}

func TestConnect_FormMistakes(t *testing.T) {
	c := newConnectedHouse(t)
	maya := c.enter(c.maya)
	for _, tc := range []struct {
		name, field, value, says string
	}{
		{"no server", "server", "", "Write the name of the server"},
		{"not a server", "server", "http://social.example/?x", "Write the name of the server"},
		{"hostile server", "server", `"><script>alert(1)</script>`, "did not answer"},
		{"a server that is not there", "server", "nobody.example", "did not answer"},
		{"a day in the future", "since", "2027-01-01", "not in the future"},
		{"not a day", "since", "12/10/2026", "not in the future"},
		{"nothing chosen", "kind", "", "Choose at least one"},
		{"a sender without a server", "never", "mum", "each with its server"},
		{"no purpose", "purpose", "", "what this is for"},
		{"not agreed", "agree", "", "Tick this box"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := maya.post("/c/"+string(c.mayas)+"/accounts/connect", with(connectForm, tc.field, tc.value)...)
			maya.says(a, 422, tc.says)
			maya.saysNot(a, "<script>alert")
			if tc.field != "purpose" && !strings.Contains(a.Body, `value="keep a record"`) {
				t.Error("what was typed is gone")
			}
		})
	}
	if n := c.server.Tokens(); n != 0 {
		t.Errorf("%d tokens", n)
	}
}

// Whoever says no, at the server or here, or says nothing at all, leaves no
// token behind.
func TestConnect_TokenGivenBack_D3(t *testing.T) {
	c := newConnectedHouse(t)
	maya := c.enter(c.maya)
	store, connector := c.db, realConnector{mastodon.Config{Now: c.server.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"social.example": c.server}}}}
	comeBack := func() string {
		t.Helper()
		path, address := c.begin(maya, connectForm)
		code, state := c.server.Allow(address)
		maya.get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode())
		maya.says(maya.get(path), 200, "Is it yours")
		return path
	}

	t.Run("no at the server", func(t *testing.T) {
		path, address := c.begin(maya, connectForm)
		a := maya.get("/back?" + url.Values{"error": {"access_denied"}, "state": {must(url.Parse(address)).Query().Get("state")}}.Encode())
		maya.says(maya.goOn(a), 200, "the answer was no")
		maya.says(maya.get(path), 404, "This is over")
	})
	t.Run("no here", func(t *testing.T) {
		path := comeBack()
		if c.server.Tokens() != 1 {
			t.Fatalf("%d tokens before", c.server.Tokens())
		}
		maya.says(maya.goOn(maya.post(path+"/no")), 200, "Nothing was connected, and nothing was kept")
		if c.server.Tokens() != 0 {
			t.Error("the token is still in force")
		}
	})
	t.Run("no here, and the server does not answer", func(t *testing.T) {
		path := comeBack()
		c.server.Fault("/oauth/revoke", 1, fakemastodon.Answer(500, "text/html", "no"))
		maya.says(maya.goOn(maya.post(path+"/no")), 200, "asked again until it does")
		maya.says(maya.get(path), 404)
		c.ok(web.GiveBackAbandoned(t.Context(), store, connector, c.clock()))
		if c.server.Tokens() != 0 {
			t.Error("the token is still in force")
		}
	})
	t.Run("nothing at all", func(t *testing.T) {
		path := comeBack()
		c.move(14 * time.Minute)
		maya = c.enter(c.maya) // the session had locked; another one is another person, as far as can be told
		maya.says(maya.get(path), 404, "This is over")
		c.ok(web.GiveBackAbandoned(t.Context(), store, connector, c.clock()))
		if c.server.Tokens() != 1 {
			t.Fatalf("given back before its time")
		}
		c.move(time.Minute)
		c.server.Fault("/oauth/revoke", 1, fakemastodon.Answer(500, "text/html", "no"))
		if err := web.GiveBackAbandoned(t.Context(), store, connector, c.clock()); err == nil || strings.Contains(err.Error(), "social.example") {
			t.Errorf("the server did not answer: got %v, want an error that names nobody", err)
		}
		c.move(time.Hour)
		c.ok(web.GiveBackAbandoned(t.Context(), store, connector, c.clock()))
		if c.server.Tokens() != 0 {
			t.Error("the token is still in force")
		}
		tasks, err := store.TasksOf(t.Context(), "connecting", c.mayas)
		if err != nil || len(tasks) != 0 {
			t.Errorf("attempts that are left: %v, %v", tasks, err)
		}
	})
	if events, _ := c.consents(c.mayas); len(events) != 0 {
		t.Errorf("a consent was written: %+v", events)
	}
}

// What comes back is for the session that went out, and for nobody else.
func TestConnect_BelongsToASession_D6(t *testing.T) {
	c := newConnectedHouse(t)
	maya, priya, tom := c.enter(c.maya), c.enter(c.priya), c.enter(c.tom)
	path, address := c.begin(maya, connectForm)
	code, state := c.server.Allow(address)
	// Somebody else agreed, in their own browser, because they were sent there: that is not taken.
	for name, b := range map[string]*browserClient{"a stranger": c.browser(), "another user": tom, "another user of the case": priya} {
		if a := b.get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode()); a.Location != "/" {
			t.Errorf("%s comes back: %d to %q", name, a.Status, a.Location)
		}
	}
	maya.says(maya.get(path), 200, "social.example")
	maya.saysNot(maya.get(path), "Is it yours")
	// The person's session may have locked meanwhile: what comes is kept, and not shown.
	if a := c.locked(maya).get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode()); a.Location != path || strings.Contains(a.Body, "social") {
		t.Errorf("back without a session: %+v", a)
	}
	if a := c.browser().get("/back?" + url.Values{"code": {"x"}, "state": {"invented"}}.Encode()); a.Location != "/" {
		t.Errorf("an invented state: %d to %q", a.Status, a.Location)
	}
	priya.says(priya.get(path), 404, "This is over") // may connect in this case, but began nothing
	if a := priya.post(path + "/yes"); a.Status != 404 {
		t.Errorf("somebody else confirms: %d", a.Status)
	}
	if a := tom.get(path); a.Status != 404 {
		t.Errorf("somebody of another case: %d", a.Status)
	}
	own := strings.Replace(path, string(c.mayas), string(c.toms), 1)
	if a := tom.get(own); a.Status != 404 {
		t.Errorf("through another case: %d", a.Status)
	}
	maya.says(maya.get("/c/"+string(c.mayas)+"/accounts"), 200, "A connection to social.example was begun")
	if strings.Contains(priya.get("/c/"+string(c.mayas)+"/accounts").Body, "was begun") {
		t.Error("somebody else's attempt is shown")
	}
	maya.says(maya.get(path), 200, "Is it yours")
	maya.get("/back?" + url.Values{"code": {"other"}, "state": {state}}.Encode())
	maya.says(maya.get(path), 200, "Is it yours") // what comes late changes nothing
}

// locked is a browser whose session is over.
func (c *connectedHouse) locked(b *browserClient) *browserClient {
	c.t.Helper()
	at, bare := must(url.Parse(c.URL)), c.browser()
	for _, cookie := range b.Jar.Cookies(at) {
		if cookie.Name == "d" {
			bare.Jar.SetCookies(at, []*http.Cookie{cookie})
		}
	}
	return bare
}

// A server that sends nobody back: the code is typed.
func TestConnect_ByCode(t *testing.T) {
	c := newConnectedHouse(t)
	maya := c.enter(c.maya)
	path, _ := c.begin(maya, connectForm)
	a := maya.post(path + "/typed")
	page := maya.goOn(a)
	maya.says(page, 200, "It then shows a code")
	path = a.Location
	address := addressAt(t, page)
	if got := must(url.Parse(address)).Query().Get("redirect_uri"); got != mastodon.OutOfBand {
		t.Errorf("redirect %q", got)
	}
	maya.says(maya.goOn(maya.post(path+"/code", "code", "wrong")), 422, "does not take this code")
	code, _ := c.server.Allow(address)
	maya.says(maya.goOn(maya.post(path+"/code", "code", code)), 200, "Is it yours", "maya@social.example")
	maya.says(maya.goOn(maya.post(path+"/yes")), 200, "The account is connected")

	// A server that refuses our address when the app is registered is asked without.
	c.server.Fault("/api/v1/apps", 1, fakemastodon.Answer(422, "application/json", `{"error":"Redirect URI must be an absolute URI."}`))
	a = maya.post("/c/"+string(c.mayas)+"/accounts/connect", connectForm...)
	maya.says(maya.goOn(a), 200, "It then shows a code")
}

func TestConnect_ThroughAnAdviser_D1(t *testing.T) {
	c := newConnectedHouse(t)
	priya, lee := c.enter(c.priya), c.enter(c.lee)
	form := priya.get("/c/" + string(c.mayas) + "/accounts/connect")
	priya.says(form, 200, "The person has told me that they agree")
	priya.saysNot(form, "Your server", "your mother")
	path, address := c.begin(priya, connectForm)
	code, state := c.server.Allow(address)
	priya.get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode())
	priya.get(path)
	priya.says(priya.goOn(priya.post(path+"/yes")), 200, "The account is connected")
	events, by := c.consents(c.mayas)
	if len(events) != 1 || by[0] != "manager" || events[0].Consent.By.ID != "person" {
		t.Errorf("consent by %+v, written by %v", events[0].Consent.By, by)
	}
	if a := lee.get("/c/" + string(c.toms) + "/accounts/connect"); a.Status != http.StatusForbidden {
		t.Errorf("a reader may connect: %d", a.Status)
	}
	if a := lee.post("/c/"+string(c.toms)+"/accounts/connect", connectForm...); a.Status != http.StatusForbidden {
		t.Errorf("a reader may connect: %d", a.Status)
	}
}

func TestAccounts_D3_D4_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya, tom := h.enter(h.maya), h.enter(h.priya), h.enter(h.tom)
	in := "/c/" + string(h.mayas) + "/accounts"
	one := in + "/" + string(h.account.ID)

	page := maya.get(in)
	maya.says(page, 200, "Mastodon", "maya@social.example", "Agreed until 30 Nov 2026, 7 days left", "from 12 Oct 2026",
		"10 Nov 2026, 02:10 GMT to 11 Nov 2026, 14:30 GMT", "the server did not answer", "Anything that arrived in that time")
	maya.saysNot(page, "/connect/1", "library") // nothing to connect with here; no content
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya counts looked at the accounts that are read") {
		t.Errorf("access log %v", got)
	}

	maya.says(maya.goOn(maya.post(one+"/pause")), 200, "Paused by you since 23 Nov 2026, 09:14 GMT", "Go on collecting")
	priya.says(priya.get(in), 200, "Paused since 23 Nov 2026, 09:14 GMT by Maya (the person)")
	h.polls = nil
	maya.says(maya.goOn(maya.post(one+"/resume")), 200, "Reading")
	if len(h.polls) != 1 {
		t.Errorf("%d polls planned after going on, want 1", len(h.polls))
	}

	maya.says(maya.get(one+"/renew"), 200, "lasts until 30 Nov 2026", "Renewed today it lasts until 21 Feb 2027", "read direct messages")
	maya.says(maya.post(one+"/renew"), 422, "Tick this box")
	maya.says(maya.goOn(maya.post(one+"/renew", "agree", "yes")), 200, "now lasts until 21 Feb 2027", "Agreed until 21 Feb 2027, 90 days left")

	for _, path := range []string{one + "/renew", one + "/withdraw", in} {
		if a := tom.get(path); a.Status != 404 {
			t.Errorf("%s of another case: %d", path, a.Status)
		}
		own := strings.Replace(path, string(h.mayas), string(h.toms), 1)
		if a := tom.get(own); path != in && a.Status != 404 {
			t.Errorf("%s through another case: %d", own, a.Status)
		}
	}
	for _, verb := range []string{"pause", "resume", "renew", "withdraw"} {
		if a := tom.post("/c/"+string(h.toms)+"/accounts/"+string(h.account.ID)+"/"+verb, "agree", "yes"); a.Status != 404 {
			t.Errorf("%s through another case: %d", verb, a.Status)
		}
	}

	maya.says(maya.get(one+"/withdraw"), 200, "Reading stops at once", "stays in your record")
	maya.says(maya.goOn(maya.post(one+"/withdraw")), 200, "Stopped at 09:14 GMT", "Withdrawn", "Nothing was read after 23 Nov 2026, 09:14 GMT",
		"waiting to be revoked", "You can revoke it yourself", "https://social.example/oauth/authorized_applications")
	tokens, err := h.db.EndedTokens(t.Context(), h.mayas)
	if err != nil || len(tokens) != 1 {
		t.Fatalf("tokens %v, %v", tokens, err)
	}
	h.move(time.Minute)
	h.ok(h.cases.TokenRevoked(t.Context(), daybook.Actor{ID: "collector", Role: "collector"}, h.account.ID, tokens[0].Number))
	h.settle(h.mayas)
	page = maya.get(in)
	maya.says(page, 200, "The server confirmed at 23 Nov 2026, 09:15 GMT")
	maya.saysNot(page, "revoke it yourself", one+"/pause", one+"/withdraw")
	events, _ := h.consents(h.mayas)
	var what []string
	for _, e := range events {
		what = append(what, string(e.Event))
	}
	if want := []string{"given", "paused", "resumed", "renewed", "withdrawn", "token revoked"}; !slices.Equal(what, want) {
		t.Errorf("consent entries %v, want %v", what, want)
	}
}

// Withdrawal asks who it is first, if that was long ago.
func TestWithdraw_AsksAgain_C10(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	one := "/c/" + string(h.mayas) + "/accounts/" + string(h.account.ID)
	for range 3 { // at work, so that the session does not lock
		h.move(4 * time.Minute)
		maya.get("/c/" + string(h.mayas) + "/accounts")
	}
	if a := maya.post(one + "/withdraw"); a.Location != "/again" {
		t.Errorf("withdrawn without a fresh sign-in: %d to %q", a.Status, a.Location)
	}
	if a := maya.post(one + "/pause"); a.Location == "/again" {
		t.Error("a pause asks for a fresh sign-in")
	}
}

// How each place stands, with a place that the server does not have, one that
// fails, and gaps of several places as one.
func TestAccounts_LanesAndGaps_A7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	ctx := t.Context()
	now := monday
	for lane, st := range map[daybook.Lane]collectors.LaneState{
		"notifications":         {Opened: now.Add(-48 * time.Hour), LastOK: now.Add(-4 * time.Minute), BackDone: true},
		"conversations":         {Opened: now.Add(-48 * time.Hour), LastOK: now.Add(-4 * time.Minute), BackDone: true},
		"requests":              {Lost: true},
		"blocks":                {Opened: now.Add(-48 * time.Hour), LastOK: now.Add(-2 * time.Hour), BackDone: true, Gap: now.Add(-time.Hour), Cause: "the platform could not be read"},
		"<i>a place \u202e</i>": {Opened: now.Add(-48 * time.Hour), LastOK: now.Add(-5 * time.Minute), Back: "x"},
	} {
		h.ok(h.db.SaveLane(ctx, h.account.ID, lane, st))
	}
	var gaps []daybook.Record
	for i, lane := range []daybook.Lane{"notifications", "conversations", "contexts"} {
		g := daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: h.account.ID, Lane: lane, Class: daybook.Late,
			From: now.Add(-30 * time.Hour).Add(time.Duration(i) * time.Second), To: now.Add(-28 * time.Hour).Add(time.Duration(i) * time.Second), Cause: "daybook was not running"})
		g.Logged = now.Add(-28 * time.Hour)
		gaps = append(gaps, g)
	}
	_, err := h.log.Append(ctx, h.mayas, gaps)
	h.ok(err)
	h.settle(h.mayas)
	maya := h.enter(h.maya)
	page := maya.get("/c/" + string(h.mayas) + "/accounts")
	maya.says(page, 200, "5 minutes ago, 09:09 GMT", "Nothing new.", "Notifications: mentions, replies and the like: 4 minutes ago, 09:10 GMT",
		"the server does not offer this place", "Who is blocked: 2 hours ago, 07:14 GMT", "Not read since 23 Nov 2026, 08:14 GMT: The platform could not be read",
		"Older messages are still being fetched", "still going on", "Only what was deleted meanwhile", "Daybook was not running", "U+202E")
	maya.saysNot(page, "<i>a place")
	if n := strings.Count(said(page), "Daybook was not running"); n != 1 {
		t.Errorf("one gap of three places stands there %d times", n)
	}
	maya.says(page, 200, "Watched wholly on 1 of 3 days, partly on 2")
}

func TestGapsGoByPage_A7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	var gaps []daybook.Record
	for i := range 120 {
		from := monday.Add(-time.Duration(200-i) * time.Hour)
		g := daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: h.account.ID, Class: daybook.Late, From: from, To: from.Add(20 * time.Minute), Cause: "daybook was not running"})
		g.Logged = from.Add(20 * time.Minute)
		gaps = append(gaps, g)
	}
	_, err := h.log.Append(t.Context(), h.mayas, gaps)
	h.ok(err)
	h.settle(h.mayas)
	maya := h.enter(h.maya)
	path, rows, pages := "/c/"+string(h.mayas)+"/accounts", 0, 0
	older := regexp.MustCompile(`href="(/c/[^"]*/gaps/[a-z2-7]+)"`)
	for path != "" && pages < 10 {
		a := maya.get(path)
		n := strings.Count(a.Body, "<tr><th scope=\"row\">")
		if n == 0 || n > 50 {
			t.Fatalf("%d rows on a page", n)
		}
		rows, pages, path = rows+n, pages+1, ""
		if m := older.FindStringSubmatch(a.Body); m != nil {
			path = m[1]
		}
	}
	if rows != 121 || pages != 3 {
		t.Errorf("%d gaps on %d pages, want 121 on 3", rows, pages)
	}
}

// Whoever may see counts alone sees no handle.
func TestAccounts_CountsAlone_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	counter := h.user("Counter")
	h.grant(h.mayas, counter, "counts")
	b := h.enter(counter)
	a := b.get("/c/" + string(h.mayas) + "/accounts")
	b.says(a, 200, "Mastodon", "Agreed until")
	b.saysNot(a, "maya@social.example", "/pause", "/withdraw", "/renew")
	if a := b.post("/c/" + string(h.mayas) + "/accounts/" + string(h.account.ID) + "/pause"); a.Status != http.StatusForbidden {
		t.Errorf("paused by whoever may count: %d", a.Status)
	}
}

// agreed is the digest of the words that people agree to, for each version of
// them. Who changes the words adds a version (accounts_words.go) and a line.
func TestAgreementHasAVersion_D1(t *testing.T) {
	b, err := os.ReadFile("words/en/accounts.txt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "accounts.agree.") {
			sum.Write([]byte(line))
		}
	}
	source, err := os.ReadFile("accounts_words.go")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`agreementText = "([^"]+)"`).FindSubmatch(source)
	if version == nil {
		t.Fatal(errors.New("no version"))
	}
	agreed := map[string]string{
		"pages/2026-11":  "54c3173eae14b60573002496a5c2919e80df1e11280dca096fecacfd9faf6624",
		"pages/2026-11b": "3e080f2db8279ad1a3fed121593d3bfe060dba44057897d8bedfdbc22768bd51",
	}
	if got := hex.EncodeToString(sum.Sum(nil)); agreed[string(version[1])] != got {
		t.Errorf("the words of %s have the digest %s; if they were changed, they are another version", version[1], got)
	}
}
