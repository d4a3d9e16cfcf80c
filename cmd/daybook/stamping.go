package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"daybook"
	"daybook/archive"
	tsa "daybook/archive/stamp"
	"daybook/config"
)

// stamping is the part of an app that has checkpoints stamped.
type stamping struct {
	app         *app
	authorities []tsa.Authority
	queue       *tsa.Queue
	problems    []error // authorities that are configured and cannot be asked, and why
}

// maxRootsFile bounds the file of an authority's roots, in bytes.
const maxRootsFile = 1 << 20

// readAuthorities reads the roots of the authorities of a configuration. One
// whose roots cannot be read is left out, and what is wrong with it returned:
// collecting goes on without it.
func readAuthorities(t config.TimeStamps) (all []tsa.Authority, problems []error) {
	for _, c := range t.Authorities {
		pem, err := os.ReadFile(c.Roots)
		if err == nil && len(pem) > maxRootsFile {
			err = fmt.Errorf("read %s: %w: it is too large to be certificates", c.Roots, daybook.ErrInvalid)
		}
		var roots tsa.Roots
		if err == nil {
			roots, err = tsa.ParseRoots(pem)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("time stamps of %s: %w", c.Name, err))
			continue
		}
		all = append(all, tsa.Authority{Name: c.Name, URL: c.URL, Roots: roots, Qualified: c.Qualified})
	}
	return all, problems
}

// newStamping is called once the log of the app is open.
func newStamping(a *app, all []tsa.Authority, problems []error) *stamping {
	for _, p := range problems {
		a.logger.Error("an authority for time stamps is not asked", slog.Any("err", p))
	}
	return &stamping{app: a, authorities: all, problems: problems, queue: tsa.NewQueue(tsa.Config{
		Store: a.db, Log: a.log, Authorities: all, Every: time.Duration(a.cfg.TimeStamps.Every), Clock: a.clock, Logger: a.logger,
	})}
}

// start wants stamps over what was signed before an authority was set up.
func (t *stamping) start(ctx context.Context, c daybook.CaseID) {
	if err := t.app.log.WantStamps(ctx, c); err != nil && ctx.Err() == nil {
		t.app.logger.WarnContext(ctx, "time stamps cannot be asked for", slog.String("case", string(c)), slog.Any("err", err))
	}
}

// once asks for what is due of a case, as a command does that signs and ends.
// That an authority does not answer is no error; a running daybook asks again.
func (t *stamping) once(ctx context.Context, c daybook.CaseID) error {
	t.start(ctx, c)
	if err := t.queue.Once(ctx, c); err != nil && ctx.Err() == nil {
		return fmt.Errorf("ask for time stamps: %w", err)
	}
	return nil
}

// clockStep is how far two clocks may be apart before somebody should look.
const clockStep = 2 * time.Second

// clockApart says how this machine's clock stood against an authority's.
func clockApart(offset time.Duration) string {
	word, d := "ahead of", offset.Round(100*time.Millisecond)
	if d < 0 {
		word, d = "behind", -d
	}
	if d <= time.Second { // authorities give whole seconds
		return "this machine's clock agreed with it to a second"
	}
	text := d.String()
	if d >= 48*time.Hour {
		text = plural(int(d/(24*time.Hour)), "day", "days")
	}
	return fmt.Sprintf("this machine's clock was %s %s it", text, word)
}

// diagnose says what doctor has to say of time stamps, apart from cases.
func (t *stamping) diagnose() []diagnosis {
	var out []diagnosis
	for _, p := range t.problems {
		out = append(out, check(false, "an authority for time stamps cannot be asked", plain(p)))
	}
	switch n := len(t.authorities); n {
	case 0:
		out = append(out, diagnosis{"time stamps are not set up", true,
			"name one or two authorities under [time_stamps] in the configuration, or hold checkpoints elsewhere (daybook checkpoint --case CASE --out FILE), so that a lost end is noticed"})
	case 1:
		out = append(out, diagnosis{"one authority for time stamps is set up", true, "a second one, of somebody else, makes it independent of the first"})
	default:
		out = append(out, check(true, fmt.Sprintf("%d authorities for time stamps are set up", n), ""))
	}
	return out
}

// diagnoseCase says how far the authorities have come with a case, and how this
// machine's clock stood against theirs the last time.
func (t *stamping) diagnoseCase(ctx context.Context, c daybook.CaseID) ([]diagnosis, error) {
	wanted, err := t.app.db.WantedStamps(ctx, c)
	if err != nil {
		return nil, err
	}
	newest, err := t.app.db.NewestStamps(ctx, c, 2*max(1, len(t.authorities)))
	if err != nil {
		return nil, err
	}
	var out []diagnosis
	for _, a := range t.authorities {
		for _, w := range wanted {
			if w.Authority == a.Name && w.Waiting() && w.Tries >= 3 {
				out = append(out, check(false, fmt.Sprintf("case %s: %s has not given a time stamp in %d tries (%s)", c, a.Name, w.Tries, w.Failure),
					"it is asked again by itself; look whether its address and its roots in the configuration are still right"))
			}
		}
		for _, s := range newest {
			if s.Authority != a.Name {
				continue
			}
			d := check(s.Offset.Abs() <= clockStep, fmt.Sprintf("case %s: %s stamped it over %s at %s; %s", c, a.Name,
				plural(int(s.Size), "entry", "entries"), s.At.Format(time.DateTime+" MST"), clockApart(s.Offset)), "set this machine's clock by NTP")
			out = append(out, d)
			break
		}
	}
	return out, nil
}

// printStamps writes what verify found of time stamps.
func printStamps(b *strings.Builder, all []archive.StampReport) {
	for _, s := range all {
		switch {
		case s.Authority == "":
			b.WriteString("  time stamps: not set up\n")
			continue
		case s.Stamps == 0:
			fmt.Fprintf(b, "  time stamps of %s: none yet; it is asked again by itself\n", s.Authority)
			continue
		}
		fmt.Fprintf(b, "  time stamps of %s: %d", s.Authority, s.Stamps)
		if s.Size > 0 {
			fmt.Fprintf(b, ", the newest over %s at %s", plural(int(s.Size), "entry", "entries"), s.At.UTC().Format(time.DateTime+" MST"))
		}
		switch {
		case s.Answer != archive.OK:
			fmt.Fprintf(b, " (%s)", s.Answer)
		case s.State == archive.Pending:
			b.WriteString("; the newest checkpoint waits for one")
		}
		if s.Size > 0 {
			b.WriteString("; " + clockApart(s.Offset))
		}
		b.WriteByte('\n')
	}
}
