package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"daybook"
	"daybook/cases"
)

// Exclusions knows of whom nothing is stored. *store.DB does.
type Exclusions interface {
	// Excluded returns them by Handle.Ref.
	Excluded(ctx context.Context, c daybook.CaseID) (map[string]bool, error)
}

// choicePage is the part of import-job.html where somebody says what is kept of
// a file. It shows who and how many, and nothing that anybody wrote.
type choicePage struct {
	Title   string
	Account name // whose it is, as the file says
	New     bool // that account is none of the case yet
	Made    stamp
	Before  stamp // when the very same file was read in
	From    stamp
	To      stamp
	Count   int // of messages
	Threads []threadRow
	Rest    int // threads that are not listed by themselves
	RestOf  int // messages in them
	Out     []senderRow
	Mine    bool
	AllRest bool
	Wrong   map[string]string
	Not     []string // what such a file never holds
	Partial []string // why it is not all there
}

type threadRow struct {
	Name     string // in the form
	Key      string // of the catalogue: what it is
	CountKey string // and what is counted in it
	With     []name
	More     int // others who take part
	Messages int
	In, Out  int
	From, To stamp
	Chosen   bool
}

type senderRow struct {
	Name   string // in the form
	Who    name
	Never  bool // nothing of them is stored anyway
	Chosen bool
}

const (
	maxThreads = 300 // that are listed by themselves
	maxWith    = 5   // who are named of a thread
	maxLeftOut = 300
)

// knownSenders are the handles of the case by Ref, for their names: what is in a
// file are numbers.
func (r *request) knownSenders() (map[string]daybook.HandleSummary, error) {
	out := map[string]daybook.HandleSummary{}
	if !r.can(cases.List) {
		return out, nil
	}
	all, err := r.s.Store.Handles(r.Context(), r.caseID)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		out[h.Handle.Ref()] = h
	}
	return out, nil
}

func (r *request) choicePage(j ImportJob) (choicePage, error) {
	f := j.Found
	known, err := r.knownSenders()
	if err != nil {
		return choicePage{}, err
	}
	called := func(h daybook.Handle) name {
		if k, ok := known[h.Ref()]; ok && len(h.Names) == 0 {
			h = k.Handle
		}
		return handleName(h)
	}
	p := choicePage{Title: f.Title, Account: called(f.Owner), New: !f.Known, Made: r.day(f.Made), Before: r.when(f.Before), From: r.day(f.From), To: r.day(f.To), Count: f.Messages,
		Wrong: map[string]string{}, AllRest: true, Not: f.Report.Never, Partial: f.Report.Incomplete}
	for i, t := range f.Threads {
		if i >= maxThreads {
			p.Rest++
			p.RestOf += t.Messages
			continue
		}
		row := threadRow{Name: strconv.Itoa(i), Key: "import.thread.other", CountKey: "import.thread.n", Messages: t.Messages, In: t.In, Out: t.Out, From: r.day(t.From), To: r.day(t.To), Chosen: t.Usual}
		if slices.Contains([]string{"direct", "group", "posts", "logins", "blocked"}, t.Kind) {
			row.Key = "import.thread." + t.Kind
		}
		switch t.Kind {
		case "logins", "blocked":
			row.CountKey, row.In, row.Out = "import.thread.n.entries", 0, 0
		case "posts":
			row.In, row.Out = 0, 0
		}
		for _, h := range t.With {
			if len(row.With) == maxWith {
				row.More = len(t.With) - maxWith
				break
			}
			row.With = append(row.With, called(h))
		}
		p.Threads = append(p.Threads, row)
	}
	never, err := r.s.Store.Excluded(r.Context(), r.caseID)
	if err != nil {
		return p, err
	}
	for i, h := range sendersOf(f) {
		p.Out = append(p.Out, senderRow{Name: strconv.Itoa(i), Who: called(h), Never: never[h.Ref()]})
	}
	return p, nil
}

// sendersOf are those who take part in the threads of a file, in their order, each
// once.
func sendersOf(f *ImportFound) (out []daybook.Handle) {
	seen := map[string]bool{}
	for _, t := range f.Threads {
		for _, h := range t.With {
			if len(out) == maxLeftOut {
				return out
			}
			if !seen[h.Ref()] {
				seen[h.Ref()] = true
				out = append(out, h)
			}
		}
	}
	return out
}

// chooseImport reads the form and begins to read the file in.
func (r *request) chooseImport() error {
	j, err := r.importJob()
	if err != nil {
		return err
	}
	if j.State != ImportChoosing {
		return r.to(r.in("adding/" + j.ID))
	}
	page, err := r.choicePage(j)
	if err != nil {
		return err
	}
	choice := r.readThreads(&page, j.Found)
	if len(page.Wrong) > 0 {
		return r.showImport(http.StatusUnprocessableEntity, 0, &page)
	}
	err = r.s.Imports.Choose(r.Context(), r.actor, r.caseID, j.ID, choice)
	if errors.Is(err, daybook.ErrNotFound) { // meanwhile it was removed
		return r.to(r.in("adding/" + j.ID))
	}
	if err != nil {
		return err
	}
	return r.to(r.in("adding/" + j.ID))
}

func (r *request) readThreads(p *choicePage, f *ImportFound) (choice ImportChoice) {
	r.form("") // reads the form
	p.Mine, p.AllRest = r.form("mine") != "", r.form("rest") != ""
	if p.New && !p.Mine {
		p.Wrong["mine"] = "import.mine.missing"
	}
	usual := true
	for i := range p.Threads {
		row := &p.Threads[i]
		row.Chosen = slices.Contains(r.PostForm["thread"], row.Name)
		usual = usual && row.Chosen == f.Threads[i].Usual
		if row.Chosen {
			choice.Threads = append(choice.Threads, f.Threads[i].ID)
		}
	}
	for _, t := range f.Threads[len(p.Threads):] {
		usual = usual && (p.AllRest || !t.Usual)
		if p.AllRest && t.Usual {
			choice.Threads = append(choice.Threads, t.ID)
		}
	}
	if len(choice.Threads) == 0 {
		p.Wrong["thread"] = "import.thread.missing"
	}
	if usual {
		choice.Threads = nil
	}
	senders := sendersOf(f)
	for i := range p.Out {
		row := &p.Out[i]
		row.Chosen = slices.Contains(r.PostForm["out"], row.Name)
		if row.Chosen {
			choice.Exclude = append(choice.Exclude, senders[i])
		}
	}
	return choice
}
