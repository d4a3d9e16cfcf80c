package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
)

// Entries gives entries of a log and what lies beside it.
type Entries interface {
	// Entry returns one entry; daybook.ErrNotFound, archive.ErrErased.
	Entry(ctx context.Context, c daybook.CaseID, index uint64) (archive.Entry, error)
	// Blob returns the bytes with a digest; daybook.ErrNotFound.
	Blob(ctx context.Context, c daybook.CaseID, d daybook.Digest) ([]byte, error)
}

// ReadProfiles makes Links read what accounts showed of themselves from the
// captures of a log, by parsers that can. Without it nothing is known of that.
// It is called before the store is used.
func (db *DB) ReadProfiles(log Entries, parsers map[daybook.Platform]Parser) {
	db.profiles = profileReader{log, parsers}
}

// A profileReader reads profiles in captures.
type profileReader struct {
	log     Entries
	parsers map[daybook.Platform]Parser
}

// A profile is read once a day of captures at most: of the first days on which a
// handle was seen, and of the last. A profile that is emptied later, as servers do
// with an account that the person blocks, is one more version and takes nothing
// away.
const (
	firstProfiles = 4
	lastProfiles  = 12
)

// A showing is a capture that shows an account.
type showing struct {
	at    int64 // Unix microseconds
	entry uint64
}

// showed notes a capture that shows the account of a sender.
func (s *senderKept) showed(v *view) {
	day := v.First / (24 * time.Hour).Microseconds()
	n := showing{v.First, v.Entry}
	if o, known := s.shown[day]; known && cmp.Or(cmp.Compare(o.at, n.at), cmp.Compare(o.entry, n.entry)) <= 0 {
		return
	}
	s.shown[day] = n
}

// showings returns the captures of which the profile is read, oldest first.
func (s *senderKept) showings() []showing {
	days := slices.Sorted(maps.Keys(s.shown))
	if len(days) > firstProfiles+lastProfiles {
		days = slices.Concat(days[:firstProfiles], days[len(days)-lastProfiles:])
	}
	out := make([]showing, len(days))
	for i, day := range days {
		out[i] = s.shown[day]
	}
	return out
}

// profiles reads the profiles that were not read yet.
func (r *senderReader) profiles(ctx context.Context) error {
	if r.db.profiles.log == nil {
		return nil
	}
	accounts := map[daybook.AccountID]daybook.Account{}
	for _, id := range slices.Sorted(maps.Keys(r.kept.senders)) {
		s := r.kept.senders[id]
		all := s.showings()
		for _, at := range all {
			if _, known := s.profiles[at.entry]; known {
				continue
			}
			p, err := r.profile(ctx, at, r.kept.refs[id], accounts)
			if err != nil {
				return fmt.Errorf("read a profile: %w", err)
			}
			s.profiles[at.entry] = p
			if p != nil {
				p.Avatar = s.pictures[p.AvatarAt]
				s.sender.Profile(*p)
			}
		}
		maps.DeleteFunc(s.profiles, func(entry uint64, p *daybook.Profile) bool {
			gone := !slices.ContainsFunc(all, func(at showing) bool { return at.entry == entry })
			s.stale = s.stale || gone && p != nil
			return gone
		})
	}
	return nil
}

// profile reads what one capture shows of an account; nil if nothing.
func (r *senderReader) profile(ctx context.Context, at showing, ref string, accounts map[daybook.AccountID]daybook.Account) (*daybook.Profile, error) {
	e, err := r.db.profiles.log.Entry(ctx, r.caseID, at.entry)
	if errors.Is(err, archive.ErrErased) || errors.Is(err, daybook.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if e.Record.Kind != daybook.RecordItem {
		return nil, nil
	}
	it, err := e.Item()
	if err != nil {
		return nil, nil // it is counted as unread
	}
	parse := r.db.profiles.parsers[it.Capture.Platform].Profiles
	if parse == nil {
		return nil, nil
	}
	self, known := accounts[it.Capture.Account]
	if !known {
		if self, err = r.db.consented(ctx, r.caseID, r.key, it.Capture.Account); err != nil {
			return nil, err
		}
		accounts[it.Capture.Account] = self
	}
	self.Platform = it.Capture.Platform
	for _, p := range parse(self, it.Capture) {
		if p.Handle.Ref() == ref {
			p.Entry, p.Seen = at.entry, fromMicros(at.at)
			return &p, nil
		}
	}
	return nil, nil
}
