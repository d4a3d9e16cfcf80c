package web

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
	"daybook/export"
)

func (s *Server) basketRoutes() []route {
	const memory = "keeps the numbers of entries for this session, in memory; it shows nothing"
	const own = "the page writes that the list was looked at"
	return []route{
		{method: http.MethodGet, path: "/c/{case}/archive/chosen", who: inCase, action: cases.Export, why: own, handle: (*request).chosenPage},
		{method: http.MethodPost, path: "/c/{case}/archive/chosen", who: inCase, action: cases.Export, why: memory, handle: (*request).choose},
		{method: http.MethodPost, path: "/c/{case}/archive/withhold", who: inCase, action: cases.Export, why: memory, handle: (*request).withhold},
	}
}

// A basket is what a session has chosen for a bundle of a case: messages by the
// numbers of their first entries, and fields of messages that are withheld. It
// holds nothing of what they say, and is forgotten at the end of the session.
type basket struct {
	Entries  []uint64 // ascending
	Withheld []export.Redaction
}

const (
	maxBasket     = 1000 // messages
	maxWithheld   = 1000 // fields
	maxWhyHeld    = 200  // characters of one
	chosenAtATime = 200  // messages that the page lists
)

func basketName(r *request) string { return "basket " + r.session.ID + " " + string(r.caseID) }

// basket returns what was chosen; it is the caller's own.
func (r *request) basket() basket {
	b, _ := kept[basket](r, basketName(r))
	return basket{slices.Clone(b.Entries), slices.Clone(b.Withheld)}
}

func (r *request) keepBasket(b basket) {
	v := r.s.views
	v.mu.Lock()
	defer v.mu.Unlock()
	name := basketName(r)
	if _, there := v.all[name]; !there {
		v.order = append(v.order, name)
	}
	v.all[name] = view{session: r.session.ID, caseID: r.caseID, at: v.clock(), what: b}
}

// add puts a message in. false: the basket is full.
func (b *basket) add(entry uint64) bool {
	at, there := slices.BinarySearch(b.Entries, entry)
	if there {
		return true
	}
	if len(b.Entries) >= maxBasket {
		return false
	}
	b.Entries = slices.Insert(b.Entries, at, entry)
	return true
}

func (b *basket) remove(entry uint64) {
	if at, there := slices.BinarySearch(b.Entries, entry); there {
		b.Entries = slices.Delete(b.Entries, at, at+1)
	}
}

func (b *basket) has(entry uint64) bool {
	_, there := slices.BinarySearch(b.Entries, entry)
	return there
}

// A chooseForm is the form that lists have for the entries that are ticked.
type chooseForm struct {
	Case, Back string
	Count      int
}

// offerChoice lets lines be ticked. nil: the user makes no bundles.
func (r *request) offerChoice(lines []*entryLine, back string) *chooseForm {
	if !r.can(cases.Export) || r.s.Bundles == nil || len(lines) == 0 {
		return nil
	}
	for _, l := range lines {
		l.Pick = !l.Picked
	}
	return &chooseForm{Case: r.in(""), Back: back, Count: len(r.basket().Entries)}
}

// of returns the fields of a message that are withheld.
func (b *basket) of(entry uint64) (out []export.Redaction) {
	for _, x := range b.Withheld {
		if x.Entry == entry {
			out = append(out, x)
		}
	}
	return out
}

// choose changes the basket. Its fields: entry (refs), do (add, remove, clear)
// and back.
func (r *request) choose() error {
	b := r.basket()
	if r.form("do") == "clear" {
		r.keepBasket(basket{Withheld: b.Withheld})
		return r.to(r.in("archive/chosen"))
	}
	refs := r.picked("entry")
	for _, ref := range refs {
		m, err := r.messageOf(ref)
		if err != nil {
			return err
		}
		if r.form("do") == "remove" {
			b.remove(m.Captures[0])
		} else if !b.add(m.Captures[0]) {
			r.tellOnce("care", "evidence.basket.full", maxBasket)
			break
		}
	}
	r.keepBasket(b)
	back, err := r.backTo(r.form("back"))
	if err != nil {
		return err
	}
	return r.to(back)
}

// picked is chosen for a list as long as a page can have.
func (r *request) picked(field string) (out []string) {
	r.form(field) // reads the form
	for _, v := range r.PostForm[field] {
		if v != "" && len(v) < 100 && len(out) < maxBasket {
			out = append(out, v)
		}
	}
	return out
}

// backTo returns where a form was: a timeline, a search, or the page of an
// entry; else the page of what was chosen.
func (r *request) backTo(back string) (string, error) {
	if back == "-" {
		return r.in("timeline"), nil
	}
	if _, ok := kept[timelineView](r, back); ok {
		return r.in("timeline/" + back), nil
	}
	if _, ok := kept[searchView](r, back); ok {
		return r.in("search/" + back), nil
	}
	_, err := r.messageOf(back)
	if errors.Is(err, daybook.ErrNotFound) {
		return r.in("archive/chosen"), nil
	}
	return r.in("e/" + back), err
}

// withhold changes which fields of a message are withheld. Its fields: entry (a
// ref), field (several), reason, do (remove: none are) and back.
func (r *request) withhold() error {
	m, err := r.messageOf(r.form("entry"))
	if err != nil {
		return err
	}
	b, entry := r.basket(), m.Captures[0]
	b.Withheld = slices.DeleteFunc(b.Withheld, func(x export.Redaction) bool { return x.Entry == entry })
	if r.form("do") != "remove" {
		reason := r.form("reason")
		if !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > maxWhyHeld {
			return daybook.ErrInvalid
		}
		if reason == "" {
			if reason, err = r.s.words.plain("evidence.withheld.reason"); err != nil {
				return err
			}
		}
		chosen := r.picked("field")
		for _, f := range export.Fields() {
			if slices.Contains(chosen, string(f)) && len(b.Withheld) < maxWithheld {
				b.Withheld = append(b.Withheld, export.Redaction{Entry: entry, Field: f, Reason: reason})
			}
		}
	}
	r.keepBasket(b)
	back, err := r.backTo(r.form("back"))
	if err != nil {
		return err
	}
	return r.to(back)
}

// An entryBundle is what the page of an entry says of bundles.
type entryBundle struct {
	Chosen   bool
	Fields   []choiceOption
	Withheld bool
	Reason   string
}

func (r *request) entryBundle(m *daybook.Message) *entryBundle {
	if !r.can(cases.Export) || r.s.Bundles == nil {
		return nil
	}
	b := r.basket()
	out := &entryBundle{Chosen: b.has(m.Captures[0])}
	of := b.of(m.Captures[0])
	for _, f := range export.Fields() {
		i := slices.IndexFunc(of, func(x export.Redaction) bool { return x.Field == f })
		out.Fields = append(out.Fields, choiceOption{Value: string(f), Key: fieldKey(f), Chosen: i >= 0})
		if i >= 0 {
			out.Withheld, out.Reason = true, of[i].Reason
		}
	}
	return out
}

// chosenPage is the page evidence-chosen.html.
type chosenPage struct {
	Case     string
	Count    int
	Lines    []*entryLine
	More     int // that are not listed
	Gone     int // that are not in the record any more
	Withheld []withheldRow
}

type withheldRow struct {
	Entry  uint64
	Ref    string
	Keys   []string
	Reason name
}

func fieldKey(f export.Field) string { return "evidence.field." + string(f) }

func (r *request) chosenPage() error {
	if err := r.look(cases.List, daybook.Access{Detail: "looked at the entries that were chosen for a bundle"}); err != nil {
		return err
	}
	t, err := r.s.terms(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	b := r.basket()
	page := chosenPage{Case: r.in(""), Count: len(b.Entries)}
	var messages []daybook.Message
	for i, n := range b.Entries {
		if i == chosenAtATime {
			page.More = len(b.Entries) - i
			break
		}
		m, err := r.s.Store.Message(r.Context(), r.caseID, n)
		if errors.Is(err, daybook.ErrNotFound) {
			page.Gone++
			continue
		}
		if err != nil {
			return err
		}
		messages = append(messages, m)
	}
	if page.Lines, err = r.lines(t, messages, ""); err != nil {
		return err
	}
	for i, l := range page.Lines {
		l.At = r.sent(messages[i].Sent)
		if messages[i].Sent.At.IsZero() {
			l.At = r.when(messages[i].FirstSeen)
		}
	}
	for _, x := range b.Withheld {
		if n := len(page.Withheld); n > 0 && page.Withheld[n-1].Entry == x.Entry {
			page.Withheld[n-1].Keys = append(page.Withheld[n-1].Keys, fieldKey(x.Field))
			continue
		}
		ref, err := r.ref(x.Entry)
		if err != nil {
			return err
		}
		page.Withheld = append(page.Withheld, withheldRow{x.Entry, ref, []string{fieldKey(x.Field)}, nameOf(x.Reason)})
	}
	var notices []notice
	if n, ok := r.toldOnce(); ok {
		notices = append(notices, n)
	}
	return r.render(http.StatusOK, "evidence-chosen", "title.archive", page, notices...)
}
