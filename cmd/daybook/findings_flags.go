package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
	"daybook/store"
)

// flagFindings tells of the flags of a case: for each flag, one finding for each
// handle whose messages have it, and one for each confirmed group. None to an
// actor who may not read what messages say.
func (a *app) flagFindings(ctx context.Context, actor daybook.Actor, id daybook.CaseID) ([]detect.Finding, error) {
	err := a.bringFlags(ctx, actor, id)
	if errors.Is(err, daybook.ErrForbidden) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := a.db.FlaggedMessages(ctx, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	handles, err := a.db.Handles(ctx, id)
	if err != nil {
		return nil, err
	}
	return flagFindings(all, handles), nil
}

// flagFindings are those of flagged messages, in order of time, and the handles
// of their case.
func flagFindings(all []store.FlaggedMessage, handles []daybook.HandleSummary) []detect.Finding {
	by := map[string][]*store.FlaggedMessage{}
	for i := range all {
		ref := all[i].Sender.Ref()
		by[ref] = append(by[ref], &all[i])
	}
	var out []detect.Finding
	for _, f := range flags.All() {
		for _, p := range parties(handles) {
			var theirs []*store.FlaggedMessage
			for _, h := range p {
				theirs = append(theirs, by[h.Ref()]...)
			}
			slices.SortStableFunc(theirs, func(a, b *store.FlaggedMessage) int { return a.Sent.Compare(b.Sent) })
			if found, ok := flagFinding(f, p, theirs); ok {
				out = append(out, found)
			}
		}
	}
	return out
}

// parties are the confirmed groups of a case, then its handles, each in the order
// of first mention.
func parties(all []daybook.HandleSummary) (out [][]daybook.Handle) {
	groups := map[int]int{} // places in out
	for _, h := range all {
		if h.Own || h.Group == 0 {
			continue
		}
		at, known := groups[h.Group]
		if !known {
			at = len(out)
			groups[h.Group] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], h.Handle)
	}
	for _, h := range all {
		if !h.Own {
			out = append(out, []daybook.Handle{h.Handle})
		}
	}
	return out
}

// flagFinding tells of the messages of one party that have a flag; false if none
// has.
func flagFinding(f flags.Flag, party []daybook.Handle, theirs []*store.FlaggedMessage) (detect.Finding, bool) {
	out := detect.Finding{Kind: "flag", Handles: party, Model: flags.Version()}
	var (
		entries []uint64
		rules   []detect.Reason
	)
	for _, m := range theirs { // in order of time
		if !slices.ContainsFunc(m.Found, func(o flags.Found) bool { return o.Flag == f }) {
			continue
		}
		entries = append(entries, m.Entry)
		if out.From.IsZero() {
			out.From = m.Sent
		}
		out.To = m.Sent
		for _, o := range m.Found {
			if o.Flag != f {
				continue
			}
			at := slices.IndexFunc(rules, func(r detect.Reason) bool { return r.Feature == o.Rule })
			if at < 0 {
				at = len(rules)
				rules = append(rules, detect.Reason{Feature: o.Rule, Text: o.Text})
			}
			rules[at].Entries = append(rules[at].Entries, m.Entry)
		}
	}
	if len(entries) == 0 {
		return out, false
	}
	for i := range rules {
		slices.Sort(rules[i].Entries)
	}
	slices.Sort(entries)
	slices.SortStableFunc(rules, func(a, b detect.Reason) int { return len(b.Entries) - len(a.Entries) })
	out.Reasons = rules
	out.Text = fmt.Sprintf("%s marked as %s, for a reader to look at first.%s", plural(len(entries), "message is", "messages are"), export.FlagWords(f), suchAMark(f))
	out.Figures = measuredFigures(f)
	out.Figures["messages"] = detect.Figure{Value: int64(len(entries)), Unit: "messages", Text: "Marked as " + export.FlagWords(f) + ".", Entries: entries}
	return out, true
}
