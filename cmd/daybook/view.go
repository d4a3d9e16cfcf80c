package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
	"daybook/store"
)

// viewBatch is how many entries are open at a time while a view is made.
const viewBatch = 1000

// view returns what the first size entries of a log come to. They are derived
// anew, in memory, by what derives what the pages show; messages whose erasure was
// asked for are left out. It asks no clock, so the same entries give the same
// view. The error wraps daybook.ErrInvalid if the log is not that long.
func (a *app) view(ctx context.Context, id daybook.CaseID, size uint64) (*export.View, error) {
	v, err := a.makeView(ctx, id, size)
	if err != nil {
		return nil, fmt.Errorf("derive from the first %d entries of case %s: %w", size, id, err)
	}
	return v, nil
}

func (a *app) makeView(ctx context.Context, id daybook.CaseID, size uint64) (_ *export.View, err error) {
	row, err := a.db.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	mem, err := store.OpenMemory(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if end := mem.Close(); err == nil {
			err = end
		}
	}()
	if err := mem.AddCase(ctx, row); err != nil {
		return nil, err
	}
	mem.ReadProfiles(a.log, a.parsers)
	b := viewBuilder{app: a, mem: mem, id: id, view: &export.View{Case: id, Size: size, Hidden: map[daybook.MessageKey]bool{}},
		watched: map[watchedLane]*detect.Interval{}, known: map[daybook.AccountID]int{}, sight: cases.SightOf(ctx)}
	ctx = cases.WithSight(ctx, cases.Sight{}) // what is derived is for everybody
	if b.view.Zone, err = a.zone(ctx, id); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{b.entries, b.laterErasures, b.lists, b.facts, b.findings} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.view, nil
}

// A viewBuilder makes one view.
type viewBuilder struct {
	app     *app
	mem     *store.DB
	id      daybook.CaseID
	view    *export.View
	last    time.Time // when the last entry was logged
	watched map[watchedLane]*detect.Interval
	fetched map[daybook.AccountID]time.Time // the last answer for each account
	known   map[daybook.AccountID]int       // places in view.Accounts
	sight   cases.Sight                     // of whoever it is made for
	hidden  []daybook.Shown                 // how messages came whose erasure was asked for

	hides        func(m daybook.MessageKey) bool // its erasure was asked for
	hidesPicture func(h daybook.Handle) bool
}

type watchedLane struct {
	account daybook.AccountID
	lane    daybook.Lane
}

// entries reads the log, derives from it, and takes out what is hidden.
func (b *viewBuilder) entries(ctx context.Context) error {
	key, err := b.app.db.Keys.Case(ctx, b.id)
	if err != nil {
		return err
	}
	tombs, err := b.app.db.Tombs(ctx, b.id)
	if err != nil {
		return err
	}
	b.hides = func(m daybook.MessageKey) bool { return tombs.Has(key, m) }
	b.hidesPicture = func(h daybook.Handle) bool { return tombs.HasPicture(key, h) }
	b.fetched = map[daybook.AccountID]time.Time{}
	follower := b.mem.Messages(b.app.parsers)
	for n := uint64(0); n < b.view.Size; {
		batch, err := b.app.log.Batch(ctx, b.id, n, int(min(viewBatch, b.view.Size-n)))
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			return fmt.Errorf("%w: the log has %d entries; choose no more than that", daybook.ErrInvalid, n)
		}
		if err := follower.Handle(ctx, b.id, batch); err != nil {
			return err
		}
		for i := range batch {
			b.view.Entries = append(b.view.Entries, b.line(&batch[i]))
		}
		n += uint64(len(batch))
	}
	if tombs.Empty() {
		return nil
	}
	for i := range b.view.Entries { // files in which a message may stand that is hidden
		if e := &b.view.Entries[i]; e.Import != nil && slices.ContainsFunc(b.hidden, e.Import.MayHold) {
			e.Hidden = true
		}
	}
	var hidden []daybook.MessageKey
	err = b.eachPage(ctx, func(page []daybook.Message) error {
		for i := range page {
			if m := &page[i]; b.hides(m.Key) {
				hidden = append(hidden, m.Key)
				b.showing(m)
			}
		}
		return nil
	})
	if err != nil || len(hidden) == 0 {
		return err
	}
	return follower.Erased(ctx, b.id, hidden)
}

// eachPage calls fn with the messages as they are derived so far, in their order.
func (b *viewBuilder) eachPage(ctx context.Context, fn func(page []daybook.Message) error) error {
	for cursor := ""; ; {
		page, next, err := b.mem.List(ctx, b.id, daybook.MessageFilter{}, viewBatch, cursor)
		if err != nil {
			return err
		}
		if err := fn(page); err != nil || next == "" {
			return err
		}
		cursor = next
	}
}

// showing notes which entries show a message: a later parser may have read it in
// what the parser of the day could not read.
func (b *viewBuilder) showing(m *daybook.Message) {
	for _, n := range m.Captures {
		if e := &b.view.Entries[n]; !slices.Contains(e.Messages, m.Key) {
			e.Messages = append(e.Messages, m.Key)
			b.view.Unread = slices.DeleteFunc(b.view.Unread, func(u uint64) bool { return u == n })
		}
	}
	if b.hides(m.Key) {
		b.view.Hidden[m.Key] = true
	}
}

// laterErasures reads who erased entries of the view after it.
func (b *viewBuilder) laterErasures(ctx context.Context) error {
	gone := map[uint64]bool{}
	for i := range b.view.Entries {
		if b.view.Entries[i].Erased {
			gone[uint64(i)] = true
		}
	}
	for _, e := range b.view.Erased {
		for _, n := range e.Entries {
			delete(gone, n)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	for e, err := range b.app.log.Entries(ctx, b.id, b.view.Size) {
		if err != nil {
			return err
		}
		if e.Record.Kind == daybook.RecordErased && !e.Erased {
			b.erased(&e)
		}
	}
	return nil
}

// lists reads messages, handles and decisions, and what is flagged.
func (b *viewBuilder) lists(ctx context.Context) error {
	v := b.view
	v.Flags = map[daybook.MessageKey][]flags.Found{}
	err := b.eachPage(cases.WithSight(ctx, b.sight), func(page []daybook.Message) error {
		found, err := b.mem.FlagsOf(ctx, b.id, page)
		if err != nil {
			return err
		}
		for i := range page {
			b.showing(&page[i])
			if len(found[i]) > 0 {
				v.Flags[page[i].Key] = found[i]
			}
		}
		v.Messages = append(v.Messages, page...)
		return nil
	})
	if err != nil {
		return err
	}
	if v.Handles, err = b.mem.Handles(ctx, b.id); err != nil {
		return err
	}
	if v.Decisions, err = b.mem.Decisions(ctx, b.id); err != nil {
		return err
	}
	slices.SortStableFunc(v.Gaps, func(a, b daybook.GapStatus) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Entry, b.Entry)) })
	return nil
}

// facts collects the facts. That an account was read is known from the answers in
// the log alone: each place of it from its first answer to the account's last.
func (b *viewBuilder) facts(ctx context.Context) (err error) {
	if b.view.Facts, err = b.mem.Facts(ctx, b.id, b.last.UTC()); err != nil {
		return err
	}
	for _, w := range b.watched {
		if w.To = b.fetched[w.Account]; w.To.After(w.From) {
			b.view.Facts.Watched = append(b.view.Facts.Watched, *w)
		}
	}
	b.keepBack()
	slices.SortFunc(b.view.Facts.Watched, func(a, b detect.Interval) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Lane, b.Lane))
	})
	return nil
}

// findings looks for patterns, as far as they rest on these entries.
func (b *viewBuilder) findings(ctx context.Context) error {
	v := b.view
	found, err := detect.RepeatedContact{}.Detect(ctx, v.Facts)
	if err != nil {
		return err
	}
	linking := &linking{db: b.mem}
	suggested, err := linking.Suggest(ctx, b.id, v.Facts)
	if err != nil {
		return err
	}
	confirmed, err := explainConfirmed(ctx, linking, v)
	if err != nil {
		return err
	}
	var flagged []store.FlaggedMessage
	for i := range v.Messages {
		m := &v.Messages[i]
		if f := v.Flags[m.Key]; len(f) > 0 && len(m.Captures) > 0 {
			sent := m.Sent.At
			if sent.IsZero() {
				sent = m.FirstSeen
			}
			flagged = append(flagged, store.FlaggedMessage{Entry: m.Captures[0], Sender: m.Sender, Sent: sent, Found: f})
		}
	}
	v.Findings = slices.Concat(found, suggested, confirmed, flagFindings(flagged, v.Handles))
	b.keepBackFindings()
	return nil
}

// maxExplained is how many handles of a group are compared with the rest.
const maxExplained = 20

// explainConfirmed compares the handles of each confirmed group: each but the
// one that wrote first with all others, so that a reader sees what speaks for and
// against what a person decided.
func explainConfirmed(ctx context.Context, l *linking, v *export.View) (out []detect.Finding, err error) {
	f := &v.Facts
	own := func(handle int) bool {
		return slices.ContainsFunc(v.Handles, func(h daybook.HandleSummary) bool { return h.Own && h.Handle.Same(f.Handles[handle]) })
	}
	firsts := map[int]time.Time{}
	for _, c := range f.Contacts {
		if t, wrote := firsts[c.Handle]; c.Direction == daybook.In && (!wrote || c.At.Before(t)) {
			firsts[c.Handle] = c.At
		}
	}
	for _, g := range f.Groups {
		members := slices.DeleteFunc(slices.Clone(g), own) // those are never compared
		if len(members) < 2 {
			continue
		}
		slices.SortFunc(members, func(a, b int) int {
			return cmp.Or(firsts[a].Compare(firsts[b]), strings.Compare(f.Handles[a].Ref(), f.Handles[b].Ref()))
		})
		for _, m := range members[1:min(len(members), 1+maxExplained)] {
			found, err := l.Explain(ctx, v.Case, v.Facts, m, members[0])
			if err != nil {
				return nil, err
			}
			out = append(out, found)
		}
	}
	return out, nil
}
