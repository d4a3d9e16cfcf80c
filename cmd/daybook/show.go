package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

type showCommand struct {
	Entry   uint64 `arg:"" help:"The number of an entry."`
	Case    string `required:"" help:"The case." placeholder:"CASE"`
	Content bool   `help:"Show the text. This is written into the access log."`
	Raw     bool   `help:"Write the bytes as they were captured to standard output. This is written into the access log."`
	Around  uint   `default:"0" help:"Also this many messages before and after it." placeholder:"N"`
}

func (cmd *showCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		action := cases.List
		if cmd.Content || cmd.Raw {
			action = cases.Content
		}
		if err := a.cases.Look(c.ctx, actor, id, action, daybook.Access{Entries: []uint64{cmd.Entry}}); err != nil {
			return err
		}
		ctx, sight, err := a.seeing(c.ctx, actor, id)
		if err != nil {
			return err
		}
		if cmd.Raw {
			if hidden, err := a.isHidden(c.ctx, id, cmd.Entry); err != nil || hidden {
				return errors.Join(err, fmt.Errorf("entry %d: %w", cmd.Entry, daybook.ErrNotFound))
			}
			e, err := a.log.Entry(c.ctx, id, cmd.Entry)
			if err != nil {
				return err
			}
			if withheldCapture(&e, sight) {
				return fmt.Errorf("%w: entry %d is %s", daybook.ErrForbidden, cmd.Entry, withheldWords)
			}
			raw := e.Record.Value("raw")
			if raw == nil {
				return fmt.Errorf("%w: entry %d is of kind %s and has no captured bytes", daybook.ErrInvalid, cmd.Entry, e.Record.Kind)
			}
			_, err = c.out.Write(raw)
			return err
		}
		zone, err := a.zone(c.ctx, id)
		if err != nil {
			return err
		}
		m, err := a.db.Message(ctx, id, cmd.Entry)
		if errors.Is(err, daybook.ErrNotFound) {
			return cmd.decision(c, a, id, zone, err)
		}
		if err != nil {
			return err
		}
		if cmd.Around > 0 {
			around, err := a.db.Around(ctx, id, cmd.Entry, int(cmd.Around))
			if err != nil {
				return err
			}
			if err := a.nameBook(id).name(ctx, around); err != nil {
				return err
			}
			book, err := a.flagBook(ctx, actor, id, 2*cmd.Around+1)
			if err != nil {
				return err
			}
			found, err := book.of(c.ctx, around)
			if err != nil {
				return err
			}
			sources, err := c.sourcesOf(a, id, around)
			if err != nil {
				return err
			}
			for i := range around {
				if err := c.printMessage(&around[i], found[i], sources[i], zone, cmd.Content); err != nil {
					return err
				}
			}
			return nil
		}
		one := []daybook.Message{m}
		if err := a.nameBook(id).name(ctx, one); err != nil {
			return err
		}
		return cmd.one(c, a, actor, &one[0], zone)
	})
}

// one shows a message with why it is flagged; with its text, also the words.
func (cmd *showCommand) one(c *call, a *app, actor daybook.Actor, m *daybook.Message, zone *time.Location) error {
	all, err := a.flagsOf(c.ctx, actor, m.Case, []daybook.Message{*m})
	if err != nil {
		return err
	}
	found := all[0]
	words := make([][]flags.Found, len(m.Versions))
	for i := range m.Versions {
		if words[i], err = a.db.FindFlags(c.ctx, m, m.Versions[i].Text); err != nil {
			return err
		}
	}
	if !cmd.Content {
		clear(words)
	}
	sources, err := a.sources(c.ctx, m.Case, []daybook.Message{*m})
	if err != nil {
		return err
	}
	if !c.cmd.JSON {
		return c.showMessage(m, sources[0], zone, cmd.Content, found, words)
	}
	out := toJSON(m, flagsIn(found), cmd.Content, true)
	out.Source = sources[0]
	for _, f := range found {
		why := whyJSON{Flag: f.Flag, Rule: f.Rule, Text: f.Text, Measured: measured(f.Flag)}
		if n := len(words); n > 0 { // of the newest text, which "text" is
			for _, w := range words[n-1] {
				if w.Rule == f.Rule {
					why.Words = spansOf([]flags.Found{w})
				}
			}
		}
		out.Why = append(out.Why, why)
	}
	return jsonLine(c.out, out)
}

func (c *call) showMessage(m *daybook.Message, from sourceJSON, zone *time.Location, content bool, found []flags.Found, words [][]flags.Found) error {
	var lanes []string
	for _, l := range m.Lanes {
		lanes = append(lanes, string(l))
	}
	lines := [][]string{
		{"kind", shown(string(m.Kind)) + ", " + string(m.Direction)},
		{"sender", shown(m.Sender.Shown())},
		{"identifier", shown(m.Sender.Native)},
		{"sent (platform)", strings.TrimSpace(stamp(m.Sent.At, zone) + "  " + sentNote(m.Sent))},
		{"first fetched", stamp(m.FirstSeen, zone)},
		{"last seen", stamp(m.LastSeen, zone)},
		{"state", string(m.State)},
		{"origin", string(m.Origin)},
		{"address", shown(m.URL)},
		{"captures", "entries " + entryRanges(m.Captures)},
		{"places", strings.Join(lanes, ", ")},
		{"parser", m.Parser},
		{"length", plural(len([]rune(m.Text)), "character", "characters")},
	}
	if !m.GoneAt.IsZero() {
		lines = append(lines, []string{"gone", "not there at " + stamp(m.GoneAt, zone) + "; last seen " + stamp(m.LastSeen, zone)})
	}
	if from.File != nil {
		lines = append(lines, []string{"in the file", from.File.String()}, []string{"place in it", shown(daybook.Place(from.Member, from.Pointer))})
	}
	if m.Withheld {
		lines = append(lines, []string{"words", withheldWords})
	}
	for _, md := range m.Media {
		lines = append(lines, []string{"attachment", shown(md.Type) + ", " + string(md.State) + ", " + plural(int(md.Bytes), "byte", "bytes")})
	}
	for i, v := range m.Versions {
		text := ""
		if content {
			text = "  " + marked(fragmentJSON{v.Text, spansOf(words[i])})
		}
		lines = append(lines, []string{fmt.Sprintf("version %d", i+1), fmt.Sprintf("%s, entry %d%s", stamp(v.At, zone), v.Entry, text)})
	}
	for _, f := range found {
		lines = append(lines, []string{"flag", f.Text + suchAMark(f.Flag)})
	}
	return table(c.out, lines...)
}
