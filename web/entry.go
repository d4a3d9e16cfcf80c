package web

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

func (s *Server) entryRoutes() []route {
	const own = "the page writes the entry itself, with the numbers of the message, before it answers"
	return append([]route{
		{method: http.MethodGet, path: "/c/{case}/e/{ref}", who: inCase, action: cases.List, why: own, handle: (*request).entryPage},
		{method: http.MethodPost, path: "/c/{case}/e/{ref}/show", who: inCase, action: cases.Content, why: own, handle: (*request).show},
		{method: http.MethodPost, path: "/c/{case}/e/{ref}/raw", who: inCase, action: cases.Content, why: own, handle: (*request).saveRaw},
	}, s.mediaRoutes()...)
}

// aroundEntry is how many messages before and after are listed.
const aroundEntry = 3

// entryPage is the page entry.html.
type entryPage struct {
	voice
	Line     *entryLine
	Day      stamp
	Mark     bool // what the user may do
	EntryRef string
	Handle   string // handleRef of the other side; "" if there is none, or several
	Unwanted bool

	Sent, SentUTC string
	Assumed       name
	Fetched, Seen stamp
	Logged        stamp
	LateClaim     bool // the platform's time is after it was fetched
	Names         []seenName
	Origin        string // key
	Account       *accountOf
	Lanes         []name
	Address       name // where it lay: for reading, never a link
	Entries       []entryOf
	Raw           []entryOf // of these, what the user may have as it came
	Versions      []versionOf
	Gone          stamp
	Media         []attachment
	Before, After []*entryLine
	Covered       bool
	Signed        stamp
	Size          uint64
	Parser        string
	Digest        string // of the bytes as they came
	DigestOf      uint64
	Erased        bool // the content of one of its entries
	Why           []flagWhy
	Flags         flagsHelp
	Bundle        *entryBundle // nil: the user makes no bundles
	Erase         bool         // the user may ask for it
}

type accountOf struct {
	Name     name
	Platform platformName
}

type entryOf struct {
	Number uint64
	Ref    string
	At     stamp
	File   string // SHA-256 of the file that it was read from; "" if of none
	Place  name   // in that file
}

type versionOf struct {
	At, Seen stamp
	Length   int
	Text     markedText // where content is shown
	Lang     string
	Current  bool
}

// entryPage shows one message: all that is known about it, but not what it says.
func (r *request) entryPage() error {
	m, err := r.message("ref")
	if err != nil {
		return err
	}
	if err := r.s.Cases.Look(r.Context(), r.actor, r.caseID, cases.List, daybook.Access{Detail: "looked at an entry", Entries: m.Captures}); err != nil {
		return err
	}
	page, err := r.newEntryPage(&m)
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "entry", "title.entry", page)
}

func (r *request) newEntryPage(m *daybook.Message) (page entryPage, err error) {
	t, err := r.s.terms(r.Context(), r.caseID)
	if err != nil {
		return page, err
	}
	lines, err := r.lines(t, []daybook.Message{*m}, "")
	if err != nil {
		return page, err
	}
	page = entryPage{
		voice: r.voice(), Line: lines[0], Mark: r.can(cases.Mark), Sent: r.sent(m.Sent).Text, Assumed: nameOf(m.Sent.Assumed),
		Fetched: r.when(m.FirstSeen), Seen: r.when(m.LastSeen), Origin: "origin." + string(m.Origin), Address: nameOf(m.URL), Gone: r.when(m.GoneAt),
		Parser: m.Parser, LateClaim: m.Sent.At.After(m.FirstSeen.Add(time.Minute)),
	}
	page.Line.Here, page.Bundle, page.Erase = true, r.entryBundle(m), r.can(cases.Erase)
	page.Day = r.dayLong(page.Line.sent)
	if m.Sent.Precision == daybook.Exact || m.Sent.Precision == daybook.Minute {
		page.SentUTC = m.Sent.At.UTC().Format("2 Jan 2006, 15:04:05 MST")
	}
	if page.EntryRef, err = r.ref(m.Captures[0]); err != nil {
		return page, err
	}
	if err := r.otherSide(&page, t, m); err != nil {
		return page, err
	}
	for _, lane := range m.Lanes {
		page.Lanes = append(page.Lanes, nameOf(string(lane)))
	}
	for i, v := range m.Versions {
		page.Versions = append(page.Versions, versionOf{At: r.when(v.At), Seen: r.when(v.FirstSeen), Length: len([]rune(v.Text)), Current: i == len(m.Versions)-1})
	}
	found, err := r.flagsOf([]daybook.Message{*m})
	if err != nil {
		return page, err
	}
	page.Why, page.Flags = r.whyFlagged(found[0]), r.flagsHelp()
	page.Media = r.attachments(m, page.Line.Ref, false)
	if err := r.whereFrom(&page, m); err != nil {
		return page, err
	}
	return page, r.around(&page, t, m)
}

// otherSide fills in who wrote it, or to whom the person did.
func (r *request) otherSide(page *entryPage, t *terms, m *daybook.Message) (err error) {
	other := m.Sender
	if m.Direction == daybook.Out {
		if len(m.To) != 1 {
			return nil
		}
		other = m.To[0]
	}
	i := t.place(other)
	if i < 0 {
		return nil
	}
	if page.Handle, err = r.handleRef(other); err != nil {
		return err
	}
	for _, n := range slices.Backward(t.Handles[i].Names) {
		seen := seenName{From: r.day(n.From), To: r.day(n.To)}
		var also bool
		seen.Account, seen.Mixes = mixed(n.Account)
		seen.Display, also = mixed(n.Display)
		seen.Mixes = seen.Mixes || also
		page.Names = append(page.Names, seen)
	}
	page.Unwanted = t.standing(m).Unwanted
	return nil
}

const maxEntriesShown = 50

// whereFrom fills in where it came from, and what stands behind it.
func (r *request) whereFrom(page *entryPage, m *daybook.Message) error {
	accounts, err := r.s.Store.Accounts(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.ID == m.Account {
			page.Account = &accountOf{Name: handleText(a.Handle.Shown()), Platform: r.s.platform(a.Platform)}
		}
	}
	for i, n := range m.Captures[:min(len(m.Captures), maxEntriesShown)] {
		e, err := r.s.Log.Entry(r.Context(), r.caseID, n)
		if errors.Is(err, archive.ErrErased) {
			page.Erased = true
			continue
		}
		if err != nil {
			return err
		}
		of := entryOf{Number: n, At: r.when(e.Record.Logged)}
		if of.Ref, err = r.ref(n); err != nil {
			return err
		}
		if of.File = string(e.Record.Value("file")); of.File != "" {
			of.Place = nameOf(string(e.Record.Value("member")))
		}
		page.Entries = append(page.Entries, of)
		if r.can(cases.Content) && r.mayHave(&e) == nil {
			page.Raw = append(page.Raw, of)
		}
		if i == 0 {
			page.Logged = of.At
			if raw := e.Record.Value("raw"); e.Record.Kind == daybook.RecordItem {
				page.Digest, page.DigestOf = daybook.DigestOf(raw).String(), n
			}
		}
	}
	size, made, err := r.s.Store.SignedOver(r.Context(), r.caseID, m.Captures[len(m.Captures)-1])
	if errors.Is(err, daybook.ErrNotFound) {
		return nil
	}
	page.Covered, page.Signed, page.Size = err == nil, r.when(made), size
	return err
}

// around fills in what came before and after.
func (r *request) around(page *entryPage, t *terms, m *daybook.Message) error {
	all, err := r.s.Store.Around(r.Context(), r.caseID, m.Captures[0], aroundEntry)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o daybook.Message) bool { return o.Key == m.Key })
	lines, err := r.lines(t, all, "")
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.At = r.when(l.sent); l.sent.Before(page.Line.sent) {
			page.Before = append(page.Before, l)
		} else {
			page.After = append(page.After, l)
		}
	}
	slices.Reverse(page.After)
	slices.Reverse(page.Before)
	return nil
}

// shownPage is the page shown.html: what somebody wrote, asked for.
type shownPage struct {
	voice
	Line     *entryLine
	Back     string // address
	Now      stamp
	Text     markedText
	Lang     string
	Rest     bool // there is more than is shown
	Versions []versionOf
	Media    []attachment
	Empty    bool
	Why      []flagWhy
}

// show answers with the text of a message, once the entry that says so is
// written.
func (r *request) show() error {
	m, err := r.message("ref")
	if err != nil {
		return err
	}
	if m.Withheld {
		return daybook.ErrForbidden
	}
	if err := r.look(cases.Content, daybook.Access{Entries: m.Captures, Count: len(m.Captures), Detail: "showed a message"}); err != nil {
		return err
	}
	t, err := r.s.terms(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	lines, err := r.lines(t, []daybook.Message{m}, "")
	if err != nil {
		return err
	}
	limit := maxText
	if r.form("all") != "" {
		limit = math.MaxInt
	}
	page := shownPage{voice: r.voice(), Line: lines[0], Now: r.when(r.now()), Lang: langTag(m.Lang), Empty: m.Text == "" && len(m.Media) == 0}
	if page.Text, err = r.markedText(&m, m.Text, limit); err != nil {
		return err
	}
	found, err := r.flagsOf([]daybook.Message{m})
	if err != nil {
		return err
	}
	page.Why = r.whyFlagged(found[0])
	page.Rest = page.Text.Cut > 0
	page.Back = r.in("e/" + page.Line.Ref)
	if back := r.form("back"); back == "-" {
		page.Back = r.in("timeline") + "#e" + page.Line.Ref
	} else if _, ok := kept[timelineView](r, back); ok {
		page.Back = r.in("timeline/"+back) + "#e" + page.Line.Ref
	}
	for i, v := range m.Versions {
		if len(m.Versions) == 1 {
			break
		}
		of := versionOf{At: r.when(v.At), Seen: r.when(v.FirstSeen), Lang: page.Lang, Current: i == len(m.Versions)-1}
		if of.Text, err = r.markedText(&m, v.Text, limit); err != nil {
			return err
		}
		page.Versions = append(page.Versions, of)
		page.Rest = page.Rest || of.Text.Cut > 0
	}
	page.Media = r.attachments(&m, page.Line.Ref, true)
	return r.render(http.StatusOK, "shown", "title.entry", page)
}

// langTag returns a tag that says which language a text is in (BCP 47), "" for
// anything else that a platform may have sent.
func langTag(tag string) string {
	if len(tag) > 35 {
		return ""
	}
	for _, c := range tag {
		if c != '-' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return ""
		}
	}
	return tag
}

// saveRaw answers with the bytes of a capture as they came.
func (r *request) saveRaw() error {
	number, err := r.entry("ref")
	if errors.Is(err, daybook.ErrNotFound) {
		m, merr := r.message("ref")
		if merr != nil {
			return merr
		}
		number, err = m.Captures[0], nil
	}
	if err != nil {
		return err
	}
	if err := r.notHidden(number); err != nil {
		return err
	}
	if err := r.look(cases.Content, daybook.Access{Entries: []uint64{number}, Count: 1, Detail: "saved an entry as it came"}); err != nil {
		return err
	}
	e, err := r.s.Log.Entry(r.Context(), r.caseID, number)
	if errors.Is(err, archive.ErrErased) || err == nil && e.Record.Kind != daybook.RecordItem {
		return daybook.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := r.mayHave(&e); err != nil {
		return err
	}
	return r.download(e.Record.Value("raw"), "entry-"+strconv.FormatUint(number, 10)+".bin")
}
