package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
	"daybook/internal/pdf"
)

// method prints how the record came about and how far it can be relied on.
func (w *writer) method() {
	w.chapter("Method and reliability", true)
	w.d.Heading(2, "How it was made")
	w.points(
		"With the person’s agreement a program reads what reaches their own accounts, through the interfaces that the platforms offer for that. It only reads: it never writes, answers, blocks or marks anything as read.",
		"Each item is kept byte for byte as it came, before anything is made of it. What a reading program made of it then is kept beside it, with the program’s name and version.",
		"Known messages are looked at again later. What is changed or not there any more is a new entry; nothing that was kept is overwritten.",
		"A time in which an account was not read is an entry of the record, and stands in this report.",
	)
	w.d.Heading(2, "Reliability")
	var all []fact
	for _, l := range w.s.Reliability() {
		if !strings.HasPrefix(l.What, "Known limit") { // they have a list of their own
			all = append(all, fact{l.What, one(text(l.Value))})
		}
	}
	w.facts("Versions, clock, errors and checks.", all)
	w.origins()
	w.d.Heading(2, "Detection, and how often it is wrong")
	w.points(
		"Contact ("+detect.ContactModel+") is counting: every figure lists what it counts, and anybody who has the exhibits can count again. A change of rate is said with a 95 % interval; where all rates were equal, “clear” came out in 2 to 9 of 100 simulated comparisons.",
		"Links are comparisons with weights. Of writing, how often a weight comes out for two different people was measured: of 1,000 such pairs with 40 messages on each side and 150 known writers of the platform, 22 had three bits or more, 8 five or more, 2 seven and a half or more. All other weights are set by hand and were not measured on cases like this one.",
		"In made-up cases of 30 real writers, some of whom came back under another name within three days, the program suggested 18 of 60 of these without knowing other writers of the platform, and 1 pair in 60 cases that did not belong together.",
	)
	w.flagTable()
	w.d.Heading(2, "Known limits")
	w.points(export.Limits()...)
	w.d.Heading(2, "What a reader can count again")
	w.say("Every number in this report is a count of exhibits that are listed beside it, or of the lines of data/timeline.csv. The rules that mark messages, the weights of comparisons and the way of counting are published with the program’s source.")
}

// origins says where the entries came from and which programs read them.
func (w *writer) origins() {
	type source struct {
		origin daybook.Origin
		parser string
	}
	n := map[source]int{}
	for _, e := range w.s.Entries {
		if e.Kind == daybook.RecordItem && !e.Erased {
			n[source{e.Origin, e.Parser}]++
		}
	}
	if len(n) == 0 {
		return
	}
	all := make([]source, 0, len(n))
	for s := range n { // sorted below
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b source) int { return cmp.Or(cmp.Compare(a.origin, b.origin), cmp.Compare(a.parser, b.parser)) })
	var rows [][][]pdf.Span
	for _, s := range all {
		parser := name(s.parser)
		if parser == "" {
			parser = "not read"
		}
		rows = append(rows, [][]pdf.Span{one(text(origin(s.origin))), one(text(parser)), one(text(strconv.Itoa(n[s])))})
	}
	w.table(w.heading("Where it came from"), pdf.Table{Summary: "Captured items by origin and by the program that read them.", Columns: []pdf.Column{
		{Title: "Origin", Width: 0.45}, {Title: "Read by", Width: 0.35}, {Title: "Items", Width: 0.2, Right: true},
	}}, rows)
}

// flagTable prints how often flags were right when they were measured.
func (w *writer) flagTable() {
	w.say("Flags mark messages for a reader to look at first. How often they are right was measured on made-up short messages that another hand had written, not on those of this record. Real messages differ: of threats that are meant not to be recognised, expect that most are missed. The rules read English.")
	var rows [][][]pdf.Span
	for _, f := range flags.All() {
		m := flags.Measured(f)
		rows = append(rows, [][]pdf.Span{one(text(flagTitle(f))), one(text(fmt.Sprintf("%d %% of %d", (m.Recall+5)/10, m.Should))), one(text(fmt.Sprintf("%d %% of %d", (m.False+5)/10, m.Harmless)))})
	}
	w.d.KeepTogether(func() {
		w.table(nothing, pdf.Table{Summary: "For each flag: how many of the messages that should have it were found, and how many harmless ones were marked.", Columns: []pdf.Column{
			{Title: "Flag", Width: 0.34}, {Title: "Found, of those that should be", Width: 0.33}, {Title: "Marked, of harmless ones", Width: 0.33},
		}}, rows)
	})
}

// flagTitle is what a flag is called: always "possible".
func flagTitle(f flags.Flag) string {
	switch f {
	case flags.Threat:
		return "Possible threat"
	case flags.Presence:
		return "Possible presence"
	case flags.Surveillance:
		return "Possible surveillance"
	case flags.SelfHarm:
		return "Possible self-harm"
	case flags.ThirdParties:
		return "Possible third parties"
	case flags.Sexual:
		return "Possible sexual content"
	case flags.Impersonation:
		return "Possible impersonation"
	case flags.Doxxing:
		return "Possible details made known"
	}
	return "Possible " + string(f)
}
