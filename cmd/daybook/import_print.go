package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/collectors/upload"
)

// An importedJSON is the completeness report of one file.
type importedJSON struct {
	File         string               `json:"file"`
	SHA256       daybook.Digest       `json:"sha256"`
	Kind         string               `json:"kind"`
	Confidence   int                  `json:"confidence"`
	Account      daybook.AccountID    `json:"account"`
	Made         string               `json:"made,omitempty"`
	Period       periodJSON           `json:"period"`
	Threads      int                  `json:"threads"`
	Messages     int                  `json:"messages"`
	New          int                  `json:"new"`
	Known        int                  `json:"known"`
	Excluded     int                  `json:"excluded"`
	Erased       int                  `json:"erased"`
	NotChosen    int                  `json:"not_chosen"`
	ByKind       map[daybook.Kind]int `json:"by_kind"`
	Media        daybook.ImportMedia  `json:"media"`
	NotRead      []daybook.NotRead    `json:"not_understood"`
	NotTaken     []daybook.NotRead    `json:"not_taken"`
	Assumed      []string             `json:"assumed"`
	Never        []string             `json:"never_contains"`
	Incomplete   []string             `json:"incomplete"`
	Gone         int                  `json:"gone_since_last"`
	Kept         bool                 `json:"file_kept"`
	ReadBefore   []string             `json:"read_before"`
	Import       string               `json:"import"`
	FirstEntry   uint64               `json:"first_entry"`
	LastEntry    uint64               `json:"last_entry"`
	ParserOfFile string               `json:"parser"`
}

type periodJSON struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

func list[T any](l []T) []T { return append([]T{}, l...) }

func printImported(c *call, name string, seems upload.Recognition, sum upload.Summary, account daybook.Account, r upload.Result) error {
	rep := r.Report
	if c.cmd.JSON {
		j := importedJSON{
			File: name, SHA256: r.File, Kind: sum.Kind, Confidence: seems.Confidence, Account: account.ID, Made: rfc(sum.Made),
			Period: periodJSON{rfc(rep.From), rfc(rep.To)}, Threads: rep.Threads, Messages: rep.Messages, New: rep.New, Known: rep.Known,
			Excluded: rep.Excluded, Erased: rep.Erased, NotChosen: rep.NotChosen, ByKind: rep.ByKind, Media: rep.Media,
			NotRead: list(rep.NotRead), NotTaken: list(rep.NotTaken), Assumed: list(rep.Assumed), Never: list(rep.Never), Incomplete: list(rep.Incomplete),
			Gone: rep.Gone, Kept: r.Kept, ReadBefore: []string{}, Import: r.ID, FirstEntry: r.Begun, LastEntry: r.Ended, ParserOfFile: sum.Parser,
		}
		if j.ByKind == nil {
			j.ByKind = map[daybook.Kind]int{}
		}
		for _, f := range r.Before {
			j.ReadBefore = append(j.ReadBefore, rfc(f.Logged))
		}
		return jsonLine(c.out, j)
	}
	lines := [][]string{
		{"file", shown(name)},
		{"sha256", r.File.String()},
		{"kind", daybook.Import{Kind: sum.Kind}.Title()},
		{"account", shown(sum.Owner.Shown()) + ", " + string(account.ID)},
		{"made", stamp(sum.Made, time.UTC)},
	}
	if len(r.Before) > 0 {
		lines = append(lines, []string{"read before", "this very file, on " + stamp(r.Before[len(r.Before)-1].Logged, time.UTC) + ": nothing in it is kept twice"})
	}
	lines = append(lines, importLines(rep)...)
	kept := "the untouched file is kept, sealed"
	if !r.Kept {
		kept = "only what was chosen is kept, not the file itself: keep it elsewhere if it is to prove something"
	}
	lines = append(lines, []string{"the file", kept}, []string{"entries", fmt.Sprintf("%d to %d", r.Begun, r.Ended)})
	return table(c.out, lines...)
}

// importLines says in words what a file holds and what it does not.
func importLines(rep daybook.ImportReport) [][]string {
	lines := [][]string{
		{"period", stamp(rep.From, time.UTC) + " to " + stamp(rep.To, time.UTC)},
		{"threads", strconv.Itoa(rep.Threads)},
		{"messages", fmt.Sprintf("%d: %d new, %d were here", rep.Messages, rep.New, rep.Known)},
	}
	for _, n := range []struct {
		n    int
		what string
	}{
		{rep.Excluded, "from senders who are left out: nothing of them was kept"},
		{rep.Erased, "were erased before: nothing of them was kept"},
		{rep.NotChosen, "in threads that were not chosen: nothing of them was kept"},
		{rep.Gone, "in an earlier file of this account, and not in this one; this does not tell who removed them or why"},
	} {
		if n.n > 0 {
			lines = append(lines, []string{"", fmt.Sprintf("%d %s", n.n, n.what)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(rep.ByKind)) {
		lines = append(lines, []string{"in the file", fmt.Sprintf("%d of kind %s", rep.ByKind[k], shown(string(k)))})
	}
	lines = append(lines, []string{"attachments", fmt.Sprintf("%d in the file, %d missing from it", rep.Media.Present, rep.Media.Missing)})
	for _, r := range rep.NotRead {
		lines = append(lines, []string{"not understood", fmt.Sprintf("%d: %s, in %s", r.Count, shown(r.What), shown(r.Member))})
	}
	for _, r := range rep.NotTaken {
		lines = append(lines, []string{"not taken", fmt.Sprintf("%d: %s, in %s", r.Count, shown(r.What), shown(r.Member))})
	}
	for _, part := range []struct {
		name  string
		words []string
	}{{"not complete", rep.Incomplete}, {"assumed", rep.Assumed}, {"never in it", rep.Never}} {
		for _, w := range part.words {
			lines = append(lines, []string{part.name, shown(w)})
		}
	}
	return lines
}

// A summaryJSON says what is in a file that was not read in.
type summaryJSON struct {
	File       string               `json:"file"`
	Kind       string               `json:"kind"`
	Confidence int                  `json:"confidence"`
	Owner      senderJSON           `json:"owner"`
	Made       string               `json:"made,omitempty"`
	Whole      bool                 `json:"whole"`
	Period     periodJSON           `json:"period"`
	Messages   int                  `json:"messages"`
	ByKind     map[daybook.Kind]int `json:"by_kind"`
	Media      daybook.ImportMedia  `json:"media"`
	Threads    []threadJSON         `json:"threads"`
	NotRead    []daybook.NotRead    `json:"not_understood"`
	NotTaken   []daybook.NotRead    `json:"not_taken"`
	Assumed    []string             `json:"assumed"`
	Never      []string             `json:"never_contains"`
	Incomplete []string             `json:"incomplete"`
}

// A threadJSON has no title: whoever named a group chose the words.
type threadJSON struct {
	ID       string            `json:"id"`
	Kind     upload.ThreadKind `json:"kind"`
	With     []senderJSON      `json:"with"`
	Messages int               `json:"messages"`
	In       int               `json:"in"`
	Out      int               `json:"out"`
	From     string            `json:"from,omitempty"`
	To       string            `json:"to,omitempty"`
	Usual    bool              `json:"usual"`
}

// printSummary says what is in a file. Of messages it shows how many there are.
func printSummary(c *call, name string, seems upload.Recognition, sum upload.Summary) error {
	rep := sum.Report
	if c.cmd.JSON {
		j := summaryJSON{
			File: name, Kind: sum.Kind, Confidence: seems.Confidence, Owner: senderOf(sum.Owner), Made: rfc(sum.Made), Whole: sum.Whole,
			Period: periodJSON{rfc(rep.From), rfc(rep.To)}, Messages: usualMessages(sum), ByKind: rep.ByKind, Media: rep.Media, Threads: []threadJSON{},
			NotRead: list(rep.NotRead), NotTaken: list(rep.NotTaken), Assumed: list(rep.Assumed), Never: list(rep.Never), Incomplete: list(rep.Incomplete),
		}
		for _, t := range sum.Threads {
			line := threadJSON{ID: t.ID, Kind: t.Kind, With: []senderJSON{}, Messages: t.Messages, In: t.In, Out: t.Out, From: rfc(t.From), To: rfc(t.To), Usual: t.Usual}
			for _, h := range t.With {
				line.With = append(line.With, senderOf(h))
			}
			j.Threads = append(j.Threads, line)
		}
		return jsonLine(c.out, j)
	}
	lines := [][]string{
		{"file", shown(name)},
		{"kind", daybook.Import{Kind: sum.Kind}.Title()},
		{"account", shown(sum.Owner.Shown())},
		{"made", stamp(sum.Made, time.UTC)},
	}
	if err := table(c.out, append(lines, summaryLines(sum)...)...); err != nil {
		return err
	}
	rows := [][]string{{"THREAD", "KIND", "MESSAGES", "IN", "OUT", "LAST", "WITH", ""}}
	for _, t := range sum.Threads {
		var with []string
		for _, h := range t.With[:min(len(t.With), 5)] {
			with = append(with, h.Shown())
		}
		if more := len(t.With) - len(with); more > 0 {
			with = append(with, plural(more, "other", "others"))
		}
		usual := ""
		if !t.Usual {
			usual = "only if it is chosen (--thread)"
		}
		rows = append(rows, []string{shown(t.ID), string(t.Kind), strconv.Itoa(t.Messages), strconv.Itoa(t.In), strconv.Itoa(t.Out),
			stamp(t.To, time.UTC), shown(strings.Join(with, ", ")), usual})
	}
	if _, err := fmt.Fprintln(c.out); err != nil {
		return err
	}
	if err := table(c.out, rows...); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.err, "nothing was kept")
	return err
}

// summaryLines is importLines for a file that was not read in.
func summaryLines(sum upload.Summary) [][]string {
	lines := importLines(sum.Report)
	for i := range lines {
		if lines[i][0] == "messages" {
			lines[i][1] = strconv.Itoa(usualMessages(sum)) + ", unless threads are chosen"
		}
	}
	return lines
}

// usualMessages is how many messages are read in unless threads are chosen.
func usualMessages(sum upload.Summary) (n int) {
	for _, t := range sum.Threads {
		if t.Usual && t.Kind != upload.ThreadBlocked {
			n += t.Messages
		}
	}
	return n
}
