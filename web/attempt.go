package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/internal/work"
)

// An attempt is the connection of an account that has been begun and not yet
// confirmed. It lies sealed among the tasks, so that it outlives a restart, is
// found by the state that the server sends back, and belongs to one session. It
// lasts a quarter of an hour; then whoever tidies up gives its token back.

const (
	attemptKind  = "connecting"
	attemptLife  = 15 * time.Minute
	attemptLease = 2 * time.Minute // longer than a server takes to answer
	attemptRetry = time.Hour       // a token is never given up
)

// Attempts keeps attempts. *store.DB does.
type Attempts interface {
	Put(ctx context.Context, tasks ...work.Task) error
	Task(ctx context.Context, id string) (work.Task, error)
	TasksOf(ctx context.Context, kind string, c daybook.CaseID) ([]work.Task, error)
	SetTask(ctx context.Context, t work.Task) error
}

// Leases hands tasks to one at a time. *store.DB does.
type Leases interface {
	Claim(ctx context.Context, kind, caseID, owner string, now time.Time, lease time.Duration, n int) ([]work.Task, error)
	ClaimAbout(ctx context.Context, kind, about, owner string, dueBy, now time.Time, lease time.Duration, n int) ([]work.Task, error)
	Done(ctx context.Context, t work.Task, now time.Time, fail error) error
}

// Transactions runs several changes as one. *store.DB does.
type Transactions interface {
	Update(ctx context.Context, fn func(ctx context.Context) error) error
}

type attempt struct {
	Session  string           `json:"session"`
	Browser  []string         `json:"browser"` // by which it is known: see browser
	Platform daybook.Platform `json:"platform"`
	Server   string           `json:"server"` // as it was typed
	Since    time.Time        `json:"since,omitzero"`
	Kinds    []daybook.Kind   `json:"kinds,omitempty"`
	Never    []string         `json:"never,omitempty"` // names of accounts that are never collected
	Purpose  string           `json:"purpose"`
	Terms    string           `json:"terms,omitzero"` // version of the platform's that were agreed to
	Until    time.Time        `json:"until"`

	Address string `json:"address"` // where the person agrees
	Pending []byte `json:"pending"`
	Typed   bool   `json:"typed"` // the code is typed here; nobody comes back by themselves

	State   string           `json:"state,omitzero"` // what came back
	Code    string           `json:"code,omitzero"`
	Refused bool             `json:"refused,omitzero"` // the person said no at their server
	Account *daybook.Account `json:"account,omitempty"`
	Secret  []byte           `json:"secret,omitempty"`
}

// LogValue keeps secrets out of logs.
func (a attempt) LogValue() slog.Value { return slog.StringValue(string(a.Platform)) }

// attemptName names the attempt that a state belongs to. Nobody can tell the
// state from it.
func attemptName(state string) string {
	sum := sha256.Sum256([]byte("daybook/attempt/v1\n" + state))
	return lower.EncodeToString(sum[:16])
}

// begin asks the person's server for an attempt and keeps it. It returns its
// name.
func (r *request) begin(a attempt) (string, error) {
	back := ""
	if !a.Typed && r.s.Origin != nil {
		back = r.s.Origin.String() + "/back"
	}
	a.Typed = back == ""
	var err error
	if a.Address, a.Pending, err = r.s.Connect.Begin(r.Context(), a.Platform, a.Server, back); err != nil {
		return "", err
	}
	u, err := url.Parse(a.Address)
	if err != nil || u.Query().Get("state") == "" {
		return "", errors.New("begin to connect an account: the address has no state")
	}
	name := attemptName(u.Query().Get("state"))
	a.Session, a.Browser, a.Until = r.session.ID, r.browser(), r.now().Add(attemptLife)
	args, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("keep an attempt: %w", err)
	}
	t := work.Task{ID: attemptKind + "/" + name, Kind: attemptKind, Case: string(r.caseID), Args: args, Due: a.Until, Every: attemptRetry}
	return name, r.s.Store.Put(r.Context(), t)
}

// attempt returns the attempt of the path: daybook.ErrNotFound unless it is one
// of this session in this case that still lasts.
func (r *request) attempt() (attempt, error) {
	t, err := r.s.Store.Task(r.Context(), attemptKind+"/"+r.PathValue("attempt"))
	if err != nil || t.Case != string(r.caseID) {
		if err == nil || errors.Is(err, daybook.ErrForbidden) {
			err = daybook.ErrNotFound
		}
		return attempt{}, err
	}
	a, err := readAttempt(t)
	if err != nil {
		return a, err
	}
	if a.Session != r.session.ID || !r.now().Before(a.Until) {
		return a, daybook.ErrNotFound
	}
	return a, nil
}

func readAttempt(t work.Task) (a attempt, err error) {
	if err := json.Unmarshal(t.Args, &a); err != nil {
		return a, fmt.Errorf("read an attempt: %w", err)
	}
	return a, nil
}

// holdAttempt is attempt for whoever is going to change it: somebody else who
// comes at the same moment gets daybook.ErrNotFound.
func (r *request) holdAttempt() (attempt, work.Task, error) {
	if _, err := r.attempt(); err != nil {
		return attempt{}, work.Task{}, err
	}
	t, err := r.s.claimAttempt(r.Context(), r.PathValue("attempt"))
	if err != nil {
		return attempt{}, t, err
	}
	a, err := readAttempt(t)
	return a, t, err
}

func (s *Server) claimAttempt(ctx context.Context, name string) (work.Task, error) {
	now := s.Clock().UTC()
	found, err := s.Store.ClaimAbout(ctx, attemptKind, name, "pages", now.Add(attemptLife), now, attemptLease, 1)
	if err != nil {
		return work.Task{}, err
	}
	if len(found) == 0 {
		return work.Task{}, daybook.ErrNotFound
	}
	return found[0], nil
}

// setAttempt keeps what became of an attempt that is held, and lets go of it.
func (s *Server) setAttempt(ctx context.Context, t work.Task, a attempt, due time.Time) (err error) {
	if t.Args, err = json.Marshal(a); err != nil {
		return fmt.Errorf("keep an attempt: %w", err)
	}
	t.Due = due
	return s.Store.SetTask(ctx, t)
}

// endAttempt forgets an attempt that is held.
func (s *Server) endAttempt(ctx context.Context, t work.Task) error {
	t.Every = 0
	return s.Store.Done(ctx, t, s.Clock().UTC(), nil)
}

// browser is what tells this browser from others, of which nobody can tell its
// cookies.
func (r *request) browser() (known []string) {
	for _, name := range []string{deviceCookie, sessionCookie} {
		if v := r.cookie(name); v != "" {
			sum := sha256.Sum256([]byte("daybook/browser/v1\n" + name + "\n" + v))
			known = append(known, lower.EncodeToString(sum[:16]))
		}
	}
	return known
}

// comeBack is where the person's server sends them. The address is the same for
// everybody and has a code in it, so that nothing is shown here: what came is
// kept, and they go on to an address that says nothing. It is kept also when
// their session has locked meanwhile; it is theirs alone when they open it. It is
// not kept when it comes by another browser than the one that they went out with:
// else somebody could begin here, have another person agree at their server, and
// read their messages.
func (r *request) comeBack() error {
	q := r.URL.Query()
	t, err := r.s.claimAttempt(r.Context(), attemptName(q.Get("state")))
	if errors.Is(err, daybook.ErrNotFound) {
		return r.to("/")
	}
	if err != nil {
		return err
	}
	a, err := readAttempt(t)
	if err != nil {
		return err
	}
	known := r.browser()
	if !slices.ContainsFunc(a.Browser, func(b string) bool { return slices.Contains(known, b) }) {
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.to("/")
	}
	if a.Code == "" && a.Account == nil {
		a.State, a.Code = q.Get("state"), q.Get("code")
		a.Refused = a.Code == ""
	}
	if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
		return err
	}
	return r.to("/c/" + t.Case + "/connecting/" + strings.TrimPrefix(t.ID, attemptKind+"/"))
}

// GiveBackAbandoned takes the tokens of attempts that nobody confirmed in time
// back at their platforms, and forgets the attempts. One whose platform does not
// answer is tried again later. It is called every now and then.
func GiveBackAbandoned(ctx context.Context, l Leases, c Connector, now time.Time) error {
	found, err := l.Claim(ctx, attemptKind, "", "tidy", now, attemptLease, 20)
	if err != nil {
		return fmt.Errorf("give tokens back: %w", err)
	}
	var errs []error
	for _, t := range found {
		a, err := readAttempt(t)
		if err == nil && a.Account != nil {
			err = c.GiveBack(ctx, *a.Account, a.Secret)
		}
		if err == nil {
			t.Every = 0
		} else {
			err = errors.New("the platform did not take a token back") // its own words name the server
			errs = append(errs, err)
		}
		if err := l.Done(ctx, t, now, err); err != nil && !errors.Is(err, work.ErrLost) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
