package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
	"daybook/web"
)

// An xConnector connects accounts on X beside those on Mastodon.
type xConnector struct {
	realConnector
	x    twitter.Config
	off  bool
	cost *web.Cost
}

func (c *xConnector) Platforms() []web.Connectable {
	return append(c.realConnector.Platforms(), web.Connectable{
		Platform: "x", Title: "X", Off: c.off, Scopes: twitter.Scopes(), Terms: twitter.Terms(), TermsText: twitter.TermsText, Cost: "X charges for each message.",
	})
}

func (c *xConnector) Cost(_ context.Context, a daybook.Account) (*web.Cost, error) {
	if a.Platform != "x" {
		return nil, nil
	}
	return c.cost, nil
}

func (c *xConnector) Scopes(p daybook.Platform) []string {
	if p == "x" {
		return twitter.Scopes()
	}
	return c.realConnector.Scopes(p)
}

func (c *xConnector) Begin(ctx context.Context, p daybook.Platform, server, back string) (string, []byte, error) {
	if p != "x" {
		return c.realConnector.Begin(ctx, p, server, back)
	}
	pending, err := c.x.Begin(back)
	if err != nil {
		return "", nil, err
	}
	b, err := json.Marshal(pending)
	return pending.URL, b, err
}

func (c *xConnector) Finish(ctx context.Context, p daybook.Platform, kept []byte, code, state string) (daybook.Account, []byte, error) {
	if p != "x" {
		return c.realConnector.Finish(ctx, p, kept, code, state)
	}
	var pending twitter.Pending
	if err := json.Unmarshal(kept, &pending); err != nil {
		return daybook.Account{}, nil, err
	}
	return c.x.Finish(ctx, pending, code, state)
}

func (c *xConnector) GiveBack(ctx context.Context, a daybook.Account, secret []byte) error {
	if a.Platform != "x" {
		return c.realConnector.GiveBack(ctx, a, secret)
	}
	return twitter.Driver(c.x).Revoke(ctx, a, secret)
}

type xHouse struct {
	*house
	server    *fakex.Server
	person    *fakex.Person
	connector *xConnector
}

func newXHouse(t *testing.T) *xHouse {
	t.Helper()
	c := &xHouse{server: fakex.New(fakex.Options{Start: monday})}
	c.person = c.server.Person("maya_reads", "Maya")
	c.server.SignIn(c.person)
	id, _ := c.server.App("Reading list", true, origin+"/back")
	c.connector = &xConnector{x: twitter.Config{Now: c.server.Now, API: twitter.V2, ClientID: id, Exception: &collectors.Exception{Hosts: c.server.Hosts()}}}
	c.house = newHouse(t, func(cfg *web.Config) { cfg.Connect, cfg.Origin = c.connector, must(url.Parse(origin)) })
	return c
}

var (
	connectXForm = []string{"which", "2", "kind", "direct", "kind", "mentions", "never", "@Mum_of_two\n2220000199", "purpose", "keep a record", "terms", "yes", "agree", "yes"}
	authorizeX   = regexp.MustCompile(`href="(https://x\.com/i/oauth2/authorize[^"]*)"`)
)

// An account on X is connected: its terms and the consent are two boxes, the
// archive is offered first, and what it costs is said before and after.
func TestConnectX_D1_D2(t *testing.T) {
	c := newXHouse(t)
	maya, in := c.enter(c.maya), "/c/"+string(c.mayas)+"/"
	maya.says(maya.get(in+"accounts"), 200, "Connect an account: Mastodon X")
	maya.says(maya.get(in+"accounts/connect"), 200, "Connect an account on Mastodon", "Connect an account on X", "The account archive is the better way for most", "Add a file")
	form := maya.get(in + "connect/2")
	maya.says(form, 200, "Connect an account on X", "What X asks of apps", "X charges for each message.", "Encrypted chats cannot be collected", "on X can see there that an app is connected",
		twitter.Terms()[1], "read whom you block", "I have read this, and I want my account on X to be read all the same")
	maya.saysNot(form, `name="server"`, "GoToSocial", "Follows, requests")

	for _, tc := range []struct{ name, field, says string }{
		{"without the terms", "terms", "Tick this box"},
		{"without the consent", "agree", "Tick this box"},
		{"nothing chosen", "kind", "Choose at least one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			maya.says(maya.post(in+"accounts/connect", with(connectXForm, tc.field, "")...), 422, tc.says)
		})
	}
	maya.says(maya.post(in+"accounts/connect", with(connectXForm, "never", "mum@social.example")...), 422, "One account a line, such as")
	if n := len(c.server.Requests()); n != 0 {
		t.Fatalf("%d requests before she agreed", n)
	}

	sent := maya.post(in+"accounts/connect", connectXForm...)
	page := maya.goOn(sent)
	maya.says(page, 200, "Agree on X", "X asks you to sign in there")
	maya.saysNot(page, "a code instead")
	m := authorizeX.FindStringSubmatch(page.Body)
	if m == nil {
		t.Fatalf("no address at X: %s", said(page))
	}
	code, state := c.server.Allow(html.UnescapeString(m[1]))
	back := maya.get("/back?" + url.Values{"code": {code}, "state": {state}}.Encode())
	yours := maya.goOn(back)
	maya.says(yours, 200, "X says that this is the account", "maya_reads", "Direct messages and mentions", "mum_of_two, 2220000199")
	c.connector.cost = &web.Cost{Month: "$0.12", Estimate: "$0.40", Cap: "$2.00"}
	done := maya.goOn(maya.post(back.Location + "/yes"))
	maya.says(done, 200, "The account is connected", "X Reading", "maya_reads", "$0.12 so far this month. About $0.40 a month at this rate. Reading stops for the rest of a month at $2.00")
	events, _ := c.consents(c.mayas)
	if len(events) != 1 || events[0].Consent.Text != "pages/2026-11b; "+twitter.TermsText || events[0].Account.Platform != "x" || !slices.Equal(events[0].Consent.Scopes, twitter.Scopes()) {
		t.Errorf("consents: %+v", events)
	}
	excluded, err := c.db.Excluded(t.Context(), c.mayas)
	c.ok(err)
	if !excluded["x:mum_of_two"] || !excluded["x:2220000199"] {
		t.Errorf("excluded: %v", excluded)
	}

	c.connector.cost.Reached = true
	maya.says(maya.get(in+"accounts"), 200, "The cap is reached", "What is missed is shown as a gap")
	c.ok(c.db.SetState(t.Context(), events[0].Account.ID, daybook.Stopped))
	stopped := maya.get(in + "accounts")
	maya.says(stopped, 200, "The platform refuses: connect again", "Connect again")
	if !strings.Contains(stopped.Body, in+"connect/2\">Connect again") {
		t.Error("it is connected again somewhere else")
	}
	renew := in + "accounts/" + string(events[0].Account.ID) + "/renew"
	maya.says(maya.get(renew), 200, "What X asks of apps")
	maya.says(maya.post(renew, "agree", "yes"), 422, "Tick this box")
	if bad := c.server.Violations(); len(bad) > 0 {
		t.Errorf("calls that a reader does not make: %v", bad)
	}
}

// Where X is switched off there is no form for it, and the archive is what is
// said.
func TestConnectXOff_D1(t *testing.T) {
	c := newXHouse(t)
	c.connector.off = true
	maya, in := c.enter(c.maya), "/c/"+string(c.mayas)+"/"
	page := maya.get(in + "accounts")
	maya.says(page, 200, "X is not read here by itself. Adding the account archive is the better way anyway")
	maya.saysNot(page, "connect/2")
	maya.says(maya.get(in+"accounts/connect"), 200, "Connect a Mastodon account")
	for _, a := range []answer{maya.get(in + "connect/2"), maya.post(in+"accounts/connect", connectXForm...), maya.get(in + "connect/3"), maya.get(in + "connect/x")} {
		if a.Status != http.StatusNotFound {
			t.Errorf("got %d: %s", a.Status, said(a))
		}
	}
}

// An account of which only files were added says so, and can be connected.
func TestNamedAccount(t *testing.T) {
	c := newXHouse(t)
	maya, in := c.enter(c.maya), "/c/"+string(c.mayas)+"/"
	_, err := c.cases.NameAccount(t.Context(), c.actor(c.mayas), c.mayas, "x", daybook.Handle{Platform: "x", Native: "1480000101"})
	c.ok(err)
	page := maya.get(in + "accounts")
	maya.says(page, 200, "X Only files you added", "1480000101", "what is here of this account came in files", "Connect it")
	maya.saysNot(page, "/pause", "/withdraw", "/renew", "Agreed until", "Last checked")
	c.connector.off = true
	maya.saysNot(maya.get(in+"accounts"), "Connect it")
}

// That an account of a case is to be connected, and on which platform, is not in the
// log of the program, also if it fails.
func TestConnectXFailsQuietly_E12(t *testing.T) {
	c := &xHouse{connector: &xConnector{x: twitter.Config{API: twitter.V2}}} // the app at X is not set up
	var logged bytes.Buffer
	c.house = newHouse(t, func(cfg *web.Config) {
		cfg.Connect, cfg.Origin, cfg.Logger = c.connector, must(url.Parse(origin)), slog.New(slog.NewTextHandler(&logged, nil))
	})
	maya := c.enter(c.maya)
	a := maya.post("/c/"+string(c.mayas)+"/accounts/connect", connectXForm...)
	maya.says(a, 422, "cannot be reached as it is set up here")
	if said := logged.String(); !strings.Contains(said, "an account could not be connected") || strings.Contains(said, "X") || strings.Contains(said, "err=") {
		t.Errorf("the log: %s", said)
	}
}
