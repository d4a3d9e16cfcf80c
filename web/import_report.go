package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"daybook"
	"daybook/cases"
)

// addedFacts says what was in a file, and what was not.
type addedFacts struct {
	Ref        string
	Title      string
	Event      daybook.ImportEvent
	Unfinished bool
	At         stamp
	Who        name
	Account    *name // nil for whoever sees counts alone
	Name       *name // of the file, likewise
	Size       string
	Digest     string
	Whole      bool
	Made       stamp
	From, To   stamp
	Report     *daybook.ImportReport
	NotRead    []notReadRow
	NotTaken   []notReadRow
	Gone       []goneRow
	MoreGone   int
	Media      int // present and missing
}

type notReadRow struct {
	Member name
	What   name
	Count  int
}

type goneRow struct {
	Ref    string
	Number uint64
}

// addedPage is the page import-report.html.
type addedPage struct {
	Case  string
	Owner bool
	They  string
	Facts addedFacts
}

// addedOf is what the log tells of the file that the path names.
func (r *request) addedOf() (ImportMade, error) {
	entry, err := r.entry("ref")
	if err != nil {
		return ImportMade{}, err
	}
	if r.s.Imports == nil {
		return ImportMade{}, daybook.ErrNotFound
	}
	return r.s.Imports.AddedAt(r.Context(), r.caseID, entry)
}

func (r *request) addedPage() error {
	made, err := r.addedOf()
	if err != nil {
		return err
	}
	facts, err := r.addedFacts(made)
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "import-report", "title.accounts", addedPage{Case: r.in(""), Owner: r.owner(), They: r.they(), Facts: facts})
}

func (r *request) addedFacts(m ImportMade) (f addedFacts, err error) {
	i := m.Import
	f = addedFacts{Title: i.Title(), Event: i.Event, Unfinished: m.Unfinished, At: r.when(m.At), Size: bytesText(i.Size), Digest: i.File.String(), Whole: m.Whole, Made: r.day(i.Made)}
	if f.Ref, err = r.ref(m.Entry); err != nil {
		return f, err
	}
	if f.Who, err = r.who(m.By); err != nil {
		return f, err
	}
	if r.can(cases.List) {
		file, account := nameOf(i.Name), handleName(m.Owner)
		f.Name, f.Account = &file, &account
	}
	if i.Report == nil {
		return f, nil
	}
	f.Report, f.From, f.To = i.Report, r.day(i.Report.From), r.day(i.Report.To)
	f.Media = i.Report.Media.Present + i.Report.Media.Missing
	f.NotRead, f.NotTaken = r.notReadRows(i.Report.NotRead), r.notReadRows(i.Report.NotTaken)
	if r.can(cases.List) {
		for _, e := range m.Gone {
			row := goneRow{Number: e}
			if row.Ref, err = r.ref(e); err != nil {
				return f, err
			}
			f.Gone = append(f.Gone, row)
		}
		f.MoreGone = max(0, i.Report.Gone-len(f.Gone))
	}
	return f, nil
}

// notReadRows names the parts of a file for whoever may see names.
func (r *request) notReadRows(list []daybook.NotRead) (rows []notReadRow) {
	for _, n := range list {
		row := notReadRow{What: nameOf(n.What), Count: n.Count}
		if r.can(cases.List) {
			row.Member = nameOf(n.Member)
		}
		rows = append(rows, row)
	}
	return rows
}

// An addedReport is the report as a file: counts and words of ours, and neither
// names nor anything that anybody wrote.
type addedReport struct {
	SHA256   string              `json:"sha256"`
	Bytes    int64               `json:"bytes"`
	Kind     string              `json:"kind"`
	Parser   string              `json:"parser"`
	Event    daybook.ImportEvent `json:"event"`
	At       time.Time           `json:"at"`
	Made     time.Time           `json:"made,omitzero"`
	Whole    bool                `json:"file_kept"`
	Excluded int                 `json:"senders_left_out"`
	*daybook.ImportReport
}

// nameless is a report without what files in the file are called, and places in
// them.
func nameless(r *daybook.ImportReport) *daybook.ImportReport {
	if r == nil {
		return nil
	}
	out := *r
	for _, list := range []*[]daybook.NotRead{&out.NotRead, &out.NotTaken} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i].Member, (*list)[i].Where = "", ""
		}
	}
	return &out
}

// saveAdded answers with the report as a file.
func (r *request) saveAdded() error {
	m, err := r.addedOf()
	if err != nil {
		return err
	}
	i := m.Import
	b, err := json.MarshalIndent(addedReport{
		SHA256: i.File.String(), Bytes: i.Size, Kind: i.Kind, Parser: i.Parser, Event: i.Event, At: m.At.UTC(), Made: i.Made, Whole: m.Whole,
		Excluded: i.Excluded, ImportReport: nameless(i.Report),
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	h := r.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="report.json"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	r.answered = true
	r.w.WriteHeader(http.StatusOK)
	_, err = r.w.Write(append(b, '\n'))
	return err
}

const addedShown = 20

// An addedRow is a file of before.
type addedRow struct {
	Ref        string
	Title      string
	At         stamp
	Who        name
	Event      daybook.ImportEvent
	Unfinished bool
	Messages   int
	New        int
}

// addedRows lists the files of before, and what the last of them held.
func (r *request) addedRows() (rows []addedRow, last *addedFacts, err error) {
	if r.s.Imports == nil {
		return nil, nil, nil
	}
	all, err := r.s.Imports.Added(r.Context(), r.caseID, addedShown)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range all {
		if last == nil && m.Import.Report != nil {
			f, err := r.addedFacts(m)
			if err != nil {
				return nil, nil, err
			}
			last = &f
		}
		row := addedRow{Title: m.Import.Title(), At: r.when(m.At), Event: m.Import.Event, Unfinished: m.Unfinished}
		if rep := m.Import.Report; rep != nil {
			row.Messages, row.New = rep.Messages, rep.New
		}
		if row.Who, err = r.who(m.By); err != nil {
			return nil, nil, err
		}
		if row.Ref, err = r.ref(m.Entry); err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
	}
	return rows, last, nil
}
