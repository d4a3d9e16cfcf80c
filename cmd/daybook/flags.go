package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
)

// flagsOf returns what is found in some messages if the actor may read what they
// say, because that is what flags tell of; nothing otherwise.
func (a *app) flagsOf(ctx context.Context, actor daybook.Actor, id daybook.CaseID, messages []daybook.Message) ([][]flags.Found, error) {
	err := a.cases.Authorize(ctx, actor, id, cases.Content)
	if errors.Is(err, daybook.ErrForbidden) {
		return make([][]flags.Found, len(messages)), nil
	}
	if err != nil {
		return nil, err
	}
	return a.db.FlagsOf(ctx, id, messages)
}

// A flagBook tells the flags of messages, as far as the actor may know them:
// they tell of what messages say.
type flagBook struct {
	a   *app
	id  daybook.CaseID
	may bool
	key *archive.CaseKey
	all map[[32]byte][]flags.Flag // nil: each message is looked at
}

// manyMessages is from how many messages on it is quicker to ask for the flags
// of the whole case.
const manyMessages = 1000

// flagBook opens the flags of a case for looking at up to n messages; 0: all.
func (a *app) flagBook(ctx context.Context, actor daybook.Actor, id daybook.CaseID, n uint) (*flagBook, error) {
	b := &flagBook{a: a, id: id}
	err := a.cases.Authorize(ctx, actor, id, cases.Content)
	if errors.Is(err, daybook.ErrForbidden) {
		return b, nil
	}
	b.may = err == nil
	if err != nil || n > 0 && n <= manyMessages {
		return b, err
	}
	if b.key, err = a.db.Keys.Case(ctx, id); err != nil {
		return b, err
	}
	if err := a.bringFlags(ctx, actor, id); err != nil {
		return b, err
	}
	b.all, err = a.db.FlagsByMessage(ctx, id)
	return b, err
}

// of returns the flags of some messages.
func (b *flagBook) of(ctx context.Context, messages []daybook.Message) ([][]flags.Flag, error) {
	out := make([][]flags.Flag, len(messages))
	if !b.may {
		return out, nil
	}
	if b.all != nil {
		for i := range messages {
			out[i] = b.all[b.key.MessageMAC(messages[i].Key)]
		}
		return out, nil
	}
	found, err := b.a.db.FlagsOf(ctx, b.id, messages)
	if err != nil {
		return nil, err
	}
	for i := range found {
		out[i] = flagsIn(found[i])
	}
	return out, nil
}

// bringFlags lets the flags of a case follow its messages, for an actor who may
// read what they say.
func (a *app) bringFlags(ctx context.Context, actor daybook.Actor, id daybook.CaseID) error {
	if err := a.cases.Authorize(ctx, actor, id, cases.Content); err != nil {
		return err
	}
	_, _, err := a.db.BringFlags(ctx, id, 0)
	return err
}

// flagNamed reads the name of a flag.
func flagNamed(s string) (flags.Flag, error) {
	f := flags.Flag(strings.ToLower(s))
	if slices.Contains(flags.All(), f) {
		return f, nil
	}
	var names []string
	for _, f := range flags.All() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("%w: there is no flag %q; choose from %s", errUsage, s, strings.Join(names, ", "))
}

// flagsIn lists the flags of what was found, each once.
func flagsIn(found []flags.Found) (out []flags.Flag) {
	for _, f := range found {
		if !slices.Contains(out, f.Flag) {
			out = append(out, f.Flag)
		}
	}
	return out
}

// flagged says flags in words: "possible threat, possible presence".
func flagged(all []flags.Flag) string {
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = export.FlagWords(f)
	}
	return strings.Join(words, ", ")
}

// whyJSON is why a message is flagged.
type whyJSON struct {
	Flag     flags.Flag `json:"flag"`
	Rule     string     `json:"rule"`
	Text     string     `json:"text"`
	Measured string     `json:"measured,omitempty"` // how often such a mark is right, as measured
	Words    [][2]int   `json:"words,omitempty"`
}

// spansOf are the places of a text that were matched, in order, each byte once.
func spansOf(found []flags.Found) (out [][2]int) {
	for _, f := range found {
		for _, s := range f.Spans {
			out = append(out, [2]int{s.From, s.To})
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	joined := out[:0]
	for _, s := range out {
		if n := len(joined); n > 0 && s[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], s[1])
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// measured says how often a mark was right when it was measured; "" if it was
// not.
func measured(f flags.Flag) string {
	m := flags.Measured(f)
	if m.Should == 0 {
		return ""
	}
	const expect = "; expect fewer to be found of real ones"
	found := fmt.Sprintf("In a test on made-up messages such marks found about %d of 10 of them and marked ", (m.Recall+50)/100)
	if m.False == 0 {
		return found + "no harmless ones" + expect
	}
	return found + fmt.Sprintf("about 1 in %d harmless ones", (1000+m.False/2)/m.False) + expect
}

// measuredFigures are the same as figures of a finding.
func measuredFigures(f flags.Flag) map[string]detect.Figure {
	m := flags.Measured(f)
	if m.Should == 0 {
		return map[string]detect.Figure{}
	}
	return map[string]detect.Figure{
		"recall": {Value: int64(m.Recall), Of: 1000, Unit: "thousandths",
			Text: fmt.Sprintf("Of %d made-up messages that should be marked so, so many were.", m.Should)},
		"false": {Value: int64(m.False), Of: 1000, Unit: "thousandths",
			Text: fmt.Sprintf("Of %d made-up harmless messages that look alike, so many were marked so.", m.Harmless)},
	}
}

// suchAMark is measured as a sentence, with a space in front.
func suchAMark(f flags.Flag) string {
	if m := measured(f); m != "" {
		return " " + m + "."
	}
	return ""
}
