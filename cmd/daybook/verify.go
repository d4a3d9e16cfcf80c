package main

import (
	"fmt"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

type verifyCommand struct {
	File   string   `arg:"" optional:"" help:"A bundle, or the folder that it was unpacked to. Nothing but it is needed."`
	Case   string   `help:"The archive of this case." placeholder:"CASE"`
	Anchor []string `help:"A checkpoint file that was held elsewhere, SIZE:ROOT as it stands in a mail (the first 16 digits are enough), or a line that daybook checkpoint --line printed." placeholder:"FILE"`
	Key    []string `help:"Of a bundle: the fingerprint of the key, which you have by another way." placeholder:"FINGERPRINT"`
	Roots  string   `help:"Of a bundle: root certificates of time-stamp authorities that you trust (PEM)." placeholder:"FILE"`
}

func (cmd *verifyCommand) Run(c *call) error {
	switch {
	case (cmd.File == "") == (cmd.Case == ""):
		return fmt.Errorf("%w: give a case (--case CASE), or the file of a bundle", errUsage)
	case cmd.File != "":
		return cmd.file(c)
	case len(cmd.Key) > 0 || cmd.Roots != "":
		return fmt.Errorf("%w: --key and --roots are for a bundle", errUsage)
	}
	return c.with(func(a *app) error {
		actor, id, err := c.enter(a, cmd.Case)
		if err != nil {
			return err
		}
		if a.log.Refused()[id] != nil || a.isErased(c.ctx, id) {
			// To a log that is not the one it has been nothing is added, not
			// even that somebody checked it; to an erased one nothing can be.
			err = a.cases.Authorize(c.ctx, actor, id, cases.Verify)
		} else {
			err = a.cases.Look(c.ctx, actor, id, cases.Verify, daybook.Access{})
		}
		if err != nil {
			return err
		}
		var anchors []archive.Anchor
		for _, s := range cmd.Anchor {
			anchor, err := readAnchor(c, a, id, s)
			if err != nil {
				return err
			}
			anchors = append(anchors, anchor)
		}
		r, err := a.log.Verify(c.ctx, id, anchors...)
		if err != nil {
			return err
		}
		if err := printReport(c, r); err != nil {
			return err
		}
		switch r.Answer {
		case archive.Broken:
			return fmt.Errorf("verify: %w", archive.ErrBroken)
		case archive.CannotBeKnown:
			return fmt.Errorf("%w: the archive cannot be checked in full", errPartial)
		}
		return nil
	})
}

func printReport(c *call, r archive.Report) error {
	if c.cmd.JSON {
		return jsonLine(c.out, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "verify: %s\n", r.Answer)
	fmt.Fprintf(&b, "  %s, of which the newest checkpoint covers %d", plural(int(r.Entries), "entry", "entries"), r.Covered)
	if tail := r.Entries - min(r.Covered, r.Entries); tail > 0 {
		fmt.Fprintf(&b, "; %d at the end are not covered yet", tail)
	}
	fmt.Fprintf(&b, "\n  root %s\n", r.Root)
	if r.Erased > 0 {
		fmt.Fprintf(&b, "  %s erased on somebody's word\n", plural(r.Erased, "entry was", "entries were"))
	}
	printStamps(&b, r.TimeStamps)
	if len(r.Anchors) == 0 {
		b.WriteString("  no outside anchor was given: an archive alone cannot notice that its newest part is missing with the checkpoints over it\n")
	}
	for _, an := range r.Anchors {
		word := "does not match"
		if an.Matches {
			word = "matches"
		}
		fmt.Fprintf(&b, "  anchor over %s (%s) %s\n", plural(int(an.Size), "entry", "entries"), an.Where, word)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "  %s: %s\n", p.Where, p.What)
	}
	for _, p := range r.Remarks {
		fmt.Fprintf(&b, "  remark: %s: %s\n", p.Where, p.What)
	}
	_, err := c.out.Write([]byte(b.String()))
	return err
}
