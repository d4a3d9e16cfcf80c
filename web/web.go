// Package web is the pages: server-rendered, one stylesheet, and a few lines of
// script that nothing depends on.
//
// There is one file for each page, named after it, with its template of the same
// name in templates/ and its words in words/. A page lists its addresses in a
// table of routes; the table says who may come in, which right in the case that
// needs, and which entry of the access log the visit makes, or why none. The
// server checks all of that before a page's code runs (route.go), so a page
// cannot forget it.
//
// Nothing that somebody else wrote is in a page until the person asks for it with
// a POST, which is written into the access log first. What came from outside,
// names too, goes through type name or text (untrusted.go) and is never markup.
// Addresses hold random identifiers alone: a filter or a search is kept on this
// side and named by one (view.go), an entry is named by a ref (ref.go).
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
	"daybook/cases"
	"daybook/detect"
	"daybook/index"
	"daybook/signin"
)

// Keys hands out the keys of cases. *archive.Keyring does.
type Keys interface {
	Case(ctx context.Context, c daybook.CaseID) (*archive.CaseKey, error)
}

// Searcher finds words. *index.Index does.
type Searcher interface {
	Search(ctx context.Context, q index.Query) (index.Result, error)
}

// Messages lists messages. It may be asked only after cases has allowed it.
type Messages interface {
	List(ctx context.Context, c daybook.CaseID, f daybook.MessageFilter, limit int, cursor string) ([]daybook.Message, string, error)
	Message(ctx context.Context, c daybook.CaseID, entry uint64) (daybook.Message, error)
	MessageByMAC(ctx context.Context, c daybook.CaseID, mac [32]byte) (daybook.Message, error)
	Around(ctx context.Context, c daybook.CaseID, entry uint64, n int) ([]daybook.Message, error)
}

// Figures tells what is known of a case as a whole.
type Figures interface {
	Case(ctx context.Context, c daybook.CaseID) (archive.CaseRow, error)
	Handles(ctx context.Context, c daybook.CaseID) ([]daybook.HandleSummary, error)
	Counts(ctx context.Context, c daybook.CaseID) (daybook.Counts, error)
	Facts(ctx context.Context, c daybook.CaseID, now time.Time) (detect.Facts, error)
}

// Store is what the pages read that cases does not hand out. *store.DB does.
// A page that needs more declares a small interface in its own file and embeds
// it here.
type Store interface {
	Messages
	Figures
	Changes
	Decisions
	Saved
	MessagesOf
	Reading
	Acts
	Timelines
	Transactions
	AccountStatuses
	Attempts
	Leases
	Recipients
	AlertRules
	Archives
	Flags
	Hiding
	Exclusions
	Sighted
}

// Config says what the pages work with. Fields without a comment are needed.
type Config struct {
	Cases  *cases.Cases
	Desk   *signin.Desk
	Keys   Keys
	Log    *archive.Log
	Index  Finder
	Store  Store
	Logger *slog.Logger
	Clock  func() time.Time
	// CatchUp brings what is derived from a case's log up to its end, Settle
	// also signs and plans mails: after a change.
	CatchUp func(ctx context.Context, c daybook.CaseID) error
	Settle  func(ctx context.Context, c daybook.CaseID) error
	// Linking compares the handles of a case; nil: nothing is suggested.
	Linking Linking
	// Bundles makes what is handed over; nil: nothing is.
	Bundles Bundles
	// Imports reads files that people add; nil: nobody does.
	Imports Imports
	// Anchors hands out size and root of logs; nil: nobody does.
	Anchors Anchors
	// Mail is what mails say of themselves, for their preview.
	Mail alerts.Recipient

	Proxies []netip.Prefix // from these, X-Forwarded-For is believed
	Origin  *url.URL       // where the pages are, as a browser names it: https://notes.charity.example
	Country string         // ISO 3166-1 alpha-2, whose help numbers are shown; "" shows the international ones
	Leave   string         // where "Leave this page" goes; "" for DefaultLeave
	Idle    time.Duration  // after which a page that nobody uses goes to the sign-in; zero for signin.IdleLock
	Connect Connector
}

// DefaultLeave is a page that anybody could be looking at.
const DefaultLeave = "https://www.bbc.co.uk/weather"

// A Server answers requests.
type Server struct {
	Config
	words       *words
	pages       pages
	views       *views
	looked      *looked
	patterns    *patterns
	checks      *checks
	comparisons *comparisons
	termsKept   *termsKept
	pictures    *pictures
	countries   countries
	handler     http.Handler
}

// New returns a Server. It fails only when templates or words are broken.
func New(c Config) (*Server, error) {
	if c.Leave == "" {
		c.Leave = DefaultLeave
	}
	if c.Idle == 0 {
		c.Idle = signin.IdleLock
	}
	c.Store, c.Index = seeing{c.Store}, seeingIndex{c.Index, c.Store}
	s := &Server{Config: c, views: newViews(c.Clock), looked: newLooked(c.Clock), patterns: newPatterns(), checks: newChecks(c), comparisons: newComparisons(c),
		termsKept: newTermsKept(), pictures: newPictures(c.Clock)}
	var err error
	if s.words, err = readWords(); err != nil {
		return nil, err
	}
	if s.pages, err = readPages(s.words); err != nil {
		return nil, err
	}
	if s.countries, err = readCountries(); err != nil {
		return nil, err
	}
	s.handler = s.guard(s.mux())
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers on l with a handler, such as a Server, until ctx ends, then lets
// running requests finish for ten seconds. With a certificate it speaks HTTPS.
func Serve(ctx context.Context, l net.Listener, certificate *tls.Certificate, h http.Handler, logger *slog.Logger) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(quiet{logger.Handler()}, slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve pages: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := srv.Shutdown(end)
	if serr := <-failed; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	if err != nil {
		return fmt.Errorf("stop serving pages: %w", err)
	}
	return nil
}

// quiet says that something happened and not what: net/http's own messages hold
// addresses of visitors.
type quiet struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, "a connection failed", 0))
}
