package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/cases"
)

type userCommands struct {
	Add   userAddCommand   `cmd:"" help:"Add a user."`
	List  userListCommand  `cmd:"" help:"List users."`
	Code  userCodeCommand  `cmd:"" help:"Make a code with which a user sets up how they sign in."`
	Leave userLeaveCommand `cmd:"" help:"End all access of a user at once."`
}

type userAddCommand struct {
	Name    string `arg:"" help:"The name that people are shown."`
	Address string `help:"Where alerts may go." placeholder:"ADDRESS"`
}

func (cmd *userAddCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		u, err := a.cases.NewUser(c.ctx, actor, cmd.Name, cmd.Address)
		if err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]string{"user": u.ID})
		}
		_, err = fmt.Fprintln(c.out, u.ID)
		return err
	})
}

type userListCommand struct{}

func (cmd *userListCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		all, err := a.cases.Users(c.ctx, actor)
		if err != nil {
			return err
		}
		lines := [][]string{{"USER", "NAME", "STATE"}}
		for _, u := range all {
			state := "active"
			if !u.Left.IsZero() {
				state = "left"
			}
			if c.cmd.JSON {
				if err := jsonLine(c.out, map[string]string{"user": u.ID, "name": u.Name, "state": state}); err != nil {
					return err
				}
				continue
			}
			lines = append(lines, []string{u.ID, shown(u.Name), state})
		}
		if c.cmd.JSON {
			return nil
		}
		return table(c.out, lines...)
	})
}

type userLeaveCommand struct {
	User string `arg:"" help:"Identifier or name."`
}

func (cmd *userLeaveCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		u, err := a.cases.FindUser(c.ctx, cmd.User)
		if err != nil {
			return err
		}
		return a.cases.Leave(c.ctx, actor, u.ID)
	})
}

type grantCommands struct {
	Add  grantAddCommand  `cmd:"" help:"Give a user access to a case."`
	End  grantEndCommand  `cmd:"" help:"End access before its time."`
	List grantListCommand `cmd:"" help:"Who has, and had, access to a case."`
}

type grantAddCommand struct {
	Case   string `required:"" help:"The case." placeholder:"CASE"`
	User   string `required:"" help:"Identifier or name of the user." placeholder:"USER"`
	Role   string `required:"" enum:"owner,counts,content,exporter,manager" help:"owner (the person), counts, content, exporter or manager."`
	Until  string `help:"When it ends. Default: after 30 days; the person's own has no end." placeholder:"T"`
	Reason string `help:"Why. Needed for everybody but the person." placeholder:"TEXT"`
	Public bool   `help:"They work for a public body: police, council, court service and the like. What was fetched from X is not shown to them then: its terms keep that from public bodies."`
}

func (cmd *grantAddCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.GiveAccess); err != nil {
			return err
		}
		u, err := a.cases.FindUser(c.ctx, cmd.User)
		if err != nil {
			return err
		}
		g := cases.Grant{Case: id, User: u.ID, Role: cases.Role(cmd.Role), Reason: cmd.Reason, Public: cmd.Public}
		if cmd.Until != "" {
			zone, err := a.zone(c.ctx, id)
			if err != nil {
				return err
			}
			if g.End, _, err = parseTime(cmd.Until, zone); err != nil {
				return err
			}
		}
		if g, err = a.cases.Grant(c.ctx, actor, g); err != nil {
			return err
		}
		if err := a.settle(c.ctx, id); err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]string{"grant": g.ID, "until": rfc(g.End)})
		}
		_, err = fmt.Fprintln(c.out, g.ID)
		return err
	})
}

type grantEndCommand struct {
	Grant  string `arg:"" help:"The grant, as 'daybook grant list' shows it."`
	Case   string `required:"" help:"The case." placeholder:"CASE"`
	Reason string `required:"" help:"Why." placeholder:"TEXT"`
}

func (cmd *grantEndCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Revoke(c.ctx, actor, id, cmd.Grant, cmd.Reason); err != nil {
			return err
		}
		return a.settle(c.ctx, id)
	})
}

type grantListCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
	Log  bool   `help:"Also who looked at what, in plain words."`
}

func (cmd *grantListCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		grants, err := a.cases.Grants(c.ctx, actor, id)
		if err != nil {
			return err
		}
		lines := [][]string{{"GRANT", "USER", "ROLE", "FROM", "UNTIL", "STATE"}}
		now := c.clock()
		for _, g := range grants {
			state, end := "in force", g.End
			if !g.InForce(now) {
				state = "ended"
			}
			if !g.Revoked.IsZero() {
				end = g.Revoked
			}
			name := g.User
			if u, err := a.db.User(c.ctx, g.User); err == nil {
				name = u.Name
			}
			if c.cmd.JSON {
				if err := jsonLine(c.out, map[string]any{"grant": g.ID, "user": g.User, "role": g.Role, "from": rfc(g.Start), "until": rfc(end), "state": state, "public": g.Public}); err != nil {
					return err
				}
				continue
			}
			if g.Public {
				state += ", public body"
			}
			lines = append(lines, []string{g.ID, shown(name), string(g.Role), g.Start.UTC().Format(time.DateOnly), day(end), state})
		}
		if !c.cmd.JSON {
			if err := table(c.out, lines...); err != nil {
				return err
			}
		}
		if !cmd.Log {
			return nil
		}
		return accessLog(c, a, id)
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "no end"
	}
	return t.UTC().Format(time.DateOnly)
}

// accessLog prints who looked at what, in the words that the person is shown.
func accessLog(c *call, a *app, id daybook.CaseID) error {
	zone, err := a.zone(c.ctx, id)
	if err != nil {
		return err
	}
	for e, err := range a.log.Entries(c.ctx, id, 0) {
		if err != nil {
			return err
		}
		if e.Record.Kind != daybook.RecordAccess || e.Erased {
			continue
		}
		var access daybook.Access
		if err := e.Record.Decode(&access); err != nil {
			return err
		}
		who, err := a.cases.Who(c.ctx, e.Record.Actor)
		if err != nil {
			return err
		}
		words := cases.Words(access, who)
		if c.cmd.JSON {
			err = jsonLine(c.out, map[string]any{"entry": e.Index, "at": rfc(e.Record.Logged), "words": words})
		} else {
			_, err = fmt.Fprintf(c.out, "%s  %s\n", stamp(e.Record.Logged, zone), shown(words))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type alertCommands struct {
	Add    alertAddCommand    `cmd:"" help:"Tell somebody of new contact, by mail without content."`
	List   alertListCommand   `cmd:"" help:"Who is told, and when."`
	Remove alertRemoveCommand `cmd:"" help:"Tell somebody no more."`
	Send   alertSendCommand   `cmd:"" help:"Plan and send what is due now."`
}

type alertAddCommand struct {
	Case    string `required:"" help:"The case." placeholder:"CASE"`
	Address string `required:"" help:"The address." placeholder:"ADDRESS"`
	Kind    string `enum:"adviser,person" default:"adviser" help:"adviser (a digest a day) or person (nothing, until --at-once or --digest)."`
	Label   string `help:"What you call them, for this list alone." placeholder:"TEXT"`
	Title   string `help:"The subject line of the mails. Default: the configuration's." placeholder:"TEXT"`
	Sender  string `help:"The sender's name of the mails. Default: the configuration's." placeholder:"TEXT"`
	Zone    string `help:"Their time zone. Default: the configuration's, or else the person's." placeholder:"ZONE"`
	Quiet   string `help:"Quiet hours, such as 22:00-07:00, or none. Default: the configuration's." placeholder:"HH:MM-HH:MM"`
	Digest  string `help:"Rules told of once a day: after-stop, unwanted, may-be-linked, new-handle, after-quiet, stopped, renewal, or all." placeholder:"RULES"`
	AtOnce  string `help:"Rules told of at once, outside quiet hours." placeholder:"RULES"`
}

func (cmd *alertAddCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Alert); err != nil {
			return err
		}
		row, err := a.db.Case(c.ctx, id)
		if err != nil {
			return err
		}
		kind := alerts.Adviser
		if cmd.Kind == "person" {
			kind = alerts.ThePerson
		}
		r := a.alerts.newRecipient(kind, row, cmd.Address, cmd.Zone)
		r.Label, r.Title, r.Sender = cmd.Label, cmp.Or(cmd.Title, r.Title), cmp.Or(cmd.Sender, r.Sender)
		if err := setRules(&r, cmd.Digest, alerts.Digest); err != nil {
			return err
		}
		if err := setRules(&r, cmd.AtOnce, alerts.AtOnce); err != nil {
			return err
		}
		if err := setQuiet(&r, cmd.Quiet); err != nil {
			return err
		}
		if err := r.Check(); err != nil {
			return err
		}
		if err := a.alerts.add(c.ctx, actor, r); err != nil {
			return err
		}
		if err := a.settle(c.ctx, id); err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]string{"recipient": r.ID})
		}
		_, err = fmt.Fprintln(c.out, r.ID)
		return err
	})
}

func setRules(r *alerts.Recipient, list string, pace alerts.Pace) error {
	if list == "" {
		return nil
	}
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		known := false
		for _, k := range alerts.RuleKinds() {
			if name == string(k) || name == "all" {
				r.Rules[k], known = pace, true
			}
		}
		if !known {
			return fmt.Errorf("%w: there is no rule %q", errUsage, name)
		}
	}
	return nil
}

func setQuiet(r *alerts.Recipient, s string) error {
	switch s {
	case "":
		return nil
	case "none":
		r.QuietFrom, r.QuietUntil = 0, 0
		return nil
	}
	from, until, ok := strings.Cut(s, "-")
	if !ok {
		return fmt.Errorf("%w: quiet hours are written as 22:00-07:00", errUsage)
	}
	var err error
	if r.QuietFrom, err = alerts.ParseClock(from); err != nil {
		return err
	}
	r.QuietUntil, err = alerts.ParseClock(until)
	return err
}

type alertListCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
}

func (cmd *alertListCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Alert); err != nil {
			return err
		}
		all, err := a.db.Recipients(c.ctx, id)
		if err != nil {
			return err
		}
		for _, r := range all {
			if c.cmd.JSON {
				err = jsonLine(c.out, map[string]any{"recipient": r.ID, "kind": r.Kind, "label": r.Label, "address": r.Address, "zone": r.Zone,
					"quiet": r.QuietFrom.String() + "-" + r.QuietUntil.String(), "digest_at": r.DigestAt.String(), "rules": r.Rules})
			} else {
				_, err = fmt.Fprintf(c.out, "%s  %s  %s  quiet %s-%s (%s)  %s\n", r.ID, r.Kind, shown(r.Address), r.QuietFrom, r.QuietUntil, r.Zone, shown(r.Label))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type alertRemoveCommand struct {
	Recipient string `arg:"" help:"As 'daybook alert list' shows it."`
	Case      string `required:"" help:"The case." placeholder:"CASE"`
}

func (cmd *alertRemoveCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Alert); err != nil {
			return err
		}
		if err := a.alerts.remove(c.ctx, actor, id, cmd.Recipient); err != nil {
			return err
		}
		return a.settle(c.ctx, id)
	})
}

type alertSendCommand struct{}

func (cmd *alertSendCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		if err := a.alerts.send(c.ctx); err != nil {
			return err
		}
		n := a.alerts.counter
		sent, waiting, refused := int(n.sent.Load()), int(n.waiting.Load()), int(n.refused.Load())
		if c.cmd.JSON {
			err = jsonLine(c.out, map[string]int{"sent": sent, "waiting": waiting, "refused": refused})
		} else {
			_, err = fmt.Fprintf(c.out, "%s sent\n", plural(sent, "mail", "mails"))
		}
		if err != nil {
			return err
		}
		if waiting > 0 {
			return fmt.Errorf("%w: %s could not be sent now and will be tried again", errPartial, plural(waiting, "mail", "mails"))
		}
		if refused > 0 {
			return fmt.Errorf("%w: %s refused for good; daybook doctor says what to do", errPartial, plural(refused, "mail was", "mails were"))
		}
		return nil
	})
}
