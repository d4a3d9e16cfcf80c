package web

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

// Flags finds what may help a reader to sort messages. What it tells is told of
// what messages say: pages ask it only for who may read content.
type Flags interface {
	// BringFlags lets the flags of a case follow its messages, about most of
	// them at a time, and returns how many entries it has looked through, and
	// how many there are.
	BringFlags(ctx context.Context, c daybook.CaseID, most int) (done, all uint64, err error)
	FlagCounts(ctx context.Context, c daybook.CaseID) (map[flags.Flag]int, error)
	FlagsOf(ctx context.Context, c daybook.CaseID, messages []daybook.Message) ([][]flags.Found, error)
	FindFlags(ctx context.Context, m *daybook.Message, text string) ([]flags.Found, error)
	Flagged(ctx context.Context, c daybook.CaseID, which ...flags.Flag) ([][32]byte, error)
}

// How many messages a page looks at before it is shown: of a case that nobody
// has looked through yet, the rest comes with the next ones.
const (
	flagsAside = 1_000  // on a page that shows how many there are
	flagsAsked = 10_000 // on one that is narrowed to a flag
)

// flagKey is what a flag is called, in the catalogue: always "possible".
func flagKey(f flags.Flag) string { return "flag." + string(f) }

// A flagsState says how far a case was looked through for flags.
type flagsState struct {
	Done, All uint64
	Again     string // the address of the page, which then looks further; "" if it was looked through
	Failed    bool   // it could not be looked further now
}

// bringFlags lets the flags follow the messages. If they cannot, as on a full
// disk, the page says so and shows what there is.
func (r *request) bringFlags(most int) (st flagsState, err error) {
	st.Done, st.All, err = r.s.Store.BringFlags(r.Context(), r.caseID, most)
	switch {
	case err != nil && r.Context().Err() == nil:
		r.s.Logger.WarnContext(r.Context(), "flags could not be looked for", slog.String("case", string(r.caseID)), slog.Any("err", err))
		return flagsState{Failed: true}, nil
	case st.Done < st.All:
		st.Again = r.URL.Path
	}
	return st, err
}

// flagsOf returns what is found in some messages; nothing for a user who may not
// read what they say.
func (r *request) flagsOf(messages []daybook.Message) ([][]flags.Found, error) {
	if !r.can(cases.Content) {
		return make([][]flags.Found, len(messages)), nil
	}
	return r.s.Store.FlagsOf(r.Context(), r.caseID, messages)
}

// tagFlags adds what was found in the message of a line.
func (l *entryLine) tagFlags(found []flags.Found) {
	var last flags.Flag
	for _, f := range found { // in order of flag
		if f.Flag != last {
			last = f.Flag
			l.Flags = append(l.Flags, flagKey(f.Flag))
		}
	}
}

// A flagCount says how many of some messages have a flag.
type flagCount struct {
	Key string
	N   int
}

// countFlags counts the flags of some lines.
func countFlags(lines []*entryLine) (out []flagCount) {
	for _, f := range flags.All() {
		c := flagCount{Key: flagKey(f)}
		for _, l := range lines {
			if slices.Contains(l.Flags, c.Key) {
				c.N++
			}
		}
		if c.N > 0 {
			out = append(out, c)
		}
	}
	return out
}

// A flagWhy is one reason why a message is marked.
type flagWhy struct {
	Says        string // the rule's own sentence
	Rule        string
	flagMeasure // with the first reason of each flag; else zero
}

// A flagMeasure is how often marks of a flag are right, as it was measured.
type flagMeasure struct {
	Finds int // of 10 that should be marked
	In    int // one of so many harmless ones is marked; 0: none was
}

func (r *request) whyFlagged(found []flags.Found) (out []flagWhy) {
	var last flags.Flag
	for _, f := range found {
		says := f.Text
		if !r.owner() {
			says = flagAboutThem(says)
		}
		why := flagWhy{Says: says, Rule: f.Rule}
		if f.Flag != last {
			last, why.flagMeasure = f.Flag, measureOf(f.Flag)
		}
		out = append(out, why)
	}
	return out
}

// flagAboutThem puts a rule's sentence, which is addressed to the person, so that
// it speaks of them.
func flagAboutThem(s string) string {
	return strings.NewReplacer("your", "their", "you go", "they go", "you", "the person").Replace(s)
}

// A flagKind is one flag in the explanation of all of them.
type flagKind struct {
	Key string
	flagMeasure
}

// flagsHelp is the part "flags-help".
type flagsHelp struct {
	voice
	Kinds []flagKind
	Own   string // address of the own details; "" if the user may not see them
}

func (r *request) flagsHelp() flagsHelp {
	h := flagsHelp{voice: r.voice()}
	for _, f := range flags.All() {
		h.Kinds = append(h.Kinds, flagKind{flagKey(f), measureOf(f)})
	}
	if r.can(cases.OwnDetails) {
		h.Own = r.in("own")
	}
	return h
}

// flagNamed reads the name of a flag; false if there is no such one.
func flagNamed(s string) (flags.Flag, bool) {
	f := flags.Flag(s)
	return f, slices.Contains(flags.All(), f)
}

// A markedText is a text made safe to show, with the words marked that flags
// rest on.
type markedText struct {
	Parts []fragmentPart
	Cut   int // characters that are not shown
}

// marked makes a text safe to show, up to limit characters. Spans may be any:
// they are cut to whole characters of the text and put in order.
func marked(text string, spans []flags.Span, limit int) (out markedText) {
	at := 0
	add := func(to int, mark bool) {
		if to <= at {
			return
		}
		piece := text[at:to]
		at = to
		n := safe(piece, limit, true)
		limit -= uniseg.GraphemeClusterCount(piece) - n.Cut
		out.Cut += n.Cut
		n.Cut = 0
		if len(n.Parts) > 0 {
			out.Parts = append(out.Parts, fragmentPart{Mark: mark, Text: n})
		}
	}
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b flags.Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	for _, s := range spans {
		from, to := min(max(s.From, at), len(text)), min(s.To, len(text))
		for from > at && from < len(text) && !utf8.RuneStart(text[from]) {
			from--
		}
		for to < len(text) && to > 0 && !utf8.RuneStart(text[to]) {
			to++
		}
		add(from, false)
		add(to, true)
	}
	add(len(text), false)
	return out
}

// markedText is a text of a message with what was found in it.
func (r *request) markedText(m *daybook.Message, text string, limit int) (markedText, error) {
	found, err := r.s.Store.FindFlags(r.Context(), m, text)
	if err != nil {
		return markedText{}, err
	}
	var spans []flags.Span
	for _, f := range found {
		spans = append(spans, f.Spans...)
	}
	return marked(text, spans, limit), nil
}

// measureOf is how often marks of a flag are right.
func measureOf(f flags.Flag) (out flagMeasure) {
	m := flags.Measured(f)
	if out.Finds = (m.Recall + 50) / 100; m.False > 0 {
		out.In = (1000 + m.False/2) / m.False
	}
	return out
}
