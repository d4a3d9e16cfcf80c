package store

import (
	"context"
	"fmt"
	"slices"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

// This file narrows messages to what somebody may be shown: see cases.Sight.

// seen is message, as far as it may be shown. Of a message that also came in a
// file which the person added, what it says is that of the file.
func (c *content) seen(s cases.Sight) daybook.Message {
	whole := c.message()
	withheld := func(v view) bool { return s.WithholdsCapture(c.Platform, v.Origin) }
	if !s.Withholds(c.Platform) || len(c.Views) > 0 && !slices.ContainsFunc(c.Views, withheld) {
		return whole
	}
	part := *c
	part.Views = slices.DeleteFunc(slices.Clone(c.Views), withheld)
	part.Media = c.Added
	if len(part.Views) == 0 {
		whole.Withheld = true
		whole.Text, whole.Lang, whole.Media = "", "", nil
		whole.Versions = slices.Clone(whole.Versions)
		for i := range whole.Versions {
			whole.Versions[i].Text = ""
		}
		return whole
	}
	m := part.message()
	whole.Text, whole.Lang, whole.Media, whole.Versions, whole.Parser = m.Text, m.Lang, m.Media, m.Versions, m.Parser
	whole.URL, whole.To, whole.Origin = m.URL, m.To, m.Origin
	return whole
}

// SeenMessages returns the messages of a case by the keyed hashes of their keys,
// as index.Query.Among wants them, of which the Sight of the context shows all
// that they ever said; all is true, and there are none, if it shows everything.
func (db *DB) SeenMessages(ctx context.Context, c daybook.CaseID) (macs [][32]byte, all bool, err error) {
	if err := inScope(ctx, c); err != nil {
		return nil, false, err
	}
	sight := cases.SightOf(ctx)
	if sight.Whole() {
		return nil, true, nil
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, false, fmt.Errorf("list what may be shown: %w", err)
	}
	const page = 1000
	macs = [][32]byte{}
	for cursor := ""; ; {
		whole, next, err := db.List(cases.WithSight(ctx, cases.Sight{}), c, daybook.MessageFilter{}, page, cursor)
		if err != nil {
			return nil, false, err
		}
		part, _, err := db.List(ctx, c, daybook.MessageFilter{}, page, cursor)
		if err != nil {
			return nil, false, err
		}
		for i := range whole {
			m := &whole[i]
			if at := slices.IndexFunc(part[min(i, len(part)):], func(o daybook.Message) bool { return o.Key == m.Key }); at < 0 || !sameWords(m, &part[i+at]) {
				continue
			}
			macs = append(macs, key.MessageMAC(m.Key))
		}
		if cursor = next; cursor == "" {
			return macs, false, nil
		}
	}
}

// sameWords reports whether two sights of a message say the same.
func sameWords(a, b *daybook.Message) bool {
	return !b.Withheld && a.Text == b.Text && slices.EqualFunc(a.Versions, b.Versions, func(x, y daybook.Version) bool { return x.Text == y.Text }) &&
		slices.EqualFunc(a.Media, b.Media, func(x, y daybook.Media) bool { return x.Description == y.Description })
}

// seenFlagged leaves of flagged messages those in which a flag is found in what
// may be shown of them: what is kept was found in all that they say.
func (db *DB) seenFlagged(ctx context.Context, c daybook.CaseID, macs [][32]byte, which []flags.Flag) ([][32]byte, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	out := [][32]byte{}
	for part := range slices.Chunk(macs, rowsPerStatement) {
		messages, err := db.MessagesByMAC(ctx, c, part)
		if err != nil {
			return nil, err
		}
		if messages, err = db.keepFlagged(ctx, c, messages, which...); err != nil {
			return nil, err
		}
		for i := range messages {
			out = append(out, key.MessageMAC(messages[i].Key))
		}
	}
	return out, nil
}

// keepFlagged leaves the messages that have one of some flags in what is shown
// of them; all of them if nothing is withheld.
func (db *DB) keepFlagged(ctx context.Context, c daybook.CaseID, messages []daybook.Message, which ...flags.Flag) ([]daybook.Message, error) {
	if cases.SightOf(ctx).Whole() {
		return messages, nil
	}
	finder, _, err := db.finder(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("look for flags: %w", err)
	}
	return slices.DeleteFunc(messages, func(m daybook.Message) bool {
		return !slices.ContainsFunc(foundIn(finder, &m), func(f flags.Found) bool { return slices.Contains(which, f.Flag) })
	}), nil
}
