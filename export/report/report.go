// Package report prints what leaves a case for people to read: report.pdf, in
// volumes, and first-report.pdf, two pages for a first call or visit. It prints
// what an export.Shown holds and nothing else: what is covered there is nowhere
// in a report. Every sentence says what was counted or seen, in the third
// person; none says what it means.
//
// A report is a function of the Shown and of the bytes of its attachments: no
// clock, no network. Package export/bundle calls it. Nothing is kept.
package report

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"daybook"
	"daybook/export"
	"daybook/internal/pdf"
)

// perVolume is how many exhibits a volume of the report holds: more pages than
// that open slowly and are hard to handle.
const perVolume = 5000

// Media returns the bytes of an attachment of the bundle. It is asked for one
// at a time, and only for pictures.
type Media func(ctx context.Context, d daybook.Digest) ([]byte, error)

// Volumes returns how many volumes the report of s has, at least one.
func Volumes(s *export.Shown) int {
	return max(1, (len(s.Exhibits)+perVolume-1)/perVolume)
}

// Write writes one volume of the report, from 1 to Volumes(s). The first holds
// all but the chronology of the others. The same s gives the same bytes. An
// attachment that cannot be had or shown is said in its place; it is no error.
func Write(ctx context.Context, w io.Writer, s *export.Shown, volume int, media Media) error {
	if volume < 1 || volume > Volumes(s) {
		return fmt.Errorf("%w: there is no volume %d of %d", daybook.ErrInvalid, volume, Volumes(s))
	}
	r, err := newWriter(ctx, w, s, "Record of contacts")
	if err != nil {
		return err
	}
	r.volume, r.media = volume, media
	r.cover()
	if volume == 1 {
		r.shows()
		r.summary()
		r.reading()
	}
	if err := r.chronology(); err != nil {
		return err
	}
	if volume == 1 {
		r.handles()
		r.links()
		r.gaps()
		r.method()
		r.integrity()
	}
	if err := r.d.Close(); err != nil {
		return fmt.Errorf("write volume %d of the report: %w", volume, err)
	}
	return ctx.Err()
}

// A writer prints one document.
type writer struct {
	ctx    context.Context
	s      *export.Shown
	d      *pdf.Document
	p      *pattern
	zone   *time.Location
	volume int
	media  Media

	fromAdded []export.AddedFile // once asked for

	exhibits map[uint64]int // places in s.Exhibits, by number and by every entry
	known    map[string]int // places in s.Handles, by Handle.Ref
}

func newWriter(ctx context.Context, w io.Writer, s *export.Shown, title string) (*writer, error) {
	r := &writer{ctx: ctx, s: s, zone: s.Zone, exhibits: map[uint64]int{}, known: map[string]int{}}
	if r.zone == nil {
		r.zone = time.UTC
	}
	for i := range s.Exhibits {
		x := &s.Exhibits[i]
		for _, e := range x.Entries {
			r.exhibits[e.Index] = i
		}
		r.exhibits[x.Number] = i
	}
	for i, h := range s.Handles {
		r.known[h.Handle.Ref()] = i
	}
	var err error
	if r.p, err = newPattern(ctx, s, r.zone); err != nil {
		return nil, err
	}
	r.d = pdf.New(w, pdf.Options{
		Title: title, Language: "en-GB", Footer: r.foot(), Producer: "daybook " + s.Spec.Standing.Version,
	})
	return r, nil
}

// foot stands at the foot of each page, so that a printed page is a copy of size
// and root that somebody else holds.
func (w *writer) foot() string {
	return count(int64(w.s.Size), "entry") + " · root " + inFours(w.s.Root.String()[:16])
}

// no is an exhibit number as this bundle writes it.
func (w *writer) no(entry uint64) string { return w.mark() + strconv.FormatUint(entry, 10) }

// mark stands before exhibit numbers: "MR/".
func (w *writer) mark() string {
	if w.s.Spec.Mark == "" {
		return ""
	}
	return w.s.Spec.Mark + "/"
}

// by says who did something in the record: " by Wren"; "" if that is not known.
func (w *writer) by(a daybook.Actor) string {
	if a.Role == "" && a.ID == "" {
		return ""
	}
	return " by " + w.s.Who(a)
}

// actor returns who wrote an entry.
func (w *writer) actor(entry uint64) daybook.Actor {
	if e := w.entry(entry); e != nil {
		return e.Actor
	}
	return daybook.Actor{}
}

// entry returns the line of an entry, nil if there is none.
func (w *writer) entry(entry uint64) *export.EntryLine {
	at, found := slices.BinarySearchFunc(w.s.Entries, entry, func(e export.EntryLine, n uint64) int { return cmp.Compare(e.Index, n) })
	if !found {
		return nil
	}
	return &w.s.Entries[at]
}

// selection reports whether messages may be left out.
func (w *writer) selection() bool { return w.s.Spec.Kind == export.Selection }

// selected says how much of the period a selection holds; "" of everything.
func (w *writer) selected() string {
	if !w.selection() {
		return ""
	}
	return fmt.Sprintf("%d of %s of this period; %d left out", w.s.InPeriod-w.s.LeftOut, count(int64(w.s.InPeriod), "message"), w.s.LeftOut)
}
