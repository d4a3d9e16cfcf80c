package main

import (
	"fmt"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/detect"
	"daybook/export"
)

// What a view tells of single entries.

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
			line.Hidden = m.Message == "" && !m.Handle.IsZero() && b.hidesPicture(m.Handle)
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
			line.Detail = gapWords(g.Class)
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
	line.KeptBack = b.keptBack(e, &line)
	return line
}

func (b *viewBuilder) item(e *archive.Entry, line *export.EntryLine) {
	it, err := e.Item()
	if err != nil || it.Reading == nil && it.Failed != "" { // without either it is no message: whom the person blocks
		b.view.Unread = append(b.view.Unread, e.Index)
	}
	if err != nil {
		return
	}
	c := &it.Capture
	line.Account, line.Origin, line.Natives = c.Account, c.Origin, []string{c.NativeID}
	if !c.File.IsZero() {
		line.File, line.Place, line.Offset = c.File, c.Member, c.Offset
	}
	if it.Reading != nil {
		line.Parser = it.Reading.Parser
		for i := range it.Reading.Messages {
			m := &it.Reading.Messages[i]
			if m.Key != "" {
				line.Messages = append(line.Messages, m.Key)
				if b.hides(m.Key) {
					b.view.Hidden[m.Key] = true
					b.hidden = append(b.hidden, daybook.ShownBy(c, m))
				}
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
		if b.hides(m) {
			b.view.Hidden[m] = true
		}
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
	case daybook.RecordImport:
		var i daybook.Import
		if e.Record.Decode(&i) == nil {
			line.Account, line.Import = i.Account, &i
		}
	case daybook.RecordExport:
		var x daybook.Export
		if e.Record.Decode(&x) == nil && !x.SHA256.IsZero() {
			line.Detail += fmt.Sprintf(": %s, of the first %d entries, SHA-256 %s", x.Kind, x.Size, x.SHA256)
		}
	case daybook.RecordAccess:
		var a daybook.Access
		line.Searched = e.Record.Decode(&a) == nil && a.Words != ""
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

func gapWords(c daybook.GapClass) string {
	if c == daybook.Late {
		return "a time that was not watched and was caught up later"
	}
	return "a time that was not watched and could not be caught up"
}

func clockWords(step time.Duration) string {
	if step < 0 {
		return "back by " + (-step).String()
	}
	return "forward by " + step.String()
}
