package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/config"
	"daybook/internal/fakesmtp"
)

type demoCommand struct {
	Keep    string `help:"Make the demo in this folder, which must be new or empty. Default: a new folder for temporary files." type:"path" placeholder:"DIR"`
	NoServe bool   `help:"End when the story is told, without opening the pages. So does --json."`
}

// demoEvery is how often the demo reads the made-up account: six weeks in less
// than a minute.
const demoEvery = 6 * time.Hour

func (cmd *demoCommand) Run(c *call) error {
	dir, err := demoFolder(c.path(cmd.Keep))
	if err != nil {
		return err
	}
	d := &demo{call: c, story: newStory(c.clock().UTC().Truncate(time.Minute))}
	d.now = d.story.server.Now()
	if err := d.configure(dir); err != nil {
		return err
	}
	if d.smtp, err = fakesmtp.Start(fakesmtp.Options{}); err != nil {
		return err
	}
	err = d.run(c.ctx, cmd)
	return errors.Join(err, d.smtp.Close())
}

func demoFolder(keep string) (string, error) {
	if keep == "" {
		dir, err := os.MkdirTemp("", "daybook-demo-*")
		if err != nil {
			return "", fmt.Errorf("make the demo's folder: %w", err)
		}
		return dir, nil
	}
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	list, err := os.ReadDir(keep)
	if err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	if len(list) > 0 {
		return "", fmt.Errorf("%w: %s is not empty; choose a new folder", daybook.ErrInvalid, keep)
	}
	return filepath.Abs(keep)
}

// A demo plays the story through everything real: collector, archive, index,
// detection, mail.
type demo struct {
	*call
	dir   string
	story *story
	smtp  *fakesmtp.Server
	app   *app
	now   time.Time // the story's clock
	began time.Time // when the pages were opened: from then on the clock runs
	id    daybook.CaseID
	actor daybook.Actor // the person
	accts []daybook.Account

	people demoPeople
	added  daybook.ImportReport // of the archive of her account on X
}

func (d *demo) configure(dir string) error {
	d.dir = dir
	path := filepath.Join(dir, "config.toml")
	text := "# Made by daybook demo: made-up people, kept to be looked at.\ndata = \"data\"\nkey_file = \"key/instance.key\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		return err
	}
	cfg.Collect.Every = config.Duration(demoEvery)
	cfg.LogLevel = "warn" // what is shown is the story
	cfg.X.Enabled = true
	cfg.X.ClientID, _ = d.story.x.App("daybook demo", true, cfg.X.Back) // a public app has no secret
	d.cfg = cfg
	return nil
}

func (d *demo) clockNow() time.Time {
	if !d.began.IsZero() {
		return d.now.Add(time.Since(d.began))
	}
	return d.now
}

func (d *demo) run(ctx context.Context, cmd *demoCommand) (err error) {
	mail, err := email.New(email.Config{Host: "localhost", Port: d.smtp.Port(), From: "notes@charity.example", Roots: d.smtp.Roots()})
	if err != nil {
		return err
	}
	start := d.now
	var sheet strings.Builder // a demo's key needs no recovery
	d.app, err = openApp(ctx, d.cfg, appOptions{
		log: d.logger(), clock: d.clockNow, elapsed: func() time.Duration { return d.now.Sub(start) }, notice: &sheet, mailer: mail,
		exception: &collectors.Exception{Hosts: d.hosts()},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.app.Close()) }()
	if err := d.connect(ctx); err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		return err
	}
	if err := d.tell(ctx); err != nil || cmd.NoServe || d.cmd.JSON {
		return err
	}
	return d.serve(ctx)
}

// hosts are the made-up servers by name.
func (d *demo) hosts() map[string]http.Handler {
	all := d.story.x.Hosts()
	all[d.story.server.Domain()] = d.story.server
	return all
}

// connect opens the case, connects the account with the server's own pages, and
// chooses an adviser who is told.
func (d *demo) connect(ctx context.Context) (err error) {
	a, st := d.app, d.story
	actor := cases.Operator("demo")
	d.tick(d.story.steps[0].at.Add(-time.Hour))
	if d.id, err = a.log.NewCase(ctx, actor, "Garden", "Europe/London"); err != nil {
		return err
	}
	if err := d.invite(ctx); err != nil {
		return err
	}
	st.server.SignIn(st.wren)
	pending, err := a.mastodon.Begin(ctx, st.server.Domain(), mastodon.OutOfBand)
	if err != nil {
		return err
	}
	code, state := st.server.Allow(pending.URL)
	account, secret, err := a.mastodon.Finish(ctx, pending, code, state)
	if err != nil {
		return err
	}
	account.Case = d.id
	consent := daybook.Consent{Scopes: mastodon.Scopes(), Purpose: demoPurpose, Text: consentText}
	if account, err = a.cases.Connect(ctx, d.actor, account, secret, consent); err != nil {
		return err
	}
	d.accts = append(d.accts, account)
	r := alerts.NewRecipient(d.id, alerts.Adviser, "adviser@charity.example", "Europe/London")
	return a.alerts.add(ctx, actor, r)
}

// tick moves both clocks, the server's with what happens there.
func (d *demo) tick(t time.Time) {
	d.story.until(t)
	d.now = t
}

// play lets the weeks go by: read every six hours, decide what the person
// decides, send what is due.
func (d *demo) play(ctx context.Context) error {
	decided := map[string]bool{}
	for t := d.now.Add(demoEvery); ; t = t.Add(demoEvery) {
		if t.After(d.story.end) {
			t = d.story.end
		}
		d.tick(t)
		for _, account := range d.accts {
			if _, err := d.app.collect(ctx, account); err != nil {
				var status *collectors.StatusError
				if !errors.As(err, &status) && !errors.Is(err, collectors.ErrNotRead) {
					return err
				}
			}
		}
		if d.story.onX && len(d.accts) == 1 {
			if err := d.connectX(ctx); err != nil {
				return err
			}
		}
		if err := d.decide(ctx, decided); err != nil {
			return err
		}
		if err := d.app.alerts.send(ctx); err != nil {
			return err
		}
		if t.Equal(d.story.end) {
			return d.addArchive(ctx)
		}
	}
}

// decide does what the person does in the app once there is reason to.
func (d *demo) decide(ctx context.Context, done map[string]bool) error {
	st, actor := d.story, d.actor
	mark := func(name string, dec daybook.Decision) error {
		if done[name] {
			return nil
		}
		done[name] = true
		if _, err := d.app.cases.Mark(ctx, actor, d.id, dec); err != nil {
			return err
		}
		return d.app.settle(ctx, d.id)
	}
	if st.stop != nil && !done["stop"] {
		h, err := d.app.findHandle(ctx, d.id, st.first.Handle())
		if err != nil {
			return err
		}
		page, _, err := d.app.db.List(ctx, d.id, daybook.MessageFilter{Handle: h, Direction: daybook.Out, Newest: true}, 1, "")
		if err != nil || len(page) == 0 || !strings.Contains(page[0].Text, "Please do not contact me") {
			return err
		}
		entry := page[0].Captures[0]
		if err := mark("stop", daybook.Decision{What: daybook.MarkStop, Handle: h, Entry: &entry, How: "a direct message"}); err != nil {
			return err
		}
		if err := mark("unwanted", daybook.Decision{What: daybook.MarkUnwanted, Handle: h}); err != nil {
			return err
		}
	}
	if st.other != nil && d.now.After(st.end.AddDate(0, 0, -12)) && !done["linked"] {
		a, err := d.app.findHandle(ctx, d.id, st.first.Handle())
		if err != nil {
			return err
		}
		b, err := d.app.findHandle(ctx, d.id, "@"+st.other.Username())
		if err != nil {
			return err
		}
		return mark("linked", daybook.Decision{What: daybook.MarkLinked, Handle: a, Other: b, How: "knows about the blue cup and the yellow door"})
	}
	return nil
}

// tell prints what came of it.
func (d *demo) tell(ctx context.Context) error {
	a := d.app
	if err := a.settle(ctx, d.id); err != nil {
		return err
	}
	counts, err := a.db.Counts(ctx, d.id)
	if err != nil {
		return err
	}
	found, err := a.findings(ctx, d.id)
	if err != nil {
		return err
	}
	mails := d.smtp.Mails()
	if violations := slices.Concat(d.story.server.Violations(), d.story.x.Violations()); len(violations) > 0 {
		return fmt.Errorf("the demo's server was asked what it must not be asked: %s", strings.Join(violations, ", "))
	}
	if !d.cmd.JSON {
		if err := d.print(ctx, counts, mails); err != nil {
			return err
		}
	}
	// The looks at the case that print took are entries too: they are signed
	// with the rest before anything is counted and checked.
	if err := a.settle(ctx, d.id); err != nil {
		return err
	}
	report, err := a.log.Verify(ctx, d.id)
	if err != nil {
		return err
	}
	if d.cmd.JSON {
		err = jsonLine(d.out, map[string]any{"case": d.id, "entries": report.Entries, "messages": counts.Messages, "handles": counts.Handles,
			"findings": len(found), "alerts": len(mails), "verify": report.Answer, "folder": d.dir})
	} else {
		err = d.printEnd(report)
	}
	if err != nil {
		return err
	}
	if report.Answer != archive.OK {
		return fmt.Errorf("verify: %w", archive.ErrBroken)
	}
	return nil
}

const demoQuery = `"find you" OR window`

func (d *demo) section(title string) error {
	_, err := fmt.Fprintf(d.out, "\n== %s ==\n", title)
	return err
}

// print shows the case with the same commands that a person has.
func (d *demo) print(ctx context.Context, counts daybook.Counts, mails []fakesmtp.Mail) error {
	_, err := fmt.Fprintf(d.out, "Six weeks of made-up contact, read through made-up servers, with everything real behind it.\n%s, in and out, with %s.\n",
		plural(counts.Messages, "message", "messages"), plural(counts.Handles, "handle", "handles"))
	if err != nil {
		return err
	}
	if err := d.section("who"); err != nil {
		return err
	}
	sub := &call{process: d.process, ctx: ctx, cmd: &commands{}, cfg: d.cfg}
	sub.app = d.app
	if err := (&handlesCommand{Case: string(d.id)}).Run(sub); err != nil {
		return err
	}
	if err := d.section("findings"); err != nil {
		return err
	}
	if err := (&findingsCommand{Case: string(d.id)}).Run(sub); err != nil {
		return err
	}
	if err := d.section("a search: " + demoQuery); err != nil {
		return err
	}
	if err := (&searchCommand{Case: string(d.id), Query: []string{demoQuery}, Limit: 5, Content: true}).Run(sub); err != nil {
		return err
	}
	if err := d.section(fmt.Sprintf("the newest of %s to the adviser", plural(len(mails), "mail", "mails"))); err != nil {
		return err
	}
	if len(mails) == 0 {
		return nil
	}
	_, err = fmt.Fprintf(d.out, "%s\n", strings.TrimSpace(mails[len(mails)-1].Data))
	return err
}

// printEnd shows that the archive is whole, and how to go on.
func (d *demo) printEnd(report archive.Report) error {
	if err := d.section("integrity"); err != nil {
		return err
	}
	if err := printReport(d.call, report); err != nil {
		return err
	}
	_, err := fmt.Fprintf(d.out, `
The folder %s stays, to be explored:

  %[2]s --config %[1]s/config.toml list --case %[3]s --newest --limit 10
  %[2]s --config %[1]s/config.toml findings --case %[3]s --explain
  %[2]s --config %[1]s/config.toml search --case %[3]s 'cup' --content
  %[2]s --config %[1]s/config.toml export --case %[3]s --mark WA --out %[1]s/bundle.zip
  %[2]s verify %[1]s/bundle.zip --key %[4]s
`, d.dir, d.program, d.id, d.app.log.Fingerprint())
	return err
}
