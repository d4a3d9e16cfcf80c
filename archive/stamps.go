package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"daybook"
)

// ErrUnchecked is wrapped by a StampChecker's error where a time stamp is not
// seen to be wrong, but cannot be checked with what is set up here.
var ErrUnchecked = errors.New("cannot be checked")

// A Stamp is the token of a time-stamp authority over a checkpoint (RFC 3161).
type Stamp struct {
	Size      uint64 // of the checkpoint: entries that it covers
	Authority string // its name in the configuration
	Token     []byte // the authority's whole answer
	At        time.Time
	Got       time.Time     // when it came, by this machine's clock
	Offset    time.Duration // of this machine's clock against the authority's then: above 0 it was ahead
}

// A WantedStamp is what is known of asking one authority for stamps of one case:
// there is at most one at a time, over the newest checkpoint. One over an older
// checkpoint that was not had is no longer wanted: one over the newer covers its
// entries too.
type WantedStamp struct {
	Case      daybook.CaseID
	Authority string
	Size      uint64 // of the newest checkpoint that is to be stamped
	Stamped   uint64 // of the newest that was
	Asked     time.Time
	Due       time.Time // not to be asked before
	Tries     int       // since the last answer that counted
	Failure   string    // of the last try; one of a few words
}

// Waiting reports whether a token is still to be had.
func (w WantedStamp) Waiting() bool { return w.Size > w.Stamped }

// StampStorage keeps time stamps.
type StampStorage interface {
	// WantStamps notes that these authorities are to be asked for a stamp over
	// the checkpoint of so many entries, in the place of what was wanted of
	// them before. One that is not larger changes nothing.
	WantStamps(ctx context.Context, c daybook.CaseID, size uint64, authorities []string) error
	// Stamps returns up to limit stamps in order of size and then of the
	// authority's name: those that come after the one of that size and name.
	Stamps(ctx context.Context, c daybook.CaseID, size uint64, authority string, limit int) ([]Stamp, error)
}

// A StampChecker checks an authority's token over the bytes of a checkpoint and
// returns the time in it. Its error says in words for people what is wrong, and
// wraps ErrUnchecked if that cannot be known.
type StampChecker func(authority string, token, checkpoint []byte) (at time.Time, err error)

// Stamping is how a Log has its checkpoints stamped. The zero Stamping is: not
// at all.
type Stamping struct {
	Authorities []string     // whom every new checkpoint is to be stamped by
	Check       StampChecker // nil: no stamp can be checked
}

// A StampState says how far a checkpoint has come with an authority.
type StampState string

const (
	Stamped  StampState = "stamped"
	Pending  StampState = "pending"                // asked for until it is had
	Covered  StampState = "covered by a later one" // it was not had, and one over a later checkpoint was
	NotSetUp StampState = "not set up"
)

// A StampReport is what Verify found of one authority's time stamps.
type StampReport struct {
	Authority string        `json:"authority,omitzero"`
	State     StampState    `json:"state"`                     // of the newest checkpoint: stamped, pending or not set up
	Answer    Answer        `json:"answer"`                    // of all its stamps; ok if there is none
	Stamps    int           `json:"stamps"`                    // how many there are
	Size      uint64        `json:"size,omitzero"`             // entries under the newest stamp
	At        time.Time     `json:"at,omitzero"`               // the time in it, by the authority's clock
	Offset    time.Duration `json:"clock_offset_ns,omitempty"` // of this machine's clock when it came: above 0 it was ahead
}

// Stamps returns the time stamps over the checkpoint of so many entries, by the
// authorities' names; none is no error.
func (l *Log) Stamps(ctx context.Context, c daybook.CaseID, size uint64) ([]Stamp, error) {
	all, err := l.storage.Stamps(ctx, c, size, "", stampsAtOnce)
	if err != nil {
		return nil, fmt.Errorf("time stamps of case %s: %w", c, err)
	}
	return slices.DeleteFunc(all, func(s Stamp) bool { return s.Size != size }), nil
}

// StampState says how far the checkpoint of so many entries has come with an
// authority.
func (l *Log) StampState(ctx context.Context, c daybook.CaseID, size uint64, authority string) (StampState, error) {
	all, err := l.storage.Stamps(ctx, c, size, "", stampsAtOnce)
	if err != nil {
		return "", fmt.Errorf("time stamps of case %s: %w", c, err)
	}
	for len(all) > 0 {
		for _, s := range all {
			switch {
			case s.Authority != authority:
			case s.Size == size:
				return Stamped, nil
			default:
				return Covered, nil
			}
		}
		last := all[len(all)-1]
		if all, err = l.storage.Stamps(ctx, c, last.Size, last.Authority, stampsAtOnce); err != nil {
			return "", fmt.Errorf("time stamps of case %s: %w", c, err)
		}
	}
	if slices.Contains(l.stamping.Authorities, authority) {
		return Pending, nil
	}
	return NotSetUp, nil
}

// WantStamps wants stamps over the newest checkpoint from every authority that
// has not been asked for one: one that was set up after it was signed.
func (l *Log) WantStamps(ctx context.Context, c daybook.CaseID) error {
	if len(l.stamping.Authorities) == 0 {
		return nil
	}
	cp, err := l.LastCheckpoint(ctx, c)
	if errors.Is(err, daybook.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = l.storage.WantStamps(ctx, c, cp.Size, l.stamping.Authorities)
	}
	if err != nil {
		return fmt.Errorf("want time stamps: %w", err)
	}
	return nil
}

// CheckStamp checks one stamp over a checkpoint and returns the time in it. An
// error that wraps ErrUnchecked says that it cannot be known.
func (l *Log) CheckStamp(s Stamp, cp Checkpoint) (time.Time, error) {
	if l.stamping.Check == nil {
		return time.Time{}, fmt.Errorf("%w: no time-stamp authority is set up", ErrUnchecked)
	}
	return l.stamping.Check(s.Authority, s.Token, cp.Signed)
}

// stampsAtOnce is how many stamps Verify reads at a time.
const stampsAtOnce = 200

// maxBadStamps bounds what is said of one authority: after it, counting is enough.
const maxBadStamps = 10

// A stampCheck goes through the stamps of one authority.
type stampCheck struct {
	StampReport
	bad     int
	unknown int
	why     string // the first that cannot be checked
}

// stamps checks every kept stamp against the checkpoint that it should be over.
// notes are the checkpoints whose signature is right.
func (v *verifier) stamps(ctx context.Context, notes map[uint64][]byte, newest uint64) error {
	found := map[string]*stampCheck{}
	of := func(name string) *stampCheck {
		if found[name] == nil {
			found[name] = &stampCheck{StampReport: StampReport{Authority: name, State: NotSetUp, Answer: OK}}
		}
		return found[name]
	}
	for _, name := range v.log.stamping.Authorities {
		of(name).State = Pending
	}
	for last := (Stamp{}); ; {
		batch, err := v.log.storage.Stamps(ctx, v.c, last.Size, last.Authority, stampsAtOnce)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		for _, s := range batch {
			v.stamp(of(s.Authority), s, notes[s.Size], newest)
		}
		last = batch[len(batch)-1]
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		r := found[name]
		if r.bad > maxBadStamps {
			v.report.broken("time stamps of "+name, "%d more are not right", r.bad-maxBadStamps)
		}
		if r.unknown > 0 {
			v.report.unknown("time stamps of "+name, fmt.Sprintf("%d of %d %s", r.unknown, r.Stamps, r.why))
		}
		if r.State == Pending && newest > 0 {
			v.report.Pending++
		}
		v.report.TimeStamps = append(v.report.TimeStamps, r.StampReport)
	}
	if len(found) == 0 {
		v.report.TimeStamps = append(v.report.TimeStamps, StampReport{State: NotSetUp, Answer: OK})
	}
	return nil
}

func (v *verifier) stamp(r *stampCheck, s Stamp, note []byte, newest uint64) {
	r.Stamps++
	if note == nil {
		v.badStamp(r, s, "the checkpoint that it is over is not here, or is not signed as it should be")
		return
	}
	at, err := v.log.CheckStamp(s, Checkpoint{Signed: note})
	switch {
	case err == nil:
		r.Size, r.At, r.Offset = s.Size, at, s.Offset
		if first, ok := v.stamped[s.Size]; !ok || at.Before(first) {
			v.stamped[s.Size] = at
		}
		if s.Size == newest && r.State == Pending {
			r.State = Stamped
		}
	case errors.Is(err, ErrUnchecked):
		if r.Answer == OK {
			r.Answer = CannotBeKnown
		}
		if r.unknown == 0 {
			r.why = err.Error()
		}
		r.unknown++
	default:
		v.badStamp(r, s, err.Error())
	}
}

func (v *verifier) badStamp(r *stampCheck, s Stamp, what string) {
	r.Answer = Broken
	if r.bad++; r.bad <= maxBadStamps {
		v.report.broken(fmt.Sprintf("time stamp of %s over %s", s.Authority, entries(s.Size)), "%s", what)
	}
}

func entries(n uint64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
