package main

import (
	"context"
	"fmt"
	"time"

	"daybook"
	"daybook/archive"
	tsa "daybook/archive/stamp"
	"daybook/export"
	"daybook/export/bundle"
)

// over returns the time stamps over a checkpoint as a bundle shows them: one for
// each authority that is set up, in the order of the configuration. Whoever has
// not given one is asked now, and waited for for some seconds; what does not
// come is pending.
func (t *stamping) over(ctx context.Context, c daybook.CaseID, cp archive.Checkpoint) ([]export.Stamp, error) {
	have, err := t.queue.Stamp(ctx, c, cp)
	if err != nil {
		return nil, fmt.Errorf("time stamps: %w", err)
	}
	out := make([]export.Stamp, 0, len(t.authorities))
	for _, a := range t.authorities {
		s := export.Stamp{Authority: a.Name, Qualified: a.Qualified, State: string(archive.Pending)}
		for _, h := range have {
			if h.Authority == a.Name {
				if shown, ok := t.shown(h, cp); ok {
					s = shown
				}
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// shown is a stamp as a bundle shows it; false if it cannot be checked with what
// is set up, or is not right: daybook verify says which.
func (t *stamping) shown(s archive.Stamp, cp archive.Checkpoint) (export.Stamp, bool) {
	for _, a := range t.authorities {
		if a.Name != s.Authority {
			continue
		}
		token, err := tsa.Check(s.Token, cp.Signed, a.Roots)
		return export.Stamp{Authority: a.Name, Qualified: a.Qualified, State: string(archive.Stamped), At: token.At, Offset: s.Offset, Token: s.Token, Chain: token.Chain}, err == nil
	}
	return export.Stamp{}, false
}

// maxEarlier is how many checkpoints a bundle takes with it before they are
// thinned out: a stamp covers all that an earlier one covers.
const maxEarlier = 300

// earlier returns the checkpoints of fewer than size entries that were stamped,
// smallest first; if they are very many, the last of each day (UTC).
func (t *stamping) earlier(ctx context.Context, c daybook.CaseID, size uint64) ([]bundle.Earlier, error) {
	signed, err := t.signed(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []bundle.Earlier
	for last := (archive.Stamp{}); ; {
		batch, err := t.app.db.Stamps(ctx, c, last.Size, last.Authority, 200)
		if err != nil {
			return nil, fmt.Errorf("time stamps: %w", err)
		}
		for _, s := range batch {
			cp, ok := signed[s.Size]
			if !ok || s.Size >= size {
				continue
			}
			shown, ok := t.shown(s, cp)
			if !ok {
				continue
			}
			if n := len(out); n == 0 || out[n-1].Size != s.Size {
				out = append(out, bundle.Earlier{Checkpoint: cp})
			}
			e := &out[len(out)-1]
			e.Stamps = append(e.Stamps, shown)
		}
		if len(batch) == 0 {
			return thinned(out), nil
		}
		last = batch[len(batch)-1]
	}
}

// thinned leaves the last of each day if there are more than maxEarlier.
func thinned(all []bundle.Earlier) []bundle.Earlier {
	if len(all) <= maxEarlier {
		return all
	}
	day := func(e bundle.Earlier) string { return e.Stamps[0].At.Format(time.DateOnly) }
	var out []bundle.Earlier
	for i, e := range all {
		if i == len(all)-1 || day(all[i+1]) != day(e) {
			out = append(out, e)
		}
	}
	return out
}

// signed returns the checkpoints of a case by their size.
func (t *stamping) signed(ctx context.Context, c daybook.CaseID) (map[uint64]archive.Checkpoint, error) {
	notes, err := t.app.db.Checkpoints(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make(map[uint64]archive.Checkpoint, len(notes))
	for _, n := range notes {
		cp, err := t.app.log.ParseCheckpoint(c, n)
		if err != nil {
			return nil, err
		}
		out[cp.Size] = cp
	}
	return out, nil
}
