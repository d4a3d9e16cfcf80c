package export

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
)

// An AddedFile is one file that a person handed in, as the entries tell of it:
// an import that was begun, and how it ended.
type AddedFile struct {
	Number int // from 1, in the order of the log
	daybook.Import
	Begun, Ended    uint64 // entries; 0 if there is none, or if its content is gone
	BegunAt         time.Time
	EndedAt         time.Time
	BegunBy         daybook.Actor
	Whole, InBundle bool // the untouched file is kept; it is in this bundle
}

// AddedFiles are the files that messages of s were read from; in a complete
// bundle all that were added, also those that nothing was read from.
func (s *Shown) AddedFiles() (out []AddedFile) {
	at := map[string]int{}
	for i := range s.Entries {
		e := &s.Entries[i]
		if e.Import == nil {
			continue
		}
		n, known := at[e.Import.ID]
		if !known {
			n = len(out)
			at[e.Import.ID] = n
			out = append(out, AddedFile{Number: n + 1, Import: *e.Import})
		}
		f := &out[n]
		if e.Import.Event == daybook.ImportBegun {
			f.Begun, f.BegunAt, f.BegunBy, f.Whole = e.Index, e.Logged, e.Actor, len(e.Import.Parts) > 0
			f.InBundle = f.Whole && s.Spec.Files && s.Holds(e.Index)
			continue
		}
		f.Ended, f.EndedAt, f.Event, f.Report = e.Index, e.Logged, e.Import.Event, e.Import.Report
	}
	return out
}

// filesOf returns the files that what is in a selection was read from.
func (s *Shown) filesOf(v *View) map[daybook.Digest]bool {
	files := map[daybook.Digest]bool{}
	for i := range v.Entries {
		if e := &v.Entries[i]; !e.File.IsZero() && s.Holds(e.Index) {
			files[e.File] = true
		}
	}
	return files
}

// bareImport is an import without what tells of messages that may not be in a
// selection: names of members and threads, places of what was not read.
func bareImport(i *daybook.Import) *daybook.Import {
	n := *i
	n.Members, n.Threads, n.Held = nil, nil, nil
	if n.Report != nil {
		r := *n.Report
		r.NotRead, r.NotTaken = slices.Clone(r.NotRead), slices.Clone(r.NotTaken)
		for k := range r.NotRead {
			r.NotRead[k].Where = ""
		}
		for k := range r.NotTaken {
			r.NotTaken[k].Where = ""
		}
		n.Report = &r
	}
	return &n
}

// ImportWords says what an entry of kind import tells. The name of the file is as
// FileName shows it.
func ImportWords(i *daybook.Import) string {
	what := "the file “" + FileName(i.Name) + "” (" + FileName(i.Title()) + ", " + strconv.FormatInt(i.Size, 10) + " bytes, SHA-256 " + i.File.String() + ")"
	switch i.Event {
	case daybook.ImportBegun:
		kept := "; the file itself is kept"
		if len(i.Parts) == 0 {
			kept = "; of the file itself, what was chosen is kept"
		}
		return "began to read in " + what + kept
	case daybook.ImportDone:
		what = "read in " + what
	case daybook.ImportStopped:
		what = "stopped reading in " + what
	default:
		what = "told of " + what
	}
	if r := i.Report; r != nil {
		what += fmt.Sprintf(": %d %s, of which %d had not been here", r.Messages, pick(r.Messages, "message", "messages"), r.New)
	}
	return what
}

// mostFileName is how much of a file's name is shown, in characters.
const mostFileName = 100

// FileName is the name of a file that somebody else chose, as it can be shown: on
// one line, without characters that cannot be seen or turn a text around, and
// not too long.
func FileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, s)
	if n := utf8.RuneCountInString(s); n > mostFileName {
		return string([]rune(s)[:mostFileName]) + "…"
	}
	return s
}

// KeptBackWhy is why messages are kept back.
const KeptBackWhy = "the terms of the platform keep what its interface gave from public bodies, and this bundle was made by somebody who works for one; what the person added as a file is in it"

// filesInWords says whether the files that were added are in the bundle, and what
// that means.
func (s *Shown) filesInWords() []string {
	whole, in := 0, 0
	for _, f := range s.AddedFiles() {
		whole += bit(f.Whole)
		in += bit(f.InBundle)
	}
	switch {
	case in > 0:
		return []string{fmt.Sprintf("%d %s that %s added %s in the bundle as %s: also with what the program did not read, such as the person's mail address, phone number and log-ins.",
			in, pick(in, "file", "files"), pick(in, "was", "were"), pick(in, "lies", "lie"), pick(in, "it is", "they are"))}
	case whole > 0:
		return []string{fmt.Sprintf("%d %s that %s added %s not in the bundle, only what was read from %s; SHA-256 and size are.",
			whole, pick(whole, "file", "files"), pick(whole, "was", "were"), pick(whole, "is", "are"), pick(whole, "it", "them"))}
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

type importObject struct {
	Begun    uint64                `json:"begun,omitzero"` // entries
	Ended    uint64                `json:"ended,omitzero"`
	How      daybook.ImportEvent   `json:"how"`
	At       time.Time             `json:"at"` // that it began, or ended if that is all that is known
	By       string                `json:"by,omitzero"`
	Account  daybook.AccountID     `json:"account"`
	Name     string                `json:"name"`
	SHA256   daybook.Digest        `json:"sha256"`
	Bytes    int64                 `json:"bytes"`
	Kind     string                `json:"kind"`
	Parser   string                `json:"parser"`
	Made     time.Time             `json:"made,omitzero"`
	Whole    bool                  `json:"kept_whole"`
	InBundle bool                  `json:"in_bundle"`
	Chosen   int                   `json:"threads_chosen,omitzero"`
	Excluded int                   `json:"senders_left_out,omitzero"`
	Report   *daybook.ImportReport `json:"report,omitempty"`
}

// importObjects are the files that were added, for completeness.json.
func (s *Shown) importObjects() (out []importObject) {
	for _, f := range s.AddedFiles() {
		o := importObject{Begun: f.Begun, Ended: f.Ended, How: f.Event, At: f.BegunAt, Account: f.Account, Name: FileName(f.Name), SHA256: f.File, Bytes: f.Size,
			Kind: f.Kind, Parser: f.Parser, Made: f.Made, Whole: f.Whole, InBundle: f.InBundle, Chosen: len(f.Threads), Excluded: f.Excluded, Report: f.Report}
		if f.BegunBy.ID != "" {
			o.By = s.Who(f.BegunBy)
		}
		if o.At.IsZero() {
			o.At = f.EndedAt
		}
		out = append(out, o)
	}
	return out
}

// A Source is one capture of an exhibit: one way in which it came.
type Source struct {
	Entry   uint64
	Origin  daybook.Origin
	Fetched time.Time      // of what was asked for
	File    daybook.Digest // of what was read from a file
	Member  string         // in it; "" if it is not shown
	Pointer string         // in the member: a JSON pointer
	Offset  int64          // in the member, in bytes; -1 if unknown
}

// Sources are the captures of an exhibit in order. A message can come from the
// account and in a file; both are there, and neither replaces the other.
func (x *Exhibit) Sources() (out []Source) {
	for i := range x.Entries {
		e := &x.Entries[i]
		if e.Kind != daybook.RecordItem || e.Erased {
			continue
		}
		s := Source{Entry: e.Index, Origin: e.Origin, Fetched: e.Fetched, File: e.File, Offset: -1}
		if !e.File.IsZero() {
			s.Member, s.Pointer = daybook.SplitPlace(e.Place)
			s.Offset = e.Offset
		}
		out = append(out, s)
	}
	return out
}

// Ways are the origins of an exhibit's captures, each once.
func (x *Exhibit) Ways() (out []daybook.Origin) {
	for _, s := range x.Sources() {
		if s.Origin != "" && !slices.Contains(out, s.Origin) {
			out = append(out, s.Origin)
		}
	}
	slices.SortFunc(out, func(a, b daybook.Origin) int { return cmp.Compare(a, b) })
	return out
}

// fromFiles are three cells: files, members and positions that an exhibit was
// read from, one a line.
func (x *Exhibit) fromFiles() (files, members, positions string) {
	var f, m, p []string
	for _, s := range x.Sources() {
		if s.File.IsZero() {
			continue
		}
		f, m, p = append(f, s.File.String()), append(m, s.Member), append(p, s.Pointer)
	}
	return strings.Join(f, "\n"), strings.Join(m, "\n"), strings.Join(p, "\n")
}

type sourceObject struct {
	Entry   uint64         `json:"entry"`
	Origin  daybook.Origin `json:"origin"`
	Fetched time.Time      `json:"fetched,omitzero"`
	File    string         `json:"file,omitempty"`
	Member  string         `json:"member,omitempty"`
	Pointer string         `json:"pointer,omitempty"`
	Offset  *int64         `json:"offset,omitempty"`
}

// sourceObjects are the captures of an exhibit of which one was read from a file;
// of others, entries say it all.
func (x *Exhibit) sourceObjects() (out []sourceObject) {
	all := x.Sources()
	if !slices.ContainsFunc(all, func(s Source) bool { return !s.File.IsZero() }) {
		return nil
	}
	for _, s := range all {
		o := sourceObject{Entry: s.Entry, Origin: s.Origin, Fetched: s.Fetched, Member: s.Member, Pointer: s.Pointer}
		if !s.File.IsZero() {
			o.File = s.File.String()
			if s.Offset >= 0 {
				o.Offset = &s.Offset
			}
		}
		out = append(out, o)
	}
	return out
}

// imported covers words in what an entry tells of a file.
func (c *coverer) imported(i *daybook.Import) *daybook.Import {
	if i == nil {
		return nil
	}
	n := *i
	n.Name, n.Threads, n.Held = c.text(n.Name), c.texts(n.Threads), c.texts(n.Held)
	n.Members = slices.Clone(n.Members)
	for k := range n.Members {
		n.Members[k].Name = c.text(n.Members[k].Name)
	}
	if n.Report != nil {
		r := *n.Report
		r.NotRead, r.NotTaken = c.notRead(r.NotRead), c.notRead(r.NotTaken)
		r.Assumed, r.Never, r.Incomplete = c.texts(r.Assumed), c.texts(r.Never), c.texts(r.Incomplete)
		n.Report = &r
	}
	return &n
}

func (c *coverer) notRead(all []daybook.NotRead) []daybook.NotRead {
	out := slices.Clone(all)
	for k := range out {
		n := &out[k]
		n.Member, n.What, n.Where = c.text(n.Member), c.text(n.What), c.text(n.Where)
	}
	return out
}
