package main

import (
	"fmt"

	"daybook"
	"daybook/cases"
)

type caseCommands struct {
	New  caseNewCommand  `cmd:"" help:"Open a case."`
	List caseListCommand `cmd:"" help:"List cases."`
}

type caseNewCommand struct {
	Name string `required:"" help:"What you call it. Choose a name that says nothing to somebody else."`
	Zone string `default:"Europe/London" help:"The person's time zone (IANA)."`
}

func (cmd *caseNewCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.OpenCase); err != nil {
			return err
		}
		id, err := a.log.NewCase(c.ctx, actor, cmd.Name, cmd.Zone)
		if err != nil {
			return err
		}
		if err := a.settle(c.ctx, id); err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]daybook.CaseID{"case": id})
		}
		_, err = fmt.Fprintln(c.out, id)
		return err
	})
}

type caseListCommand struct{}

func (cmd *caseListCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		rows, err := a.db.Cases(c.ctx)
		if err != nil {
			return err
		}
		type caseJSON struct {
			Case    daybook.CaseID `json:"case"`
			Name    string         `json:"name"`
			Zone    string         `json:"zone"`
			Opened  string         `json:"opened"`
			Entries uint64         `json:"entries"`
		}
		out := []caseJSON{}
		for _, r := range rows {
			actor, err := c.actor(a, r.ID)
			if err != nil {
				return err
			}
			if a.cases.Authorize(c.ctx, actor, r.ID, cases.Counts) != nil {
				continue // what an actor may not see is not there
			}
			name := "(erased)"
			if r.WrappedKey != nil {
				if name, err = a.log.CaseName(c.ctx, r.ID); err != nil {
					return err
				}
			}
			n, _, err := a.log.Head(c.ctx, r.ID)
			if err != nil {
				return err
			}
			out = append(out, caseJSON{r.ID, name, r.Zone, rfc(r.Created), n})
		}
		if c.cmd.JSON {
			return jsonLine(c.out, out)
		}
		lines := [][]string{{"CASE", "NAME", "ZONE", "ENTRIES"}}
		for _, r := range out {
			lines = append(lines, []string{string(r.Case), shown(r.Name), r.Zone, fmt.Sprint(r.Entries)})
		}
		return table(c.out, lines...)
	})
}
