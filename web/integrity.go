package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
	"daybook/cases"
)

func (s *Server) integrityRoutes() []route {
	return []route{
		{method: "GET", path: "/c/{case}/archive", who: inCase, action: cases.Verify, why: "written before the state is shown; a log that was put back takes no entry", handle: (*request).archive},
		{method: "POST", path: "/c/{case}/archive/check", who: inCase, action: cases.Verify, why: "written before the check begins", handle: (*request).checkArchive},
		{method: "GET", path: "/c/{case}/archive/check", who: inCase, action: cases.Verify, why: "waits for the check that was begun, and shows nothing else", handle: (*request).checking},
	}
}

// Archives tells what is known of a log without checking it. *store.DB does.
type Archives interface {
	EntriesOfKind(ctx context.Context, c daybook.CaseID, kinds []daybook.RecordKind, before uint64, limit int) ([]uint64, error)
	CheckpointMade(ctx context.Context, c daybook.CaseID, size uint64) (time.Time, error)
	SentAnchors(ctx context.Context, c daybook.CaseID, limit int) ([]alerts.Notification, error)
	NewestStamps(ctx context.Context, c daybook.CaseID, limit int) ([]archive.Stamp, error)
}

// archivePage is the page archive.html.
type archivePage struct {
	Case    string
	Owner   bool
	Refused bool // the log is not the one that it has been
	Lines   uint64
	Covered uint64
	Newer   uint64 // lines that the newest checkpoint does not cover
	Signed  bool   // there is a checkpoint
	Made    stamp
	Root    string     // its first digits, in groups of four
	Stamps  []stampRow // of the time services that are set up
	Stamped int        // of these: have stamped the newest checkpoint
	Mails   []anchorRow
	Given   []anchorRow // files and printed lines
	Give    bool        // the user may have one
	Gaps    int
	Erased  []erasedRow
	Last    *lastCheck
	Running bool

	Order    *orderPart // nil: the user may not make bundles
	Making   []jobRow
	Earlier  []madeRow
	Erasures []erasureRow
	Erase    bool // the user may ask for one
}

// An anchorRow is a mail that carried size and root.
type anchorRow struct {
	Sent stamp
	To   name
	Size uint64
	Root string
	Form string // key: of what was given by hand
	Same bool   // what is here agrees with what was sent
}

type erasedRow struct {
	At      stamp
	Entries int
	Who     name
}

// A lastCheck is what the last check came to, since the program was started.
type lastCheck struct {
	Answer   archive.Answer
	Failed   bool // the check itself could not be made
	At       stamp
	Took     string
	Entries  uint64
	Problems []problemRow
	More     int // problems that are not listed
}

type problemRow struct{ Where, What name }

const (
	mailsShown    = 5
	erasedShown   = 50
	problemsShown = 20
)

// lookArchive writes that somebody looked. To a log that is not the one that it
// has been nothing is added: then the right alone is asked for, as at the
// command line.
func (r *request) lookArchive(detail string) error {
	if r.s.Log.Refused()[r.caseID] != nil {
		return r.s.Cases.Authorize(r.Context(), r.actor, r.caseID, cases.Verify)
	}
	return r.look(cases.Verify, daybook.Access{Detail: detail})
}

// lookAtArchive writes that somebody looked at the page: for whoever makes
// bundles it lists the handles that one can be narrowed to.
func (r *request) lookAtArchive() error {
	if r.handsOver() {
		return r.look(cases.List, daybook.Access{Detail: "looked at the state of the archive, and at what can be handed over"})
	}
	return r.lookArchive("looked at the state of the archive")
}

func (r *request) archive() error { return r.showArchive(http.StatusOK, nil, nil) }

// showArchive shows the page; with a form for a bundle as it was typed, and what
// is wrong with it.
func (r *request) showArchive(status int, form *orderForm, wrong map[string]string) error {
	if err := r.lookAtArchive(); err != nil {
		return err
	}
	ctx := r.Context()
	page := archivePage{Case: r.in(""), Owner: r.owner(), Refused: r.s.Log.Refused()[r.caseID] != nil}
	var err error
	if page.Lines, _, err = r.s.Log.Head(ctx, r.caseID); err != nil {
		return err
	}
	cp, err := r.s.Log.LastCheckpoint(ctx, r.caseID)
	if err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return err
	}
	if page.Signed = err == nil; page.Signed {
		made, err := r.s.Store.CheckpointMade(ctx, r.caseID, cp.Size)
		if err != nil {
			return err
		}
		page.Covered, page.Made, page.Root = cp.Size, r.when(made), digits(cp.Root)
	}
	page.Newer = page.Lines - min(page.Covered, page.Lines)
	if page.Gaps, err = r.s.Store.CountGaps(ctx, r.caseID); err != nil {
		return err
	}
	if page.Mails, err = r.sentAnchors(page.Lines); err != nil {
		return err
	}
	if page.Given, err = r.givenOut(page.Lines); err != nil {
		return err
	}
	if err := r.stamped(&page); err != nil {
		return err
	}
	page.Give = r.s.Anchors != nil && r.can(cases.Checkpoint) && !page.Refused
	if page.Erased, err = r.erased(); err != nil {
		return err
	}
	c := r.s.checks.of(r.caseID)
	page.Running = c.running
	page.Last = r.lastCheck(c)
	if err := r.handOver(&page, form, wrong); err != nil {
		return err
	}
	if page.Erasures, err = r.erasures(); err != nil {
		return err
	}
	page.Erase = r.can(cases.Erase)
	var notices []notice
	if n, ok := r.toldOnce(); ok {
		notices = append(notices, n)
	}
	return r.render(status, "archive", "title.archive", page, notices...)
}

// digits are the first digits of a root, as they stand in mails.
func digits(d daybook.Digest) string {
	s := d.String()
	return s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:16]
}

func (r *request) sentAnchors(lines uint64) ([]anchorRow, error) {
	sent, err := r.s.Store.SentAnchors(r.Context(), r.caseID, mailsShown)
	if err != nil || len(sent) == 0 {
		return nil, err
	}
	labels := map[string]name{}
	if r.can(cases.Alert) { // whoever may see who is told
		all, err := r.s.Store.Recipients(r.Context(), r.caseID)
		if err != nil {
			return nil, err
		}
		for _, rec := range all {
			if labels[rec.ID] = nameOf(rec.Label); rec.Label == "" {
				labels[rec.ID] = nameOf(rec.Address)
			}
		}
	}
	var rows []anchorRow
	for _, n := range sent {
		row := r.anchorRow(n.Made, n.Anchor.Size, n.Anchor.Root, lines)
		row.To = labels[n.Recipient]
		rows = append(rows, row)
	}
	return rows, nil
}

// erased lists what was erased, newest first.
func (r *request) erased() ([]erasedRow, error) {
	numbers, err := r.s.Store.EntriesOfKind(r.Context(), r.caseID, []daybook.RecordKind{daybook.RecordErased}, 1<<63-1, erasedShown)
	if err != nil {
		return nil, err
	}
	var rows []erasedRow
	for _, n := range numbers {
		e, err := r.s.Log.Entry(r.Context(), r.caseID, n)
		if err != nil {
			return nil, err
		}
		var x daybook.Erased
		if err := e.Record.Decode(&x); err != nil {
			return nil, err
		}
		who, err := r.s.Cases.Who(r.Context(), e.Record.Actor)
		if err != nil {
			return nil, err
		}
		rows = append(rows, erasedRow{At: r.day(x.At), Entries: len(x.Entries), Who: nameOf(who)})
	}
	return rows, nil
}

func (r *request) lastCheck(c check) *lastCheck {
	if c.done.IsZero() {
		return nil
	}
	out := &lastCheck{Answer: c.report.Answer, Failed: c.err != nil, At: r.when(c.done), Took: c.done.Sub(c.began).Round(time.Second).String(), Entries: c.report.Entries}
	for i, p := range c.report.Problems {
		if i == problemsShown {
			out.More = len(c.report.Problems) - i
			break
		}
		out.Problems = append(out.Problems, problemRow{nameOf(p.Where), textOf(p.What)})
	}
	return out
}

// checkArchive begins to check every byte. It goes on when the person leaves the
// page.
func (r *request) checkArchive() error {
	if err := r.lookArchive("checked every line of the archive"); err != nil {
		return err
	}
	sent, err := r.s.Store.SentAnchors(r.Context(), r.caseID, 1000)
	if err != nil {
		return err
	}
	var anchors []archive.Anchor
	for _, n := range sent {
		anchors = append(anchors, archive.Anchor{Where: "a mail of " + n.Made.Format("2 January 2006"), Size: n.Anchor.Size, Root: n.Anchor.Root})
	}
	r.s.checks.begin(r.caseID, anchors)
	return r.to(r.in("archive/check"))
}

// checkingPage is the page checking.html.
type checkingPage struct {
	Case  string
	Lines uint64
	Began stamp
}

// checkEvery is how often the page asks again, in seconds.
const checkEvery = 2

func (r *request) checking() error {
	c := r.s.checks.of(r.caseID)
	if !c.running {
		return r.to(r.in("archive"))
	}
	lines, _, err := r.s.Log.Head(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	return r.renderAgain(http.StatusOK, checkEvery, "checking", "title.archive", checkingPage{r.in(""), lines, r.clock(c.began)})
}

// checks are the checks that run, and what the last one of each case came to.
type checks struct {
	verify func(ctx context.Context, c daybook.CaseID, anchors ...archive.Anchor) (archive.Report, error)
	clock  func() time.Time
	logger *slog.Logger
	stop   context.CancelFunc
	ctx    context.Context //nolint:containedctx // of the checks, which outlive the requests that begin them
	wg     sync.WaitGroup

	mu  sync.Mutex
	all map[daybook.CaseID]check
}

type check struct {
	running     bool
	began, done time.Time
	report      archive.Report
	err         error
}

func newChecks(c Config) *checks {
	k := &checks{clock: c.Clock, logger: c.Logger, all: map[daybook.CaseID]check{}}
	if c.Log != nil {
		k.verify = c.Log.Verify
	}
	k.ctx, k.stop = context.WithCancel(context.Background())
	return k
}

func (k *checks) of(c daybook.CaseID) check {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all[c]
}

// begin begins a check of a case unless one is running. Within its context it
// can open that case alone.
func (k *checks) begin(c daybook.CaseID, anchors []archive.Anchor) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all[c].running || k.ctx.Err() != nil {
		return
	}
	last := k.all[c]
	last.running, last.began = true, k.clock().UTC()
	k.all[c] = last
	anchors = slices.Clone(anchors)
	k.wg.Go(func() {
		ctx := archive.Within(k.ctx, c)
		report, err := k.verify(ctx, c, anchors...)
		if err != nil {
			k.logger.ErrorContext(ctx, "a check of the archive could not be made", slog.String("case", string(c)), slog.Any("err", err))
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.all[c] = check{began: last.began, done: k.clock().UTC(), report: report, err: err}
	})
}

// Wait returns when no check of an archive runs any more.
func (s *Server) Wait() { s.checks.wg.Wait() }

// Close ends checks and comparisons that run and waits for them. After that none
// is begun.
func (s *Server) Close() error {
	s.comparisons.close()
	s.checks.mu.Lock()
	s.checks.stop()
	s.checks.mu.Unlock()
	s.checks.wg.Wait()
	return nil
}
