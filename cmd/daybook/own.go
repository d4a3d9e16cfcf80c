package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"daybook"
	"daybook/cases"
)

type ownCommands struct {
	Add    ownAddCommand    `cmd:"" help:"Add to the list."`
	Remove ownRemoveCommand `cmd:"" help:"Take out of the list, for good."`
	List   ownListCommand   `cmd:"" help:"Say what is on the list."`
}

// ownDetails are what both changes of the list are told.
type ownDetails struct {
	Kind   string   `arg:"" enum:"address,workplace,name,phone" help:"address, workplace, name or phone."`
	Values []string `arg:"" optional:"" help:"The details. Without any, they are read from standard input, one on each line, so that they are in no history of commands."`
	Case   string   `required:"" help:"The case." placeholder:"CASE"`
}

type ownAddCommand struct{ ownDetails }

func (cmd *ownAddCommand) Run(c *call) error {
	return cmd.change(c, func(a *app, ctx context.Context, actor daybook.Actor, id daybook.CaseID, d daybook.OwnDetail) error {
		return a.cases.AddOwn(ctx, actor, id, d)
	})
}

type ownRemoveCommand struct{ ownDetails }

func (cmd *ownRemoveCommand) Run(c *call) error {
	return cmd.change(c, func(a *app, ctx context.Context, actor daybook.Actor, id daybook.CaseID, d daybook.OwnDetail) error {
		err := a.cases.RemoveOwn(ctx, actor, id, d)
		if errors.Is(err, daybook.ErrNotFound) {
			return errors.New("this is not on the list; daybook own list --content shows what is")
		}
		return err
	})
}

// maxOwnInput is more than a full list has bytes.
const maxOwnInput = 1 << 20

// change makes one change for each detail. What cannot be kept ends it; what was
// changed before stays.
func (cmd *ownDetails) change(c *call, one func(a *app, ctx context.Context, actor daybook.Actor, id daybook.CaseID, d daybook.OwnDetail) error) error {
	if err := cmd.read(c); err != nil {
		return err
	}
	return c.with(func(a *app) error {
		actor, id, err := c.enter(a, cmd.Case)
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, id, cases.OwnDetails); err != nil {
			return err
		}
		for _, v := range cmd.Values {
			if err := one(a, c.ctx, actor, id, daybook.OwnDetail{Kind: daybook.OwnKind(cmd.Kind), Value: v}); err != nil {
				return err
			}
		}
		return a.settle(c.ctx, id)
	})
}

// read reads the details from standard input if none are given. A running
// daybook that carries the command out gets them with the command line, over the
// socket.
func (cmd *ownDetails) read(c *call) error {
	if len(cmd.Values) > 0 || c.app != nil {
		if len(cmd.Values) == 0 {
			return fmt.Errorf("%w: give the details, one on each line", errUsage)
		}
		return nil
	}
	if c.terminal {
		if _, err := fmt.Fprintln(c.err, "One on each line; end with an empty line."); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(io.LimitReader(c.input, maxOwnInput))
	for lines.Scan() {
		s := strings.TrimSpace(lines.Text())
		if s == "" && c.terminal {
			break
		}
		if s != "" {
			cmd.Values = append(cmd.Values, s)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the details: %w", err)
	}
	if len(cmd.Values) == 0 {
		return fmt.Errorf("%w: give the details, one on each line", errUsage)
	}
	c.args = append(append(slices.Clone(c.args), "--"), cmd.Values...)
	return nil
}

type ownListCommand struct {
	Case    string `required:"" help:"The case." placeholder:"CASE"`
	Content bool   `help:"Show the details."`
}

func (cmd *ownListCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, id, err := c.enter(a, cmd.Case)
		if err != nil {
			return err
		}
		list, err := a.cases.Own(c.ctx, actor, id)
		if err != nil {
			return err
		}
		for _, kind := range daybook.OwnKinds() {
			n := 0
			for _, d := range list {
				if d.Kind != kind {
					continue
				}
				n++
				if !cmd.Content {
					continue
				}
				if c.cmd.JSON {
					err = jsonLine(c.out, d)
				} else {
					_, err = fmt.Fprintf(c.out, "%-10s %s\n", kind, shown(d.Value))
				}
				if err != nil {
					return err
				}
			}
			if cmd.Content {
				continue
			}
			if c.cmd.JSON {
				err = jsonLine(c.out, map[string]any{"kind": kind, "details": n})
			} else {
				_, err = fmt.Fprintf(c.out, "%-10s %d\n", kind, n)
			}
			if err != nil {
				return err
			}
		}
		return a.settle(c.ctx, id)
	})
}
