package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/config"
	"daybook/export"
	"daybook/export/bundle"
)

// An exported is what making a bundle came to.
type exported struct {
	bundle.Result
	Checkpoint archive.Checkpoint
	Shown      *export.Shown
}

// pending is how many time stamps had not come when the bundle was made.
func (e exported) pending() int {
	n := 0
	for _, s := range e.Shown.Stamps {
		if len(s.Token) == 0 {
			n++
		}
	}
	return n
}

// exportFor makes a bundle of a case and writes it to w. It asks whether the
// actor may, writes that into the access log, signs the log as it is, asks for
// time stamps, and when all is written appends an export entry. With spec.Size
// the bundle is the one of an earlier checkpoint over exactly so many entries.
//
// When it returns an error, what was written to w is of no use. Nothing in the log
// says then that a bundle was made, unless it is the log that could not be signed
// in the end. A log that is not the one that it has been is refused.
func (a *app) exportFor(ctx context.Context, actor daybook.Actor, c daybook.CaseID, spec export.Spec, receivers bundle.Recipients, w io.Writer, progress func(done, total int)) (exported, error) {
	var out exported
	if err := a.log.Refused()[c]; err != nil {
		return out, err
	}
	if err := a.cases.Look(ctx, actor, c, cases.Export, daybook.Access{}); err != nil {
		return out, err
	}
	if err := a.catchUp(ctx, c); err != nil {
		return out, err
	}
	// Also for an earlier state: what is handed over is checked, and who made
	// it stands under a checkpoint.
	now, err := a.log.Checkpoint(ctx, c)
	if err != nil {
		return out, err
	}
	checked, err := a.log.Verify(ctx, c)
	if err != nil {
		return out, err
	}
	if checked.Answer == archive.Broken {
		return out, fmt.Errorf("make a bundle: %w", archive.ErrBroken)
	}
	out.Checkpoint = now
	if spec.Size != 0 {
		if out.Checkpoint, err = a.earlierCheckpoint(ctx, c, spec.Size); err != nil {
			return out, err
		}
	}
	sight, err := a.cases.Sight(ctx, actor, c)
	if err != nil {
		return out, err
	}
	spec.KeptBack = sight.Platforms()
	if out.Shown, err = a.shownAt(ctx, c, spec, out.Checkpoint); err != nil {
		return out, err
	}
	out.Shown.Check.Answer, out.Shown.Check.Problems = string(checked.Answer), len(checked.Problems)
	if out.Shown.Stamps, err = a.stamps.over(ctx, c, out.Checkpoint); err != nil {
		return out, err
	}
	in := bundle.Input{Log: a.log, Case: c, Shown: out.Shown, Checkpoint: out.Checkpoint, For: receivers}
	if spec.Kind == export.Complete {
		if in.Earlier, err = a.stamps.earlier(ctx, c, out.Checkpoint.Size); err != nil {
			return out, err
		}
	}
	if out.Result, err = bundle.Write(archive.Within(ctx, c), w, in, progress); err != nil {
		return out, err
	}
	ctx = context.WithoutCancel(ctx) // it is made: now that has to be noted
	if err := a.recordExport(ctx, actor, c, &out, !receivers.None()); err != nil {
		return out, err
	}
	return out, a.settle(ctx, c)
}

// earlierCheckpoint finds the checkpoint over exactly size entries.
func (a *app) earlierCheckpoint(ctx context.Context, c daybook.CaseID, size uint64) (archive.Checkpoint, error) {
	cp, err := a.log.CheckpointAt(ctx, c, size)
	if errors.Is(err, daybook.ErrNotFound) {
		return cp, fmt.Errorf("%w: no checkpoint covers exactly %s; daybook anchors --checkpoints --case %s lists those that there are", daybook.ErrInvalid, plural(int(size), "entry", "entries"), c)
	}
	return cp, err
}

// shownAt derives what a bundle of the entries under a checkpoint shows.
func (a *app) shownAt(ctx context.Context, c daybook.CaseID, spec export.Spec, cp archive.Checkpoint) (*export.Shown, error) {
	spec.Size = cp.Size
	spec.Standing = standing(a.cfg)
	ctx = archive.Within(ctx, c)
	v, err := a.view(cases.WithSight(ctx, cases.Withholding(spec.KeptBack...)), c, cp.Size)
	if err != nil {
		return nil, err
	}
	s, err := export.Show(v, spec)
	if err != nil {
		return nil, err
	}
	s.Root, s.Origin = cp.Root, cp.Origin
	s.Key, s.Finger = a.log.VerifierKey(c), a.log.Fingerprint()
	return s, nil
}

// recordExport appends the entry that says that a bundle was made.
func (a *app) recordExport(ctx context.Context, actor daybook.Actor, c daybook.CaseID, e *exported, sealed bool) error {
	key, err := a.db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	spec, err := json.Marshal(e.Shown.Spec)
	if err != nil {
		return fmt.Errorf("note what was exported: %w", err)
	}
	x := daybook.Export{
		Kind: string(e.Shown.Spec.Kind), Size: e.Checkpoint.Size, SHA256: e.SHA256, Bytes: e.Size, Entries: e.Entries, Messages: e.Exhibits, LeftOut: e.LeftOut,
		Redactions: len(e.Shown.Spec.Redactions), Covers: len(e.Shown.Spec.Covers), Access: e.Shown.Spec.Access, Pending: e.pending(),
		Spec: daybook.Digest(key.MAC("export-spec", string(spec))),
	}
	if sealed {
		x.Sealed = e.File
	}
	r := daybook.NewRecord(daybook.RecordExport, x)
	r.Actor = actor
	_, err = a.log.Append(ctx, c, []daybook.Record{r})
	return err
}

// standing says which program makes a bundle, and under which settings it
// collects. Where its folders lie and how it sends mail is not part of that.
func standing(cfg config.Config) export.Standing {
	s := export.Standing{Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, set := range info.Settings {
			if set.Key == "vcs.revision" {
				s.Revision = set.Value
			}
		}
	}
	b, err := json.Marshal(struct {
		Collect config.Collect
		Media   config.Media
	}{cfg.Collect, cfg.Media})
	if err != nil {
		panic("daybook: settings: " + err.Error()) // durations and numbers
	}
	sum := daybook.DigestOf(b)
	s.Config = hex.EncodeToString(sum[:8])
	return s
}
