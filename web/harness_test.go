package web_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
	"daybook/cases"
	"daybook/index"
	"daybook/signin"
	"daybook/store"
	"daybook/web"
)

var (
	// monday is when the story of a house is looked at.
	monday   = time.Date(2026, 11, 23, 9, 14, 0, 0, time.UTC)
	operator = cases.Operator("op")
)

// A house is the whole app behind the pages, real but for the platform: store,
// log, index, cases, sign-in. Its clock stands still until it is moved.
type house struct {
	*httptest.Server
	t       testing.TB
	db      *store.DB
	log     *archive.Log
	index   *index.Index
	cases   *cases.Cases
	desk    *signin.Desk
	web     *web.Server
	shelf   *shelf
	anchors *anchors
	tray    *tray
	polls   []daybook.AccountID

	follower *store.MessageFollower

	mu  sync.Mutex
	now time.Time

	maya, priya, tom, lee cases.User     // the person, her adviser; another person, another adviser
	mayas, toms           daybook.CaseID // their cases
	account               daybook.Account
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// move moves the clock.
func (h *house) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// newHouse opens a house with four users, two cases and nothing in them.
func newHouse(t testing.TB, changes ...func(*web.Config)) *house {
	t.Helper()
	ctx := t.Context()
	h := &house{t: t, now: monday}
	dir := t.TempDir()
	var key archive.InstanceKey
	rand.Read(key[:])
	var err error
	h.db, err = store.OpenSQLite(ctx, filepath.Join(dir, "daybook.db"), key)
	h.ok(err)
	t.Cleanup(func() { h.ok(h.db.Close()) })
	blobs, err := archive.NewFolder(filepath.Join(dir, "blobs"))
	h.ok(err)
	h.log, err = archive.Open(ctx, archive.Config{Storage: h.db, Keys: h.db.Keys, Blobs: blobs, Clock: h.clock})
	h.ok(err)
	h.index, err = index.Open(index.Config{Dir: filepath.Join(dir, "index"), Keys: h.db.Keys, Versions: h.db, Heads: h.db})
	h.ok(err)
	t.Cleanup(func() { h.ok(h.index.Close()) })
	h.follower = h.db.Messages(nil)
	messages := h.follower
	h.shelf = &shelf{h: h, jobs: map[daybook.CaseID][]web.BundleJob{}, made: map[daybook.CaseID][]web.BundleMade{}}
	h.tray = &tray{h: h, jobs: map[daybook.CaseID][]web.ImportJob{}, made: map[daybook.CaseID][]web.ImportMade{}}
	h.anchors = &anchors{h: h, given: map[daybook.CaseID][]web.AnchorGiven{}}
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	h.cases = cases.New(cases.Config{
		Store: h.db, Log: h.log, Messages: h.db, Schedule: h, Clock: h.clock, Logger: logger,
		CatchUp:        func(ctx context.Context, c daybook.CaseID) error { return h.log.CatchUp(ctx, c, messages) },
		Erasing:        cases.Erasing{Erasures: h.db, Eraser: eraser{h}, Engine: "sqlite", After: 7 * 24 * time.Hour, Backups: 30 * 24 * time.Hour},
		KeptFromPublic: []daybook.Platform{"x"},
	})
	h.desk, err = signin.New(signin.Config{
		Store: h.db, People: h.cases, Sealer: h.db.Keys, Clock: h.clock, Logger: logger,
		Cost: signin.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, Host: "localhost", Origins: []string{"http://localhost"},
	})
	h.ok(err)
	catchUp := func(ctx context.Context, c daybook.CaseID) error { return h.log.CatchUp(ctx, c, messages, h.index) }
	cfg := web.Config{
		Cases: h.cases, Desk: h.desk, Keys: h.db.Keys, Log: h.log, Index: h.index, Store: h.db, Logger: logger, Clock: h.clock,
		CatchUp: catchUp, Country: "GB",
		Settle: func(ctx context.Context, c daybook.CaseID) error {
			if err := catchUp(ctx, c); err != nil {
				return err
			}
			_, err := h.log.Checkpoint(ctx, c)
			return err
		},
		Mail: alerts.Recipient{}, Linking: newComparing(t, h.db), Bundles: h.shelf, Anchors: h.anchors, Imports: h.tray,
	}
	for _, change := range changes {
		change(&cfg)
	}
	h.web, err = web.New(cfg)
	h.ok(err)
	t.Cleanup(func() { h.ok(h.web.Close()) })
	h.Server = httptest.NewServer(h.web)
	t.Cleanup(h.Close)

	h.maya, h.priya, h.tom, h.lee = h.user("Maya"), h.user("Priya N."), h.user("Tom"), h.user("Lee")
	h.mayas, h.toms = h.newCase("Maya’s record", h.maya), h.newCase("Tom’s record", h.tom)
	h.grant(h.mayas, h.priya, cases.Manager)
	h.grant(h.toms, h.lee, cases.Reader)
	return h
}

// Poll and Revoke make a house a cases.Schedule.
func (h *house) Poll(_ context.Context, a daybook.Account) error {
	h.polls = append(h.polls, a.ID)
	return nil
}

func (h *house) Revoke(context.Context, daybook.Account, int64) error { return nil }

func (h *house) user(name string) cases.User {
	h.t.Helper()
	u, err := h.cases.NewUser(h.t.Context(), operator, name, "")
	h.ok(err)
	return u
}

func (h *house) newCase(name string, owner cases.User) daybook.CaseID {
	h.t.Helper()
	c, err := h.log.NewCase(h.t.Context(), operator, name, "Europe/London")
	h.ok(err)
	h.grant(c, owner, cases.Owner)
	return c
}

func (h *house) grant(c daybook.CaseID, u cases.User, role cases.Role) cases.Grant {
	h.t.Helper()
	g, err := h.cases.Grant(h.t.Context(), operator, cases.Grant{Case: c, User: u.ID, Role: role, Reason: "chosen by the person"})
	h.ok(err)
	return g
}

// settle brings what is derived up to the log's end.
func (h *house) settle(c daybook.CaseID) {
	h.t.Helper()
	h.ok(h.log.CatchUp(h.t.Context(), c, h.follower, h.index))
	_, err := h.log.Checkpoint(h.t.Context(), c)
	h.ok(err)
}

// A browserClient keeps cookies and follows no redirect.
type browserClient struct {
	*http.Client
	h    *house
	user cases.User
}

func (h *house) browser() *browserClient {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	h.ok(err)
	return &browserClient{h: h, Client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

const passphrase = "four plain words and a comma,"

// enter opens a session for a user, through the desk, as if they had come in
// through the pages.
func (h *house) enter(u cases.User) *browserClient {
	h.t.Helper()
	ctx, b := h.t.Context(), h.browser()
	b.user = u
	door := signin.Door{Address: "127.0.0.1", Agent: "test"}
	ways, err := h.desk.Ways(ctx, u.ID)
	h.ok(err)
	purpose := signin.SetUp
	if ways.Ready() { // a second time: in the place of the first
		purpose = signin.Recover
	}
	code, _, err := h.desk.NewCode(ctx, purpose, u.ID, operator)
	h.ok(err)
	token, device, _, err := h.desk.UseCode(ctx, door, code)
	h.ok(err)
	door.Device = device
	h.ok(h.desk.SetPassphrase(ctx, token, passphrase))
	_, secret, _, err := h.desk.NewTOTP(ctx, token)
	h.ok(err)
	now, err := totp.GenerateCode(secret, h.clock())
	h.ok(err)
	h.ok(h.desk.ConfirmTOTP(ctx, token, now))
	token, _, err = h.desk.Settle(ctx, token, door)
	h.ok(err)
	at, err := url.Parse(h.URL)
	h.ok(err)
	b.Jar.SetCookies(at, []*http.Cookie{{Name: "id", Value: token, Path: "/"}, {Name: "d", Value: device, Path: "/"}})
	return b
}

// An answer is what a page answered.
type answer struct {
	Status   int
	Body     string
	Header   http.Header
	Location string
}

// get asks for a page.
func (b *browserClient) get(path string) answer {
	b.h.t.Helper()
	return b.do(http.MethodGet, path, nil)
}

// post sends a form: post("/x", "name", "value", …).
func (b *browserClient) post(path string, form ...string) answer {
	b.h.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return b.do(http.MethodPost, path, values)
}

func (b *browserClient) do(method, path string, form url.Values) answer {
	b.h.t.Helper()
	req, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.URL+path, strings.NewReader(form.Encode()))
	b.h.ok(err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := b.Do(req)
	b.h.ok(err)
	defer res.Body.Close() //nolint:errcheck // only read from
	body, err := io.ReadAll(res.Body)
	b.h.ok(err)
	return answer{res.StatusCode, string(body), res.Header, res.Header.Get("Location")}
}

// accessed returns what the access entries of a case say, oldest first, as
// "name action detail".
func (h *house) accessed(c daybook.CaseID) []string {
	h.t.Helper()
	var out []string
	for e, err := range h.log.Entries(h.t.Context(), c, 0) {
		h.ok(err)
		if e.Record.Kind != daybook.RecordAccess {
			continue
		}
		var a daybook.Access
		h.ok(e.Record.Decode(&a))
		who := e.Record.Actor.Role
		if u, err := h.cases.FindUser(h.t.Context(), e.Record.Actor.ID); err == nil {
			who = u.Name
		}
		out = append(out, strings.TrimSpace(who+" "+a.Action+" "+a.Detail))
	}
	return out
}
