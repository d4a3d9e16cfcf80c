package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/export"
	"daybook/signin"
)

func (s *Server) bundleRoutes() []route {
	const own = "whoever makes bundles writes the entry, before anything is read"
	return []route{
		{method: http.MethodGet, path: "/c/{case}/archive/make/{view}", who: inCase, action: cases.Export, why: "asks once more; it shows nothing of the record", strong: true, settled: true, handle: (*request).makePage},
		{method: http.MethodPost, path: "/c/{case}/archive/make/{view}", who: inCase, action: cases.Export, why: own, strong: true, settled: true, handle: (*request).makeBundle},
		{method: http.MethodGet, path: "/c/{case}/archive/bundle/{bundle}", who: inCase, action: cases.Export, why: "waits for the bundle that was begun, and shows nothing of it", handle: (*request).bundlePage},
		{method: http.MethodGet, path: "/c/{case}/archive/bundle/{bundle}/still", who: inCase, action: cases.Export, why: "the same page, which stays as it is until it is asked again", handle: (*request).bundleStill},
		{method: http.MethodPost, path: "/c/{case}/archive/bundle/{bundle}/save", who: inCase, action: cases.Export, why: "written before the first byte goes out", handle: (*request).saveBundle},
		{method: http.MethodPost, path: "/c/{case}/archive/bundle/{bundle}/drop", who: inCase, action: cases.Export, why: "ends what was begun; the log tells of bundles that are whole", handle: (*request).dropBundle},
		{method: http.MethodPost, path: "/c/{case}/archive/again/{ref}", who: inCase, action: cases.Export, why: "keeps what was asked for then; the page that shows it writes the entry", handle: (*request).orderAgain},
	}
}

const madeShown = 20

// A jobRow is a bundle that is being made, or waits to be saved.
type jobRow struct {
	ID    string
	State BundleState
	Began stamp
	Who   name
	Mine  bool
}

// A madeRow is a bundle of before.
type madeRow struct {
	Ref      string
	At       stamp
	Who      name
	Complete bool
	Messages int
	LeftOut  int
	Lines    uint64
	For      name
	Check    string
	Again    bool
}

// handsOver reports whether the page offers to make bundles.
func (r *request) handsOver() bool {
	return r.can(cases.Export) && r.can(cases.List) && r.s.Log.Refused()[r.caseID] == nil
}

// handOver fills in the part of the page that makes bundles, for whoever may.
func (r *request) handOver(page *archivePage, form *orderForm, wrong map[string]string) (err error) {
	if !r.handsOver() {
		return nil
	}
	if form == nil {
		f := r.newOrderForm()
		form = &f
	}
	if page.Order, err = r.orderPart(*form, wrong); err != nil || page.Order.None {
		return err
	}
	for _, j := range r.s.Bundles.Making(r.caseID) {
		if j.State != BundleMaking && (j.State != BundleReady || j.By.ID != r.actor.ID) {
			continue
		}
		who, err := r.who(j.By)
		if err != nil {
			return err
		}
		page.Making = append(page.Making, jobRow{j.ID, j.State, r.when(j.Began), who, j.By.ID == r.actor.ID})
	}
	made, err := r.s.Bundles.Made(r.Context(), r.caseID, madeShown)
	if err != nil {
		return err
	}
	for _, m := range made {
		row := madeRow{
			At: r.when(m.At), Complete: m.Complete, Messages: m.Messages, LeftOut: m.LeftOut, Lines: m.Lines,
			For: nameOf(m.For), Check: checkNumber(m.Check), Again: m.Again,
		}
		if row.Who, err = r.who(m.By); err != nil {
			return err
		}
		if row.Ref, err = r.ref(m.Entry); err != nil {
			return err
		}
		page.Earlier = append(page.Earlier, row)
	}
	return nil
}

// orderAgain keeps the order of a bundle of before and goes to what it comes to.
func (r *request) orderAgain() error {
	entry, err := r.entry("ref")
	if err != nil {
		return err
	}
	if r.s.Bundles == nil {
		return daybook.ErrNotFound
	}
	o, err := r.s.Bundles.Again(r.Context(), r.caseID, entry)
	if err != nil {
		return err
	}
	o.Session = r.session.ID
	return r.to(r.in("archive/look/" + r.keep(ordered{r.newOrderForm(), o})))
}

// makePage is the page evidence-make.html.
type makePage struct {
	Case      string
	View      string
	Complete  bool
	For       string
	Receivers int
	Again     *againOf
}

func (r *request) makePage() error {
	k, ok := kept[ordered](r, r.PathValue("view"))
	if !ok {
		return r.to(r.in("archive"))
	}
	o := k.Order
	return r.render(http.StatusOK, "evidence-make", "title.archive", makePage{
		Case: r.in(""), View: r.PathValue("view"), Complete: o.Spec.Kind == export.Complete, For: o.Spec.For, Receivers: len(o.Receivers), Again: r.againOf(o),
	})
}

func (r *request) makeBundle() error {
	k, ok := kept[ordered](r, r.PathValue("view"))
	if !ok || r.s.Bundles == nil {
		return r.to(r.in("archive"))
	}
	id, err := r.s.Bundles.Start(r.Context(), r.actor, r.caseID, k.Order)
	if errors.Is(err, ErrBundleBusy) {
		r.tellOnce("care", "evidence.busy")
		return r.to(r.in("archive"))
	}
	if err != nil {
		return fmt.Errorf("begin a bundle: %w", err)
	}
	return r.to(r.in("archive/bundle/" + id))
}

// job finds the bundle that the path names. It is whoever's who made it, and in
// another session they are asked who is there first.
func (r *request) job() (BundleJob, error) {
	if r.s.Bundles == nil {
		return BundleJob{}, daybook.ErrNotFound
	}
	all := r.s.Bundles.Making(r.caseID)
	i := slices.IndexFunc(all, func(j BundleJob) bool { return j.ID == r.PathValue("bundle") && j.By.ID == r.actor.ID })
	if i < 0 {
		return BundleJob{}, daybook.ErrNotFound
	}
	if all[i].Session != r.session.ID && !r.session.Fresh(r.s.Clock()) {
		return BundleJob{}, signin.ErrStrong
	}
	return all[i], nil
}

// bundlePage is the page evidence-bundle.html.
type bundlePage struct {
	Case   string
	Job    BundleJob
	Began  stamp
	Until  stamp
	Size   string
	Check  string
	Whole  string // the check number, all of it
	Again  *againOf
	Same   bool // as the bundle that was made again
	Reason string
	Still  bool // it does not ask again by itself
}

// bundleEvery is how often the page asks again, in seconds.
const bundleEvery = 2

func (r *request) bundlePage() error { return r.showBundle(bundleEvery) }

// bundleStill is bundlePage for whom a page that changes by itself is in the way.
func (r *request) bundleStill() error { return r.showBundle(0) }

func (r *request) showBundle(every int) error {
	j, err := r.job()
	if err != nil {
		return err
	}
	page := bundlePage{Case: r.in(""), Job: j, Began: r.clock(j.Began), Until: r.clock(j.Until), Still: every == 0}
	switch j.State {
	case BundleMaking:
		return r.renderAgain(http.StatusOK, every, "evidence-bundle", "title.archive", page)
	case BundleReady, BundleSaved:
		page.Size, page.Check, page.Whole = bytesText(j.Bytes), checkNumber(j.Check), j.Check.String()
		if !j.BeforeAt.IsZero() {
			page.Again = &againOf{r.when(j.BeforeAt), checkNumber(j.Before)}
			page.Same = j.Before == j.Check
		}
	case BundleFailed:
		page.Reason = "evidence.failed"
		if errors.Is(j.Err, daybook.ErrInvalid) {
			page.Reason = "evidence.failed.invalid"
		}
	}
	return r.render(http.StatusOK, "evidence-bundle", "title.archive", page)
}

// saveBundle answers with the file, and removes it once all of it went out. Its
// name says nothing.
func (r *request) saveBundle() error {
	j, err := r.job()
	if err != nil {
		return err
	}
	from, err := r.s.Bundles.Open(r.caseID, j.ID)
	if errors.Is(err, daybook.ErrNotFound) {
		return r.to(r.in("archive/bundle/" + j.ID))
	}
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // only read from
	if err := r.look(cases.Export, daybook.Access{Detail: "saved the file of bundle " + checkNumber(j.Check)}); err != nil {
		return err
	}
	h := r.w.Header()
	file := "archive-" + strconv.FormatUint(j.Lines, 10) + ".zip"
	if j.Receivers > 0 {
		file += ".age"
	}
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Length", strconv.FormatInt(j.Bytes, 10))
	r.answered = true
	r.w.WriteHeader(http.StatusOK)
	if err := r.pour(from); err != nil {
		return fmt.Errorf("save a bundle: %w", err)
	}
	return r.s.Bundles.Saved(r.caseID, j.ID)
}

// pourTime is how long one piece of a file may take to go out: a slow line is
// not cut off as long as it moves.
const (
	pourTime = 2 * time.Minute
	pourSize = 256 << 10
)

func (r *request) pour(from io.Reader) error {
	out := http.NewResponseController(r.w)
	for {
		if err := out.SetWriteDeadline(time.Now().Add(pourTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := io.CopyN(r.w, from, pourSize); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (r *request) dropBundle() error {
	j, err := r.job()
	if err != nil {
		return err
	}
	if err := r.s.Bundles.Drop(r.caseID, j.ID); err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return err
	}
	key := "evidence.removed"
	if j.State == BundleMaking {
		key = "evidence.ended"
	}
	r.tellOnce("", key)
	return r.to(r.in("archive"))
}
