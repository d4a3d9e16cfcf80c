package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/export"
	"daybook/export/bundle"
	"daybook/internal/durable"
)

type exportCommand struct {
	Case       string   `required:"" help:"The case." placeholder:"CASE"`
	Complete   bool     `xor:"kind" help:"Everything. This is what is done unless messages are chosen."`
	Selection  bool     `xor:"kind" help:"Chosen messages alone: with --from, --to, --handle or --entry. The bundle says how many of the period it leaves out."`
	From       string   `help:"Messages sent at or after this time or day." placeholder:"T"`
	To         string   `help:"Messages sent before this time, or on or before this day." placeholder:"T"`
	Handle     []string `help:"Messages from this handle, and of the person to it. Can be given again." placeholder:"HANDLE" sep:"none"`
	Entry      []uint64 `help:"This message, by the number of any of its entries. Can be given again." placeholder:"N"`
	Redact     []string `help:"Withhold a field of one message: text, names, addresses or attachments, such as text=17:private. Can be given again." placeholder:"FIELD=N[:REASON]" sep:"none"`
	Cover      []string `help:"Cover a word wherever it stands, and show AS in its place. Can be given again." placeholder:"WORD=AS" sep:"none"`
	WithAccess bool     `help:"With who looked and searched: for a person's own copy alone."`
	WithFiles  bool     `help:"With the files that were added, as they are. They also hold what was not read: mail address, phone number, log-ins. Not with a selection, and not where something is covered."`
	Mark       string   `help:"Exhibit mark of whoever produces it: MR makes MR/17." placeholder:"MR"`
	ToWhom     string   `help:"Whom it is made for, in words, for the cover of the report." placeholder:"TEXT"`
	At         uint64   `help:"The state of an earlier checkpoint over exactly N entries: gives the same bundle again." placeholder:"N"`
	For        []string `help:"Seal the bundle for whoever has the key that belongs to this public key of age (age1...). Can be given again." placeholder:"KEY" sep:"none"`
	ForFile    string   `help:"Seal it for the public keys in this file, one a line." placeholder:"FILE"`
	Out        string   `help:"The file that is written. It must not be there." placeholder:"FILE"`
	DryRun     bool     `help:"Only say what would be in it."`
}

func (cmd *exportCommand) Run(c *call) error {
	if cmd.Out == "" && !cmd.DryRun {
		return fmt.Errorf("%w: say where the bundle goes, with --out FILE, or look first with --dry-run", errUsage)
	}
	receivers, err := cmd.receivers(c)
	if err != nil {
		return err
	}
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Export); err != nil {
			return err
		}
		spec, err := cmd.spec(c, a, id)
		if err != nil {
			return err
		}
		if cmd.DryRun {
			return cmd.preview(c, a, actor, id, spec)
		}
		out := c.path(cmd.Out)
		var e exported
		err = writeNew(out, func(w io.Writer) error {
			var err error
			e, err = a.exportFor(c.ctx, actor, id, spec, receivers, w, c.progress("exporting"))
			return err
		})
		if err != nil {
			return fmt.Errorf("export to %s: %w", cmd.Out, err)
		}
		return cmd.print(c, e, out)
	})
}

// spec reads what was chosen.
func (cmd *exportCommand) spec(c *call, a *app, id daybook.CaseID) (export.Spec, error) {
	s := export.Spec{Kind: export.Complete, Size: cmd.At, Entries: cmd.Entry, Access: cmd.WithAccess, Files: cmd.WithFiles, Mark: cmd.Mark, For: cmd.ToWhom}
	chosen := cmd.From != "" || cmd.To != "" || len(cmd.Handle) > 0 || len(cmd.Entry) > 0
	switch {
	case cmd.Complete && chosen:
		return s, fmt.Errorf("%w: --complete is everything; leave it out, or leave out --from, --to, --handle and --entry", errUsage)
	case cmd.Selection && !chosen:
		return s, fmt.Errorf("%w: choose messages with --from, --to, --handle or --entry", errUsage)
	case chosen:
		s.Kind = export.Selection
	}
	zone, err := a.zone(c.ctx, id)
	if err != nil {
		return s, err
	}
	f, err := (&listCommand{From: cmd.From, To: cmd.To}).filter(c, a, id, zone)
	if err != nil {
		return s, err
	}
	s.From, s.To = f.From, f.To
	for _, name := range cmd.Handle {
		h, err := a.findHandle(c.ctx, id, name)
		if err != nil {
			return s, err
		}
		s.Handles = append(s.Handles, daybook.Handle{Platform: h.Platform, Native: h.Native})
	}
	for _, text := range cmd.Redact {
		r, err := parseRedaction(text)
		if err != nil {
			return s, err
		}
		s.Redactions = append(s.Redactions, r)
	}
	for i, text := range cmd.Cover {
		at := strings.LastIndexByte(text, '=')
		if at < 0 || strings.TrimSpace(text[:at]) == "" {
			return s, fmt.Errorf("%w: word %d to cover should be WORD=AS, such as 'Anytown=a place'", errUsage, i+1)
		}
		s.Covers = append(s.Covers, export.Cover{Word: strings.TrimSpace(text[:at]), As: strings.TrimSpace(text[at+1:]), Reason: "covered by whoever made the bundle"})
	}
	return s, nil
}

// parseRedaction reads "text=17:private".
func parseRedaction(s string) (export.Redaction, error) {
	field, rest, ok := strings.Cut(s, "=")
	number, reason, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil || !slices.Contains(export.Fields(), export.Field(field)) {
		var names []string
		for _, f := range export.Fields() {
			names = append(names, string(f))
		}
		return export.Redaction{}, fmt.Errorf("%w: a field to withhold is FIELD=N or FIELD=N:REASON, with a field of %s and the number of an entry", errUsage, strings.Join(names, ", "))
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		reason = "withheld by whoever made the bundle"
	}
	return export.Redaction{Entry: n, Field: export.Field(field), Reason: reason}, nil
}

const maxReceiversFile = 1 << 20

// receivers reads whom the bundle is sealed for.
func (cmd *exportCommand) receivers(c *call) (bundle.Recipients, error) {
	keys := cmd.For
	if cmd.ForFile != "" {
		b, err := readAtMost(c.path(cmd.ForFile), maxReceiversFile)
		if err != nil {
			return bundle.Recipients{}, fmt.Errorf("read the receivers' keys: %w", err)
		}
		n := len(keys)
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				keys = append(keys, line)
			}
		}
		if len(keys) == n {
			return bundle.Recipients{}, fmt.Errorf("%w: the file %s holds no key", daybook.ErrInvalid, cmd.ForFile)
		}
	}
	return bundle.ParseRecipients(keys)
}

func readAtMost(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	b, err := io.ReadAll(io.LimitReader(f, n+1))
	if err == nil && int64(len(b)) > n {
		err = fmt.Errorf("%w: it is too large", daybook.ErrInvalid)
	}
	return b, err
}

// writeNew makes a file that was not there, of mode 0600, whole and on stable
// storage, or not at all: the name appears when fill has succeeded.
func writeNew(path string, fill func(w io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return os.ErrExist
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".daybook-export-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// progress says on a terminal how far something has come; nil elsewhere.
func (c *call) progress(what string) func(done, total int) {
	f, ok := c.err.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return nil
	}
	last := -1
	return func(done, total int) {
		percent := 100
		if total > 0 {
			percent = 100 * done / total
		}
		if percent == last {
			return
		}
		last = percent
		end := "\r"
		if done >= total {
			end = "\n"
		}
		fmt.Fprintf(f, "%s: %d %%%s", what, percent, end) //nolint:errcheck // nothing can be said about standard error
	}
}

// An exportedJSON is the result of an export.
type exportedJSON struct {
	File     string         `json:"file,omitempty"`
	SHA256   daybook.Digest `json:"sha256,omitzero"` // of the file
	Size     int64          `json:"size,omitempty"`
	Kind     export.Kind    `json:"kind"`
	At       uint64         `json:"at"` // entries under its checkpoint
	Entries  int            `json:"entries"`
	Messages int            `json:"messages"`
	LeftOut  int            `json:"left_out"`
	Sealed   bool           `json:"sealed"`
	ZIP      daybook.Digest `json:"zip_sha256,omitzero"` // of what was sealed
	Warnings []string       `json:"warnings"`
}

func (cmd *exportCommand) print(c *call, e exported, out string) error {
	s := e.Shown
	j := exportedJSON{File: out, SHA256: e.File, Size: e.FileSize, Kind: s.Spec.Kind, At: e.Checkpoint.Size, Entries: e.Entries, Messages: e.Exhibits, LeftOut: e.LeftOut,
		Sealed: e.File != e.SHA256, Warnings: e.warnings()}
	if j.Sealed {
		j.ZIP = e.SHA256
	}
	if c.cmd.JSON {
		return jsonLine(c.out, j)
	}
	lines := [][]string{
		{"file", shown(out)},
		{"sha256", j.SHA256.String()},
		{"size", plural(int(j.Size), "byte", "bytes")},
	}
	if j.Sealed {
		lines = append(lines, []string{"sealed", "the bundle inside has the sha256 " + j.ZIP.String()})
	}
	return cmd.counts(c, append(lines, []string{"entries", fmt.Sprintf("%d of %d", e.Entries, e.Checkpoint.Size)}), s, j.Warnings)
}

// counts prints a table, how many messages there are in a bundle, and what to
// know about it.
func (cmd *exportCommand) counts(c *call, lines [][]string, s *export.Shown, warnings []string) error {
	messages := fmt.Sprint(len(s.Exhibits))
	if s.Spec.Kind == export.Selection {
		messages += fmt.Sprintf("; %s of this period are left out, and the bundle says so", plural(s.LeftOut, "other", "others"))
	}
	lines = append(lines, []string{"messages", messages})
	for _, w := range warnings {
		lines = append(lines, []string{"note", w})
	}
	return table(c.out, lines...)
}

// warnings says what to know about a bundle.
func (e exported) warnings() []string {
	out := []string{}
	switch n := e.pending(); {
	case len(e.Shown.Stamps) == 0:
		out = append(out, "time stamps are not set up: nobody outside says when this was there")
	case n > 0:
		out = append(out, plural(n, "time stamp has", "time stamps have")+" not come yet; made again later (--at "+strconv.FormatUint(e.Checkpoint.Size, 10)+"), the bundle has them")
	}
	return append(out, e.Shown.Preview().Warnings...)
}

// preview says what would be in a bundle of the log as it is, and makes nothing.
// It tells where words stand that are to be covered: that is a look at content.
func (cmd *exportCommand) preview(c *call, a *app, actor daybook.Actor, id daybook.CaseID, spec export.Spec) error {
	err := a.cases.Look(c.ctx, actor, id, cases.Content, daybook.Access{Detail: "looked at what a bundle would hold"})
	if err != nil {
		return err
	}
	var cp archive.Checkpoint
	if spec.Size == 0 {
		cp.Size, cp.Root, err = a.log.Head(c.ctx, id)
	} else {
		cp, err = a.earlierCheckpoint(c.ctx, id, spec.Size)
	}
	if err != nil {
		return err
	}
	sight, err := a.cases.Sight(c.ctx, actor, id)
	if err != nil {
		return err
	}
	spec.KeptBack = sight.Platforms()
	s, err := a.shownAt(c.ctx, id, spec, cp)
	if err != nil {
		return err
	}
	p := s.Preview()
	warnings := append([]string{}, p.Warnings...)
	if c.cmd.JSON {
		return jsonLine(c.out, exportedJSON{Kind: p.Kind, At: cp.Size, Entries: p.Entries, Messages: p.Exhibits, LeftOut: p.LeftOut, Warnings: warnings})
	}
	lines := [][]string{
		{"entries", fmt.Sprintf("%d of %d", p.Entries, cp.Size)},
		{"attachments", fmt.Sprint(p.Media)},
	}
	for _, e := range p.Covers {
		lines = append(lines, []string{"covered", fmt.Sprintf("%s, in %s", shown(e.As), plural(len(e.Exhibits), "exhibit", "exhibits"))})
	}
	for _, e := range p.Redactions {
		lines = append(lines, []string{"withheld", fmt.Sprintf("%s of %s", e.Field, shown(strings.Join(e.Exhibits, ", ")))})
	}
	return cmd.counts(c, lines, s, warnings)
}
