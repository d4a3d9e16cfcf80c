package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
)

func (s *Server) importRoutes() []route {
	const (
		nothing = "nothing of the file is in the record yet"
		writes  = "whoever reads the file in writes what is kept, and that it was read"
	)
	return []route{
		{method: http.MethodGet, path: "/c/{case}/accounts/add", who: inCase, action: cases.Import, why: "shows a form; nothing of the record", handle: (*request).addPage},
		{method: http.MethodPost, path: "/c/{case}/accounts/add", who: inCase, action: cases.Import, why: nothing, body: MaxImport + maxForm, handle: (*request).addFile},
		{method: http.MethodGet, path: "/c/{case}/adding/{file}", who: inCase, action: cases.Import, why: nothing, handle: (*request).importPage},
		{method: http.MethodGet, path: "/c/{case}/adding/{file}/still", who: inCase, action: cases.Import, why: nothing, handle: (*request).importStill},
		{method: http.MethodPost, path: "/c/{case}/adding/{file}/choose", who: inCase, action: cases.Import, why: writes, handle: (*request).chooseImport},
		{method: http.MethodPost, path: "/c/{case}/adding/{file}/drop", who: inCase, action: cases.Import, why: writes, handle: (*request).dropImport},
		{method: http.MethodGet, path: "/c/{case}/added/{ref}", who: inCase, action: cases.Counts, entry: "looked at what was in a file that was added", handle: (*request).addedPage},
		{method: http.MethodGet, path: "/c/{case}/added/{ref}/report", who: inCase, action: cases.Counts, entry: "saved the report on a file that was added", handle: (*request).saveAdded},
	}
}

// addPage is the page import-add.html.
type addPage struct {
	Case  string
	Owner bool
	They  string // suffix of keys
	Going *importRow
	Wrong string // key of the catalogue
}

func (r *request) addPage() error {
	if r.s.Imports == nil {
		return daybook.ErrNotFound
	}
	return r.showAdd(http.StatusOK, "")
}

func (r *request) showAdd(status int, wrong string) error {
	p := addPage{Case: r.in(""), Owner: r.owner(), They: r.they(), Wrong: wrong}
	rows, err := r.importRows()
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Going {
			p.Going = &rows[i]
		}
	}
	return r.render(status, "import-add", "title.accounts", p)
}

// addFile takes a file as it comes in: its bytes go through this function and
// lie nowhere until they are sealed. The form is not parsed as forms usually are,
// because what is large would then be put into a temporary file.
func (r *request) addFile() error {
	if r.s.Imports == nil {
		return daybook.ErrNotFound
	}
	part, err := r.filePart()
	if err != nil {
		return err
	}
	if part == nil {
		return r.showAdd(http.StatusUnprocessableEntity, "import.add.missing")
	}
	body := &moving{r: r, from: part}
	id, err := r.s.Imports.Take(r.Context(), r.actor, r.caseID, fileName(part), body)
	if merr := body.move(); merr != nil { // the answer has its own time
		return merr
	}
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return r.to(r.in("adding/" + id))
	case errors.Is(err, ErrImportBusy):
		return r.showAdd(http.StatusConflict, "import.add.busy")
	case errors.Is(err, ErrImportLarge), errors.As(err, &large):
		return r.showAdd(http.StatusRequestEntityTooLarge, "import.add.large")
	case errors.Is(err, daybook.ErrInvalid): // empty
		return r.showAdd(http.StatusUnprocessableEntity, "import.add.missing")
	case body.failed:
		// The browser went away, or its line did: there is nobody to answer.
		return r.showAdd(http.StatusBadRequest, "import.add.broken")
	}
	return fmt.Errorf("take a file: %w", err)
}

// filePart finds the file in the form; nil if there is none.
func (r *request) filePart() (*multipart.Part, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // not such a form: no file was sent
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, nil //nolint:nilerr,nilnil // its end, or cut off before a file
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
}

// maxFileName bounds the name of a file, in bytes.
const maxFileName = 255

// fileName is how the person's device calls the file, without its folder.
func fileName(p *multipart.Part) string {
	name := strings.ToValidUTF8(p.FileName(), "\uFFFD")
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if len(name) > maxFileName {
		name = name[:maxFileName]
		for !utf8.ValidString(name) {
			name = name[:len(name)-1]
		}
	}
	if name == "." || name == "/" {
		return ""
	}
	return name
}

// moving reads a body for as long as something comes: a slow line is not cut off,
// and one that stands still is.
type moving struct {
	r      *request
	from   io.Reader
	failed bool
	read   int64
	next   int64
}

// Read implements io.Reader.
func (m *moving) Read(b []byte) (int, error) {
	if m.read >= m.next {
		m.next = m.read + pourSize
		if err := m.move(); err != nil {
			return 0, err
		}
	}
	n, err := m.from.Read(b)
	m.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		m.failed = true
	}
	return n, err
}

// move gives the next piece its time, and the answer after it.
func (m *moving) move() error {
	c := http.NewResponseController(m.r.w)
	until := time.Now().Add(pourTime)
	for _, err := range []error{c.SetReadDeadline(until), c.SetWriteDeadline(until.Add(pourTime))} {
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	return nil
}

// importJob finds the file that the path names. It is whoever's who added it, and
// the person's whom the case is about.
func (r *request) importJob() (ImportJob, error) {
	if r.s.Imports == nil {
		return ImportJob{}, daybook.ErrNotFound
	}
	for _, j := range r.s.Imports.Adding(r.caseID) {
		if j.ID == r.PathValue("file") && (j.By.ID == r.actor.ID || r.owner()) {
			return j, nil
		}
	}
	return ImportJob{}, daybook.ErrNotFound
}

// importJobPage is the page import-job.html.
type importJobPage struct {
	Case    string
	Owner   bool
	They    string
	Job     ImportJob
	Name    name
	Size    string
	Began   stamp
	Until   stamp
	Still   bool // it does not ask again by itself
	Percent int
	Minutes int // that are left; 0: not known
	What    name
	Hint    name
	Choice  *choicePage
	Done    *addedFacts
	Ref     string // of Done
}

const (
	importEvery = 2   // seconds after which the page asks again
	maxRefusal  = 600 // characters of why a file was refused
)

func (r *request) importPage() error { return r.showImport(http.StatusOK, importEvery, nil) }

// importStill is importPage for whom a page that changes by itself is in the way.
func (r *request) importStill() error { return r.showImport(http.StatusOK, 0, nil) }

func (r *request) showImport(status, every int, choice *choicePage) error {
	j, err := r.importJob()
	p := importJobPage{Case: r.in(""), Owner: r.owner(), They: r.they(), Job: j, Name: nameOf(j.Name), Size: bytesText(j.Size), Began: r.clock(j.Began), Until: r.clock(j.Until),
		Still: every == 0, What: safe(j.What, maxRefusal, true), Hint: safe(j.Hint, maxRefusal, true)}
	if errors.Is(err, daybook.ErrNotFound) {
		return r.render(http.StatusNotFound, "import-job", "title.accounts", p)
	}
	if err != nil {
		return err
	}
	switch j.State {
	case ImportComing, ImportLooking, ImportReading:
		if j.Total > 0 {
			p.Percent = int(min(100, 100*j.Done/j.Total))
		}
		p.Minutes = minutesLeft(r.now().Sub(j.Since), j.Done, j.Total)
		return r.renderAgain(status, every, "import-job", "title.accounts", p)
	case ImportChoosing:
		if choice == nil {
			c, err := r.choicePage(j)
			if err != nil {
				return err
			}
			choice = &c
		}
		p.Choice = choice
	case ImportDone:
		made, err := r.s.Imports.AddedAt(r.Context(), r.caseID, j.Entry)
		if err != nil {
			return err
		}
		facts, err := r.addedFacts(made)
		if err != nil {
			return err
		}
		p.Done, p.Ref = &facts, facts.Ref
	}
	return r.render(status, "import-job", "title.accounts", p)
}

// minutesLeft is how many minutes something takes that has been going for a
// while, rounded up; 0 if it is too early to say.
func minutesLeft(gone time.Duration, done, total int64) int {
	if total <= 0 || done*20 < total || done >= total || gone < 5*time.Second {
		return 0
	}
	left := time.Duration(float64(gone) * float64(total-done) / float64(done))
	return int((left + time.Minute - 1) / time.Minute)
}

func (r *request) dropImport() error {
	j, err := r.importJob()
	if err != nil {
		return err
	}
	if err := r.s.Imports.Drop(r.caseID, j.ID); err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return err
	}
	switch j.State {
	case ImportReading:
		r.tellOnce("", "import.said.stopped")
		return r.to(r.in("adding/" + j.ID))
	case ImportLooking, ImportChoosing, ImportComing:
		r.tellOnce("", "import.said.dropped")
	}
	return r.to(r.in("accounts"))
}

// An importRow is a file that is being read, waits, or came to nothing.
type importRow struct {
	ID      string
	State   ImportState
	Counts  bool   // Done and Total are messages
	Title   string // of what it is; "" before that is known
	Began   stamp
	Until   stamp
	Who     *name // who added it, if somebody else did
	Mine    bool  // the actor may look at it and end it
	Going   bool  // no other can be added before it is done
	Done    int64
	Total   int64
	Minutes int
}

// importRows lists the files of the case that are not in the record yet.
func (r *request) importRows() (rows []importRow, err error) {
	if r.s.Imports == nil || !r.can(cases.Import) {
		return nil, nil
	}
	for _, j := range r.s.Imports.Adding(r.caseID) {
		row := importRow{ID: j.ID, State: j.State, Began: r.when(j.Began), Until: r.clock(j.Until), Mine: j.By.ID == r.actor.ID || r.owner(), Done: j.Done, Total: j.Total}
		row.Counts = j.State == ImportReading && j.Stage == "items" && j.Total > 0
		row.Minutes = minutesLeft(r.now().Sub(j.Since), j.Done, j.Total)
		switch j.State {
		case ImportComing, ImportLooking, ImportChoosing, ImportReading:
			row.Going = true
		case ImportDone:
			continue // it is among those of before
		}
		if j.Found != nil {
			row.Title = j.Found.Title
		}
		if j.By.ID != r.actor.ID {
			who, err := r.who(j.By)
			if err != nil {
				return nil, err
			}
			row.Who = &who
		}
		rows = append(rows, row)
	}
	return rows, nil
}
