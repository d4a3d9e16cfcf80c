package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

// flagWords is what is said of a message with a flag. It is always "possible".
func flagWords(f flags.Flag) string {
	switch f {
	case flags.SelfHarm:
		return "possible self-harm"
	case flags.ThirdParties:
		return "possible third parties"
	case flags.Sexual:
		return "possible sexual content"
	case flags.Doxxing:
		return "possible details made known"
	}
	return "possible " + string(f)
}

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

// flagNames lists the flags of what was found, each once.
func flagNames(found []flags.Found) []string {
	names := []string{}
	for _, f := range found {
		if !slices.Contains(names, string(f.Flag)) {
			names = append(names, string(f.Flag))
		}
	}
	return names
}

// flagged says them in words: "possible threat, possible presence".
func flagged(found []flags.Found) string {
	var words []string
	for _, name := range flagNames(found) {
		words = append(words, flagWords(flags.Flag(name)))
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

// measured says how often a mark is right, as it was measured: "finds about 8 of
// 10 such messages and marks about 1 in 20 harmless ones"; "" if it was not.
func measured(flags.Flag) string { return "" }

// suchAMark is measured as a sentence, with a space in front.
func suchAMark(f flags.Flag) string {
	if m := measured(f); m != "" {
		return " Such a mark " + m + "."
	}
	return ""
}
