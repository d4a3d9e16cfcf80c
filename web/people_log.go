package web

import (
	"context"
	"math"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

// Acts finds what people did in a case. *store.DB does.
type Acts interface {
	EntriesOfKind(ctx context.Context, c daybook.CaseID, kinds []daybook.RecordKind, before uint64, limit int) ([]uint64, error)
}

const (
	logLines = 50  // lines of the access log on a page
	logLook  = 500 // entries that are looked through for those of others
)

// A logView is a part of the access log.
type logView struct {
	Before uint64 // the entry before which it begins; 0: the newest
	Others bool   // without what the reader did
}

// A logPart is a part of the access log as it is shown.
type logPart struct {
	Lines  []logLine
	Others bool
	First  bool   // these are the newest
	Older  string // view with what is before; "" at the end
}

type logLine struct {
	Entry uint64
	When  stamp
	You   bool
	Who   name
	Did   name
	About []name // handles
}

// actLines reads a part of the access log: at most a page of lines, newest
// first, and at most logLook entries for it.
func (r *request) actLines(v logView) (logPart, error) {
	part := logPart{Others: v.Others, First: v.Before == 0}
	look, before := logLines, v.Before
	if v.Others {
		look = logLook
	}
	if before == 0 {
		before = math.MaxInt64
	}
	found, err := r.s.Store.EntriesOfKind(r.Context(), r.caseID, cases.ActKinds(), before, look+1)
	if err != nil {
		return part, err
	}
	more := len(found) > look
	found = found[:min(look, len(found))]
	names := map[daybook.Actor]name{}
	for len(found) > 0 && len(part.Lines) < logLines {
		run := 1 // entries that follow on each other are read at once
		for run < min(len(found), logLines) && found[run] == found[0]-uint64(run) {
			run++
		}
		batch, err := r.s.Log.Batch(r.Context(), r.caseID, found[run-1], run)
		if err != nil {
			return part, err
		}
		for i := len(batch) - 1; i >= 0 && len(part.Lines) < logLines; i-- {
			found = found[1:]
			before = batch[i].Index
			if v.Others && batch[i].Record.Actor.ID == r.actor.ID {
				continue
			}
			line, err := r.actLine(batch[i], names)
			if err != nil {
				return part, err
			}
			part.Lines = append(part.Lines, line)
		}
	}
	if more || len(found) > 0 {
		part.Older = r.keep(logView{Before: before, Others: v.Others})
	}
	return part, nil
}

func (r *request) actLine(e archive.Entry, names map[daybook.Actor]name) (logLine, error) {
	line := logLine{Entry: e.Index, When: r.when(e.Record.Logged), You: e.Record.Actor.ID == r.actor.ID}
	words, about, err := cases.DidEntry(e.Record)
	if err != nil {
		return line, err
	}
	line.Did = textOf(words)
	for _, h := range about {
		line.About = append(line.About, nameOf(h.Shown()))
	}
	if line.You {
		return line, nil
	}
	who, known := names[e.Record.Actor]
	if !known {
		if who, err = r.who(e.Record.Actor); err != nil {
			return line, err
		}
		names[e.Record.Actor] = who
	}
	line.Who = who
	return line, nil
}
