package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
	"daybook/index"
)

// Finder is what searching needs beside Searcher. *index.Index is one.
type Finder interface {
	Searcher
	Terms(ctx context.Context, c daybook.CaseID, list []string) ([]index.TermCount, error)
	TermsAmong(ctx context.Context, c daybook.CaseID, list []string, some []index.Messages) ([]index.TermCount, error)
	Count(ctx context.Context, queries []index.Query) ([]uint64, error)
	Each(ctx context.Context, q index.Query, fn func(index.Found)) (int, error)
}

func (s *Server) searchRoutes() []route {
	const run = "the words are written down when the search is run, before anything is looked for"
	return []route{
		{method: "GET", path: "/c/{case}/search", who: inCase, action: cases.Search, why: "looks for nothing; if the user keeps searches, the page writes that they were run", handle: (*request).searchForm},
		{method: "POST", path: "/c/{case}/search", who: inCase, action: cases.Search, why: run, handle: (*request).newSearch},
		{method: "GET", path: "/c/{case}/search/{view}", who: inCase, action: cases.Search, why: "the page writes the words, and what it shows, before it looks for them", handle: (*request).search},
		{method: "POST", path: "/c/{case}/search/list", who: inCase, action: cases.Search, why: run, handle: (*request).newList},
		{method: "GET", path: "/c/{case}/search/list/{view}", who: inCase, action: cases.Search, why: "the page writes the words before it looks for them", handle: (*request).searchList},
		{method: "POST", path: "/c/{case}/search/save", who: inCase, action: cases.Search, why: "a note that the user makes for themselves; its words are written down whenever it is run", handle: (*request).saveSearch},
		{method: "POST", path: "/c/{case}/search/saved/{id}", who: inCase, action: cases.Search, why: run, handle: (*request).runSaved},
		{method: "POST", path: "/c/{case}/search/saved/{id}/delete", who: inCase, action: cases.Search, why: "a note that the user made for themselves", handle: (*request).dropSaved},
	}
}

const hitsAtATime = 20

// MessagesOf reads the messages of hits.
type MessagesOf interface {
	// MessagesByMAC returns messages by the keyed hashes of their keys, in that
	// order, without those that are not there.
	MessagesByMAC(ctx context.Context, c daybook.CaseID, macs [][32]byte) ([]daybook.Message, error)
}

// searchView is one search: its words, how it was narrowed, and the place in the
// hits. Show belongs to the view, so that it is off again at each sign-in.
type searchView struct {
	Words  string
	Show   bool // the words around each hit
	Newest bool // first; otherwise the best
	Offset int

	Who, Kinds, Accounts, Months, Flags []string // of the facets; in Who, "g:" and the ref of a handle stands for its group
	After                               bool
}

// searchPage is the page search.html.
type searchPage struct {
	voice
	Form     searchView
	Wrong    string // what cannot be read, in words
	WrongKey string
	Names    int  // how many names of from: nobody bears
	CanShow  bool // the user may see words
	Ran      bool
	View     string
	Total    int // hits
	All      int // hits before they were narrowed
	First    int // of this page, from 1
	Last     int
	Hits     []hit
	Facets   []facet
	Newer    string
	Older    string
	Saved    []savedRow
	Terms    string // what was typed into the list
	TermsBad string // key
	TooMany  bool   // kept searches
	Kept     bool   // this one is
	Flagging flagsState
	Help     flagsHelp
	Choose   *chooseForm // nil: nothing can be ticked
}

// A hit is one message that was found.
type hit struct {
	*entryLine
	Fragments []fragment
}

// A fragment is a piece of a text around what was found.
type fragment struct {
	Lang        string
	Parts       []fragmentPart
	Before, End bool // there is more in front, and behind
}

type fragmentPart struct {
	Mark bool
	Text name
}

func (r *request) searchForm() error { return r.showSearch(200, searchPage{}) }

// newSearch keeps what the form asks for and goes to it. Its fields: words, show,
// sort (newest), and those of the facets: who (handleRefs), kind, account,
// month, after, flag.
func (r *request) newSearch() error {
	v := searchView{
		Words: r.form("words"), Show: r.form("show") != "" && r.can(cases.Content), Newest: r.form("sort") == "newest",
		Who: r.chosen("who"), Kinds: r.chosen("kind"), Accounts: r.chosen("account"), Months: r.chosen("month"), Flags: r.chosen("flag"), After: r.form("after") != "",
	}
	page := searchPage{Form: v}
	if _, err := r.query(v, nil); page.cannot(err) {
		return r.showSearch(422, page)
	} else if err != nil {
		return err
	}
	return r.to(r.in("search/" + r.keep(v)))
}

const maxChosen = 50

// chosen returns the values of a field that can be there several times.
func (r *request) chosen(field string) (out []string) {
	r.form(field) // reads the form
	for _, v := range r.PostForm[field] {
		if v != "" && len(v) < 100 && len(out) < maxChosen && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// cannot takes the reason why a query cannot be answered into the page. false:
// err is something else, or nil.
func (p *searchPage) cannot(err error) bool {
	var syntax *index.SyntaxError
	var unknown *unknownName
	var noFlag *unknownFlag
	switch {
	case errors.As(err, &noFlag):
		p.WrongKey, p.Wrong = "search.flag", noFlag.name
	case errors.As(err, &unknown):
		p.WrongKey, p.Wrong = "search.name", unknown.name
	case errors.As(err, &syntax) && strings.TrimSpace(p.Form.Words) == "":
		p.WrongKey = "search.empty"
	case errors.As(err, &syntax):
		p.WrongKey, p.Wrong = "search.wrong", syntax.What
	case errors.Is(err, daybook.ErrInvalid):
		p.WrongKey = "search.much"
	default:
		return false
	}
	return true
}

// An unknownName is a name of from: that no sender of the case bears.
type unknownName struct{ name string }

func (e *unknownName) Error() string { return "no sender has this name" }

// Unwrap makes errors.Is(err, daybook.ErrInvalid) true.
func (e *unknownName) Unwrap() error { return daybook.ErrInvalid }

// query reads the words of a view. With terms it looks up names; without, it
// reads those first if there are any.
func (r *request) query(v searchView, t *terms) (q index.Query, err error) {
	if q, err = index.Parse(v.Words); err != nil {
		return q, err
	}
	q.Case, q.Zone, q.Limit = r.caseID, r.caseZone, hitsAtATime
	for i, name := range q.Flags {
		f, ok := flagNamed(strings.ToLower(name))
		switch {
		case !r.can(cases.Content):
			return q, &index.SyntaxError{At: 1, What: "flag: tells of what messages say, which your access does not include"}
		case !ok:
			return q, &unknownFlag{name}
		}
		q.Flags[i] = string(f)
	}
	if len(q.Names) == 0 {
		return q, nil
	}
	if t == nil {
		if t, err = r.s.terms(r.Context(), r.caseID); err != nil {
			return q, err
		}
	}
	for _, name := range q.Names {
		found := t.named(name)
		if len(found) == 0 {
			return q, &unknownName{name}
		}
		q.Senders = append(q.Senders, found...)
	}
	return q, nil
}

// An unknownFlag is a name of flag: that is none.
type unknownFlag struct{ name string }

func (e *unknownFlag) Error() string { return "there is no such flag" }

// Unwrap makes errors.Is(err, daybook.ErrInvalid) true.
func (e *unknownFlag) Unwrap() error { return daybook.ErrInvalid }

// withFlags narrows a query to the messages that have one of some flags; with
// none, it stays as it is.
func (r *request) withFlags(q index.Query, names []string) (index.Query, error) {
	var which []flags.Flag
	for _, name := range names {
		if f, ok := flagNamed(name); ok && r.can(cases.Content) {
			which = append(which, f)
		}
	}
	if len(which) == 0 {
		return q, nil
	}
	some, err := r.s.Store.Flagged(r.Context(), r.caseID, which...)
	q.Among = append(slices.Clip(q.Among), some)
	return q, err
}

// named returns the handles that bear, or bore, a name: the whole of it or the
// part before the @, in capitals or not. "group A" or "A" is a group.
func (t *terms) named(said string) (out []daybook.Handle) {
	said = strings.TrimPrefix(strings.TrimSpace(said), "@")
	for _, g := range t.groups {
		if strings.EqualFold(said, g.Letter) || strings.EqualFold(said, "group "+g.Letter) {
			for _, h := range g.Handles {
				out = append(out, t.Handles[h])
			}
			return out
		}
	}
	for _, h := range t.Handles {
		is := h.Native == said
		for _, n := range h.Names {
			local, _, _ := strings.Cut(n.Account, "@")
			is = is || strings.EqualFold(n.Account, said) || strings.EqualFold(local, said) || strings.EqualFold(n.Display, said)
		}
		if is && !h.IsZero() {
			out = append(out, h)
		}
	}
	return out
}

// search runs the search of a view.
func (r *request) search() error {
	v, ok := kept[searchView](r, r.PathValue("view"))
	if !ok {
		return r.to(r.in("search"))
	}
	page := searchPage{Form: v, View: r.PathValue("view")}
	err := r.run(&page)
	if page.cannot(err) {
		return r.showSearch(422, page)
	}
	if err != nil {
		return err
	}
	return r.showSearch(200, page)
}

// run writes down that the words are looked for, and looks for them.
func (r *request) run(page *searchPage) error {
	ctx, v := r.Context(), &page.Form
	if err := r.s.Cases.Look(ctx, r.actor, r.caseID, cases.Search, daybook.Access{Words: v.Words}); err != nil {
		return err
	}
	if err := r.s.CatchUp(ctx, r.caseID); err != nil {
		return err
	}
	t, err := r.s.terms(ctx, r.caseID)
	if err != nil {
		return err
	}
	q, err := r.query(*v, t)
	if err != nil {
		return err
	}
	if r.can(cases.Content) {
		most := flagsAside
		if len(q.Flags)+len(v.Flags) > 0 {
			most = flagsAsked
		}
		if page.Flagging, err = r.bringFlags(most); err != nil {
			return err
		}
	}
	if q, err = r.withFlags(q, q.Flags); err != nil {
		return err
	}
	offered, err := r.offer(t)
	if err != nil {
		return err
	}
	narrow, err := offered.narrow(q, v)
	if err != nil {
		return err
	}
	narrow.Offset, narrow.SortByTime = v.Offset, v.Newest
	var (
		counts sync.WaitGroup // beside the search: each takes as long as the other
		failed error
	)
	counts.Go(func() { page.Facets, page.All, failed = offered.facets(q, v) })
	found, err := r.find(narrow)
	counts.Wait()
	if err != nil {
		return err
	}
	if errors.Is(failed, index.ErrBehind) { // find let it follow the log
		page.Facets, page.All, failed = offered.facets(q, v)
	}
	if failed != nil {
		return failed
	}
	page.Ran, page.Total = true, int(found.Total)
	page.First, page.Last = min(v.Offset+1, page.Total), min(v.Offset+len(found.Hits), page.Total)
	if page.Hits, err = r.hits(t, q, v, found.Hits); err != nil {
		return err
	}
	lines := make([]*entryLine, len(page.Hits))
	for i := range page.Hits {
		lines[i] = page.Hits[i].entryLine
	}
	page.Choose = r.offerChoice(lines, page.View)
	at := func(offset int) string {
		next := *v
		next.Offset = offset
		return r.keep(next)
	}
	if v.Offset > 0 {
		page.Newer = at(max(0, v.Offset-hitsAtATime))
	}
	if v.Offset+hitsAtATime < page.Total && v.Offset+hitsAtATime < maxSearchOffset {
		page.Older = at(v.Offset + hitsAtATime)
	}
	return nil
}

// maxSearchOffset is how far index.Search looks into its hits.
const maxSearchOffset = 10_000

// find asks the index, and once more if it had to follow the log first.
func (r *request) find(q index.Query) (index.Result, error) {
	found, err := r.s.Index.Search(r.Context(), q)
	if errors.Is(err, index.ErrBehind) {
		if err = r.s.CatchUp(r.Context(), r.caseID); err == nil {
			found, err = r.s.Index.Search(r.Context(), q)
		}
	}
	return found, err
}

// hits reads the messages that were found. With words, they are written down
// first: then what is shown is content.
func (r *request) hits(t *terms, q index.Query, v *searchView, found []index.Hit) ([]hit, error) {
	ctx := r.Context()
	macs := make([][32]byte, len(found))
	for i := range found {
		macs[i] = found[i].Message
	}
	messages, err := r.s.Store.MessagesByMAC(ctx, r.caseID, macs) // without what was erased a moment ago
	if err != nil {
		return nil, err
	}
	entries := make([]uint64, len(messages))
	for i := range messages {
		entries[i] = messages[i].Captures[0]
	}
	if v.Show && len(entries) > 0 {
		if err := r.s.Cases.Look(ctx, r.actor, r.caseID, cases.Content, daybook.Access{Detail: "looked at what a search found", Entries: entries}); err != nil {
			return nil, err
		}
	}
	lines, err := r.lines(t, messages, "")
	if err != nil {
		return nil, err
	}
	out := make([]hit, len(messages))
	for i := range messages {
		m := &messages[i]
		lines[i].At = r.sent(m.Sent) // with its date: hits are not ordered by day
		if m.Sent.At.IsZero() {
			lines[i].At = r.when(m.FirstSeen)
		}
		out[i].entryLine = lines[i]
		if !v.Show {
			continue
		}
		for _, f := range index.MessageFragments(m, q) {
			out[i].Fragments = append(out[i].Fragments, newFragment(m, f))
		}
	}
	return out, nil
}

func newFragment(m *daybook.Message, f index.Fragment) fragment {
	out := fragment{Lang: langTag(m.Lang), Before: f.At > 0, End: f.At+len(f.Text) < len(m.Text)}
	at := 0
	add := func(to int, mark bool) {
		if to > at {
			out.Parts = append(out.Parts, fragmentPart{Mark: mark, Text: textOf(f.Text[at:to])})
			at = to
		}
	}
	for _, s := range f.Marks {
		add(s.From, false)
		add(s.To, true)
	}
	add(len(f.Text), false)
	return out
}

// showSearch shows the page with what is kept, which counts as searching for it.
func (r *request) showSearch(status int, page searchPage) error {
	page.voice, page.CanShow, page.Help = r.voice(), r.can(cases.Content), r.flagsHelp()
	var err error
	if page.Saved, page.TooMany, err = r.savedRows(!page.Ran && status == 200); err != nil {
		return err
	}
	page.Kept = slices.ContainsFunc(page.Saved, func(s savedRow) bool { return s.words == page.Form.Words })
	return r.render(status, "search", "title.search", page)
}
