package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/store"
)

const (
	maxAnchorFile = 64 << 10
	minRootDigits = 16  // of a root that is given by hand
	anchorsShown  = 100 // of each kind
)

// readAnchor reads "170:9f2c…", a line as anchorLine makes it, or the name of a
// checkpoint file.
func readAnchor(c *call, a *app, id daybook.CaseID, s string) (archive.Anchor, error) {
	if anchor, ok, err := parseAnchor(s, a.log.Origin(id)); ok || err != nil {
		return anchor, err
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

// parseAnchor reads size and root as people have them: "170:9f2c…", or
// "170 9f2c 4be0 … daybook/…" with the digits in groups or not, and with or
// without the log's name behind them. ok is false if it is nothing of that kind:
// the name of a file, then.
func parseAnchor(s, origin string) (a archive.Anchor, ok bool, err error) {
	words := strings.Fields(strings.Replace(s, ":", " ", 1))
	if len(words) < 2 {
		return a, false, nil
	}
	size, err := strconv.ParseUint(words[0], 10, 63)
	if err != nil {
		return a, false, nil //nolint:nilerr // it is no number, so it is a file's name
	}
	words = words[1:]
	if name := words[len(words)-1]; strings.HasPrefix(name, "daybook/") {
		if name != shortOrigin(origin) {
			return a, false, fmt.Errorf("%w: that line is of another case, or of another instance", daybook.ErrInvalid)
		}
		words = words[:len(words)-1]
	}
	root := strings.ToLower(strings.Join(words, ""))
	if len(root) < minRootDigits || len(root) > 64 || strings.Trim(root, "0123456789abcdef") != "" {
		return a, false, fmt.Errorf("%w: a root has at least %d hexadecimal digits", errUsage, minRootDigits)
	}
	return archive.Anchor{Where: "given by hand", Size: size, Prefix: root}, true, nil
}

// anchorLine is what fits on a label: the size, the beginning of the root, and
// of whose log they are.
func anchorLine(cp archive.Checkpoint) string {
	return fmt.Sprintf("%d %s %s", cp.Size, cp.Root.String()[:minRootDigits], shortOrigin(cp.Origin))
}

// shortOrigin is the beginning of the names of instance and case.
func shortOrigin(origin string) string {
	parts := strings.Split(origin, "/") // daybook/INSTANCE/case/CASE
	if len(parts) != 4 {
		return origin
	}
	cut := func(s string) string { return s[:min(8, len(s))] }
	return parts[0] + "/" + cut(parts[1]) + "/" + cut(parts[3])
}

type checkpointCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
	Out  string `help:"Also write the checkpoint to this file, which must not be there, to be held elsewhere." placeholder:"FILE"`
	Line bool   `help:"Print one line of size and root, to be written down or printed, instead of the checkpoint itself."`
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
			if err := a.giveAnchor(c.ctx, actor, id, cp, "file"); err != nil {
				return err
			}
		}
		if cmd.Line {
			if err := a.giveAnchor(c.ctx, actor, id, cp, "line"); err != nil {
				return err
			}
		}
		if err := a.stamps.once(c.ctx, id); err != nil {
			return err
		}
		switch {
		case c.cmd.JSON:
			return jsonLine(c.out, map[string]any{"size": cp.Size, "root": cp.Root, "origin": cp.Origin, "line": anchorLine(cp),
				"key": a.log.VerifierKey(id), "fingerprint": a.log.Fingerprint()})
		case cmd.Line:
			_, err = fmt.Fprintln(c.out, anchorLine(cp))
		default:
			_, err = c.out.Write(cp.Signed) // the note itself: a file that it is sent to is an anchor
		}
		return err
	})
}

// giveAnchor remembers that somebody was given a checkpoint, in the log too.
func (a *app) giveAnchor(ctx context.Context, actor daybook.Actor, id daybook.CaseID, cp archive.Checkpoint, form string) error {
	return a.db.Update(ctx, func(ctx context.Context) error {
		access := daybook.Access{Action: string(cases.Checkpoint), Detail: fmt.Sprintf("gave out size and root over %s, as a %s", plural(int(cp.Size), "entry", "entries"), form)}
		if err := a.cases.Audit(ctx, actor, id, access); err != nil {
			return err
		}
		return a.db.GiveAnchor(ctx, id, store.GivenAnchor{At: a.clock().UTC(), Form: form, Size: cp.Size, Root: cp.Root})
	})
}

type anchorsCommand struct {
	Case        string `required:"" help:"The case." placeholder:"CASE"`
	Checkpoints bool   `help:"Also list every checkpoint that was signed here."`
}

// A heldAnchor is one place where size and root of a log are held.
type heldAnchor struct {
	Where     string         `json:"where"`               // mail, file, line, time stamp; here: a checkpoint that lies in this archive
	Authority string         `json:"authority,omitempty"` // of a time stamp
	At        string         `json:"at,omitempty"`
	Size      uint64         `json:"size"`
	Root      daybook.Digest `json:"root"`
	Base64    string         `json:"root_base64"`
	Matches   bool           `json:"matches"` // what is here begins with it
}

func (cmd *anchorsCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Checkpoint); err != nil {
			return err
		}
		held, err := a.held(c, id, cmd.Checkpoints)
		if err != nil {
			return err
		}
		if c.cmd.JSON {
			for _, h := range held {
				if err := jsonLine(c.out, h); err != nil {
					return err
				}
			}
			return nil
		}
		lines := [][]string{{"WHERE", "AT", "ENTRIES", "ROOT", "WHAT IS HERE"}}
		for _, h := range held {
			where, fits := h.Where, "matches"
			if h.Authority != "" {
				where += " of " + h.Authority
			}
			if !h.Matches {
				fits = "DOES NOT MATCH"
			}
			lines = append(lines, []string{where, h.At, strconv.FormatUint(h.Size, 10), h.Root.String(), fits})
		}
		if err := table(c.out, lines...); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "key %s\nfingerprint %s\n", a.log.VerifierKey(id), a.log.Fingerprint())
		return err
	})
}

// held lists where size and root of a log are held outside of it, as far as is
// known here, with the newest checkpoint first.
func (a *app) held(c *call, id daybook.CaseID, checkpoints bool) ([]heldAnchor, error) {
	size, _, err := a.log.Head(c.ctx, id)
	if err != nil {
		return nil, err
	}
	var out []heldAnchor
	add := func(where, authority string, at time.Time, n uint64, root daybook.Digest) {
		h := heldAnchor{Where: where, Authority: authority, At: rfc(at), Size: n, Root: root, Base64: base64.StdEncoding.EncodeToString(root[:])}
		if n <= size {
			now, err := a.log.RootAt(c.ctx, id, n)
			h.Matches = err == nil && now == root
		}
		out = append(out, h)
	}
	notes, err := a.db.Checkpoints(c.ctx, id)
	if err != nil {
		return nil, err
	}
	roots := map[uint64]daybook.Digest{}
	for i, n := range slices.Backward(notes) {
		cp, err := a.log.ParseCheckpoint(id, n)
		if err != nil {
			return nil, err
		}
		roots[cp.Size] = cp.Root
		if i == len(notes)-1 || checkpoints {
			made, err := a.db.CheckpointMade(c.ctx, id, cp.Size)
			if err != nil {
				return nil, err
			}
			add("here", "", made, cp.Size, cp.Root)
		}
	}
	mails, err := a.db.SentAnchors(c.ctx, id, anchorsShown)
	if err != nil {
		return nil, err
	}
	for _, m := range mails {
		add("mail", "", m.Made, m.Anchor.Size, m.Anchor.Root)
	}
	given, err := a.db.GivenAnchors(c.ctx, id, anchorsShown)
	if err != nil {
		return nil, err
	}
	for _, g := range given {
		add(g.Form, "", g.At, g.Size, g.Root)
	}
	stamps, err := a.db.NewestStamps(c.ctx, id, anchorsShown)
	if err != nil {
		return nil, err
	}
	for _, s := range stamps {
		add("time stamp", s.Authority, s.At, s.Size, roots[s.Size])
	}
	return out, nil
}
