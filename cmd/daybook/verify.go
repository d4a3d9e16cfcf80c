package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
)

type verifyCommand struct {
	Case   string   `required:"" help:"The case." placeholder:"CASE"`
	Anchor []string `help:"A checkpoint file that was held elsewhere, or SIZE:ROOT as it stands in a mail (the first 16 digits are enough)." placeholder:"FILE"`
}

func (cmd *verifyCommand) Run(c *call) error {
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
	fmt.Fprintf(&b, "  time stamps: not set up (%s without one)\n", plural(r.Pending, "checkpoint", "checkpoints"))
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
	_, err := c.out.Write([]byte(b.String()))
	return err
}

const maxAnchorFile = 64 << 10

// readAnchor reads "170:9f2c…" or the name of a checkpoint file.
func readAnchor(c *call, a *app, id daybook.CaseID, s string) (archive.Anchor, error) {
	if size, root, ok := strings.Cut(s, ":"); ok {
		if n, err := strconv.ParseUint(size, 10, 63); err == nil {
			root = strings.ToLower(root)
			if len(root) < 16 || len(root) > 64 || strings.Trim(root, "0123456789abcdef") != "" {
				return archive.Anchor{}, fmt.Errorf("%w: a root has at least 16 hexadecimal digits", errUsage)
			}
			return archive.Anchor{Where: "given by hand", Size: n, Prefix: root}, nil
		}
	}
	b, err := os.ReadFile(c.path(s))
	if err != nil {
		return archive.Anchor{}, fmt.Errorf("read the anchor: %w", err)
	}
	if len(b) > maxAnchorFile {
		return archive.Anchor{}, fmt.Errorf("read the anchor: %w: the file is too large to be a checkpoint", daybook.ErrInvalid)
	}
	cp, err := a.log.ParseCheckpoint(id, b)
	if err != nil {
		return archive.Anchor{}, fmt.Errorf("read the anchor %s: %w: it is not a checkpoint of this case that the key of this instance has signed (daybook anchors shows its fingerprint)", s, daybook.ErrInvalid)
	}
	return archive.Anchor{Where: "checkpoint file", Size: cp.Size, Root: cp.Root}, nil
}

type checkpointCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
	Out  string `help:"Also write the checkpoint to this file, which must not be there, to be held elsewhere." placeholder:"FILE"`
}

func (cmd *checkpointCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Checkpoint); err != nil {
			return err
		}
		cp, err := a.log.Checkpoint(c.ctx, id)
		if err != nil {
			return err
		}
		if cmd.Out != "" {
			if err := createNew(c.path(cmd.Out), cp.Signed); err != nil {
				return fmt.Errorf("write the checkpoint: %w", err)
			}
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]any{"size": cp.Size, "root": cp.Root, "origin": cp.Origin,
				"key": a.log.VerifierKey(id), "fingerprint": a.log.Fingerprint()})
		}
		_, err = c.out.Write(cp.Signed) // the note itself: a file that it is sent to is an anchor
		return err
	})
}

type anchorsCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
}

func (cmd *anchorsCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Checkpoint); err != nil {
			return err
		}
		notes, err := a.db.Checkpoints(c.ctx, id)
		if err != nil {
			return err
		}
		lines := [][]string{{"ENTRIES", "ROOT", "TIME STAMP"}}
		for _, n := range notes {
			cp, err := a.log.ParseCheckpoint(id, n)
			if err != nil {
				return err
			}
			if c.cmd.JSON {
				err := jsonLine(c.out, map[string]any{"size": cp.Size, "root": cp.Root, "root_base64": base64.StdEncoding.EncodeToString(cp.Root[:]), "time_stamps": []string{}})
				if err != nil {
					return err
				}
				continue
			}
			lines = append(lines, []string{strconv.FormatUint(cp.Size, 10), cp.Root.String(), "not set up"})
		}
		if c.cmd.JSON {
			return nil
		}
		if err := table(c.out, lines...); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "key %s\nfingerprint %s\n", a.log.VerifierKey(id), a.log.Fingerprint())
		return err
	})
}
