package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
)

func (s *Server) eraseRoutes() []route {
	const (
		look   = "the page writes that the plan was looked at"
		form   = "asks once more; it shows nothing of the record"
		writes = "cases writes the entry, with what is asked for"
	)
	return []route{
		{method: http.MethodGet, path: "/c/{case}/erase", who: inCase, action: cases.Erase, why: look, handle: (*request).erasePlan},
		{method: http.MethodGet, path: "/c/{case}/erase/confirm", who: inCase, action: cases.Erase, why: form, strong: true, settled: true, handle: (*request).eraseForm},
		{method: http.MethodPost, path: "/c/{case}/erase/confirm", who: inCase, action: cases.Erase, why: writes, strong: true, settled: true, handle: (*request).erase},
		{method: http.MethodGet, path: "/c/{case}/e/{ref}/erase", who: inCase, action: cases.Erase, why: look, handle: (*request).erasePlan},
		{method: http.MethodGet, path: "/c/{case}/e/{ref}/erase/confirm", who: inCase, action: cases.Erase, why: form, strong: true, settled: true, handle: (*request).eraseForm},
		{method: http.MethodPost, path: "/c/{case}/e/{ref}/erase/confirm", who: inCase, action: cases.Erase, why: writes, strong: true, settled: true, handle: (*request).erase},
		{method: http.MethodPost, path: "/c/{case}/erasures/{erasure}/cancel", who: inCase, action: cases.CancelErase, why: "cases writes it", handle: (*request).cancelErasure},
	}
}

// erasing is what the path asks to be erased: a message, or nothing for the
// whole case.
func (r *request) erasing() (entries []uint64, ref string, err error) {
	if r.PathValue("ref") == "" {
		return nil, "", nil
	}
	m, err := r.message("ref")
	if err != nil {
		return nil, "", err
	}
	ref, err = r.messageRef(&m)
	return m.Captures, ref, err
}

// erasePage is the pages erase.html and erase-confirm.html.
type erasePage struct {
	Case     string
	Here     string // address of these pages
	Back     string
	Whole    bool
	Plan     cases.ErasurePlan
	Lines    int // of the record whose content goes
	Files    int // of these: with a whole file
	Entry    uint64
	Now      bool // nothing is waited for
	Due      stamp
	Complete stamp
	Quoted   []quotedRow
	More     int // that are not listed
	Kept     int
	Reason   string
	Errors   map[string]string // field → key
}

type quotedRow struct {
	Entry uint64
	Ref   string
}

const maxQuoted = 20

func (r *request) newErasePage() (p erasePage, entries []uint64, err error) {
	entries, ref, err := r.erasing()
	if err != nil {
		return p, nil, err
	}
	p = erasePage{Case: r.in(""), Here: r.in("erase"), Back: r.in("archive"), Whole: entries == nil, Errors: map[string]string{}}
	if !p.Whole {
		p.Here, p.Back, p.Entry = r.in("e/"+ref+"/erase"), r.in("e/"+ref), entries[0]
	}
	return p, entries, nil
}

// erasePlan shows what would be destroyed, and what would stay.
func (r *request) erasePlan() error {
	p, entries, err := r.newErasePage()
	if err != nil {
		return err
	}
	detail := "looked at what erasing this message would destroy"
	if p.Whole {
		detail = "looked at what erasing the whole record would destroy"
	}
	if err := r.look(cases.List, daybook.Access{Detail: detail, Entries: entries}); err != nil {
		return err
	}
	if p.Plan, err = r.s.Cases.PlanErasure(r.Context(), r.actor, r.caseID, entries); err != nil {
		return err
	}
	p.Lines, p.Kept, p.Files = len(p.Plan.Entries), len(p.Plan.Kept), len(p.Plan.Files)
	p.Now, p.Due, p.Complete = !p.Plan.Due.After(r.now()), r.when(p.Plan.Due), r.day(p.Plan.Complete)
	for i, n := range p.Plan.Quoted {
		if i == maxQuoted {
			p.More = len(p.Plan.Quoted) - i
			break
		}
		ref, err := r.ref(n)
		if err != nil {
			return err
		}
		p.Quoted = append(p.Quoted, quotedRow{n, ref})
	}
	return r.render(http.StatusOK, "erase", "title.archive", p)
}

func (r *request) eraseForm() error {
	p, _, err := r.newErasePage()
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "erase-confirm", "title.archive", p)
}

// erase asks for it. Its fields: reason, and for the whole case sure.
func (r *request) erase() error {
	p, entries, err := r.newErasePage()
	if err != nil {
		return err
	}
	p.Reason = r.form("reason")
	if !utf8.ValidString(p.Reason) || utf8.RuneCountInString(p.Reason) > maxWhyHeld {
		p.Errors["reason"] = "erase.wrong.reason"
	}
	if p.Whole && r.form("sure") == "" {
		p.Errors["sure"] = "erase.wrong.sure"
	}
	if len(p.Errors) > 0 {
		return r.render(http.StatusUnprocessableEntity, "erase-confirm", "title.archive", p)
	}
	usual, err := r.s.words.plain("erase.reason.usual")
	if err != nil {
		return err
	}
	e, err := r.s.Cases.AskErasure(r.Context(), r.actor, r.caseID, entries, cmp.Or(p.Reason, usual))
	if err != nil {
		return err
	}
	if e.Due.After(r.now()) {
		r.tellOnce("", "erase.said", r.when(e.Due).Text)
	} else {
		r.tellOnce("", "erase.said.now")
	}
	return r.done(r.in("archive"))
}

func (r *request) cancelErasure() error {
	err := r.s.Cases.CancelErasure(r.Context(), r.actor, r.caseID, r.PathValue("erasure"))
	switch {
	case errors.Is(err, daybook.ErrInvalid): // it was too late, or somebody was faster
		r.tellOnce("care", "erase.said.late")
		return r.to(r.in("archive"))
	case err != nil:
		return err
	}
	r.tellOnce("good", "erase.said.cancelled")
	return r.done(r.in("archive"))
}

// An erasureRow is one that was asked for.
type erasureRow struct {
	ID       string
	State    cases.ErasureState
	Whole    bool
	Messages int
	Asked    stamp
	Due      stamp
	Done     stamp
	Who      name
	Reason   name // for whoever may cancel it
	Cancel   bool
}

const erasuresShown = 20

// erasures lists what was asked for, the newest first.
func (r *request) erasures() ([]erasureRow, error) {
	all, err := r.s.Cases.Erasures(r.Context(), r.caseID)
	if err != nil {
		return nil, err
	}
	var rows []erasureRow
	for _, e := range all[:min(len(all), erasuresShown)] {
		row := erasureRow{
			ID: e.ID, State: e.State, Whole: e.Whole, Messages: e.Messages, Asked: r.when(e.Asked), Due: r.when(e.Due), Done: r.when(e.Done),
			Cancel: e.State == cases.ErasureWaiting && r.can(cases.CancelErase),
		}
		if row.Who, err = r.who(e.By); err != nil {
			return nil, err
		}
		if r.can(cases.CancelErase) {
			row.Reason = nameOf(e.Reason)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// erasureNotices tells an adviser, on every page of the case, that an erasure
// waits: somebody may have been made to ask for it.
func (r *request) erasureNotices() ([]notice, error) {
	if r.owner() {
		return nil, nil
	}
	all, err := r.s.Cases.Erasures(r.Context(), r.caseID)
	if err != nil {
		return nil, err
	}
	waiting := slices.DeleteFunc(all, func(e cases.Erasure) bool { return e.State != cases.ErasureWaiting })
	if len(waiting) == 0 {
		return nil, nil
	}
	first := slices.MinFunc(waiting, func(a, b cases.Erasure) int { return a.Due.Compare(b.Due) })
	n := 0
	for _, e := range waiting {
		if e.Whole {
			return []notice{{Class: "care", Key: "erase.waits.whole", Args: []any{r.when(first.Due).Text}}}, nil
		}
		n += e.Messages
	}
	return []notice{{Class: "care", Key: "erase.waits", Args: []any{n, r.when(first.Due).Text}}}, nil
}
