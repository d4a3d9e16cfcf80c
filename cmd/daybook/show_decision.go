package main

import (
	"errors"
	"time"

	"daybook"
)

type decisionJSON struct {
	Entry   uint64       `json:"entry"`
	What    daybook.Mark `json:"what"`
	Undone  bool         `json:"undone"` // it takes such a mark back
	Holds   bool         `json:"holds"`  // false: a later one took its place
	Handles []senderJSON `json:"handles"`
	By      string       `json:"by"`
	At      string       `json:"at"`
	Reason  string       `json:"reason"`
}

// decision shows what a person decided in an entry that shows no message. why is
// returned if the entry is no decision.
func (cmd *showCommand) decision(c *call, a *app, id daybook.CaseID, zone *time.Location, why error) error {
	e, err := a.log.Entry(c.ctx, id, cmd.Entry)
	if errors.Is(err, daybook.ErrNotFound) || err == nil && e.Record.Kind != daybook.RecordDecision {
		return why
	}
	if err != nil {
		return err
	}
	all, err := a.db.Decisions(c.ctx, id)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Index != cmd.Entry {
			continue
		}
		by, err := a.cases.Who(c.ctx, e.Record.Actor)
		if err != nil {
			return err
		}
		out := decisionJSON{Entry: d.Index, What: d.What, Undone: d.Undone, Holds: d.Holds, Handles: []senderJSON{}, By: by, At: rfc(d.At), Reason: d.How}
		names := ""
		for _, h := range []daybook.Handle{d.Handle, d.Other} {
			if h.IsZero() {
				continue
			}
			out.Handles = append(out.Handles, senderOf(h))
			if names != "" {
				names += ", "
			}
			names += shown(h.Shown())
		}
		if c.cmd.JSON {
			return jsonLine(c.out, out)
		}
		what, holds := string(d.What), "yes"
		if d.Undone {
			what += ", taken back"
		}
		if !d.Holds {
			holds = "no"
		}
		return table(c.out, []string{"decision", shown(what)}, []string{"handles", names}, []string{"by", shown(by)},
			[]string{"decided", stamp(d.At, zone)}, []string{"reason", shown(d.How)}, []string{"holds", holds})
	}
	return why
}
