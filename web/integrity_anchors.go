package web

import (
	"context"
	"net/http"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// Anchors hands out size and root of a log, to be held elsewhere, and knows who
// stamps checkpoints. nil: nothing is handed out, and nobody does.
type Anchors interface {
	// Give signs the log as it is and remembers, in the log too, that size and
	// root were given out in a form: "file" or "line".
	Give(ctx context.Context, actor daybook.Actor, c daybook.CaseID, form string) (AnchorGiven, error)
	// Given lists what was given out, the newest first.
	Given(ctx context.Context, c daybook.CaseID, limit int) ([]AnchorGiven, error)
	// Authorities names the time services that are set up.
	Authorities() []string
}

// An AnchorGiven is a size and root of a log that somebody was given.
type AnchorGiven struct {
	At     time.Time
	Form   string
	Size   uint64
	Root   daybook.Digest
	Line   string // of Give: to be printed or written down
	Signed []byte // of Give: the checkpoint, as a signed note
}

func (s *Server) anchorRoutes() []route {
	const own = "written with the note that it was given out"
	return []route{
		{method: http.MethodPost, path: "/c/{case}/archive/checkpoint", who: inCase, action: cases.Checkpoint, why: own, handle: (*request).saveCheckpoint},
		{method: http.MethodPost, path: "/c/{case}/archive/line", who: inCase, action: cases.Checkpoint, why: own, handle: (*request).printLine},
	}
}

// A stampRow is what a time service has stamped.
type stampRow struct {
	Authority name
	At        stamp
	Size      uint64
	None      bool // it has stamped nothing yet
	Newest    bool // it has stamped the newest checkpoint, or one after it
}

const (
	stampsLooked = 200 // the newest ones, of all authorities
	givenShown   = 5
)

// stamped lists the time services with what each has stamped last.
func (r *request) stamped(page *archivePage) error {
	if r.s.Anchors == nil {
		return nil
	}
	names := r.s.Anchors.Authorities()
	if len(names) == 0 {
		return nil
	}
	all, err := r.s.Store.NewestStamps(r.Context(), r.caseID, stampsLooked)
	if err != nil {
		return err
	}
	newest := map[string]archive.Stamp{}
	for _, s := range all {
		if old, there := newest[s.Authority]; !there || s.Size > old.Size {
			newest[s.Authority] = s
		}
	}
	for _, n := range names {
		s, there := newest[n]
		row := stampRow{Authority: nameOf(n), None: !there, At: r.when(s.At), Size: s.Size, Newest: there && page.Signed && s.Size >= page.Covered}
		if row.Newest {
			page.Stamped++
		}
		page.Stamps = append(page.Stamps, row)
	}
	return nil
}

// givenOut lists what was given out besides mails.
func (r *request) givenOut(lines uint64) (rows []anchorRow, err error) {
	if r.s.Anchors == nil {
		return nil, nil
	}
	given, err := r.s.Anchors.Given(r.Context(), r.caseID, givenShown)
	if err != nil {
		return nil, err
	}
	for _, g := range given {
		rows = append(rows, r.anchorRow(g.At, g.Size, g.Root, lines))
	}
	for i, g := range given {
		if rows[i].Form = "archive.given.file"; g.Form == "line" {
			rows[i].Form = "archive.given.line"
		}
	}
	return rows, nil
}

// anchorRow says of a size and root that are held elsewhere whether what is here
// agrees with it.
func (r *request) anchorRow(at time.Time, size uint64, root daybook.Digest, lines uint64) anchorRow {
	row := anchorRow{Sent: r.when(at), Size: size, Root: digits(root)}
	if size <= lines {
		now, err := r.s.Log.RootAt(r.Context(), r.caseID, size)
		row.Same = err == nil && now == root
	}
	return row
}

// saveCheckpoint answers with the checkpoint as a file, to be held elsewhere.
func (r *request) saveCheckpoint() error {
	if r.s.Anchors == nil {
		return daybook.ErrNotFound
	}
	g, err := r.s.Anchors.Give(r.Context(), r.actor, r.caseID, "file")
	if err != nil {
		return err
	}
	return r.download(g.Signed, "checkpoint.txt")
}

// linePage is the page archive-line.html.
type linePage struct {
	Case string
	Line string
	At   stamp
	Size uint64
}

// printLine shows one line of size and root, to be printed or written down.
func (r *request) printLine() error {
	if r.s.Anchors == nil {
		return daybook.ErrNotFound
	}
	g, err := r.s.Anchors.Give(r.Context(), r.actor, r.caseID, "line")
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "archive-line", "title.archive", linePage{r.in(""), g.Line, r.when(g.At), g.Size})
}
