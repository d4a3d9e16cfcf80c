package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/collectors/upload"
)

type importCommand struct {
	Case     string   `required:"" help:"The case." placeholder:"CASE"`
	Format   string   `help:"The kind of the files, such as x-archive. Default: whatever they look like." placeholder:"KIND"`
	Thread   []string `help:"Only this thread, as --dry-run shows it; may be given several times. Default: all conversations, and the person's own posts that name somebody." placeholder:"T"`
	LeaveOut []string `help:"Keep nothing of this file from this sender; may be given several times. For good: daybook mark excluded." placeholder:"HANDLE"`
	Me       string   `help:"The person's own name or number in the file." placeholder:"NAME"`
	TZ       string   `name:"tz" help:"The time zone of a file that does not say it, such as Europe/London. Default: the case's." placeholder:"ZONE"`
	Dates    string   `enum:"dmy,mdy," default:"" help:"How a file writes dates that can be read in two ways: dmy or mdy."`
	DryRun   bool     `help:"Say what is in the files, with their threads, and keep nothing."`
	File     []string `arg:"" help:"Files as the platform gave them: ZIP files are not unpacked." placeholder:"FILE"`
}

// errImportStopped says what became of an import that somebody ended.
var errImportStopped = errors.New("stopped: what was read in so far is kept, and the same command goes on from there")

func (cmd *importCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Import); err != nil {
			return err
		}
		options, err := cmd.options(c, a, id)
		if err != nil {
			return err
		}
		var errs severalError
		for i, name := range cmd.File {
			if err := cmd.file(c, a, actor, id, name, options); err != nil {
				if len(cmd.File) > 1 {
					err = fmt.Errorf("file %d: %w", i+1, err)
				}
				errs = append(errs, err)
			}
			if c.ctx.Err() != nil {
				break
			}
		}
		if len(errs) == 0 {
			return nil
		}
		return errs
	})
}

// options are what the files may not say of themselves.
func (cmd *importCommand) options(c *call, a *app, id daybook.CaseID) (o upload.Options, err error) {
	o = upload.Options{Me: cmd.Me, Dates: cmd.Dates}
	if cmd.TZ == "" {
		o.Zone, err = a.zone(c.ctx, id)
		return o, err
	}
	if o.Zone, err = time.LoadLocation(cmd.TZ); err != nil || cmd.TZ == "Local" {
		return o, fmt.Errorf("%w: there is no time zone %q; use a name such as Europe/London", errUsage, cmd.TZ)
	}
	return o, nil
}

// file reads in one file, or says what is in it.
func (cmd *importCommand) file(c *call, a *app, actor daybook.Actor, id daybook.CaseID, name string, o upload.Options) (err error) {
	f, open, err := openUpload(c.path(name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	format, seems, err := cmd.recognize(c.ctx, a, f)
	if err != nil {
		return err
	}
	o.Progress = c.progress64("read the file")
	export, err := format.Open(c.ctx, f, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, export.Close()) }()
	sum := export.Summary()
	if cmd.DryRun {
		return printSummary(c, name, seems, sum)
	}
	account, err := cmd.account(c, a, actor, id, sum, format.Platform)
	if err != nil {
		return err
	}
	order := upload.Order{Account: account, File: f, Export: export, Threads: cmd.Thread, Progress: c.importProgress()}
	if order.Exclude, err = cmd.leaveOut(c, a, id, sum); err != nil {
		return err
	}
	result, err := a.importer().Import(c.ctx, actor, order)
	if settled := a.settle(context.WithoutCancel(c.ctx), id); err == nil {
		err = settled
	}
	if errors.Is(err, context.Canceled) {
		return errImportStopped
	}
	if err != nil {
		return err
	}
	if err := printImported(c, name, seems, sum, account, result); err != nil {
		return err
	}
	return notUnderstood(result.Report)
}

// openUpload opens a file that a person names.
func openUpload(path string) (upload.File, *os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return upload.File{}, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: this is a folder or a device; give the file as the platform gave it, such as a ZIP file", daybook.ErrInvalid)
	}
	if err != nil {
		return upload.File{}, nil, errors.Join(err, f.Close())
	}
	return upload.File{Name: filepath.Base(path), Size: info.Size(), ReaderAt: f}, f, nil
}

// recognize finds out what a file is.
func (cmd *importCommand) recognize(ctx context.Context, a *app, f upload.File) (upload.Format, upload.Recognition, error) {
	formats := a.formats
	if cmd.Format != "" {
		formats = slices.DeleteFunc(slices.Clone(formats), func(f upload.Format) bool { return f.Kind != cmd.Format })
		if len(formats) == 0 {
			var kinds []string
			for _, f := range a.formats {
				kinds = append(kinds, f.Kind)
			}
			return upload.Format{}, upload.Recognition{}, fmt.Errorf("%w: there is no format %q; there are %s", errUsage, cmd.Format, strings.Join(kinds, ", "))
		}
	}
	return upload.Recognize(ctx, f, formats...)
}

// account is the person's own account that the file is of. One that this case
// does not know is named as theirs; if they have another one there, they are
// asked first.
func (cmd *importCommand) account(c *call, a *app, actor daybook.Actor, id daybook.CaseID, sum upload.Summary, platform daybook.Platform) (daybook.Account, error) {
	owner := sum.Owner
	said := cmd.Me != "" && isCalled(owner, cmd.Me)
	if cmd.Me != "" && !said {
		return daybook.Account{}, fmt.Errorf("%w: this file is not of the account that --me names; it is of %s", daybook.ErrInvalid, shown(owner.Shown()))
	}
	own, others, err := a.cases.OwnAccount(c.ctx, id, owner)
	if err != nil {
		return daybook.Account{}, err
	}
	if others && !own && !said {
		if !c.terminal {
			return daybook.Account{}, fmt.Errorf("%w: this file is of %s, and this case has another account there; if it is the person's own as well, say so with --me", daybook.ErrInvalid, shown(owner.Shown()))
		}
		answer, err := c.ask("This file is of " + shown(owner.Shown()) + ". Is that the person's own account? (yes/no): ")
		if err != nil {
			return daybook.Account{}, err
		}
		if !strings.EqualFold(answer, "yes") {
			return daybook.Account{}, fmt.Errorf("%w: not read in: only files from the person's own accounts are; nothing was kept", daybook.ErrInvalid)
		}
	}
	return a.cases.NameAccount(c.ctx, actor, id, platform, owner)
}

// isCalled reports whether a name or number is that of an account.
func isCalled(h daybook.Handle, said string) bool {
	said = strings.TrimPrefix(said, "@")
	return h.Native == said || h.Ref() == said || slices.ContainsFunc(h.Names, func(n daybook.SeenName) bool {
		return n.Account != "" && strings.EqualFold(strings.TrimPrefix(n.Account, "@"), said)
	})
}

// leaveOut finds the senders that are to be left out among those in the file: by
// their number, or by a name that the file or the case has for them. Who means
// somebody that is not in it would believe that they were left out.
func (cmd *importCommand) leaveOut(c *call, a *app, id daybook.CaseID, sum upload.Summary) (refs []string, err error) {
	for _, said := range cmd.LeaveOut {
		known, err := a.findHandle(c.ctx, id, said)
		if err != nil && !errors.Is(err, daybook.ErrNotFound) {
			return nil, err
		}
		var with []daybook.Handle
		for _, t := range sum.Threads {
			with = append(with, t.With...)
		}
		at := slices.IndexFunc(with, func(h daybook.Handle) bool { return err == nil && h.Same(known) || isCalled(h, said) })
		if at < 0 {
			return nil, fmt.Errorf("%w: nobody in this file has the number or the name that --leave-out gives; --dry-run lists who is in it", daybook.ErrInvalid)
		}
		refs = append(refs, with[at].Ref())
	}
	return refs, nil
}

// notUnderstood is errPartial if a file holds what this version cannot read.
func notUnderstood(rep daybook.ImportReport) error {
	n := 0
	for _, r := range rep.NotRead {
		n += r.Count
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s of this file could not be understood; the report says which, and a later version may read them from the same file", errPartial, plural(n, "record", "records"))
}

// importer is what reads files in.
func (a *app) importer() upload.Importer {
	return upload.Importer{
		Log: a.log, Ledger: a.db, Accounts: a.db, Queue: a.db, Tombs: a.db, Past: pastImports{a},
		Owner: a.owner, Clock: a.clock, MaxMedia: a.cfg.Media.MaxBytes,
		// Alerts come at the end: the facts that they ask for are of the whole case.
		Follow: func(ctx context.Context, c daybook.CaseID) {
			if err := a.catchUpWith(ctx, c, a.messages, a.index); err != nil && ctx.Err() == nil {
				a.logger.WarnContext(ctx, "what follows from a file is derived when it has been read in", slog.String("case", string(c)), slog.Any("err", err))
			}
		},
	}
}

// progress64 is progress for sizes of files.
func (c *call) progress64(what string) func(done, total int64) {
	show := c.progress(what)
	if show == nil {
		return nil
	}
	return func(done, total int64) {
		for total > 1<<30 { // only their ratio is shown
			done, total = done>>10, total>>10
		}
		show(int(done), int(total))
	}
}

// importProgress shows the stages of an import one after the other.
func (c *call) importProgress() func(s upload.Stage, done, total int64) {
	stages := map[upload.Stage]func(done, total int64){}
	for stage, what := range map[upload.Stage]string{upload.StageFile: "keep the file", upload.StageItems: "keep what is in it", upload.StageCompare: "compare with former files"} {
		if show := c.progress64(what); show != nil {
			stages[stage] = show
		}
	}
	if len(stages) == 0 {
		return nil
	}
	return func(s upload.Stage, done, total int64) {
		if show := stages[s]; show != nil {
			show(done, total)
		}
	}
}
