package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

func (s *Server) timelineRoutes() []route {
	const looked = "looked at the timeline"
	return []route{
		{method: http.MethodGet, path: "/c/{case}/timeline", who: inCase, action: cases.List, entry: looked, handle: (*request).timeline},
		{method: http.MethodGet, path: "/c/{case}/timeline/{view}", who: inCase, action: cases.List, entry: looked, handle: (*request).timeline},
		{method: http.MethodPost, path: "/c/{case}/timeline", who: inCase, action: cases.List,
			why: "it keeps what the list is narrowed to; the list itself writes the entry", handle: (*request).narrowTimeline},
	}
}

const (
	timelineAtATime = 50
	maxWhoOptions   = 200 // senders that the filter offers
	maxGapsShown    = 60  // of one page
)

// A timelineView is a timeline that is narrowed, and a place in it.
type timelineView struct {
	Filter timelineFilter
	Cursor string
	Before time.Time // what lies at or after it was on earlier pages; zero on the first
	Newer  string    // the view before it; "" for the first page
}

// timelineFilter is the form as it was typed.
type timelineFilter struct {
	Who     string // "", a handleRef, or "g:" and the handleRef of a group's first handle
	Kind    string
	Marked  string
	Account string
	Flag    string
	From    string // 2026-11-23, the person's days
	To      string
}

// timelinePage is the page timeline.html.
type timelinePage struct {
	voice
	Filter   timelineFilter
	Wrong    map[string]string // field: key of what is wrong with it
	Who      []whoOption
	Kinds    []choiceOption
	Marks    []choiceOption
	Accounts []choiceOption
	Flags    []flagOption // what to narrow to; none for who may not read content
	Flagging flagsState
	Help     flagsHelp
	From, To stamp // the chosen days in words

	Narrowed    bool
	Count       int   // messages of this page
	Whole       bool  // there are no others
	Stopped     stamp // looking stopped here, with more to look at
	Nothing     bool
	States      []accountNotice
	Days        []*timelineDay
	Older       string // view
	Newer       string // address; "" on the first page
	OlderBefore stamp
	ManyWho     bool
	Choose      *chooseForm // nil: nothing can be ticked
}

// A whoOption is a group, or a handle, to choose.
type whoOption struct {
	Value  string
	Letter string
	Size   int
	Name   string // chips are spelt out: an option holds text alone
	Chosen bool
}

// A choiceOption is a word of the catalogue to choose, or a name.
type choiceOption struct {
	Value, Key, Name string
	Platform         platformName
	Chosen           bool
}

// An accountNotice says that an account is not being read now.
type accountNotice struct {
	Key      string
	Platform platformName
	Name     name
}

// timelineKinds are offered to narrow a timeline, in this order.
func timelineKinds() []daybook.Kind {
	return []daybook.Kind{
		daybook.KindDirectMessage, daybook.KindMention, daybook.KindReply, daybook.KindEmail, daybook.KindSMS, daybook.KindCall, daybook.KindMissedCall,
		daybook.KindFollow, daybook.KindRequest, daybook.KindFavourite, daybook.KindBoost, daybook.KindQuote, daybook.KindReaction,
		daybook.KindComment, daybook.KindStoryReply, daybook.KindDiary,
	}
}

// timeline shows a page of the timeline: the beginning, or what a view names.
func (r *request) timeline() error {
	var v timelineView
	if id := r.PathValue("view"); id != "" {
		var ok bool
		if v, ok = kept[timelineView](r, id); !ok {
			return r.to(r.in("timeline"))
		}
	}
	return r.showTimeline(http.StatusOK, v, nil)
}

// narrowTimeline keeps what the form asks for and goes to it.
func (r *request) narrowTimeline() error {
	f := timelineFilter{
		Who: r.form("who"), Kind: r.form("kind"), Marked: r.form("marked"), Account: r.form("account"), Flag: r.form("flag"), From: r.form("from"), To: r.form("to"),
	}
	t, err := r.s.terms(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	var wrong *fieldError
	if _, err := r.timelineFilter(t, f); errors.As(err, &wrong) {
		return r.showTimeline(http.StatusUnprocessableEntity, timelineView{Filter: f}, map[string]string{wrong.Field: wrong.Key})
	} else if err != nil {
		return err
	}
	if f == (timelineFilter{}) {
		return r.to(r.in("timeline"))
	}
	return r.to(r.in("timeline/" + r.keep(timelineView{Filter: f})))
}

// timelineFilter reads the form into what the store is asked.
func (r *request) timelineFilter(t *terms, f timelineFilter) (out daybook.TimelineFilter, err error) {
	if out.Among, err = r.whoOf(t, f.Who); err != nil {
		return out, err
	}
	if out.Kind = daybook.Kind(f.Kind); f.Kind != "" && !slices.Contains(timelineKinds(), out.Kind) {
		return out, &fieldError{Field: "kind", Key: "timeline.wrong.choice"}
	}
	if out.Marked = daybook.TimelineMark(f.Marked); f.Marked != "" && !slices.Contains(daybook.TimelineMarks(), out.Marked) {
		return out, &fieldError{Field: "marked", Key: "timeline.wrong.choice"}
	}
	if f.Account != "" {
		accounts, err := r.s.Store.Accounts(r.Context(), r.caseID)
		if err != nil {
			return out, err
		}
		out.Account = daybook.AccountID(f.Account)
		if !slices.ContainsFunc(accounts, func(a daybook.Account) bool { return a.ID == out.Account }) {
			return out, &fieldError{Field: "account", Key: "timeline.wrong.choice"}
		}
	}
	if f.Flag != "" {
		if _, ok := flagNamed(f.Flag); !ok || !r.can(cases.Content) {
			return out, &fieldError{Field: "flag", Key: "timeline.wrong.choice"}
		}
		out.Flag = f.Flag
	}
	for _, d := range []struct {
		field, typed string
		to           *time.Time
	}{{"from", f.From, &out.From}, {"to", f.To, &out.To}} {
		if d.typed == "" {
			continue
		}
		if *d.to, err = time.ParseInLocation(time.DateOnly, d.typed, r.zone); err != nil || d.to.Year() < 1900 || d.to.Year() > 2200 {
			return out, &fieldError{Field: d.field, Key: "form.date"}
		}
	}
	if f.To != "" {
		out.To = out.To.AddDate(0, 0, 1) // the last day belongs to it
	}
	if !out.From.IsZero() && !out.To.IsZero() && !out.From.Before(out.To) {
		return out, &fieldError{Field: "to", Key: "timeline.wrong.order"}
	}
	return out, nil
}

// whoOf finds the handles that a value of the form names.
func (r *request) whoOf(t *terms, who string) ([]daybook.Handle, error) {
	if who == "" {
		return nil, nil
	}
	ref, asGroup := strings.CutPrefix(who, "g:")
	for i, h := range t.Handles {
		if h.IsZero() {
			continue
		}
		if own, err := r.handleRef(h); err != nil {
			return nil, err
		} else if own != ref {
			continue
		}
		if !asGroup {
			return []daybook.Handle{h}, nil
		}
		for _, g := range t.groups {
			if slices.Contains(g.Handles, i) {
				out := make([]daybook.Handle, len(g.Handles))
				for j, member := range g.Handles {
					out[j] = t.Handles[member]
				}
				return out, nil
			}
		}
		return []daybook.Handle{h}, nil // the group was taken apart meanwhile
	}
	return nil, &fieldError{Field: "who", Key: "timeline.wrong.choice"}
}

func (r *request) showTimeline(status int, v timelineView, wrong map[string]string) error {
	t, err := r.s.terms(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	page := timelinePage{voice: r.voice(), Filter: v.Filter, Wrong: wrong, Narrowed: v.Filter != timelineFilter{}}
	accounts, err := r.s.Store.Accounts(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	if err := r.timelineFlags(&page); err != nil {
		return err
	}
	if err := r.timelineForm(&page, t, accounts); err != nil {
		return err
	}
	if wrong != nil { // nothing is listed until the form can be read
		return r.render(status, "timeline", "title.timeline", page)
	}
	f, err := r.timelineFilter(t, v.Filter)
	if err != nil {
		return err
	}
	if !f.From.IsZero() {
		page.From = r.dayLong(f.From)
	}
	if !f.To.IsZero() {
		page.To = r.dayLong(f.To.AddDate(0, 0, -1))
	}
	found, err := r.s.Store.Timeline(r.Context(), r.caseID, f, timelineAtATime, v.Cursor)
	if err != nil {
		return err
	}
	page.Count, page.Whole = len(found.Messages), found.Next == "" && v.Cursor == ""
	here := r.PathValue("view")
	if err := r.timelineDays(&page, t, f, v, found, accounts, here); err != nil {
		return err
	}
	page.Nothing = len(found.Messages) == 0 && v.Cursor == "" && found.Next == ""
	if v.Cursor == "" && !page.Narrowed {
		page.States = r.accountNotices(accounts)
	}
	if found.Next != "" {
		page.Older = r.keep(timelineView{Filter: v.Filter, Cursor: found.Next, Before: found.Back, Newer: cmp.Or(here, "-")})
		page.OlderBefore = r.when(found.Back)
		if len(found.Messages) < timelineAtATime {
			page.Stopped = r.day(found.Back)
		}
	}
	switch v.Newer {
	case "":
	case "-":
		page.Newer = r.in("timeline")
	default:
		page.Newer = r.in("timeline/" + v.Newer)
	}
	return r.render(status, "timeline", "title.timeline", page)
}

// A flagOption is a flag to choose, with how many messages have it.
type flagOption struct {
	Value, Key string
	N          int
	Chosen     bool
}

// timelineFlags lets the flags follow the messages, and fills in which there
// are.
func (r *request) timelineFlags(page *timelinePage) (err error) {
	if !r.can(cases.Content) {
		return nil
	}
	page.Help = r.flagsHelp()
	most := flagsAside
	if page.Filter.Flag != "" {
		most = flagsAsked
	}
	if page.Flagging, err = r.bringFlags(most); err != nil {
		return err
	}
	n, err := r.s.Store.FlagCounts(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	for _, f := range flags.All() {
		if chosen := page.Filter.Flag == string(f); n[f] > 0 || chosen {
			page.Flags = append(page.Flags, flagOption{Value: string(f), Key: flagKey(f), N: n[f], Chosen: chosen})
		}
	}
	return nil
}

// timelineForm fills in what there is to choose from.
func (r *request) timelineForm(page *timelinePage, t *terms, accounts []daybook.Account) error {
	f := page.Filter
	for _, g := range t.groups {
		ref, err := r.handleRef(t.Handles[g.Handles[0]])
		if err != nil {
			return err
		}
		page.Who = append(page.Who, whoOption{Value: "g:" + ref, Letter: g.Letter, Size: len(g.Handles), Chosen: f.Who == "g:"+ref})
	}
	var single []whoOption
	for _, h := range t.Handles {
		if h.IsZero() {
			continue
		}
		ref, err := r.handleRef(h)
		if err != nil {
			return err
		}
		single = append(single, whoOption{Value: ref, Name: h.Shown(), Chosen: f.Who == ref})
	}
	slices.SortFunc(single, func(a, b whoOption) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	if len(single) > maxWhoOptions {
		page.ManyWho = true
		chosen := slices.IndexFunc(single[maxWhoOptions:], func(o whoOption) bool { return o.Chosen })
		if chosen >= 0 {
			single[maxWhoOptions-1] = single[maxWhoOptions+chosen]
		}
		single = single[:maxWhoOptions]
	}
	for i := range single {
		single[i].Name = plainName(handleText(single[i].Name))
	}
	page.Who = append(page.Who, single...)
	for _, k := range timelineKinds() {
		page.Kinds = append(page.Kinds, choiceOption{Value: string(k), Key: "kind." + string(k), Chosen: f.Kind == string(k)})
	}
	for _, m := range daybook.TimelineMarks() {
		key := "timeline.marked." + strings.ReplaceAll(string(m), " ", "-")
		if m == daybook.MarkedAfterStop {
			key = page.Say(key)
		}
		page.Marks = append(page.Marks, choiceOption{Value: string(m), Key: key, Chosen: f.Marked == string(m)})
	}
	if len(accounts) > 1 || f.Account != "" {
		for _, a := range accounts {
			page.Accounts = append(page.Accounts, choiceOption{Value: string(a.ID), Name: plainName(handleText(a.Handle.Shown())), Platform: r.s.platform(a.Platform), Chosen: f.Account == string(a.ID)})
		}
	}
	return nil
}

func handleText(s string) name {
	n, _ := mixed(s)
	return n
}

// plainName is a name as text alone, for the options of a list.
func plainName(n name) string {
	var b strings.Builder
	for _, p := range n.Parts {
		if p.Chip != "" {
			b.WriteString("[" + p.Chip + "]")
		}
		b.WriteString(p.Text)
	}
	if n.Cut > 0 {
		b.WriteString("…")
	}
	return b.String()
}

// accountNotices says which accounts are not read now.
func (r *request) accountNotices(accounts []daybook.Account) []accountNotice {
	var out []accountNotice
	for _, a := range accounts {
		if a.State == daybook.Active {
			continue
		}
		out = append(out, accountNotice{Key: r.voice().Say("timeline.account." + string(a.State)), Platform: r.s.platform(a.Platform), Name: handleText(a.Handle.Shown())})
	}
	return out
}
