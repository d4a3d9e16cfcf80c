package export

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
)

// runPause is how far apart entries of one run can have been logged.
const runPause = 10 * time.Minute

// WriteCustody writes how the record was kept: what was acquired, imported,
// decided, exported and erased, by whom and when, in the order of the log. What
// one run acquired is one line. Who looked and searched is in it only with
// Spec.Access.
func (s *Shown) WriteCustody(w io.Writer) error {
	t := newTable(w, "entries", "kind", "logged (UTC)", "until (UTC)", "by whom", "what", "account", "in this bundle")
	for i := 0; i < len(s.Entries); {
		n := s.run(i)
		lines := s.Entries[i : i+n]
		i += n
		if lines[0].Kind == daybook.RecordAccess && !s.Spec.Access {
			continue
		}
		t.row(s.custodyRow(lines)...)
	}
	return t.end("custody.csv")
}

// run returns how many entries from place i on are one run: acquired one after
// the other, by the same part of the program, for the same account.
func (s *Shown) run(i int) int {
	n := 1
	head := &s.Entries[i]
	if !acquired(head) {
		return n
	}
	for i+n < len(s.Entries) {
		last, e := &s.Entries[i+n-1], &s.Entries[i+n]
		if !acquired(e) || e.Actor.ID != head.Actor.ID || e.Account != head.Account || e.Origin != head.Origin && e.Origin != "" && head.Origin != "" ||
			e.Logged.Sub(last.Logged) > runPause || e.Logged.Before(last.Logged) || s.Holds(e.Index) != s.Holds(head.Index) {
			break
		}
		n++
	}
	return n
}

func acquired(e *EntryLine) bool {
	switch e.Kind {
	case daybook.RecordItem, daybook.RecordMedia, daybook.RecordExchange, daybook.RecordObservation:
		return !e.Erased
	}
	return false
}

func (s *Shown) custodyRow(lines []EntryLine) []string {
	head, last := &lines[0], &lines[len(lines)-1]
	kinds := map[daybook.RecordKind]int{}
	var order []string
	for i := range lines {
		if kinds[lines[i].Kind] == 0 {
			order = append(order, string(lines[i].Kind))
		}
		kinds[lines[i].Kind]++
	}
	slices.Sort(order)
	until := ""
	if !last.Logged.Equal(head.Logged) {
		until = utc(last.Logged)
	}
	in := "yes"
	if !s.Holds(head.Index) {
		in = "no"
	}
	return []string{ranges(lines), strings.Join(order, ", "), utc(head.Logged), until, s.who(head), s.what(head, kinds), string(head.Account), in}
}

// ranges writes the numbers of entries: "17-20, 22".
func ranges(lines []EntryLine) string {
	var parts []string
	for i := 0; i < len(lines); {
		k := i
		for k+1 < len(lines) && lines[k+1].Index == lines[k].Index+1 {
			k++
		}
		part := strconv.FormatUint(lines[i].Index, 10)
		if k > i {
			part += "-" + strconv.FormatUint(lines[k].Index, 10)
		}
		parts = append(parts, part)
		i = k + 1
	}
	return strings.Join(parts, ", ")
}

// who names who made an entry.
func (s *Shown) who(e *EntryLine) string {
	if e.Erased {
		return ""
	}
	return s.Who(e.Actor)
}

// Who names who did something: as the Spec says, else by what they are in the
// case and the beginning of their identifier. So a bundle names nobody who works
// for the person unless somebody chose that it does.
func (s *Shown) Who(a daybook.Actor) string {
	if name := s.Spec.Names[a.ID]; name != "" {
		return name
	}
	as := a.Role
	switch {
	case a.Role == "collector":
		return "the program (it reads the accounts)"
	case a.ID == "local":
		return "whoever runs the program, at its machine"
	case a.Role == string(cases.Owner):
		as = "the person"
	case slices.Contains(cases.Roles(), cases.Role(a.Role)):
		as = "an adviser"
	}
	switch {
	case a.ID == "":
		return as
	case len(a.ID) > 8:
		return as + " (" + a.ID[:6] + ")"
	}
	return as + " (" + a.ID + ")"
}

// what says in words what entries tell.
func (s *Shown) what(e *EntryLine, kinds map[daybook.RecordKind]int) string {
	if e.Erased {
		return "content erased"
	}
	if !acquired(e) {
		if e.Import != nil {
			return ImportWords(e.Import)
		}
		if e.Detail == "" {
			return "an entry of kind " + string(e.Kind)
		}
		return e.Detail
	}
	verb := "collected"
	switch e.Origin {
	case daybook.Imported:
		verb = "imported"
	case daybook.Entered:
		verb = "entered by a person"
	}
	var parts []string
	add := func(k daybook.RecordKind, one, many string) {
		if n := kinds[k]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, pick(n, one, many)))
		}
	}
	add(daybook.RecordItem, "item", "items")
	add(daybook.RecordExchange, "answer that could not be taken apart", "answers that could not be taken apart")
	add(daybook.RecordMedia, "attachment or why there is none", "attachments or why there are none")
	add(daybook.RecordObservation, "observation", "observations")
	text := verb + ": " + strings.Join(parts, ", ")
	if e.Kind == daybook.RecordObservation && e.Detail != "" && kinds[daybook.RecordObservation] == 1 && len(kinds) == 1 {
		text = "observed: " + e.Detail
	}
	return text
}
