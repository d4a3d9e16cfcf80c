package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
)

type eraseCommands struct {
	Ask    eraseCommand       `cmd:"" default:"withargs" help:"Ask for messages, or a whole case, to be erased."`
	Cancel eraseCancelCommand `cmd:"" help:"Bring back what an erasure that waits has hidden."`
	List   eraseListCommand   `cmd:"" help:"List the erasures of a case."`
}

type eraseCommand struct {
	Case     string   `required:"" help:"The case. Without --entry, all of it is erased." placeholder:"CASE"`
	Entry    []uint64 `help:"An entry that shows the message; several can be given." placeholder:"N"`
	Reason   string   `help:"Why, in your words. It is sealed in the log." placeholder:"TEXT"`
	Now      bool     `help:"Destroy it at once, without a delay in which it can be brought back. The operator alone."`
	DryRun   bool     `help:"Say what would be destroyed, and change nothing."`
	Yes      bool     `help:"Do not ask. A whole case needs it where nobody can be asked."`
	Again    bool     `help:"Erase at once what was erased before and what a backup brought back (daybook doctor names it). The operator alone."`
	DropTree bool     `help:"Of a case that was erased as a whole: also what it leaves behind, its leaves and checkpoints. The operator alone."`
}

func (cmd *eraseCommand) Run(c *call) error {
	switch {
	case (cmd.DropTree || cmd.Again) && (len(cmd.Entry) > 0 || cmd.Now || cmd.DryRun || cmd.DropTree && cmd.Again):
		return fmt.Errorf("%w: --drop-tree and --again stand alone", errUsage)
	case cmd.Again:
		return cmd.again(c)
	case cmd.DryRun:
		return cmd.plan(c)
	}
	if err := cmd.confirm(c); err != nil {
		return err
	}
	if cmd.DropTree {
		return cmd.dropTree(c)
	}
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		ask := a.cases.AskErasure
		if cmd.Now {
			ask = a.cases.EraseNow
		}
		e, err := ask(c.ctx, actor, id, cmd.Entry, cmd.Reason)
		if err != nil {
			return err
		}
		return c.printErasure(e)
	})
}

// plan says what would be destroyed.
func (cmd *eraseCommand) plan(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		p, err := a.cases.PlanErasure(c.ctx, actor, id, cmd.Entry)
		if err != nil {
			return err
		}
		if cmd.Now {
			p.Complete = p.Complete.Add(a.clock().Sub(p.Due))
			p.Due = a.clock()
		}
		if c.cmd.JSON {
			return jsonLine(c.out, planJSON(p))
		}
		_, err = io.WriteString(c.out, planText(p))
		return err
	})
}

// confirm asks whoever sits at the terminal, once they have seen what goes. A
// running daybook that carries the command out cannot ask: it was done before.
func (cmd *eraseCommand) confirm(c *call) error {
	if cmd.Yes || c.app != nil {
		return nil
	}
	if !c.terminal {
		if len(cmd.Entry) == 0 {
			return fmt.Errorf("%w: without --entry this is about the whole case; if that is meant, add --yes", errUsage)
		}
		return nil
	}
	if !cmd.DropTree {
		shown := *c
		shown.out, shown.args = c.err, append(slices.Clone(c.args), "--dry-run")
		if err := cmd.plan(&shown); err != nil {
			var forwarded errForwarded
			if !errors.As(err, &forwarded) || forwarded.code != statusDone {
				return err
			}
		}
	}
	if _, err := fmt.Fprint(c.err, "Go on? Type \"erase\": "); err != nil {
		return err
	}
	line, err := bufio.NewReader(io.LimitReader(c.input, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(line) != "erase" {
		return errors.New("nothing was erased")
	}
	cmd.Yes = true
	c.args = append(slices.Clone(c.args), "--yes")
	return nil
}

// again erases what a backup brought back. It asks nobody: it was asked before.
func (cmd *eraseCommand) again(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		n, err := a.eraseAgain(c.ctx, actor, id)
		if err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]any{"case": id, "entries": n})
		}
		_, err = fmt.Fprintf(c.out, "case %s: %s erased again\n", id, plural(n, "entry was", "entries were"))
		return err
	})
}

// dropTree removes what a whole case left behind.
func (cmd *eraseCommand) dropTree(c *call) error {
	return c.with(func(a *app) error {
		actor, id, err := c.enter(a, cmd.Case)
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		row, err := a.db.Case(c.ctx, id)
		if err != nil {
			return err
		}
		if row.WrappedKey != nil {
			return fmt.Errorf("%w: this case is not erased; erase it first (daybook erase --case %s)", daybook.ErrInvalid, id)
		}
		if err := a.log.Sweep(c.ctx, id); err != nil {
			return err
		}
		if err := a.db.EraseTree(c.ctx, id); err != nil {
			return err
		}
		if err := a.log.ForgetCase(id); err != nil {
			return err
		}
		if err := a.db.Truncate(c.ctx); err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]any{"case": id, "left": 0})
		}
		_, err = fmt.Fprintf(c.out, "case %s: nothing is left of it\n", id)
		return err
	})
}

type eraseCancelCommand struct {
	ID   string `arg:"" name:"erasure" help:"The identifier of the erasure."`
	Case string `required:"" help:"The case." placeholder:"CASE"`
}

func (cmd *eraseCancelCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.CancelErasure(c.ctx, actor, id, cmd.ID); err != nil {
			return err
		}
		all, err := a.cases.Erasures(c.ctx, id)
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.ID == cmd.ID {
				return c.printErasure(e)
			}
		}
		return nil
	})
}

type eraseListCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
}

func (cmd *eraseListCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, id, err := c.enter(a, cmd.Case)
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, id, cases.CancelErase); err != nil {
			return err
		}
		a.eraseDue(c.ctx) // where nothing serves, somebody who looks carries it out
		all, err := a.cases.Erasures(c.ctx, id)
		if err != nil {
			return err
		}
		for _, e := range all {
			if err := c.printErasure(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// printErasure writes one erasure; never what it is about.
func (c *call) printErasure(e cases.Erasure) error {
	if c.cmd.JSON {
		out := map[string]any{"id": e.ID, "case": e.Case, "state": e.State, "whole": e.Whole, "messages": e.Messages, "asked": rfc(e.Asked), "due": rfc(e.Due)}
		if e.Entries != nil {
			out["entries"] = e.Entries
		}
		if !e.Done.IsZero() {
			out["ended"] = rfc(e.Done)
		}
		return jsonLine(c.out, out)
	}
	about := plural(e.Messages, "message", "messages")
	if e.Whole {
		about = "the whole case"
	}
	when := ""
	switch e.State {
	case cases.ErasureWaiting:
		when = ": hidden now, destroyed on " + e.Due.UTC().Format(time.RFC3339) + "; until then: daybook erase cancel --case " + string(e.Case) + " " + e.ID
	case cases.ErasureCancelled, cases.ErasureDone:
		when = " on " + e.Done.UTC().Format(time.RFC3339)
	case cases.ErasureErasing, cases.ErasureFailed:
		when = ": the content is destroyed; what is left of it is removed next"
	}
	_, err := fmt.Fprintf(c.out, "%s  %s: %s%s\n", e.ID, about, e.State, when)
	return err
}

func planJSON(p cases.ErasurePlan) map[string]any {
	list := func(entries []uint64) []uint64 {
		if entries == nil {
			return []uint64{}
		}
		return entries
	}
	return map[string]any{
		"whole": p.Whole, "messages": p.Messages, "entries": list(p.Entries), "media": p.Media, "versions": p.Versions, "files": list(p.Files), "kept": list(p.Kept),
		"quoted": list(p.Quoted), "bundles": p.Bundles, "due": rfc(p.Due), "complete": rfc(p.Complete), "engine": p.Engine,
	}
}

// planText says what an erasure would destroy and what it leaves.
func planText(p cases.ErasurePlan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if p.Whole {
		line("The whole case: %s, %s, all senders, marks, access and notes.", plural(p.Messages, "message", "messages"), plural(p.Media, "attachment", "attachments"))
		line("Its accounts are not read any more. What stays is numbers: leaves, tree and checkpoints.")
	} else {
		line("%s: %s with content, %s, %s of media.", plural(p.Messages, "message", "messages"), plural(len(p.Entries), "entry", "entries"),
			plural(p.Versions, "version", "versions"), plural(p.Media, "file", "files"))
		if len(p.Entries) > 0 {
			line("Entries: %s.", entryRanges(p.Entries))
		}
		if n := len(p.Files); n > 0 {
			line("%s as a whole with it, because it may stand in %s (%s %s); everything else that was read from %s stays.", plural(n, "file that was added goes", "files that were added go"),
				map[bool]string{true: "it", false: "them"}[n == 1], map[bool]string{true: "entry", false: "entries"}[n == 1], entryRanges(p.Files), map[bool]string{true: "it", false: "them"}[n == 1])
		}
		if len(p.Kept) > 0 {
			line("Entries that show other messages as well keep their content: %s.", entryRanges(p.Kept))
		}
		if len(p.Quoted) > 0 {
			line("Other messages answer or quote it and stay as they are: entries %s.", entryRanges(p.Quoted))
		}
	}
	if p.Bundles > 0 {
		line("%s made before may hold it and cannot be called back.", plural(p.Bundles, "bundle that was", "bundles that were"))
	}
	line("Hidden at once, destroyed on %s.", p.Due.UTC().Format(time.RFC3339))
	if p.Engine == "postgres" {
		line("Gone for good on %s, when backups and archived write-ahead logs from before are gone too.", p.Complete.UTC().Format(time.DateOnly))
	} else {
		line("Gone for good on %s, when backups from before are gone too.", p.Complete.UTC().Format(time.DateOnly))
	}
	return b.String()
}
