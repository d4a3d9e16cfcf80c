package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
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
		watched: map[watchedLane]*detect.Interval{}, known: map[daybook.AccountID]int{}}
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
			line := b.line(&batch[i])
			for _, k := range line.Messages {
				if !tombs.Empty() && tombs.Has(key, k) {
					b.view.Hidden[k] = true
				}
			}
			b.view.Entries = append(b.view.Entries, line)
		}
		n += uint64(len(batch))
	}
	if len(b.view.Hidden) == 0 {
		return nil
	}
	hidden := make([]daybook.MessageKey, 0, len(b.view.Hidden))
	for k := range b.view.Hidden {
		hidden = append(hidden, k)
	}
	slices.Sort(hidden)
	return follower.Erased(ctx, b.id, hidden)
}

// line tells of one entry, and notes what the lists of the view need of it.
func (b *viewBuilder) line(e *archive.Entry) export.EntryLine {
	r := e.Record
	line := export.EntryLine{Index: e.Index, Kind: r.Kind, Logged: r.Logged, Actor: r.Actor, Erased: e.Erased}
	if r.Logged.After(b.last) {
		b.last = r.Logged
	}
	if e.Erased {
		return line
	}
	switch r.Kind {
	case daybook.RecordItem:
		b.item(e, &line)
	case daybook.RecordMedia:
		var m daybook.MediaRecord
		if r.Decode(&m) == nil {
			line.Account, line.Media, line.Why = m.Account, &m.Media, m.Why
			b.about(&line, m.Message, m.Exchange)
		}
	case daybook.RecordObservation:
		var o daybook.Observation
		if r.Decode(&o) == nil {
			line.Account, line.Detail = o.Account, observationWords(o.What)
			b.about(&line, o.Message, o.Exchange)
		}
	case daybook.RecordGap:
		var g daybook.Gap
		if r.Decode(&g) == nil {
			line.Account = g.Account
			line.Detail = "a time that was not watched"
			b.reach(g.Account, g.To)
			b.view.Gaps = append(b.view.Gaps, daybook.GapStatus{Gap: g, Entry: e.Index})
		}
	case daybook.RecordClock:
		var c daybook.ClockStep
		if r.Decode(&c) == nil {
			line.Detail = "this machine's clock went " + clockWords(c.Step)
		}
	default:
		b.act(e, &line)
	}
	return line
}

func (b *viewBuilder) item(e *archive.Entry, line *export.EntryLine) {
	it, err := e.Item()
	if err != nil || it.Reading == nil {
		b.view.Unread = append(b.view.Unread, e.Index)
	}
	if err != nil {
		return
	}
	c := &it.Capture
	line.Account, line.Origin, line.Natives = c.Account, c.Origin, []string{c.NativeID}
	if it.Reading != nil {
		line.Parser = it.Reading.Parser
		for i := range it.Reading.Messages {
			m := &it.Reading.Messages[i]
			if m.Key != "" {
				line.Messages = append(line.Messages, m.Key)
			}
			line.Natives = append(line.Natives, m.Native)
		}
	}
	if c.Exchange == nil {
		return
	}
	line.Fetched = c.Exchange.End
	at := watchedLane{c.Account, c.Lane}
	if w := b.watched[at]; w == nil {
		b.watched[at] = &detect.Interval{Account: c.Account, Lane: c.Lane, From: c.Exchange.End}
	} else if c.Exchange.End.Before(w.From) {
		w.From = c.Exchange.End
	}
	b.reach(c.Account, c.Exchange.End)
}

func (b *viewBuilder) about(line *export.EntryLine, m daybook.MessageKey, x *daybook.Exchange) {
	if m != "" {
		line.Messages = []daybook.MessageKey{m}
	}
	if x != nil {
		line.Fetched = x.End
		b.reach(line.Account, x.End)
	}
}

// reach notes that an account was read until then.
func (b *viewBuilder) reach(a daybook.AccountID, to time.Time) {
	if to.After(b.fetched[a]) {
		b.fetched[a] = to
	}
}

// act tells of what somebody did.
func (b *viewBuilder) act(e *archive.Entry, line *export.EntryLine) {
	var err error
	if line.Detail, _, err = cases.DidEntry(e.Record); err != nil {
		line.Detail = "something that this version cannot read"
		return
	}
	switch e.Record.Kind {
	case daybook.RecordConsent:
		var c daybook.ConsentRecord
		if e.Record.Decode(&c) != nil {
			return
		}
		line.Account = c.Account.ID
		if i, known := b.known[c.Account.ID]; known {
			b.view.Accounts[i] = c.Account
		} else {
			b.known[c.Account.ID] = len(b.view.Accounts)
			b.view.Accounts = append(b.view.Accounts, c.Account)
		}
		b.view.Consents = append(b.view.Consents, export.ConsentLine{Account: c.Account.ID, Consent: c.Consent,
			ConsentChange: daybook.ConsentChange{Event: c.Event, At: c.At, Entry: e.Index}})
	case daybook.RecordExport:
		var x daybook.Export
		if e.Record.Decode(&x) == nil && !x.SHA256.IsZero() {
			line.Detail += fmt.Sprintf(": %s, of the first %d entries, SHA-256 %s", x.Kind, x.Size, x.SHA256)
		}
	case daybook.RecordErased:
		b.erased(e)
	}
}

func (b *viewBuilder) erased(e *archive.Entry) {
	var x daybook.Erased
	if e.Record.Decode(&x) != nil {
		return
	}
	var below []uint64
	for _, n := range x.Entries {
		if n < b.view.Size {
			below = append(below, n)
		}
	}
	if len(below) > 0 {
		slices.Sort(below)
		b.view.Erased = append(b.view.Erased, export.ErasedEntries{By: e.Index, At: x.At, Reason: x.Reason, Entries: below})
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
func (b *viewBuilder) lists(ctx context.Context) (err error) {
	v := b.view
	for cursor := ""; ; {
		var page []daybook.Message
		if page, cursor, err = b.mem.List(ctx, b.id, daybook.MessageFilter{}, viewBatch, cursor); err != nil {
			return err
		}
		found, err := b.mem.FlagsOf(ctx, b.id, page)
		if err != nil {
			return err
		}
		for i := range page {
			if len(found[i]) > 0 {
				if v.Flags == nil {
					v.Flags = map[daybook.MessageKey][]flags.Found{}
				}
				v.Flags[page[i].Key] = found[i]
			}
		}
		v.Messages = append(v.Messages, page...)
		if cursor == "" {
			break
		}
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
	v.Findings = slices.Concat(found, suggested, flagFindings(flagged, v.Handles))
	return nil
}

func observationWords(what daybook.ObservationKind) string {
	switch what {
	case daybook.SeenGone:
		return "a look did not find a message"
	case daybook.SeenAgain:
		return "a look found a message again"
	case daybook.SeenBlocked:
		return "a block by the person was first seen"
	case daybook.SeenUnblocked:
		return "a block by the person was no longer there"
	case daybook.SeenLaneLost:
		return "the server does not offer a place"
	}
	return "something was seen"
}

func clockWords(step time.Duration) string {
	if step < 0 {
		return "back by " + (-step).String()
	}
	return "forward by " + step.String()
}
