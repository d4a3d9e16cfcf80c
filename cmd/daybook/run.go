package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"daybook"
	"daybook/cases"
	"daybook/collectors"
	"daybook/config"
	"daybook/internal/lockfile"
)

// A process is what the command line gets from its surroundings.
type process struct {
	input    io.Reader
	terminal bool // input is a terminal: somebody can be asked
	out, err io.Writer
	env      func(string) string
	clock    func() time.Time

	program   string                // how a person starts it: "daybook"
	exception *collectors.Exception // what may be reached beside the public network: demo and tests
	app       *app                  // an open instance, when a running daybook answers for another process
	osUser    string                // of that other process
	cwd       string                // its working directory; "" for this one's
}

// commands is the whole command line, in the order of CLI.md.
type commands struct {
	As     string `help:"Act as this user (id). Default: the local operator, who is recorded as such." placeholder:"USER"`
	Data   string `help:"The data folder. Default: the platform's folder for application data." type:"path" env:"DAYBOOK_DATA" placeholder:"DIR"`
	Config string `help:"The configuration file." type:"path" env:"DAYBOOK_CONFIG" placeholder:"FILE"`
	JSON   bool   `name:"json" help:"Results as JSON on standard output."`

	Demo       demoCommand       `cmd:"" help:"Play a made-up case on this machine, offline."`
	Serve      serveCommand      `cmd:"" help:"Run the collectors and the alerts until stopped."`
	Case       caseCommands      `cmd:"" help:"Open and list cases."`
	Connect    connectCommands   `cmd:"" help:"Connect an account, with the person's consent."`
	Collect    collectCommand    `cmd:"" help:"Read what is due from the connected accounts."`
	Import     importCommand     `cmd:"" help:"Read in files that a platform gave the person of their own account."`
	Mark       markCommand       `cmd:"" help:"Record what a person says about a handle or a day."`
	Link       linkCommand       `cmd:"" help:"Record what a person says about two handles."`
	Own        ownCommands       `cmd:"" help:"The person's own details, which messages are compared with. Sealed; in no log, mail or export."`
	Pause      pauseCommand      `cmd:"" help:"Stop reading an account for a while."`
	Resume     resumeCommand     `cmd:"" help:"Go on reading an account."`
	Renew      renewCommand      `cmd:"" help:"Renew the consent for an account."`
	Withdraw   withdrawCommand   `cmd:"" help:"End the consent for an account and take the token back."`
	Show       showCommand       `cmd:"" help:"Show one message with its captures and versions, or a decision with who made it."`
	List       listCommand       `cmd:"" help:"List messages in order of time."`
	Search     searchCommand     `cmd:"" help:"Search the words of a case."`
	Handles    handlesCommand    `cmd:"" help:"List who is in a case, with counts."`
	Findings   findingsCommand   `cmd:"" help:"Count the pattern, each number with its entries."`
	Export     exportCommand     `cmd:"" help:"Make a bundle to hand over: the messages, with what it takes to check them without daybook."`
	Verify     verifyCommand     `cmd:"" help:"Check every byte of a case's archive."`
	Checkpoint checkpointCommand `cmd:"" help:"Sign the archive as it is now."`
	Anchors    anchorsCommand    `cmd:"" help:"List the checkpoints, to be held elsewhere."`
	User       userCommands      `cmd:"" help:"Make and list users."`
	Grant      grantCommands     `cmd:"" help:"Give, end and list access to a case."`
	Alert      alertCommands     `cmd:"" help:"Choose who is told what and when."`
	Erase      eraseCommands     `cmd:"" help:"Erase messages or a whole case; the log says that it was done, and by whom."`
	Rebuild    rebuildCommand    `cmd:"" help:"Make everything that is derived again. Never sends anything."`
	Backup     backupCommand     `cmd:"" help:"Copy the whole instance into one file, encrypted, while it runs."`
	Restore    restoreCommand    `cmd:"" help:"Put a backup back, as a declared break."`
	Doctor     doctorCommand     `cmd:"" help:"Look at this instance and say what should be mended."`
	Key        keyCommands       `cmd:"" help:"The instance key: show its recovery sheet, put it back."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

const exitStatus = `
EXIT STATUS
  0 done
  1 it failed: what, and what to do next, is on standard error
  2 wrong use
  3 done, but something could not be read or checked
  4 the archive's integrity is broken
  5 not allowed`

// A call is one command that is being carried out.
type call struct {
	process
	ctx  context.Context
	cmd  *commands
	args []string
	cfg  config.Config

	command string // its path: "alert send"
}

// errForwarded says that a running daybook has carried the command out.
type errForwarded struct{ code int }

func (e errForwarded) Error() string {
	return fmt.Sprintf("carried out elsewhere with status %d", e.code)
}

// run carries out one command line and returns its exit status.
func run(ctx context.Context, args []string, p process) int {
	var cmd commands
	exited := -1
	k, err := newParser(&cmd, p, func(code int) { exited = code }).Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		text := strings.ReplaceAll(err.Error(), `,""`, "") // a choice that may be left out
		printError(p.err, fmt.Errorf("%w: %s", errUsage, text), selected(err))
		return statusUsage
	}
	c := &call{process: p, ctx: ctx, cmd: &cmd, args: args, command: k.Selected().Path()}
	if err := c.configure(); err != nil {
		printError(p.err, err, c.command)
		return status(err)
	}
	err = k.Run(c)
	var forwarded errForwarded
	if errors.As(err, &forwarded) {
		return forwarded.code
	}
	if err != nil {
		printError(p.err, err, c.command)
	}
	return status(err)
}

// newParser makes the parser that fills cmd. exit is called when help was asked
// for, and the parser goes on.
func newParser(cmd *commands, p process, exit func(code int)) *kong.Kong {
	parser, err := kong.New(cmd,
		kong.Name("daybook"),
		kong.Description("A quiet record of unwanted contact.\n"+exitStatus),
		kong.Writers(p.out, p.err),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Help(helpWithStatus),
	)
	if err != nil {
		panic("daybook: command line: " + err.Error()) // a programmer's error in the struct above
	}
	return parser
}

// selected is the command that a command line was about that could not be read.
func selected(err error) string {
	var parse *kong.ParseError
	if !errors.As(err, &parse) || parse.Context == nil || parse.Context.Selected() == nil {
		return ""
	}
	return parse.Context.Selected().Path()
}

func helpWithStatus(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if ctx.Selected() == nil {
		return nil // the description has it
	}
	if e, ok := examples[ctx.Selected().Path()]; ok {
		if _, err := fmt.Fprintf(ctx.Stdout, "\nEXAMPLES\n%s\n", e); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(ctx.Stdout, exitStatus)
	return err
}

// configure reads the configuration, but for commands that must work without.
func (c *call) configure() error {
	if c.command == "version" || c.command == "demo" || c.cmd.Verify.File != "" {
		return nil
	}
	if c.app != nil {
		c.cfg = c.app.cfg
		return nil
	}
	cfg, err := config.Load(c.cmd.Config, c.env)
	if err != nil {
		return err
	}
	if c.cmd.Data != "" {
		cfg.Data = c.cmd.Data
	}
	c.cfg = cfg
	return c.cfg.Validate()
}

// actor is who this call is recorded as, in one case ("" for the instance).
func (c *call) actor(a *app, of daybook.CaseID) (daybook.Actor, error) {
	name := c.osUser
	if name == "" {
		name = osUser()
	}
	if c.cmd.As == "" {
		return cases.Operator(name), nil
	}
	u, err := a.cases.FindUser(c.ctx, c.cmd.As)
	if err != nil {
		return daybook.Actor{}, err
	}
	return a.cases.Actor(c.ctx, u, of, "command line (OS user "+name+")")
}

func osUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// path makes a file name that a person gave absolute, as seen from where they
// gave it.
func (c *call) path(name string) string {
	if filepath.IsAbs(name) || c.cwd == "" {
		return name
	}
	return filepath.Join(c.cwd, name)
}

// logger writes to standard error. A command that ends says itself what it did:
// beside that, only what went less well is logged, unless more was asked for.
func (c *call) logger() *slog.Logger {
	level := c.cfg.Level()
	if c.command != "serve" && level == slog.LevelInfo {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
}

// with opens the instance, runs fn and closes it again. If another process has
// it open, that one carries the command out.
func (c *call) with(fn func(a *app) error) error {
	if c.app != nil {
		return fn(c.app)
	}
	a, err := openApp(c.ctx, c.cfg, appOptions{log: c.logger(), clock: c.clock, notice: c.err, exception: c.exception})
	if errors.Is(err, lockfile.ErrLocked) {
		code, ferr := forward(c.ctx, socketPath(c.cfg), c)
		if ferr != nil {
			return errors.Join(err, ferr)
		}
		return errForwarded{code}
	}
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

// in opens the instance and does one thing in one case: who does it is asked
// for first, and what is derived has caught up with the log. A log that is not
// the one that it has been is left alone.
func (c *call) in(of string, fn func(a *app, actor daybook.Actor, id daybook.CaseID) error) error {
	return c.with(func(a *app) error {
		actor, id, err := c.enter(a, of)
		if err != nil {
			return err
		}
		if err := a.log.Refused()[id]; err != nil {
			return err
		}
		if a.isErased(c.ctx, id) {
			return errErasedCase(id)
		}
		if err := a.catchUp(c.ctx, id); err != nil {
			return err
		}
		return fn(a, actor, id)
	})
}

// enter finds out who wants to do something in a case, and that there is one.
func (c *call) enter(a *app, of string) (daybook.Actor, daybook.CaseID, error) {
	id := daybook.CaseID(of)
	actor, err := c.actor(a, id)
	if err != nil {
		return actor, id, err
	}
	_, err = a.db.Case(c.ctx, id)
	if actor.Role == "operator" {
		return actor, id, err
	}
	// A user learns from Authorize alone whether there is such a case.
	return actor, id, errors.Join(a.cases.Authorize(c.ctx, actor, id, cases.Counts), unless(err, daybook.ErrNotFound))
}

// unless is err if it is not of that kind.
func unless(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}
