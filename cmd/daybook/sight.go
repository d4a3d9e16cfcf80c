package main

import (
	"context"
	"slices"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/export"
)

// keptFromPublic are the platforms whose terms keep what their interface gives
// from public bodies, unless the operator has their approval.
func keptFromPublic(cfg config.Config) []daybook.Platform {
	if cfg.X.Approval != "" {
		return nil
	}
	return []daybook.Platform{"x"}
}

// withheldWords is said in the place of what somebody wrote.
const withheldWords = "not shown: X's terms keep this from public bodies; the person can add their account archive instead, or export it"

// seeing returns what the actor may be shown of a case, and a context with which
// messages are read as far as that.
func (a *app) seeing(ctx context.Context, actor daybook.Actor, id daybook.CaseID) (context.Context, cases.Sight, error) {
	s, err := a.cases.Sight(ctx, actor, id)
	return cases.WithSight(ctx, s), s, err
}

// withheldCapture reports whether an entry is one that may not be shown as it
// came.
func withheldCapture(e *archive.Entry, s cases.Sight) bool {
	if s.Whole() || e.Record.Kind != daybook.RecordItem {
		return false
	}
	it, err := e.Item()
	return err != nil || s.WithholdsCapture(it.Capture.Platform, it.Capture.Origin)
}

// withGroups are handles with those that they are confirmed as linked with: of a
// group, a finding may name the first alone, and quote them all.
func withGroups(handles []daybook.Handle, all []daybook.HandleSummary) []daybook.Handle {
	groups := map[int]bool{}
	for i := range all {
		if all[i].Group > 0 && slices.ContainsFunc(handles, all[i].Handle.Same) {
			groups[all[i].Group] = true
		}
	}
	out := slices.Clone(handles)
	for i := range all {
		if groups[all[i].Group] {
			out = append(out, all[i].Handle)
		}
	}
	return out
}

// withheldReasons leaves out the words of reasons that tell of what may not be
// shown. all are the handles of the case.
func withheldReasons(found []detect.Finding, all []daybook.HandleSummary, s cases.Sight) []detect.Finding {
	if s.Whole() {
		return found
	}
	out := slices.Clone(found)
	for i := range out {
		f := &out[i]
		if f.Kind != "link" || !s.WithholdsWords(withGroups(f.Handles, all)) {
			continue
		}
		f.Reasons = slices.Clone(f.Reasons)
		for k := range f.Reasons {
			if r := &f.Reasons[k]; links.FromWords(r.Feature) {
				f.Text = strings.TrimSuffix(f.Text, " "+r.Text) // it says what speaks for the link most
				r.Text = withheldWords
			}
		}
	}
	return out
}

// keepBack takes out of a view what may not be shown to whoever it is made for:
// what was fetched from some platforms. What the person added is left, with the
// messages as it shows them.
func (b *viewBuilder) keepBack() {
	if b.sight.Whole() {
		return
	}
	v := b.view
	var messages []daybook.Message
	moved := map[uint64]uint64{} // entries that messages are known by
	for i := range v.Messages {
		m := v.Messages[i]
		if m.Withheld {
			v.Hidden[m.Key] = true
			v.KeptBack++
			delete(v.Flags, m.Key)
			continue
		}
		was := m.Captures[0]
		if b.sight.Withholds(m.Platform) {
			m.Captures = slices.DeleteFunc(slices.Clone(m.Captures), func(n uint64) bool { return v.Entries[n].KeptBack })
		}
		if len(m.Captures) == 0 { // its bytes were erased: nothing is left to rest on
			v.Hidden[m.Key] = true
			v.KeptBack++
			continue
		}
		if m.Captures[0] != was {
			moved[was] = m.Captures[0]
		}
		messages = append(messages, m)
	}
	v.Messages = messages
	v.Facts.Contacts = slices.Clone(v.Facts.Contacts)
	for i := range v.Facts.Contacts {
		if n, ok := moved[v.Facts.Contacts[i].Entry]; ok {
			v.Facts.Contacts[i].Entry = n
		}
	}
}

// keepBackFindings takes out of findings the entries that are kept back, and the
// words of reasons that tell of them.
func (b *viewBuilder) keepBackFindings() {
	if b.sight.Whole() {
		return
	}
	v := b.view
	kept := func(entries []uint64) []uint64 {
		return slices.DeleteFunc(slices.Clone(entries), func(n uint64) bool { return n < uint64(len(v.Entries)) && v.Entries[n].KeptBack })
	}
	for i := range v.Findings {
		f := &v.Findings[i]
		words := f.Kind == "link" && b.sight.WithholdsWords(withGroups(f.Handles, v.Handles))
		reasons := f.Reasons
		f.Reasons = nil
		for _, r := range reasons {
			if words && links.FromWords(r.Feature) {
				f.Text = strings.TrimSuffix(f.Text, " "+r.Text) // it says what speaks for the link most
				continue
			}
			r.Entries = kept(r.Entries)
			f.Reasons = append(f.Reasons, r)
		}
		for name, g := range f.Figures {
			g.Entries = kept(g.Entries)
			f.Figures[name] = g
		}
	}
}

// keptBack reports whether an entry holds what was fetched from a platform of
// which that is kept back.
func (b *viewBuilder) keptBack(e *archive.Entry, line *export.EntryLine) bool {
	if b.sight.Whole() || e.Erased {
		return false
	}
	switch e.Record.Kind {
	case daybook.RecordItem:
		it, err := e.Item()
		return err != nil || b.sight.WithholdsCapture(it.Capture.Platform, it.Capture.Origin)
	case daybook.RecordMedia:
		var m daybook.MediaRecord
		return e.Record.Decode(&m) != nil || m.Exchange != nil && b.sight.Withholds(b.platformOf(m.Account))
	case daybook.RecordExchange:
		var x struct {
			Account daybook.AccountID `json:"account"`
		}
		return e.Record.Decode(&x) != nil || b.sight.Withholds(b.platformOf(x.Account))
	case daybook.RecordObservation:
		return b.sight.Withholds(b.platformOf(line.Account)) && !line.Fetched.IsZero()
	}
	return false
}

// platformOf is the platform of an account whose consent is in the log already.
func (b *viewBuilder) platformOf(id daybook.AccountID) daybook.Platform {
	if i, known := b.known[id]; known {
		return b.view.Accounts[i].Platform
	}
	return ""
}
