package signin_test

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/signin"
	"daybook/store"
)

const (
	host   = "notes.charity.example"
	origin = "https://notes.charity.example"
)

var (
	begin    = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	operator = daybook.Actor{ID: "local", Role: "operator", Via: "command line (OS user sandmartin)"}
	adviser  = daybook.Actor{ID: "adviser-1", Role: "manager", Via: "web"}
	home     = signin.Door{Address: "192.0.2.7", Agent: "Mozilla/5.0 (Android 15; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0"}
	cafe     = signin.Door{Address: "198.51.100.9", Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0 Safari/537.36"}
)

// A house is a Desk on a real store with a clock that stands still until it is
// moved.
type house struct {
	*signin.Desk
	t    testing.TB
	path string
	key  archive.InstanceKey
	db   *store.DB
	now  time.Time
	logs strings.Builder
	wrap func(signin.Store) signin.Store
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, now: begin, path: filepath.Join(t.TempDir(), "daybook.db")}
	rand.Read(h.key[:])
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *house) start() {
	h.t.Helper()
	var err error
	if h.db, err = store.OpenSQLite(h.t.Context(), h.path, h.key); err != nil {
		h.t.Fatal(err)
	}
	h.open()
}

// open makes another Desk on the same store.
func (h *house) open() {
	h.t.Helper()
	var rows signin.Store = h.db
	if h.wrap != nil {
		rows = h.wrap(rows)
	}
	d, err := signin.New(signin.Config{
		Store: rows, People: cases.New(cases.Config{Store: h.db}), Sealer: h.db.Keys,
		Clock: func() time.Time { return h.now }, Logger: slog.New(slog.NewTextHandler(&h.logs, nil)),
		Cost: signin.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, Host: host, Origins: []string{origin},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Desk = d
}

func (h *house) stop() {
	if err := h.db.Close(); err != nil {
		h.t.Error(err)
	}
}

func (h *house) pass(d time.Duration) { h.now = h.now.Add(d) }

func (h *house) newUser(name string) cases.User {
	h.t.Helper()
	u := cases.User{ID: daybook.NewID(), Name: name, Created: h.now}
	if err := h.db.PutUser(h.t.Context(), u); err != nil {
		h.t.Fatal(err)
	}
	return u
}

func (h *house) leave(u cases.User) {
	h.t.Helper()
	u.Left = h.now
	if err := h.db.PutUser(h.t.Context(), u); err != nil {
		h.t.Fatal(err)
	}
}

// A person is somebody who can sign in.
type person struct {
	cases.User
	passphrase string
	secret     string
	codes      []string // to recover
	door       signin.Door
	token      string
}

// settle sets up a passphrase, one-time codes and recovery codes in a session,
// and ends the set-up.
func (h *house) settle(u cases.User, door signin.Door, token, passphrase string) *person {
	h.t.Helper()
	ctx := h.t.Context()
	p := &person{User: u, passphrase: passphrase, door: door}
	if err := h.SetPassphrase(ctx, token, passphrase); err != nil {
		h.t.Fatal(err)
	}
	var err error
	if _, p.secret, _, err = h.NewTOTP(ctx, token); err != nil {
		h.t.Fatal(err)
	}
	if err := h.ConfirmTOTP(ctx, token, h.code(p.secret)); err != nil {
		h.t.Fatal(err)
	}
	if p.codes, err = h.NewRecoveryCodes(ctx, token); err != nil {
		h.t.Fatal(err)
	}
	if p.token, _, err = h.Settle(ctx, token, door); err != nil {
		h.t.Fatal(err)
	}
	h.pass(time.Minute) // the one-time code is used
	return p
}

// invite lets somebody in with a set-up code.
func (h *house) invite(purpose signin.Purpose, user string, door signin.Door) (token, device string) {
	h.t.Helper()
	code, _, err := h.NewCode(h.t.Context(), purpose, user, operator)
	if err != nil {
		h.t.Fatal(err)
	}
	if token, device, _, err = h.UseCode(h.t.Context(), door, code); err != nil {
		h.t.Fatal(err)
	}
	return token, device
}

// newPerson sets up somebody who is signed in at home.
func (h *house) newPerson(name string) *person {
	h.t.Helper()
	u := h.newUser(name)
	token, device := h.invite(signin.SetUp, u.ID, home)
	door := home
	door.Device = device
	return h.settle(u, door, token, "rain on the tin roof")
}

func (h *house) code(secret string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// signIn goes both steps.
func (h *house) signIn(door signin.Door, name, passphrase, code string) (token, device string, s signin.Session, err error) {
	attempt, err := h.Begin(h.t.Context(), door, name, passphrase)
	if err != nil {
		return "", "", s, err
	}
	return h.Finish(h.t.Context(), door, attempt, code)
}

// enter signs a person in, who must succeed.
func (h *house) enter(p *person, door signin.Door) (token, device string, s signin.Session) {
	h.t.Helper()
	token, device, s, err := h.signIn(door, p.Name, p.passphrase, h.code(p.secret))
	if err != nil {
		h.t.Fatalf("sign in: %v", err)
	}
	h.pass(time.Minute)
	return token, device, s
}

// check compares the answer of Check.
func (h *house) check(token string, want error) {
	h.t.Helper()
	if s, err := h.Check(h.t.Context(), token, home); !errors.Is(err, want) {
		h.t.Errorf("Check: %v, %v; want %v", s, err, want)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// isPlain reports that an error is ErrRefused and no *WaitError.
func isPlain(err error) bool {
	var wait *signin.WaitError
	return errors.Is(err, signin.ErrRefused) && !errors.As(err, &wait)
}

func waits(err error) (until time.Time, ok bool) {
	var wait *signin.WaitError
	if errors.As(err, &wait) {
		return wait.Until, true
	}
	return until, false
}

var _ signin.People = (*cases.Cases)(nil)
